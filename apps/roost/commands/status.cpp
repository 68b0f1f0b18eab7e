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
  const int exit = is_ready ? exit_status::ok : exit_status::no;
  if (self.wants_json()) {
    status["ready"] = is_ready;
    if (const auto printed = self.print_json(status); !printed)
      return printed.error();
    return exit;
  }
  const auto count = [&](std::string_view name) {
    return std::to_string(number_field(status, name).value_or(0));
  };
  std::vector<std::vector<table_cell>> rows = {
      {{"server", "1"}, {server.address().shown()}},
      {{"node", "1"}, {text_field(status, "node")}},
      {{"version", "1"}, {text_field(status, "version")}},
      {{"up for", "1"}, {uptime_text(number_field(status, "uptime_ms").value_or(0))}},
      {{"sessions", "1"}, {count("sessions")}},
      {{"connections", "1"}, {count("connections")}},
      {{"ready", "1"}, {is_ready ? "yes" : "no", is_ready ? "32" : "31"}},
  };
  if (const auto* const parts = ready.if_contains("components");
      parts != nullptr && parts->is_object())
    for (const auto& [name, part] : parts->as_object()) {
      if (!part.is_object())
        continue;
      const bool is_fine = flag_field(part.as_object(), "ready").value_or(false);
      const auto reason = text_field(part.as_object(), "reason");
      rows.push_back(
          {{"  " + std::string(name)},
           {(is_fine ? "ready" : "not ready") + (reason.empty() ? "" : std::string(": ") + reason),
            is_fine ? "32" : "31"}});
    }
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
