#include "actors/connection/api/render_channels.hpp"

#include "actors/connection/problem.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>

namespace roost::connection::api {

namespace {

namespace json = boost::json;

json::value text_or_null(std::string_view text) {
  return text.empty() ? json::value(nullptr) : json::value(text);
}

json::object window_json(std::uint32_t calls, std::uint32_t failed, std::uint32_t slow) {
  return {{"calls", calls}, {"failed", failed}, {"slow", slow}};
}

json::object transition_json(const channel_transition& x) {
  return {{"at", rfc3339(x.at)}, {"what", x.what},
          {"from", x.from},      {"to", x.to},
          {"why", x.why},        {"window", window_json(x.calls, x.failed, x.slow)}};
}

json::value override_json(const std::optional<channel_override>& x) {
  if (!x)
    return nullptr;
  return json::object{
      {"state", x->state},
      {"who", x->who},
      {"reason", x->reason},
      {"expires_at", x->expires_at ? json::value(rfc3339(*x->expires_at)) : json::value(nullptr)}};
}

json::object totals_json(const channel_totals& t) {
  json::object failed;
  for (std::size_t i = 1; i < call_reasons.size(); ++i)
    failed[call_reasons[i].second] = t.failed_by[i];
  return {{"calls", t.calls},       {"ok", t.ok},
          {"degraded", t.degraded}, {"failed", std::move(failed)},
          {"retries", t.retries},   {"fallback_failed", t.fallback_failed},
          {"opens", t.opens},       {"late", t.late}};
}

json::object channel_object(const channel_status& x) {
  json::object out;
  out["name"] = x.name;
  out["state"] = x.state;
  out["since"] = rfc3339(x.since);
  out["retry_after_ms"] = x.retry_after.count();
  auto window = window_json(x.window_calls, x.window_failed, x.window_slow);
  window["length_ms"] = x.window_length.count();
  out["window"] = std::move(window);
  out["in_flight"] = x.in_flight;
  out["waiting"] = x.waiting;
  out["limit"] = x.limit;
  out["timeout_ms"] = x.timeout.count();
  out["consecutive_failures"] = x.consecutive_failures;
  out["generation"] = x.generation;
  out["config_version"] = x.config_version;
  out["override"] = override_json(x.by_hand);
  out["transport"] = json::object{{"kind", x.transport},
                                  {"up", x.is_up},
                                  {"pid", x.pid > 0 ? json::value(x.pid) : json::value(nullptr)},
                                  {"starts", x.starts},
                                  {"unknown_messages", x.unknown_messages},
                                  {"violations", x.violations}};
  out["fallback"] = x.has_fallback;
  out["idempotent"] = x.idempotent;
  out["totals"] = totals_json(x.totals);
  auto& rows = out["transitions"].emplace_array();
  for (const auto& each : x.transitions)
    rows.push_back(transition_json(each));
  return out;
}

channel_error code_of(call_reason why) {
  switch (why) {
  case call_reason::timeout:
    return channel_error::timed_out;
  case call_reason::rejected:
    return channel_error::rejected;
  case call_reason::channel_unavailable:
    return channel_error::unavailable;
  case call_reason::transport:
    return channel_error::transport;
  case call_reason::protocol:
    return channel_error::protocol;
  case call_reason::overload:
    return channel_error::overload;
  case call_reason::cancelled:
    return channel_error::cancelled;
  case call_reason::none:
  case call_reason::helper_error:
    break;
  }
  return channel_error::helper_error;
}

/// What every answer has, with or without a value, as members after a first one.
std::string common_members(const call_answer& x) {
  return fmt::format(R"(,"attempts":{},"breaker":{}}})", x.attempts,
                     json::serialize(text_or_null(x.breaker)));
}

std::string value_members(const call_answer& x) {
  return fmt::format(R"("value":{},"degraded":{},"reason":{},"age_ms":{})", x.value, x.degraded,
                     json::serialize(text_or_null(to_string(x.reason))), x.age.count()) +
         common_members(x);
}

} // namespace

std::string channel_json(const channel_status& x) { return json::serialize(channel_object(x)); }

std::string channel_list_json(const std::vector<channel_status>& all) {
  json::array rows;
  for (const auto& each : all)
    rows.push_back(channel_object(each));
  return json::serialize(json::object{{"channels", std::move(rows)}});
}

failure failure_of(const call_answer& x) {
  // No breaker, no channel: its name is not known.
  if (x.breaker.empty())
    return {channel_error::no_such_channel, {}};
  return {code_of(x.reason), {}};
}

http_response call_response(const call_answer& x, std::string_view correlation) {
  if (x.has_value)
    return json_response(200, "{" + value_members(x));
  auto answer = problem_response(failure_of(x), correlation);
  answer.body.pop_back();
  answer.body += fmt::format(R"(,"reason":"{}","retryable":{},"retry_after_ms":{})",
                             to_string(x.reason), x.retryable, x.retry_after.count());
  if (x.helper_code)
    answer.body += fmt::format(R"(,"helper_code":{})", *x.helper_code);
  answer.body += common_members(x);
  if (answer.status == 503)
    answer.headers.emplace_back("Retry-After", std::to_string(std::max<std::int64_t>(
                                                   1, (x.retry_after.count() + 999) / 1000)));
  return answer;
}

std::string call_result_frame(std::uint64_t id, const call_answer& x) {
  auto out = fmt::format(R"({{"type":"result","id":{},"ok":{},)", id, x.has_value);
  if (x.has_value)
    return out + value_members(x);
  json::object error{{"code", to_string(x.reason)},
                     {"message", describe(failure_of(x)).title},
                     {"retryable", x.retryable},
                     {"retry_after_ms", x.retry_after.count()}};
  if (x.helper_code)
    error["helper_code"] = *x.helper_code;
  return out + fmt::format(R"("error":{},"degraded":false)", json::serialize(error)) +
         common_members(x);
}

std::string call_refused_frame(std::uint64_t id, const failure& why) {
  const auto& row = describe(why);
  return json::serialize(json::object{{"type", "result"},
                                      {"id", id},
                                      {"ok", false},
                                      {"error",
                                       {{"code", row.name},
                                        {"message", why.detail.empty() ? row.title : why.detail},
                                        {"retryable", false},
                                        {"retry_after_ms", 0}}},
                                      {"degraded", false},
                                      {"attempts", 0},
                                      {"breaker", nullptr}});
}

void add_channel_metrics(metric_page& page, const std::vector<channel_status>& all) {
  struct total {
    std::string_view name;
    std::string_view help;
    std::uint64_t channel_totals::*value;
  };
  constexpr std::array totals = {
      total{"roost_channel_retries_total", "Calls that were tried once more.",
            &channel_totals::retries},
      total{"roost_channel_fallbacks_total", "Calls that were answered by a fallback.",
            &channel_totals::degraded},
      total{"roost_channel_fallbacks_failed_total", "Fallbacks that had nothing to answer.",
            &channel_totals::fallback_failed},
      total{"roost_channel_permits_total", "Attempts that the breaker let pass.",
            &channel_totals::granted},
      total{"roost_channel_permits_expired_total",
            "Attempts of which the breaker heard nothing before its own deadline.",
            &channel_totals::expired},
      total{"roost_channel_slow_total", "Attempts that took long, good or bad.",
            &channel_totals::slow},
      total{"roost_channel_late_total", "Results that came after their attempt was over.",
            &channel_totals::late},
      total{"roost_channel_trips_total", "How often the breaker has opened.",
            &channel_totals::opens},
      total{"roost_channel_would_trips_total", "How often it would have, while it only counts.",
            &channel_totals::would_trips},
  };
  constexpr std::array<std::string_view, 6> states = {"closed",      "open",     "half-open",
                                                      "forced-open", "disabled", "metrics-only"};
  for (const auto& x : all) {
    const metric_labels of{{"channel", x.name}};
    const auto with = [&](std::string_view label, std::string_view value) {
      return metric_labels{{"channel", x.name}, {std::string(label), std::string(value)}};
    };
    for (const auto state : states)
      page.gauge("roost_channel_state", "1 for the state that the breaker is in.",
                 x.state == state ? 1 : 0, with("state", state));
    page.counter("roost_channel_calls_total", "Calls by what they ended with.",
                 static_cast<double>(x.totals.ok), with("outcome", "ok"));
    page.counter("roost_channel_calls_total", "", static_cast<double>(x.totals.degraded),
                 with("outcome", "degraded"));
    for (std::size_t i = 1; i < call_reasons.size(); ++i)
      page.counter("roost_channel_calls_total", "", static_cast<double>(x.totals.failed_by[i]),
                   with("outcome", call_reasons[i].second));
    for (const auto& row : totals)
      page.counter(row.name, row.help, static_cast<double>(x.totals.*row.value), of);
    const std::array<std::pair<std::string_view, std::uint64_t>, 4> refused = {
        {{"open", x.totals.rejected_open},
         {"probing", x.totals.rejected_probing},
         {"forced-open", x.totals.rejected_forced},
         {"limit", x.totals.rejected_limit}}};
    for (const auto& [why, count] : refused)
      page.counter("roost_channel_rejections_total", "Attempts that the breaker refused.",
                   static_cast<double>(count), with("why", why));
    const std::array<std::pair<std::string_view, std::uint64_t>, 3> probes = {
        {{"success", x.totals.probes_succeeded},
         {"failure", x.totals.probes_failed},
         {"other", x.totals.probes_other}}};
    for (const auto& [result, count] : probes)
      page.counter("roost_channel_probes_total", "Attempts while half-open.",
                   static_cast<double>(count), with("result", result));
    page.counter("roost_channel_open_seconds_total", "Time in open and half-open.",
                 std::chrono::duration<double>(x.totals.open_time).count(), of);
    page.gauge("roost_channel_in_flight", "Attempts that are out.", x.in_flight, of);
    page.gauge("roost_channel_waiting", "Calls that wait for a place.", x.waiting, of);
    page.gauge("roost_channel_limit", "Attempts that may be out at a time, now.", x.limit, of);
    page.gauge("roost_channel_timeout_seconds", "Of an attempt, now.",
               std::chrono::duration<double>(x.timeout).count(), of);
    page.gauge("roost_channel_window_calls", "Attempts in the window, by what they were.",
               x.window_calls, with("kind", "all"));
    page.gauge("roost_channel_window_calls", "", x.window_failed, with("kind", "failed"));
    page.gauge("roost_channel_window_calls", "", x.window_slow, with("kind", "slow"));
    page.gauge("roost_channel_overridden", "Whether somebody has set the breaker by hand.",
               x.by_hand ? 1 : 0, of);
    page.gauge("roost_channel_helper_up", "Whether the helper is there.", x.is_up ? 1 : 0, of);
    page.counter("roost_channel_helper_starts_total",
                 "Programs started, or connections made, for the helper.",
                 static_cast<double>(x.starts), of);
    page.counter("roost_channel_helper_unknown_total",
                 "Messages of the helper that nobody waits for: late, twice, or never asked.",
                 static_cast<double>(x.unknown_messages), of);
    page.counter("roost_channel_helper_violations_total",
                 "What the helper sent that was not JSON-RPC, or too large.",
                 static_cast<double>(x.violations), of);
    std::vector<metric_bucket> buckets;
    for (std::size_t i = 0; i < x.latency.counts.size(); ++i)
      buckets.push_back({i < call_latency::bounds_ms.size()
                             ? call_latency::bounds_ms[i] / 1000
                             : std::numeric_limits<double>::infinity(),
                         x.latency.counts[i]});
    page.histogram("roost_channel_call_seconds",
                   "Calls by how long they took, whatever they ended with.", buckets,
                   x.latency.sum_ms / 1000, of);
  }
}

component channels_component(const std::vector<channel_status>& all) {
  std::string text;
  for (const auto& x : all)
    if (x.state == "open" || x.state == "half-open" || x.state == "forced-open")
      text += fmt::format("{}{} is {}", text.empty() ? "" : ", ", x.name, x.state);
  return {"channels", true, text};
}

} // namespace roost::connection::api
