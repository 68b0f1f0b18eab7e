#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <string_view>
#include <utility>

namespace roost::connection {

/// Sees off clients that were turned away at the door: sends each a last answer and closes its
/// socket a little later, since a close with unread input would reset the connection and take the
/// answer with it. Costs a refused client three system calls and no memory but a descriptor for a
/// moment, of which there are few. Confined to the thread of its io_context.
class departures : public std::enable_shared_from_this<departures> {
public:
  explicit departures(boost::asio::io_context& io) : timer_(io) {}
  ~departures();
  departures(const departures&) = delete;
  departures& operator=(const departures&) = delete;

  /// Takes the descriptor over. @param text what it is told; empty: nothing.
  void see_off(int fd, std::string_view text);

private:
  static constexpr std::size_t most = 64;
  static constexpr std::chrono::milliseconds patience{500};

  void close_oldest();
  void watch();

  boost::asio::steady_timer timer_;
  std::deque<std::pair<std::chrono::steady_clock::time_point, int>> leaving_;
};

} // namespace roost::connection
