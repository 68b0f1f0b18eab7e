#include "actors/channel/transport/http_transport.hpp"

#include "actors/channel/transport/json_rpc.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <utility>

#include <fmt/format.h>

namespace roost::channel {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using tcp = asio::ip::tcp;

bool is_absence(const boost::system::error_code& why) {
  namespace errc = boost::system::errc;
  return why == asio::error::connection_refused || why == asio::error::host_not_found ||
         why == asio::error::host_not_found_try_again || why == asio::error::no_data ||
         why == asio::error::no_recovery || why == asio::error::service_not_found ||
         why == asio::error::host_unreachable || why == asio::error::network_unreachable ||
         why == errc::address_family_not_supported || why == errc::address_not_available ||
         why == asio::error::not_found;
}

/// Whether an error of a read says that what came is no HTTP that we take, and not that it ended.
bool is_violation(const boost::system::error_code& why) {
  return why.category() == http::make_error_code(http::error::bad_version).category() &&
         why != http::error::end_of_stream && why != http::error::partial_message;
}

} // namespace

std::optional<http_place> parse_http_url(std::string_view url) {
  constexpr std::string_view scheme = "http://";
  if (!url.starts_with(scheme))
    return std::nullopt;
  url.remove_prefix(scheme.size());
  const bool is_plain = std::ranges::all_of(
      url, [](char c) { return c > ' ' && c < '\x7f' && c != '#' && c != '\\' && c != '"'; });
  const auto end = std::min(url.find_first_of("/?"), url.size());
  const auto authority = url.substr(0, end);
  if (!is_plain || authority.find('@') != std::string_view::npos)
    return std::nullopt;
  http_place out;
  out.authority = authority;
  out.target = url.substr(end);
  if (!out.target.starts_with('/'))
    out.target.insert(0, 1, '/');
  auto rest = authority;
  if (rest.starts_with('[')) {
    const auto bracket = rest.find(']');
    if (bracket == std::string_view::npos)
      return std::nullopt;
    out.host = rest.substr(1, bracket - 1);
    rest.remove_prefix(bracket + 1);
  } else {
    out.host = rest.substr(0, rest.find(':'));
    rest.remove_prefix(out.host.size());
  }
  out.port = "80";
  if (!rest.empty()) {
    std::uint16_t number = 0;
    const auto digits = rest.substr(1);
    const auto [stop, wrong] =
        std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (rest.front() != ':' || wrong != std::errc() || stop != digits.data() + digits.size() ||
        number == 0)
      return std::nullopt;
    out.port = digits;
  }
  if (out.host.empty())
    return std::nullopt;
  return out;
}

/// A connection, and what was read of it beyond an answer.
struct http_transport::connection {
  explicit connection(const asio::any_io_executor& on) : stream(on) {}

  /// Whether an idle connection may be used: it neither ended nor said anything unasked.
  bool is_quiet() {
    char byte = 0;
    const auto size = ::recv(stream.socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
  }

  beast::tcp_stream stream;
  beast::flat_buffer buffer;
};

/// One request on its way. Handlers hold it, and look at `is_over` first.
struct http_transport::call {
  call(std::uint64_t number, const asio::any_io_executor& on) : id(number), resolver(on) {}

