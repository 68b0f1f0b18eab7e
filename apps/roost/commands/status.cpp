#include "apps/roost/commands/commands.hpp"
#include "apps/roost/json_read.hpp"

namespace roost::cli {

namespace {

std::string uptime_text(std::int64_t ms) {
  const auto seconds = ms / 1000;
  const auto days = seconds / 86400;
  const auto hours = seconds / 3600 % 24;
  const auto minutes = seconds / 60 % 60;
  if (days > 0)
    return std::to_string(days) + " d " + std::to_string(hours) + " h";
  if (hours > 0)
    return std::to_string(hours) + " h " + std::to_string(minutes) + " min";
  if (minutes > 0)
    return std::to_string(minutes) + " min " + std::to_string(seconds % 60) + " s";
  return std::to_string(seconds) + " s";
}

using table_rows = std::vector<std::vector<table_cell>>;

/// What the parts of the server say of themselves.
void add_components(table_rows& rows, const boost::json::object& ready, bool with_database) {
  const auto* const parts = ready.if_contains("components");
  if (parts == nullptr || !parts->is_object())
    return;
  for (const auto& [name, part] : parts->as_object()) {
    if (!part.is_object() || (name == "database" && !with_database))
      continue;
    const bool is_fine = flag_field(part.as_object(), "ready").value_or(false);
    const auto reason = text_field(part.as_object(), "reason");
    rows.push_back(
        {{"  " + std::string(name)},
         {(is_fine ? "ready" : "not ready") + (reason.empty() ? "" : std::string(": ") + reason),
          is_fine ? "32" : "31"}});
  }
}

/// The newest reason that the database was given for not being ready, with its time; "" if there
/// was none.
std::string last_trouble(const boost::json::object& database) {
  const auto* const transitions = database.if_contains("transitions");
  if (transitions == nullptr || !transitions->is_array())
    return {};
  const auto& list = transitions->get_array(); // the oldest first
  for (auto at = list.rbegin(); at != list.rend(); ++at) {
    if (!at->is_object())
      continue;
    if (const auto reason = text_field(at->get_object(), "reason"); !reason.empty())
      return reason + ", " + text_field(at->get_object(), "at");
  }
  return {};
}

void add_database(table_rows& rows, const boost::json::object& database) {
  const auto number = [&](std::string_view name) {
    return std::to_string(number_field(database, name).value_or(0));
  };
  const auto state = text_field(database, "state");
  const auto since = text_field(database, "since");
  rows.push_back(
      {{"database", "1"},
       {state + " for " + age_text(since) + ", since " + since, state == "ready" ? "32" : "31"}});
  rows.push_back({{"  backend"}, {text_field(database, "backend")}});
  rows.push_back({{"  schema"}, {"version " + number("schema_version")}});
  rows.push_back(
      {{"  waiting"}, {number("outbox") + (number("outbox") == "1" ? " record" : " records")}});
  if (const auto trouble = last_trouble(database); !trouble.empty())
    rows.push_back({{"  last trouble"}, {trouble}});
}

outcome<int> run(const invocation&, program& self) {
  ROOST_TRY(const auto server, self.server());
  ROOST_TRY(auto status, server.call("GET", "/status"));
  // /readyz answers 503 with the same kind of object when something is not ready.
  http_request ready_request;
  ready_request.target = "/readyz";
  ROOST_TRY(const auto ready_response,
            send_request(server.address(), server.token(), ready_request));
  const auto ready = read_object(ready_response.body).value_or(boost::json::object{});
  const bool is_ready = ready_response.status == 200;
  // Not every token may see it, and older servers do not have it: then there is nothing of it.
  const auto database = server.call("GET", "/database");
  if (!database && database.error().exit != exit_status::no)
    return database.error();
  const int exit = is_ready ? exit_status::ok : exit_status::no;
  if (self.wants_json()) {
    status["ready"] = is_ready;
    if (database)
      status["database"] = *database;
    if (const auto printed = self.print_json(status); !printed)
      return printed.error();
    return exit;
  }
  const auto count = [&](std::string_view name) {
    return std::to_string(number_field(status, name).value_or(0));
  };
  table_rows rows = {
      {{"server", "1"}, {server.address().shown()}},
      {{"node", "1"}, {text_field(status, "node")}},
      {{"version", "1"}, {text_field(status, "version")}},
      {{"up for", "1"}, {uptime_text(number_field(status, "uptime_ms").value_or(0))}},
      {{"sessions", "1"}, {count("sessions")}},
      {{"connections", "1"}, {count("connections")}},
      {{"ready", "1"}, {is_ready ? "yes" : "no", is_ready ? "32" : "31"}},
  };
  add_components(rows, ready, !database);
  if (database)
    add_database(rows, *database);
  if (const auto printed = self.print(render_table(rows, self.colours(), self.width())); !printed)
    return printed.error();
  return exit;
}

} // namespace

constinit const command_row status_command = {
    "status",
    "show how the server is doing",
    "The exit status is 1 if the server is not ready to work.",
    {},
    {},
    run};

} // namespace roost::cli
