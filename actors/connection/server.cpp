#include "actors/connection/server.hpp"

#include "actors/connection/login.hpp"
#include "actors/connection/places.hpp"
#include "actors/connection/problem.hpp"
#include "actors/runtime/correlation.hpp"
#include "actors/runtime/log.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <mutex>
#include <unordered_map>
#include <utility>

namespace roost::connection {

namespace asio = boost::asio;

namespace {

const log::logger& logger() {
  static const log::logger instance(log::context{"server", 0, {}, {}});
  return instance;
}

bool is_under(std::string_view path, std::string_view root) {
  return path.starts_with(root) && (path.size() == root.size() || path[root.size()] == '/');
}

/// What a browser on this machine should open for a listener.
std::string reachable_host(const std::string& host) {
  if (host == "0.0.0.0" || host.empty() || host == "*")
    return "127.0.0.1";
  return host == "::" ? "::1" : host;
}

} // namespace

/// Lives as long as the last connection, so that none can call into nothing.
class server::core final : public http_service, public std::enable_shared_from_this<core> {
public:
  explicit core(server_options options)
      : options_(std::move(options)), files_(options_.files),
        tcp_places_(options_.settings.connections.max),
        unix_places_(options_.settings.connections.max), drain_timer_(options_.io) {}

  result<void> start();
  void stop_accepting();
  void drain(std::chrono::milliseconds limit, std::function<void()> done);
  void stop();
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::string base_url() const;
  [[nodiscard]] result<std::string> login_url() const;
  [[nodiscard]] counts connections() const;

  std::variant<admission, http_response> admit(const http_request& request, request_kind kind,
                                               const connection_facts& facts) override;
  void handle(http_request request, responder answer) override;
  void upgrade(ws_handoff handoff) override;
  void closed(const http_stream& stream) override;

private:
  void accept_tcp(accepted from);
  void accept_unix(accepted from);
  void begin(accepted from, std::optional<principal> peer, connection_slot slot, tls_context tls);
  [[nodiscard]] connection_slot make_room();
  void send_at_capacity(accepted from);
  void check_drained();
  template <class F>
  void for_each_stream(F&& f);

  const server_options options_;
  const static_assets files_;
  places tcp_places_;
  places unix_places_;
  http_limits limits_;
  std::string listen_host_;
  std::uint16_t port_ = 0;
  tls_context tls_;
  std::unique_ptr<const request_gate> gate_;
  std::unique_ptr<login> login_;

