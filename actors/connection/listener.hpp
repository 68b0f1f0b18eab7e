#pragma once

#include "actors/connection/socket.hpp"
#include "actors/runtime/config.hpp"
#include "actors/runtime/result.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace roost::connection {

/// What the kernel has just accepted, before anything was made for it.
struct arrival {
  int fd = -1;         ///< non-blocking; whoever gets it closes it, adopts it or sees it off
  std::string address; ///< the peer, numeric: `192.0.2.7`, `2001:db8::1`, or `unix`
  bool is_local = false;
  std::uint32_t uid = 0; ///< of the peer on a Unix socket
};

/// A socket that was just accepted and let in.
struct accepted {
  plain_socket socket;       ///< TCP_NODELAY is set
  std::string address;       ///< the peer, numeric: `192.0.2.7`, `2001:db8::1`, or `unix`
  std::string local_address; ///< this end, numeric; empty on a Unix socket
  std::uint32_t uid = 0;     ///< of the peer on a Unix socket
};

/// Makes a socket of a descriptor, on the io_context where it will live. Closes it and gives
/// nothing when the connection is gone already.
std::optional<accepted> adopt(arrival from, boost::asio::io_context& home);

/// One listening socket. Accepts in batches and hands each descriptor on; survives
/// the lack of descriptors by accepting and dropping (with a descriptor kept in reserve), so that
/// clients see a refusal and the loop does not spin. No CAF.
///
/// Life: `start` once; after `stop` no further socket is handed on, and the descriptor is closed
/// when the pending wait has ended. Callbacks come one at a time, on the listener's thread.
class listener : public std::enable_shared_from_this<listener> {
public:
  using handler = std::function<void(arrival)>;

  /// Takes over a bound, listening descriptor.
  listener(boost::asio::io_context& io, int fd, handler on_accept);
  ~listener();
  listener(const listener&) = delete;
  listener& operator=(const listener&) = delete;

  void start();
  /// From any thread.
  void stop();

private:
  void wait();
  void accept_batch();
  void refuse_one();

  boost::asio::posix::basic_stream_descriptor<connection_executor> socket_;
  boost::asio::steady_timer pause_;
  handler on_accept_;
  int reserve_fd_;
  bool is_stopped_ = false;
};

/// Listening descriptors for HOST:PORT, one per address that the host resolves to (`localhost` may
/// have two families). Port 0 lets the kernel choose; all then share the first one's port. Loopback
/// and numeric hosts resolve at once, others ask the resolver and may block: for the start only.
/// setup_error::address_in_use when the port is taken.
result<std::vector<int>> listen_tcp(const endpoint& where);

/// The port of a listening TCP descriptor.
std::uint16_t local_port(int fd);

/// A listening Unix socket at `path`, 0600. The caller holds the data dir's lock, so a socket that
/// is already there is a leftover and is replaced.
result<int> listen_unix(const std::string& path);

} // namespace roost::connection
