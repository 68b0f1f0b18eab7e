#include "actors/connection/server.hpp"

#include "actors/connection/departures.hpp"
#include "actors/connection/door_guard.hpp"
#include "actors/connection/login.hpp"
#include "actors/connection/problem.hpp"
#include "actors/connection/reception.hpp"
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
        departures_(std::make_shared<departures>(options_.io)),
        door_(std::make_shared<door_guard>(options_.io)), drain_timer_(options_.io) {}

  result<void> start();
  void stop_accepting();
  void drain(std::chrono::milliseconds limit, std::function<void()> done);
  void stop();
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::string base_url() const;
  [[nodiscard]] result<std::string> login_url() const;
  [[nodiscard]] std::size_t http_connections() const;
  [[nodiscard]] bans banned() const { return {door_->banned_now(), door_->bans_total()}; }

  std::variant<admission, http_response> admit(const http_request& request, request_kind kind,
                                               const connection_facts& facts) override;
  void handle(http_request request, responder answer) override;
  void upgrade(ws_handoff handoff) override;
  void closed(const http_stream& stream) override;
  std::string client_of(const std::string& peer, const http_headers& headers) override {
    return reception_->client_of(peer, headers);
  }
  std::optional<http_response> identify(const place& claim, const std::string& client) override {
    return reception_->identify(claim, client);
  }
  std::variant<place, http_response> reserve(const http_request& request) override;
  std::optional<http_response> represent(const place& claim, const std::string& peer,
                                         const http_request& request) override {
    return reception_->represent(claim, peer, request);
  }
  std::optional<http_response> foresee(const http_request& request) override {
    return reception_->foresee(request);
  }
  void note(refusal why) override { reception_->totals().note(why); }
  void note(slow_phase what) override { reception_->totals().note(what); }

private:
  void accept_tcp(arrival from);
  void accept_unix(arrival from);
  void begin(arrival from, std::optional<principal> peer, place claim, tls_context tls);
  void evict(const std::vector<place_id>& places);
  void turn_away(const arrival& from, const pool_desk::answer& why);
  void check_drained();
  template <class F>
  void for_each_stream(F&& f);

  const server_options options_;
  const static_assets files_;
  const std::shared_ptr<departures> departures_;
  const std::shared_ptr<door_guard> door_;
  http_limits limits_;
  std::string listen_host_;
  std::uint16_t port_ = 0;
  tls_context tls_;
  std::unique_ptr<const request_gate> gate_;
  std::unique_ptr<login> login_;
  std::unique_ptr<reception> reception_;

  mutable std::mutex mutex_; ///< guards what follows
  std::vector<std::shared_ptr<listener>> listeners_;
  struct open_stream {
    std::weak_ptr<http_stream> stream;
    place_id place = 0;
  };
  std::unordered_map<const http_stream*, open_stream> streams_;
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

  ROOST_TRY(auto proxies, trusted_proxies::make(settings.connections.trusted_proxies));
  reception_ = std::make_unique<reception>(
      options_.desk
          ? options_.desk
          : std::make_shared<pool_desk>(pool_limits_of(settings.connections), options_.time),
      std::move(proxies), settings.connections.proxy_protocol, options_.random,
      [this](const std::vector<place_id>& places) { evict(places); });

  ROOST_TRY(const auto tcp, listen_tcp(settings.listen));
  std::vector<std::shared_ptr<listener>> listeners;
  for (const int fd : tcp) {
    door_->watch(fd);
    listeners.push_back(
        std::make_shared<listener>(options_.io, fd, [self = shared_from_this()](arrival from) {
          self->accept_tcp(std::move(from));
        }));
  }
  port_ = local_port(tcp.front());
  ROOST_TRY(const int local, listen_unix(options_.data.socket_path()));
  listeners.push_back(
      std::make_shared<listener>(options_.io, local, [self = shared_from_this()](arrival from) {
        self->accept_unix(std::move(from));
      }));

  const session_cookie cookie(key, port_, tls_ ? cookie_channel::encrypted : cookie_channel::plain);
  gate_ = std::make_unique<request_gate>(
      std::move(policy), cookie,
      request_gate::limits{static_cast<std::size_t>(settings.connections.max_request_body)});
  login_ = std::make_unique<login>(cookie, options_.tokens, options_.time, options_.audit);

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