  mutable std::mutex mutex_; ///< guards what follows
  std::vector<std::shared_ptr<listener>> listeners_;
  std::unordered_map<const http_stream*, std::weak_ptr<http_stream>> streams_;
  bool is_draining_ = false;
  bool is_stopped_ = false;
  std::function<void()> on_drained_;
  asio::steady_timer drain_timer_;
};

result<void> server::core::start() {
  const auto& settings = options_.settings;
  limits_ = options_.limits;
  limits_.handshake_timeout = settings.connections.handshake_timeout;
  limits_.write_timeout = settings.connections.write_timeout;
  listen_host_ = settings.listen.host;
  if (settings.tls.is_enabled() || !settings.tls.key.empty()) {
    ROOST_TRY(tls_, make_tls_context(settings.tls));
  }
  origin_policy::settings names;
  names.listen_host = settings.listen.host;
  names.scheme = tls_ ? url_scheme::https : url_scheme::http;
  names.allowed_hosts = settings.connections.allowed_hosts;
  names.allowed_origins = settings.connections.allowed_origins;
  ROOST_TRY(auto policy, origin_policy::make(names));
  ROOST_TRY(const auto key, options_.data.cookie_key(options_.random));

  ROOST_TRY(const auto tcp, listen_tcp(settings.listen));
  std::vector<std::shared_ptr<listener>> listeners;
  for (const int fd : tcp)
    listeners.push_back(std::make_shared<listener>(
        options_.io, fd,
        [self = shared_from_this()](accepted from) { self->accept_tcp(std::move(from)); },
        options_.place));
  port_ = local_port(tcp.front());
  ROOST_TRY(const int local, listen_unix(options_.data.socket_path()));
  listeners.push_back(std::make_shared<listener>(
      options_.io, local,
      [self = shared_from_this()](accepted from) { self->accept_unix(std::move(from)); },
      options_.place));

  const session_cookie cookie(key, port_, tls_ ? cookie_channel::encrypted : cookie_channel::plain);
  gate_ = std::make_unique<request_gate>(
      std::move(policy), cookie,
      request_gate::limits{static_cast<std::size_t>(settings.connections.max_request_body)});
  login_ = std::make_unique<login>(cookie, options_.tokens, options_.time);

  const std::lock_guard lock(mutex_);
  listeners_ = std::move(listeners);
  for (const auto& one : listeners_)
    one->start();
  return {};
}

std::string server::core::base_url() const {
  return fmt::format("{}://{}", tls_ ? "https" : "http",
                     to_string(endpoint{reachable_host(listen_host_), port_}));
}

result<std::string> server::core::login_url() const {
  ROOST_TRY(const auto token, options_.tokens.login_token());
  return base_url() + "/#token=" + token;
}

void server::core::accept_tcp(accepted from) {
  auto slot = tcp_places_.take();
  if (!slot)
    slot = make_room();
  if (!slot) {
    send_at_capacity(std::move(from));
    return;
  }
  begin(std::move(from), std::nullopt, std::move(slot), tls_);
}

void server::core::accept_unix(accepted from) {
  // The file's mode keeps others out already; root may pass any mode, and is trusted.
  if (from.uid != ::geteuid() && from.uid != 0) {
    logger().warn("a stranger's uid was refused on the Unix socket", log::kv("uid", from.uid));
    return;
  }
  auto slot = unix_places_.take();
  if (!slot) {
    send_at_capacity(std::move(from));
    return;
  }
  principal peer;
  peer.label = fmt::format("uid {}", from.uid);
  peer.may = role::admin;
  begin(std::move(from), std::move(peer), std::move(slot), nullptr);
}

void server::core::begin(accepted from, std::optional<principal> peer, connection_slot slot,
                         tls_context tls) {
  const auto stream = std::make_shared<http_stream>(
      std::move(from), std::move(peer), std::move(slot),
      http_stream::environment{shared_from_this(), limits_, std::move(tls), options_.time,
                               options_.random});
  {
    const std::lock_guard lock(mutex_);
    if (is_stopped_ || is_draining_)
      return;
    streams_.emplace(stream.get(), stream);
  }
  stream->start();
}

/// Browsers keep several connections open just in case: at the limit, one that only waits makes
/// room.
connection_slot server::core::make_room() {
  std::shared_ptr<http_stream> idle;
  for_each_stream([&](const std::shared_ptr<http_stream>& stream) {
    if (!idle && stream->is_idle() && !stream->is_local())
      idle = stream;
  });
  if (!idle)
    return nullptr;
  idle->close_if_idle();
  return tcp_places_.take_anyway();
}

void server::core::send_at_capacity(accepted from) {
  const auto trace = new_trace(options_.random).trace_id;
  logger().warn("a connection was refused at the limit", log::kv("address", from.address),
                log::kv("correlation", trace));
  if (!tls_ || from.address == "unix") {
    auto answer = problem_response(failure(request_error::at_capacity), trace);
    answer.headers.emplace_back("Retry-After", "5");
    head_facts facts;
    facts.fate = connection_fate::close;
    facts.correlation = trace;
    facts.now = options_.time.now_wall();
    const auto text = render_head(answer, facts) + answer.body;
    // Best effort, into the empty buffer of a new socket: a refused client gets no state here.
    if (::send(from.socket.native_handle(), text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL) >
        0)
      ::shutdown(from.socket.native_handle(), SHUT_WR);
  }
}

std::variant<admission, http_response>
server::core::admit(const http_request& request, request_kind kind, const connection_facts& facts) {
  auto verdict = gate_->admit(request, kind, facts, options_.tokens, options_.time.now_wall());
  if (verdict)
    return std::move(*verdict);
  if (verdict.error().is(request_error::unauthenticated))
    return login_->refuse(verdict.error(), request, !request.header("authorization").empty());
  return problem_response(verdict.error(), request.correlation);
}

void server::core::handle(http_request request, responder answer) {
  const std::string_view path = request.path;
  if (is_under(path, "/api") || path == "/healthz" || path == "/readyz" || path == "/metrics")
    options_.api(std::move(request), std::move(answer));
  else if (path == "/login")
    answer.send(login_->log_in(request));
  else if (path == "/logout")
    answer.send(login_->log_out(request));
  else
    answer.send(files_.serve(request));
}

void server::core::upgrade(ws_handoff handoff) { options_.on_websocket(std::move(handoff)); }

void server::core::closed(const http_stream& stream) {
  {
    const std::lock_guard lock(mutex_);
    streams_.erase(&stream);
  }
  check_drained();
}

template <class F>
void server::core::for_each_stream(F&& f) {
  std::vector<std::shared_ptr<http_stream>> now;
  {
    const std::lock_guard lock(mutex_);
    now.reserve(streams_.size());
    for (const auto& [key, weak] : streams_)
      if (auto stream = weak.lock())
        now.push_back(std::move(stream));
  }
  for (const auto& stream : now)
    f(stream);
}

void server::core::stop_accepting() {
  const std::lock_guard lock(mutex_);
  for (const auto& one : listeners_)
    one->stop();
  listeners_.clear();
}

void server::core::drain(std::chrono::milliseconds limit, std::function<void()> done) {
  stop_accepting();
  {
    const std::lock_guard lock(mutex_);
    is_draining_ = true;
    on_drained_ = std::move(done);
    drain_timer_.expires_after(limit);
    drain_timer_.async_wait([self = shared_from_this()](const boost::system::error_code& ec) {
      if (!ec)
        self->for_each_stream([](const auto& stream) { stream->abort(); });
    });
  }
  for_each_stream([](const auto& stream) { stream->drain(); });
  check_drained();
}

void server::core::check_drained() {
  const std::lock_guard lock(mutex_);
  if (!is_draining_ || !streams_.empty() || !on_drained_)
    return;
  drain_timer_.cancel();
  asio::post(options_.io, std::exchange(on_drained_, nullptr));
}

void server::core::stop() {
  stop_accepting();
  {
    const std::lock_guard lock(mutex_);
    is_stopped_ = true;
    drain_timer_.cancel();
  }
  for_each_stream([](const auto& stream) { stream->abort(); });
}

server::counts server::core::connections() const {
  const std::lock_guard lock(mutex_);
  return {streams_.size(), tcp_places_.taken() + unix_places_.taken()};
}

server::server(server_options options) : core_(std::make_shared<core>(std::move(options))) {}
server::~server() { core_->stop(); }
result<void> server::start() { return core_->start(); }
std::uint16_t server::port() const { return core_->port(); }
std::string server::base_url() const { return core_->base_url(); }
result<std::string> server::login_url() const { return core_->login_url(); }
void server::stop_accepting() { core_->stop_accepting(); }
void server::drain(std::chrono::milliseconds limit, std::function<void()> done) {
  core_->drain(limit, std::move(done));
}
void server::stop() { core_->stop(); }
server::counts server::connections() const { return core_->connections(); }

} // namespace roost::connection
