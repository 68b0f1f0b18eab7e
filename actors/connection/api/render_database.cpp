#include "actors/connection/api/render_database.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <fmt/format.h>

namespace roost::connection::api {

namespace {

namespace json = boost::json;

json::value text_or_null(const std::string& text) {
  return text.empty() ? json::value(nullptr) : json::value(text);
}

} // namespace

database_pools_report pools_in_use(database_pools_report questions, const database_report& report) {
  const auto of = [&](database_pool pool) -> database_pool_report& {
    return questions.at(static_cast<std::size_t>(pool));
  };
  if (of(database_pool::init).size == 0)
    return questions;
  const auto state = report.state;
  if (state == database_state::ready || state == database_state::catching_up)
    ++of(database_pool::app).busy;
  if (state != database_state::idle && state != database_state::memory_only &&
      state != database_state::blocked)
    of(database_pool::init).busy = 1;
  return questions;
}

std::string database_json(const database_report& report, const database_pools_report& pools,
                          const database::archive_board& archive) {
  json::object out;
  out["state"] = to_string(report.state);
  out["since"] = rfc3339(report.since);
  out["reason"] = text_or_null(report.reason);
  out["backend"] = to_string(report.backend);
  out["attempt"] = report.attempt;
  out["next_attempt_at"] =
      report.next_attempt_at ? json::value(rfc3339(*report.next_attempt_at)) : json::value(nullptr);
  out["schema_version"] = report.schema_version;
  out["migration"] = report.steps == 0
                         ? json::value(nullptr)
                         : json::object{{"step", report.step}, {"steps", report.steps}};
  out["outbox"] = report.outbox;
  auto& rows = out["transitions"].emplace_array();
  for (const auto& each : report.transitions)
    rows.push_back(json::object{{"state", to_string(each.to)},
                                {"at", rfc3339(each.at)},
                                {"reason", text_or_null(each.reason)}});
  auto& each_pool = out["pools"].emplace_array();
  for (const auto& [pool, name] : database_pools) {
    const auto& x = pools.at(static_cast<std::size_t>(pool));
    if (x.size > 0)
      each_pool.push_back(json::object{{"name", name},
                                       {"size", x.size},
                                       {"busy", x.busy},
                                       {"waiting", x.waiting},
                                       {"timeouts", x.timeouts},
                                       {"refused", x.refused}});
  }
  out["archive"] = json::object{{"waiting", archive.waiting.load()},
                                {"written", archive.written.load()},
                                {"dropped", archive.dropped.load()},
                                {"outbox", archive.outbox.load()},
                                {"shipped", archive.shipped.load()}};
  return json::serialize(out);
}

void add_database_metrics(metric_page& page, const database_report& report) {
  for (std::size_t i = 0; i < database_states.size(); ++i) {
    const auto& [state, name] = database_states[i];
    page.gauge("roost_database_state", "1 for the state that the database is in.",
               state == report.state ? 1 : 0, {{"state", std::string(name)}});
  }
  for (std::size_t i = 0; i < database_states.size(); ++i)
    page.counter("roost_database_transitions_total", "How often each state was entered.",
                 static_cast<double>(report.entered[i]),
                 {{"state", std::string(database_states[i].second)}});
  page.gauge("roost_database_attempts", "Attempts that failed in a row.", report.attempt);
  page.gauge("roost_database_schema_version", "The last migration that is applied.",
             report.schema_version);
}

void add_database_pool_metrics(metric_page& page, const database_pools_report& pools) {
  const auto each = [&](auto add) {
    for (const auto& [pool, name] : database_pools)
      if (const auto& x = pools.at(static_cast<std::size_t>(pool)); x.size > 0)
        add(x, metric_labels{{"pool", std::string(name)}});
  };
  const auto gauge = [&](const char* name, const char* help, auto field) {
    each([&](const auto& x, const auto& of) {
      page.gauge(name, help, static_cast<double>(x.*field), of);
    });
  };
  const auto counter = [&](const char* name, const char* help, auto field) {
    each([&](const auto& x, const auto& of) {
      page.counter(name, help, static_cast<double>(x.*field), of);
    });
  };
  using report = database_pool_report;
  gauge("roost_database_pool_size", "Connections that the pool has at most.", &report::size);
  gauge("roost_database_pool_busy", "Connections in use.", &report::busy);
  gauge("roost_database_pool_waiting", "Questions that wait for a connection.", &report::waiting);
  counter("roost_database_pool_questions_total", "Questions to the shared database.",
          &report::asked);
  counter("roost_database_pool_timeouts_total", "Questions that had no answer at their deadline.",
          &report::timeouts);
  counter("roost_database_pool_refused_total", "Questions refused because too many were waiting.",
          &report::refused);
  counter("roost_database_pool_away_total", "Questions while the database was not there.",
          &report::away);
  counter("roost_database_pool_cancelled_total", "Questions that nobody wanted answered any more.",
          &report::cancelled);
  counter("roost_database_pool_waits_total", "Questions that got a connection.", &report::waits);
  counter("roost_database_pool_wait_seconds_total", "What those waited for it, together.",
          &report::waited_seconds);
  gauge("roost_database_pool_longest_wait_seconds", "The longest of those waits.",
        &report::longest_wait_seconds);
}

void add_archive_metrics(metric_page& page, const database::archive_board& board) {
  const auto value = [](const std::atomic<std::uint64_t>& of) { return static_cast<double>(of); };
  page.gauge("roost_archive_waiting", "Records that are not in the node's own file yet.",
             value(board.waiting));
  page.gauge("roost_archive_waiting_bytes", "Bytes of those.", value(board.waiting_bytes));
  page.counter("roost_archive_written_total", "Records written to the node's own file.",
               value(board.written));
  page.counter("roost_archive_dropped_total",
               "Records that found no room, or could never be written.", value(board.dropped));
  page.gauge("roost_archive_outbox", "Records that the shared database does not have yet.",
             value(board.outbox));
  page.gauge("roost_archive_outbox_bytes", "Bytes of those, at the last write.",
             value(board.outbox_bytes));
  page.counter("roost_archive_outbox_dropped_total",
               "Measures that found no room there, since the file was made.",
               value(board.outbox_dropped));
  page.counter("roost_archive_shipped_total", "Records brought to the shared database.",
               value(board.shipped));
  page.counter("roost_archive_ship_failures_total", "Batches that could not be brought there.",
               value(board.ship_failures));
}

void add_recording_metrics(metric_page& page, const database::recordings_board& board) {
  const auto value = [](const auto& x) { return static_cast<double>(x.load()); };
  page.gauge("roost_recording_sessions", "Sessions that are being recorded.",
             value(board.sessions));
  page.counter("roost_recording_output_bytes_total", "Output that came to be recorded.",
               value(board.output));
  page.counter("roost_recording_lost_bytes_total",
               "Output that is a gap in a recording: it came too fast, or the recording is full.",
               value(board.lost));
  page.counter("roost_recording_chunks_total", "Chunks of recordings that were made.",
               value(board.chunks));
  page.counter("roost_recording_bytes_total", "Bytes of those, compressed.", value(board.bytes));
  page.counter("roost_search_pieces_total", "Pieces of text that were given to be written.",
               value(board.texts));
  page.counter("roost_search_bytes_total", "Bytes of those.", value(board.text_bytes));
  page.counter("roost_search_skipped_bytes_total",
               "Text that is recorded but cannot be searched: a piece or a session had too much of "
               "it, or it came faster than it is written.",
               value(board.text_skipped));
  page.counter(
      "roost_recording_troubles_total",
      "Questions of the recorder to a terminal or to the archive that failed; tried again.",
      value(board.troubles));
}

void add_retention_metrics(metric_page& page, const database::retention_board& board) {
  const auto value = [](const auto& x) { return static_cast<double>(x.load()); };
  constexpr auto help = "Records removed because they were too old, by where they were.";
  page.counter("roost_retention_removed_total", help, value(board.own), {{"from", "node"}});
  page.counter("roost_retention_removed_total", help, value(board.shared), {{"from", "shared"}});
  page.counter("roost_retention_troubles_total", "Removals that failed; tried again.",
               value(board.troubles));
}

component database_component(const database_report& report) {
  std::string text;
  if (report.state != database_state::ready) {
    text = to_string(report.state);
    if (!report.reason.empty())
      text += ": " + report.reason;
  }
  return {"database", true, text};
}

} // namespace roost::connection::api
