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

std::string database_json(const database_report& report) {
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
  page.counter("roost_recording_removed_total", "Chunks removed because they were too old.",
               value(board.removed));
  page.counter(
      "roost_recording_troubles_total",
      "Questions of the recorder to a terminal or to the archive that failed; tried again.",
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
