#include "apps/roost/http_client.hpp"

#include <optional>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include "apps/roost/transport.hpp"

namespace roost::cli {

namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;

/// Runs one asynchronous operation to its end or to the deadline.
class deadline_runner {
public:
  deadline_runner(asio::io_context& io, std::chrono::milliseconds patience)
      : io_(io), deadline_(std::chrono::steady_clock::now() + patience) {}

  /// `start(done)` begins the operation and `cancel()` ends it early; returns its error.
  template <class Start, class Cancel>
  error_code run(Start&& start, Cancel&& cancel) {
    std::optional<error_code> ended;
    start([&ended](const error_code& error, auto&&...) { ended = error; });
    io_.restart();
    while (!ended && io_.run_one_until(deadline_) > 0) {
    }
    if (ended)
      return *ended;
    cancel();
    io_.restart();
    io_.run();
    return asio::error::timed_out;
  }

private:
  asio::io_context& io_;
  std::chrono::steady_clock::time_point deadline_;
};

template <class Stream>
outcome<http_response> exchange(Stream& stream, stream_socket& socket, deadline_runner& runner,
                                const server_address& address, const std::string& token,
                                const http_request& request) {
  http::request<http::string_body> message;
  message.version(11);
  message.method_string(request.method);
  message.target(request.target);
  message.set(http::field::host, address.host_header());
  message.set(http::field::user_agent, "roost/" ROOST_VERSION);
  message.set(http::field::connection, "close");
  message.set(http::field::accept, "application/json, application/problem+json, */*");
  if (!token.empty())
    message.set(http::field::authorization, "Bearer " + token);
  if (!request.content_type.empty())
    message.set(http::field::content_type, request.content_type);
  message.body() = request.body;
  message.prepare_payload();

  const auto cancel = [&socket] {
    error_code ignored; // the operation ends with an error either way
    socket.close(ignored);
  };
  // A server that refuses a body may answer before it has read all of it: what it says counts, and
  // not that the rest could not be written.
  const auto write_error =
      runner.run([&](auto done) { http::async_write(stream, message, std::move(done)); }, cancel);
  boost::beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(request.body_max);
  const auto read_error = runner.run(
      [&](auto done) { http::async_read(stream, buffer, parser, std::move(done)); }, cancel);
  if (read_error)
    return unreachable(address, write_error ? write_error : read_error);

  auto answer = parser.release();
  http_response response;
  response.status = static_cast<int>(answer.result_int());
  for (const auto& field : answer)
    response.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
  response.body = std::move(answer.body());
  return response;
}

} // namespace

std::string http_response::header(std::string_view name) const {
  for (const auto& [key, value] : headers)
    if (boost::beast::iequals(key, name))
      return value;
  return {};
}

outcome<http_response> send_request(const server_address& address, const std::string& token,
                                    const http_request& request) {
  asio::io_context io(1);
  deadline_runner runner(io, request.patience);
  std::optional<outcome<stream_socket>> opened;
  open_socket(io, address, request.patience,
              [&opened](outcome<stream_socket> x) { opened.emplace(std::move(x)); });
  io.run();
  if (!*opened)
    return std::move(*opened).error();
  if (address.kind != transport_kind::tls) {
    auto& socket = opened->value();
    return exchange(socket, socket, runner, address, token, request);
  }
  auto tls = make_tls_context();
  asio::ssl::stream<stream_socket> stream(std::move(**opened), tls);
  auto& socket = stream.next_layer();
  SSL_set_tlsext_host_name(stream.native_handle(), address.host.c_str());
  stream.set_verify_callback(asio::ssl::host_name_verification(address.host));
  const auto error = runner.run(
      [&](auto done) { stream.async_handshake(asio::ssl::stream_base::client, std::move(done)); },
      [&socket] {
        error_code ignored; // the handshake ends with an error either way
        socket.close(ignored);
      });
  if (error)
    return unreachable(address, error);
  return exchange(stream, socket, runner, address, token, request);
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    const bool is_plain =
        is_letter || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
    if (is_plain)
      out += c;
    else
      out.append({'%', digits[byte >> 4U], digits[byte & 15U]});
  }
  return out;
}

} // namespace roost::cli
