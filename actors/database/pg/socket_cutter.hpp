#pragma once

#include "actors/runtime/clock.hpp"

#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <thread>

namespace roost::database {

/// Ends what blocks on a socket for too long: libpq waits for a server that is frozen until the
/// kernel gives up, which takes minutes, or for ever on a Unix socket. One thread for all sockets;
/// all functions are thread-safe.
class socket_cutter {
public:
  socket_cutter();
  ~socket_cutter();
  socket_cutter(const socket_cutter&) = delete;
  socket_cutter& operator=(const socket_cutter&) = delete;

  /// While it lives, `socket` is shut down (not closed) once `deadline` has passed. It must end
  /// before the socket is closed.
  class guard {
  public:
    guard(socket_cutter& owner, int socket, steady_time deadline);
    ~guard();
    guard(const guard&) = delete;
    guard& operator=(const guard&) = delete;
    /// Cuts at `deadline`, if that is earlier than what was said before. Thread-safe.
    void cut_at(steady_time deadline);
    /// Whether the deadline has passed and the socket was shut down.
    [[nodiscard]] bool has_cut() const;

  private:
    socket_cutter& owner_;
    std::uint64_t id_;
  };

  /// Cuts all sockets that are guarded, now and from now on: for the end of the program.
  void cut_all();

private:
  struct watched {
    int socket = -1;
    steady_time deadline{};
    bool is_cut = false;
  };

  void run();
  static void cut(watched& w);

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::uint64_t, watched> watched_;
  std::uint64_t last_id_ = 0;
  bool is_ending_ = false;
  bool cuts_all_ = false;
  std::thread thread_;
};

} // namespace roost::database
