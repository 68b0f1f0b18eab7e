#include "apps/roost/transport.hpp"

#include <memory>
#include <vector>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/steady_timer.hpp>

namespace roost::cli {

namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using endpoint = asio::generic::stream_protocol::endpoint;

/// Resolves and tries one endpoint after the other, under one deadline.
class connector : public std::enable_shared_from_this<connector> {
public:
  connector(asio::io_context& io, const server_address& address,
            std::function<void(outcome<stream_socket>)> done)
      : address_(address), done_(std::move(done)), socket_(io), resolver_(io), timer_(io) {}

  void start(std::chrono::milliseconds patience) {
    timer_.expires_after(patience);
    timer_.async_wait([self = shared_from_this()](const error_code& error) {
      if (!error)
        self->finish(asio::error::timed_out);
    });
    if (address_.kind == transport_kind::unix_socket) {
      endpoints_.emplace_back(asio::local::stream_protocol::endpoint(address_.path));
      return try_next();
    }
    error_code not_numeric;
    const auto numeric = asio::ip::make_address(address_.host, not_numeric);
    if (!not_numeric) {
      endpoints_.emplace_back(asio::ip::tcp::endpoint(numeric, address_.port));
      return try_next();
    }
    resolver_.async_resolve(
        address_.host, std::to_string(address_.port),
        [self = shared_from_this()](const error_code& error, const auto& results) {
          if (error)
            return self->finish(error);
          for (const auto& entry : results)
            self->endpoints_.emplace_back(entry.endpoint());
          self->try_next();
        });
  }

private:
  void try_next() {
    if (is_done_)
      return;
    if (next_ >= endpoints_.size())
      return finish(last_error_);
    error_code ignored; // closing a socket that never connected
    socket_.close(ignored);
    socket_.async_connect(endpoints_[next_++],
                          [self = shared_from_this()](const error_code& error) {
                            if (!error)
                              return self->finish({});
                            self->last_error_ = error;
                            self->try_next();
                          });
  }

  void finish(const error_code& error) {
    if (is_done_)
      return;
    is_done_ = true;
    timer_.cancel();
    resolver_.cancel();
    error_code ignored; // the option is a wish, and the socket may be gone
    if (error) {
      socket_.close(ignored);
      return done_(unreachable(address_, error));
    }
    if (address_.kind != transport_kind::unix_socket)
      socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
    done_(std::move(socket_));
  }

  server_address address_;
  std::function<void(outcome<stream_socket>)> done_;
  stream_socket socket_;
  asio::ip::tcp::resolver resolver_;
  asio::steady_timer timer_;
  std::vector<endpoint> endpoints_;
  std::size_t next_ = 0;
  error_code last_error_ = asio::error::host_not_found;
  bool is_done_ = false;
};

} // namespace

void open_socket(asio::io_context& io, const server_address& address,
                 std::chrono::milliseconds patience,
                 std::function<void(outcome<stream_socket>)> done) {
  std::make_shared<connector>(io, address, std::move(done))->start(patience);
}

asio::ssl::context make_tls_context() {
  asio::ssl::context context(asio::ssl::context::tls_client);
  context.set_default_verify_paths();
  context.set_verify_mode(asio::ssl::verify_peer);
  return context;
}

command_failure unreachable(const server_address& address, const error_code& error) {
  command_failure why;
  why.exit = exit_status::unreachable;
  why.what = "cannot reach the server";
  why.where = address.shown();
  const bool is_local = address.kind == transport_kind::unix_socket;
  if (is_local && (error == asio::error::connection_refused ||
                   error == boost::system::errc::no_such_file_or_directory))
    why.advice = "start it with `roostd`, or name another one with --server";
  else if (is_local && error == asio::error::access_denied)
    why.advice = "the socket belongs to another user";
  else if (error == asio::error::connection_refused)
    why.advice = "nothing listens there; check the port, or start `roostd`";
  else if (error == asio::error::timed_out)
    why.advice = "it did not answer in time";
  else if (error.category() == asio::error::get_ssl_category())
    why.advice = "no secure connection (" + error.message() +
                 "); for a certificate of your own set SSL_CERT_FILE";
  else
    why.advice = error.message();
  return why;
}

} // namespace roost::cli
