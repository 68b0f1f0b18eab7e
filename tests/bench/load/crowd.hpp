#pragma once

#include "tests/bench/load/frame.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace roost::bench {

/// What happened to the clients of one order.
struct tally {
  std::uint64_t opened = 0; ///< WebSockets that got their hello
  std::uint64_t closed = 0; ///< ended because we asked for it
  std::uint64_t lost = 0;   ///< were open, and ended without our asking
  std::uint64_t cut = 0;    ///< refused with an answer, of which a reset came right behind
  std::uint64_t reset = 0;  ///< cut off by the server before an answer
  std::map<int, std::uint64_t> refused; ///< by HTTP status
  std::uint64_t pings = 0;              ///< seen, and answered with a pong
  double seconds = 0;                   ///< from the first connect to the last result
  [[nodiscard]] std::uint64_t results() const;
};

/// Thousands of WebSocket clients of one server on loopback: one thread, one epoll, a few words for
/// each that is idle, so that the machine is left to the server. Every method runs until it is done
/// and answers pings meanwhile; it throws when `limit` has passed first.
class crowd {
public:
  struct target {
    std::uint16_t port = 0;
    std::string token;
    std::chrono::seconds limit{60}; ///< for each call
  };
  /// When a client that has got its hello leaves.
  enum class life : std::uint8_t { stays, leaves_at_once };

  explicit crowd(target to);
  ~crowd();
  crowd(const crowd&) = delete;
  crowd& operator=(const crowd&) = delete;

  /// Source addresses of the connections from now on: `count` of them, in turn, 127.0.0.1 + `first`
  /// and up. One address has about 28,000 ports.
  void use_sources(std::uint32_t first, std::uint32_t count);
  /// Tries `count` WebSockets, at most `parallel` of them on the way at a time. Being refused is a
  /// result like any other.
  tally open(std::uint32_t count, std::uint32_t parallel, life how);
  /// Makes `count` connections that send half a header and then nothing.
  tally hold(std::uint32_t count, std::uint32_t parallel);
  /// Closes everything: WebSockets with the closing handshake, the rest at once.
  tally release(std::uint32_t parallel);
  /// Stays for so long.
  tally watch(std::chrono::milliseconds time);
  /// Stays until nothing has come for so long.
  tally quiet(std::chrono::milliseconds time);

private:
  using clock = std::chrono::steady_clock;
  enum class phase : std::uint8_t { unused, connecting, asking, greeting, open, closing, holding };
  struct client {
    int fd = -1;
    phase now = phase::unused;
    bool is_half = false; ///< sends half a header only
    bool leaves = false;
    std::string input; ///< the start of what is not whole yet; empty while idle
  };

  // crowd.cpp: orders
  void begin();
  void start_one(bool is_half, bool leaves);
  /// Waits at most so long, then handles all that came. Returns whether something came.
  bool pump(std::chrono::milliseconds wait);
  void check_deadline() const;

  // crowd_clients.cpp: what one client does when something comes
  void handle(std::uint32_t index, std::uint32_t events);
  void send_request(std::uint32_t index);
  void parse(std::uint32_t index);
  bool parse_answer(std::uint32_t index);
  void on_frame(std::uint32_t index, const frame& what);
  void say_goodbye(std::uint32_t index);
  void on_end(std::uint32_t index, bool is_reset = false);
  void drop(std::uint32_t index);

  const target to_;
  const std::string request_;
  std::uint32_t first_source_ = 0;
  std::uint32_t sources_ = 1;
  std::uint32_t turn_ = 0;
  int epoll_ = -1;
  std::vector<client> clients_;
  std::vector<std::uint32_t> unused_;
  std::uint32_t on_the_way_ = 0; ///< clients with an unfinished handshake, opening or closing
  tally now_;
  clock::time_point began_{};
};

} // namespace roost::bench
