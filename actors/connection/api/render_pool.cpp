#include "actors/connection/api/render_pool.hpp"

#include "actors/connection/api/render.hpp"
#include "protocols/ids.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <fmt/format.h>

#include <array>
#include <limits>
#include <span>
#include <vector>

namespace roost::connection::api {

namespace {

namespace json = boost::json;
using columns = pool_columns;

std::span<const std::uint64_t> histogram(const pool_numbers& from, std::size_t at) {
  return std::span(from).subspan(at, log_histogram::buckets);
}

json::object quantiles(std::span<const std::uint64_t> counts, double unit) {
  const auto value = [&](double q) {
    return static_cast<double>(log_histogram::quantile(counts, q)) / unit;
  };
  return {{"p50", value(0.5)}, {"p99", value(0.99)}};
}

std::string code_name(std::size_t index) {
  return index < counted_codes.size() ? std::to_string(counted_codes[index]) : "other";
}

/// Only what has happened: most reasons never do.
template <class Name>
json::object counts(const pool_numbers& from, std::size_t at, std::size_t n, Name name) {
  json::object out;
  for (std::size_t i = 0; i < n; ++i)
    if (from[at + i] > 0)
      out[name(i)] = from[at + i];
  return out;
}

json::object numbers_json(const pool_numbers& from) {
  json::object out;
  out["accepted"] = from[columns::accepted];
  out["opened"] = from[columns::opened];
  out["refused"] = counts(from, columns::refused, refusals,
                          [](std::size_t i) { return to_string(static_cast<refusal>(i)); });
  out["timed_out"] = counts(from, columns::timed_out, slow_phases.size(),
                            [](std::size_t i) { return slow_phases[i]; });
  out["closed"] = counts(from, columns::closed, close_codes, code_name);
  out["bytes_in"] = from[columns::bytes_in];
  out["bytes_out"] = from[columns::bytes_out];
  out["rtt_ms"] = quantiles(histogram(from, columns::rtt), 1000);
  out["lag_bytes"] = quantiles(histogram(from, columns::lag), 1);
  return out;
}

json::object row_json(const connection_row& row) {
  json::object out;
  out["id"] = to_string(connection_id{row.id});
  out["user"] = row.user;
  out["address"] = row.address;
  out["opened_at"] = rfc3339(row.opened_at);
  out["rtt_ms"] =
      row.rtt_us == 0 ? json::value(nullptr) : json::value(static_cast<double>(row.rtt_us) / 1000);
  out["streams"] = row.streams;
  out["queued_bytes"] = row.queued_bytes;
  out["lag_bytes"] = row.lag_bytes;
  out["bytes_in"] = row.bytes_in;
  out["bytes_out"] = row.bytes_out;
  out["idle_ms"] = row.idle.count();
  return out;
}

/// Prometheus wants few buckets: each octave is one, in the unit of the metric.
void add_histogram(metric_page& page, std::string_view name, std::string_view help,
                   std::span<const std::uint64_t> counts, double sum, double unit) {
  std::vector<metric_bucket> buckets;
  std::uint64_t so_far = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    so_far += counts[i];
    const bool is_last = i + 1 == counts.size();
    // The last bucket of an octave ends at a power of two less one. Octaves in pairs, and none
    // below 16 units: finer is of no use.
    const bool ends_here = i % (2 * log_histogram::per_octave) == 2 * log_histogram::per_octave - 1;
    if (!ends_here && !is_last)
      continue;
    const double bound = is_last ? std::numeric_limits<double>::infinity()
                                 : static_cast<double>(log_histogram::upper_bound_of(i)) / unit;
    buckets.push_back({bound, so_far});
    so_far = 0;
  }
  page.histogram(name, help, buckets, sum);
}

} // namespace

std::string pressure_text(const pressure_state& state) {
  if (state.level == 0)
    return {};
  return fmt::format("{}: {} of {} {}", state.level == 2 ? "full" : "nearly full", state.used,
                     state.capacity, state.gauge);
}

