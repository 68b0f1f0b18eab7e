#pragma once

#include "tests/bench/client/link.hpp"

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

namespace roost::bench {

using steady = std::chrono::steady_clock;

inline double seconds_since(steady::time_point start) {
  return std::chrono::duration<double>(steady::now() - start).count();
}

/// A terminal with one viewer, both ended with this object.
class terminal {
public:
  explicit terminal(const target& to);
  ~terminal();
  terminal(const terminal&) = delete;
  terminal& operator=(const terminal&) = delete;

  link& viewer() { return *viewer_; }
  const std::string& name() const { return name_; }
  const target& where() const { return to_; }

  /// Gives the agent an order.
  void order(const std::string& line);

  /// Reads until the agent is done with the last order; returns the output bytes before its mark.
  std::uint64_t wait_for_end(double limit_s = 60);

  /// Reads until the agent has said `needle`; returns the output bytes before it.
  std::uint64_t wait_for(const std::string& needle, double limit_s = 60);

  /// Orders and waits for the end; the agent's own figures are in `ear()`.
  std::uint64_t perform(const std::string& line, double limit_s = 60);

  const agent_ear& ear() const { return ear_; }

  /// Closes the viewer and leaves the terminal.
  void detach() { viewer_.reset(); }

  /// Attaches again and waits for the first output: from then on it may be typed.
  void reattach();

private:
  target to_;
  std::string name_;
  std::unique_ptr<link> viewer_;
  agent_ear ear_;
  int orders_ = 0;
};

/// More viewers of one terminal, read by one thread (or by nobody).
class crowd {
public:
  crowd(const terminal& of, int count, bool acknowledge, bool read);
  ~crowd();
  crowd(const crowd&) = delete;
  crowd& operator=(const crowd&) = delete;

  std::uint64_t bytes() const { return bytes_; } ///< output read so far, all together
  std::uint64_t snapshots() const { return snapshots_; }
  int gone() const { return gone_; } ///< viewers that the server has cut

private:
  void read_all();

  std::vector<std::unique_ptr<link>> viewers_;
  std::atomic<std::uint64_t> bytes_{0};
  std::atomic<std::uint64_t> snapshots_{0};
  std::atomic<int> gone_{0};
  std::atomic<bool> stop_{false};
  std::thread reader_;
};

} // namespace roost::bench