  std::uint64_t id;
  bool is_over = false;
  std::uint64_t queued_bytes = 0;
  tcp::resolver resolver;
  std::unique_ptr<connection> way;
  http::request<http::string_body> question;
  std::optional<http::response_parser<http::string_body>> answer;
};

http_transport::http_transport(asio::io_context& io, const transport_config& config,
                               std::uint64_t max_answer, const std::string& name,
                               std::chrono::milliseconds keep_for)
    : strand_(asio::make_strand(io)), log_(log::context{"channel/" + name, 0, {}, {}}),
      url_(config.url), place_(parse_http_url(config.url)), max_answer_(max_answer),
      keep_for_(keep_for), idle_timer_(strand_) {}

http_transport::~http_transport() {
  // What is under way holds its call, and runs on the strand.
  asio::post(strand_, [calls = std::move(calls_)] {
    for (const auto& [id, which] : calls) {
      which->is_over = true;
      which->resolver.cancel();
      if (which->way)
        which->way->stream.close();
    }
  });
}

void http_transport::start(reply_handler on_reply) {
  asio::post(strand_, [self = shared_from_this(), on_reply = std::move(on_reply)]() mutable {
    if (!self->is_stopped_ && !self->on_reply_)
      self->on_reply_ = std::move(on_reply);
  });
}

void http_transport::send(request what) {
  asio::post(strand_, [self = shared_from_this(), what = std::move(what)] {
    if (!self->is_stopped_)
      self->begin(what);
    self->publish();
  });
}

void http_transport::cancel(std::uint64_t id) {
  asio::post(strand_, [self = shared_from_this(), id] {
    if (const auto found = self->calls_.find(id); found != self->calls_.end())
      self->forget(*call_ptr(found->second));
    self->publish();
  });
}

void http_transport::stop(std::function<void()> done) {
  asio::post(strand_, [self = shared_from_this(), done = std::move(done)] {
    self->is_stopped_ = true;
    self->on_reply_ = nullptr;
    while (!self->calls_.empty())
      self->forget(*call_ptr(self->calls_.begin()->second));
    self->idle_.clear();
    self->idle_timer_.cancel();
    self->now_.is_up = false;
    self->publish();
    done();
  });
}

transport_view http_transport::view() const {
  const std::lock_guard lock(view_mutex_);
  return view_;
}

void http_transport::publish() {
  const std::lock_guard lock(view_mutex_);
  view_ = now_;
}

reply http_transport::failed(const call& which, reply_kind kind, std::string detail) const {
  reply out;
  out.id = which.id;
  out.kind = kind;
  out.detail = std::move(detail);
  return out;
}

void http_transport::begin(const request& what) {
  auto made = std::make_shared<call>(what.id, strand_);
  if (!place_ || calls_.size() >= most_calls) {
    made->is_over = true;
    auto answer = place_ ? failed(*made, reply_kind::transport, "too many calls at a time")
                         : failed(*made, reply_kind::unavailable,
                                  url_ + ": not of the form http://HOST[:PORT][/PATH]");
    now_.last_trouble = answer.detail;
    publish();
    if (on_reply_)
      on_reply_(std::move(answer));
    return;
  }
  auto& question = made->question;
  question.version(11);
  question.method(http::verb::post);
  question.target(place_->target);
  question.set(http::field::host, place_->authority);
  question.set(http::field::user_agent, "roost/" ROOST_VERSION);
  question.set(http::field::content_type, "application/json");
  question.set(http::field::accept, "application/json");
  question.body() = render_request(what.id, what.method, what.params);
  question.prepare_payload();
  made->queued_bytes = question.body().size();
  now_.queued_bytes += made->queued_bytes;
  calls_[what.id] = made;
  use_idle_or_connect(made);
}

void http_transport::use_idle_or_connect(const call_ptr& which) {
  which->way = take_idle();
  if (which->way)
    exchange(which);
  else
    connect_fresh(which);
}

void http_transport::connect_fresh(const call_ptr& which) {
  which->way = std::make_unique<connection>(strand_);
  const auto connected = [weak = weak_from_this(), which](error_code ec, const auto&) {
    const auto self = weak.lock();
    if (!self || which->is_over)
      return;
    if (ec) {
      self->now_.is_up = false;
      self->finish(which,
                   self->failed(*which,
                                is_absence(ec) ? reply_kind::unavailable : reply_kind::transport,
                                self->url_ + ": " + ec.message()));
      return;
    }
    self->now_.is_up = true;
    ++self->now_.starts;
    error_code ignored; // answers are only somewhat later without it
    which->way->stream.socket().set_option(tcp::no_delay(true), ignored);
    self->exchange(which);
    self->publish();
  };
  error_code no_literal;
  const auto address = asio::ip::make_address(place_->host, no_literal);
  if (!no_literal) { // the resolver has one thread, which others may keep waiting
    const std::array<tcp::endpoint, 1> only = {
        tcp::endpoint(address, static_cast<std::uint16_t>(std::stoul(place_->port)))};
    which->way->stream.async_connect(only, connected);
    return;
  }
  which->resolver.async_resolve(place_->host, place_->port, tcp::resolver::numeric_service,
                                [weak = weak_from_this(), which, connected](
                                    error_code ec, const tcp::resolver::results_type& found) {
                                  if (!weak.lock() || which->is_over)
                                    return;
                                  if (ec)
                                    connected(ec, 0);
                                  else
                                    which->way->stream.async_connect(found, connected);
                                });
}

void http_transport::exchange(const call_ptr& which) {
  which->answer.emplace();
  which->answer->body_limit(max_answer_);
  http::async_write(which->way->stream, which->question,
                    [weak = weak_from_this(), which](error_code ec, std::size_t) {
                      const auto self = weak.lock();
                      if (!self || which->is_over)
                        return;
                      self->now_.queued_bytes -= std::exchange(which->queued_bytes, 0);
                      self->publish();
                      // Whoever refuses a request may answer before having read all of it: what it
                      // says counts, and not that the rest could not be written.
                      self->read_answer(which, ec);
                    });
}

void http_transport::read_answer(const call_ptr& which, error_code write_error) {
  auto& way = *which->way;
  http::async_read(way.stream, way.buffer, *which->answer,
                   [weak = weak_from_this(), which, write_error](error_code ec, std::size_t) {
                     const auto self = weak.lock();
                     if (!self || which->is_over)
                       return;
                     if (ec)
                       self->broken(which, write_error && !is_violation(ec) ? write_error : ec);
                     else
                       self->answered(which);
                   });
}

void http_transport::broken(const call_ptr& which, error_code why) {
  // Never sent again: the helper may have done already what it was asked for.
  if (is_violation(why)) {
    finish(which, failed(*which, reply_kind::protocol,
                         why == http::error::body_limit
                             ? fmt::format("an answer is longer than {} bytes", max_answer_)
                             : "not HTTP: " + why.message()));
    return;
  }
  now_.is_up = false;
  finish(which, failed(*which, reply_kind::transport, why.message()));
}

reply http_transport::judge(const call& which) const {
  const auto& message = which.answer->get();
  const auto status = message.result_int();
  if (status == 200) {
    auto parsed = parse_message(message.body());
    if (parsed.is == incoming::kind::response && parsed.what.id == which.id)
      return std::move(parsed.what);
    return failed(which, reply_kind::protocol,
                  parsed.is == incoming::kind::violation ? parsed.what.detail
                                                         : "an answer to another request");
  }
  const auto kind = status == 429 || status == 503 ? reply_kind::overload
                    : status >= 500                ? reply_kind::transport
                                                   : reply_kind::protocol;
  return failed(which, kind, fmt::format("HTTP status {}", status));
}

void http_transport::answered(const call_ptr& which) {
  auto answer = judge(*which);
  // More than the answer would be taken for the next one.
  if (which->answer->get().keep_alive() && which->way->buffer.size() == 0)
    keep(std::move(which->way));
  finish(which, std::move(answer));
}

void http_transport::finish(const call_ptr& which, reply answer) {
  forget(*which);
  if (answer.kind != reply_kind::value && answer.kind != reply_kind::helper_error)
    now_.last_trouble = answer.detail;
  if (answer.kind == reply_kind::protocol) {
    ++now_.violations;
    log_.warn("helper does not speak JSON-RPC over HTTP", log::kv("why", answer.detail));
  }
  publish();
  if (on_reply_)
    on_reply_(std::move(answer));
}

/// Nothing that is still under way for it has an effect any more.
void http_transport::forget(call& which) {
  which.is_over = true;
  now_.queued_bytes -= std::exchange(which.queued_bytes, 0);
  which.resolver.cancel();
  if (which.way)
    which.way->stream.close();
  calls_.erase(which.id);
}

std::unique_ptr<http_transport::connection> http_transport::take_idle() {
  drop_old_ones();
  while (!idle_.empty()) {
    auto way = std::move(idle_.back().way);
    idle_.pop_back();
    if (way->is_quiet())
      return way;
  }
  return nullptr;
}

void http_transport::keep(std::unique_ptr<connection> way) {
  idle_.push_back({std::move(way), std::chrono::steady_clock::now()});
  if (idle_.size() > most_idle)
    idle_.pop_front();
  drop_old_ones();
}

void http_transport::drop_old_ones() {
  const auto now = std::chrono::steady_clock::now();
  while (!idle_.empty() && now - idle_.front().since >= keep_for_)
    idle_.pop_front();
  if (idle_.empty())
    return;
  idle_timer_.expires_at(idle_.front().since + keep_for_);
  idle_timer_.async_wait([weak = weak_from_this()](error_code ec) {
    const auto self = weak.lock();
    if (!ec && self)
      self->drop_old_ones();
  });
}

} // namespace roost::channel
