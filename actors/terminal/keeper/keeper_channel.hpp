#pragma once

#include "actors/runtime/result.hpp"
#include "actors/terminal/pty/unique_fd.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace roost::terminal {

/// The socket to the keeper (wire/keeper.hpp), on the io_context: whole packets with descriptors.
/// Knows no actor. Used by one owner at a time; callbacks come on any thread of the io_context,
/// never from inside a call, and may come after `close`.
class keeper_channel : public std::enable_shared_from_this<keeper_channel> {
public:
  using ready_handler = std::function<void()>;

  struct packet {
    std::string bytes;
    std::vector<unique_fd> fds;
  };
  enum class read_state : std::uint8_t { packet, nothing, closed };
  enum class send_state : std::uint8_t { sent, queued, closed };

  /// Packets that wait because the keeper does not read.
  static constexpr std::size_t most_queued = 4096;

  /// Connects to FOLDER/keeper.sock. Does not wait. Error: setup_error::internal, with the reason.
  static result<std::shared_ptr<keeper_channel>> connect(boost::asio::io_context& io,
                                                         const std::string& folder);

  /// Takes the next packet that has come.
  read_state read(packet& into);
  /// Sends a packet; what the socket does not take waits in order until `flush`. The descriptors
  /// are closed once they are sent. `closed` also when too many wait.
  send_state send(std::string bytes, std::vector<unique_fd> fds = {});
  /// Sends what waits.
  send_state flush();

  /// Calls once when there is something to read, the end included. One at a time.
  void wait_readable(ready_handler done);
  /// Calls once when something can be sent. One at a time.
  void wait_writable(ready_handler done);
  void close();

private:
  keeper_channel(boost::asio::io_context& io, unique_fd socket);
  send_state send_now(const packet& what);

  boost::asio::posix::stream_descriptor socket_;
  int fd_;
  std::deque<packet> waiting_;
};

} // namespace roost::terminal