void server::core::accept_tcp(arrival from) {
  auto answer = reception_->welcome(from.address);
  if (answer.why != refusal::none) {
    turn_away(from, answer);
    door_->refused(reception_->key_of(from.address));
  } else {
    begin(std::move(from), std::nullopt, std::move(answer.claim), tls_);
  }
}

void server::core::accept_unix(arrival from) {
  // The file's mode keeps others out already; root may pass any mode, and is trusted.
  if (from.uid != ::geteuid() && from.uid != 0) {
    logger().warn("a stranger's uid was refused on the Unix socket", log::kv("uid", from.uid));
    ::close(from.fd);
    return;
  }
  auto answer = reception_->welcome(std::nullopt);
  if (answer.why != refusal::none) {
    turn_away(from, answer);
    return;
  }
  principal peer;
  peer.label = fmt::format("uid {}", from.uid);
  peer.may = role::admin;
  begin(std::move(from), std::move(peer), std::move(answer.claim), nullptr);
}

void server::core::begin(arrival from, std::optional<principal> peer, place claim,
                         tls_context tls) {
  const auto id = claim.id();
  const bool has_proxy_header = !peer && reception_->expects_proxy_header(from.address);
  auto socket = adopt(std::move(from), options_.place ? options_.place() : options_.io);
  if (!socket)
    return;
  const auto stream = std::make_shared<http_stream>(
      std::move(*socket), std::move(peer), std::move(claim),
      http_stream::environment{shared_from_this(), limits_, std::move(tls), has_proxy_header,
                               options_.time, options_.random});
  {
    const std::lock_guard lock(mutex_);
    if (is_stopped_ || is_draining_)
      return;
    streams_.emplace(stream.get(), open_stream{stream, id});
  }
  stream->start();
}

void server::core::evict(const std::vector<place_id>& places) {
  std::vector<std::shared_ptr<http_stream>> leaving;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [key, open] : streams_)
      if (std::find(places.begin(), places.end(), open.place) != places.end())
        if (auto stream = open.stream.lock())
          leaving.push_back(std::move(stream));
  }
  for (const auto& stream : leaving)
    stream->give_way();
}

/// A refused client gets an answer, and no state. The pool's actor logs how many there were.
void server::core::turn_away(const arrival& from, const pool_desk::answer& why) {
  std::string text;
  if (!tls_ || from.is_local) {
    const auto trace = new_trace(options_.random).trace_id;
    const auto answer = reception_->refuse(why.why, why.retry_after, trace);
    head_facts facts;
    facts.fate = connection_fate::close;
    facts.correlation = trace;
    facts.now = options_.time.now_wall();
    text = render_head(answer, facts) + answer.body;
  }
  departures_->see_off(from.fd, text);
}

std::variant<admission, http_response>
server::core::admit(const http_request& request, request_kind kind, const connection_facts& facts) {
  auto verdict = gate_->admit(request, kind, facts, options_.tokens, options_.time.now_wall());
  if (verdict)
    return std::move(*verdict);
  const auto& why = verdict.error();
  if (why.is(request_error::unauthenticated)) {
    auto answer = login_->refuse(why, request, !request.header("authorization").empty());
    note(answer.status == 429 ? refusal::login : refusal::credential);
    return answer;
  }
  if (why.is(request_error::host_refused))
    note(refusal::host);
  else if (why.is(request_error::origin_refused))
    note(refusal::origin);
  return problem_response(why, request.correlation);
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

std::variant<place, http_response> server::core::reserve(const http_request& request) {
  auto answer = reception_->reserve(request);
  if (std::holds_alternative<http_response>(answer)) // on the guard's thread
    asio::post(options_.io,
               [door = door_, key = reception_->key_of(request.address)] { door->refused(key); });
  return answer;
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
    for (const auto& [key, open] : streams_)
      if (auto stream = open.stream.lock())
        now.push_back(std::move(stream));
  }
  for (const auto& stream : now)
    f(stream);
}

void server::core::stop_accepting() {
  door_->forget();
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

std::size_t server::core::http_connections() const {
  const std::lock_guard lock(mutex_);
  return streams_.size();
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
server::bans server::banned() const { return core_->banned(); }
std::size_t server::http_connections() const { return core_->http_connections(); }

} // namespace roost::connection