std::string connections_json(const pool_report& report) {
  json::object out;
  out["total"] = report.open;
  const auto& limits = report.limits;
  out["limits"] = json::object{{"max", limits.max},
                               {"max_per_ip", limits.max_per_key},
                               {"max_per_user", limits.max_per_user},
                               {"admin_reserve", limits.admin_reserve},
                               {"max_handshakes", limits.max_handshakes},
                               {"memory_bytes", report.memory_budget}};
  out["used"] = json::object{{"websockets", report.usage.websockets},
                             {"local", report.usage.local},
                             {"http", report.usage.http},
                             {"handshakes", report.usage.handshakes},
                             {"memory_bytes", report.memory_used}};
  out["pressure"] = report.pressure.level;
  json::object windows;
  for (std::size_t i = 0; i < report.windows.size(); ++i)
    windows[pool_report::spans[i].first] = numbers_json(report.windows[i]);
  out["windows"] = std::move(windows);
  out["totals"] = numbers_json(report.totals);
  json::array rows;
  for (const auto& row : report.rows)
    rows.push_back(row_json(row));
  out["connections"] = std::move(rows);
  return json::serialize(out);
}

void add_pool_metrics(metric_page& page, const pool_report& report) {
  const auto number = [](std::uint64_t n) { return static_cast<double>(n); };
  const auto& usage = report.usage;
  const auto& limits = report.limits;
  const std::array<std::tuple<std::string, std::uint64_t, std::uint64_t>, 4> kinds = {{
      {"websocket", usage.websockets, limits.max},
      {"http", usage.http, limits.max},
      {"handshake", usage.handshakes, limits.max_handshakes},
      {"local", usage.local, limits.max},
  }};
  for (const auto& [kind, used, limit] : kinds)
    page.gauge("roost_connections_open", "Connections now; handshakes are part of http.",
               number(used), {{"kind", kind}});
  for (const auto& [kind, used, limit] : kinds)
    page.gauge("roost_connections_limit", "How many there may be.", number(limit),
               {{"kind", kind}});
  page.gauge("roost_connections_pressure", "0: room, 1: nearly full, 2: full.",
             report.pressure.level);
  const auto& totals = report.totals;
  page.counter("roost_connections_accepted_total", "Sockets that came, refused ones too.",
               number(totals[columns::accepted]));
  page.counter("roost_connections_opened_total", "WebSockets that were opened.",
               number(totals[columns::opened]));
  for (std::size_t i = 1; i < refusals; ++i)
    page.counter("roost_connections_refused_total", "Clients that were turned away, by reason.",
                 number(totals[columns::refused + i]),
                 {{"reason", std::string(to_string(static_cast<refusal>(i)))}});
  for (std::size_t i = 0; i < slow_phases.size(); ++i)
    page.counter("roost_connections_timed_out_total",
                 "HTTP connections that were too slow, by what they were doing.",
                 number(totals[columns::timed_out + i]), {{"phase", std::string(slow_phases[i])}});
  for (std::size_t i = 0; i < close_codes; ++i)
    page.counter("roost_connections_closed_total", "WebSockets that ended, by close code.",
                 number(totals[columns::closed + i]), {{"code", code_name(i)}});
  page.counter("roost_connections_received_bytes_total", "Bytes from WebSockets.",
               number(totals[columns::bytes_in]));
  page.counter("roost_connections_sent_bytes_total", "Bytes to WebSockets.",
               number(totals[columns::bytes_out]));
  page.gauge("roost_connections_queued_bytes", "Bytes that wait for slow clients.",
             number(report.queued_bytes));
  page.gauge("roost_memory_used_bytes", "Output in memory: histories and what waits for clients.",
             number(report.memory_used));
  page.gauge("roost_memory_budget_bytes", "connections.memory_budget.",
             number(report.memory_budget));
  add_histogram(page, "roost_connections_rtt_seconds", "Round trips of pings.",
                histogram(totals, columns::rtt), number(report.rtt_sum_us) / 1e6, 1e6);
  add_histogram(page, "roost_connections_lag_bytes",
                "How far viewers are behind, looked at four times a second.",
                histogram(totals, columns::lag), number(report.lag_sum_bytes), 1);
}

} // namespace roost::connection::api
