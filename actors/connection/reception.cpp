#include "actors/connection/reception.hpp"

#include "actors/connection/problem.hpp"
#include "actors/runtime/correlation.hpp"

#include <algorithm>
#include <utility>

namespace roost::connection {

namespace {

// How long a client that found everything taken should wait: places come free when people leave,
// so not at once, and a person watches the countdown, so not for long.
constexpr std::uint64_t least_wait_s = 5;
constexpr std::uint64_t longest_wait_s = 15;

standing standing_of(const principal& who) {
  return who.is_at_least(role::admin) ? standing::admin : standing::ordinary;
}

} // namespace

pool_limits pool_limits_of(const connections_config& settings) {
  pool_limits limits;
  limits.max = settings.max;
  limits.max_per_key = settings.max_per_ip;
  limits.max_per_user = settings.max_per_user;
  limits.admin_reserve = settings.admin_reserve;
  limits.max_handshakes = settings.max_handshakes;
  limits.handshake_rate = settings.handshake_rate;
  limits.handshake_burst = settings.handshake_burst;
  return limits;
}

reception::reception(std::shared_ptr<pool_desk> desk, trusted_proxies proxies,
                     bool has_proxy_headers, random_source& random, evictor evict)
    : desk_(std::move(desk)), proxies_(std::move(proxies)), has_proxy_headers_(has_proxy_headers),
      random_(random), evict_(std::move(evict)) {}

pool_desk::answer reception::welcome(const std::optional<std::string>& address) {
  if (!address)
    return desk_->accept_local();
  auto answer = desk_->accept(key_of(*address));
  if (!answer.evicted.empty())
    evict_(answer.evicted);
  return answer;
}

std::string reception::key_of(const std::string& address) const {
  return proxies_.trusts(address) ? std::string() : client_key(address);
}

bool reception::expects_proxy_header(std::string_view address) const {
  return has_proxy_headers_ && proxies_.trusts(address);
}

std::string reception::client_of(const std::string& peer, const http_headers& headers) const {
  return proxies_.client_of(peer, headers);
}

std::optional<http_response> reception::identify(const place& claim, const std::string& client) {
  if (proxies_.trusts(client))
    return std::nullopt; // a health check of the proxy's own, or another proxy behind it
  const auto answer = desk_->identify(claim, client_key(client));
  if (!answer.evicted.empty())
    evict_(answer.evicted);
  if (answer.why == refusal::none)
    return std::nullopt;
  return refuse(answer.why, answer.retry_after, new_trace(random_).trace_id);
}

std::optional<http_response> reception::represent(const place& claim, const std::string& peer,
                                                  const http_request& request) {
  if (request.is_local || !proxies_.trusts(peer) || proxies_.trusts(request.address))
    return std::nullopt;
  const auto answer = desk_->represent(claim, client_key(request.address));
  if (answer.why == refusal::none)
    return std::nullopt;
  return refuse(answer.why, answer.retry_after, request.correlation);
}

std::variant<place, http_response> reception::reserve(const http_request& request) {
  auto answer =
      desk_->reserve(client_key(request.address), request.who.token_id, standing_of(request.who));
  if (answer.why == refusal::none)
    return std::move(answer.claim);
  return refuse(answer.why, answer.retry_after, request.correlation);
}

std::optional<http_response> reception::foresee(const http_request& request) const {
  if (request.is_local)
    return std::nullopt;
  const auto why =
      desk_->check(client_key(request.address), request.who.token_id, standing_of(request.who));
  if (why == refusal::none)
    return std::nullopt;
  return refuse(why, std::chrono::milliseconds(0), request.correlation);
}

http_response reception::refuse(refusal why, std::chrono::milliseconds retry_after,
                                const std::string& correlation) const {
  auto answer = problem_response(failure_of(why), correlation);
  auto seconds = random_.between(least_wait_s, longest_wait_s);
  if (retry_after.count() > 0)
    seconds =
        static_cast<std::uint64_t>(std::chrono::ceil<std::chrono::seconds>(retry_after).count()) +
        random_.between(0, 1);
  answer.headers.emplace_back("Retry-After", std::to_string(seconds));
  return answer;
}

} // namespace roost::connection
