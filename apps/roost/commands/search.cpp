#include <array>
#include <chrono>
#include <cstdio>

#include <boost/json/array.hpp>

#include "apps/roost/commands/commands.hpp"
#include "apps/roost/json_read.hpp"
#include "apps/roost/search_text.hpp"

namespace roost::cli {

namespace {

constexpr std::int64_t most_hits = 200;
constexpr std::int64_t most_status = 255;

/// The query string of the call.
outcome<std::string> query_string(const invocation& call, const api& server) {
  std::string out = "?q=" + percent_encoded(query_of(call.operands));
  const auto add = [&out](std::string_view name, std::string_view value) {
    out += "&" + std::string(name) + "=" + percent_encoded(value);
  };
  if (const auto session = call.value("session")) {
    // Sessions of the past are in no list: what is said may be the id of one.
    const auto id = server.find_session_id(*session);
    if (!id && id.error().exit != exit_status::no)
      return id.error();
    add("session", id ? *id : *session);
  }
  if (const auto command = call.value("command"))
    add("command", *command);
  if (const auto status = call.value("status")) {
    ROOST_TRY(const auto number, read_number(*status, "--status", 0, most_status));
    add("exit_status", std::to_string(number));
  }
  if (const auto since = call.value("since")) {
    ROOST_TRY(const auto from, read_since(*since, std::chrono::system_clock::now()));
    add("from", from);
  }
  if (call.has("all-nodes"))
    add("scope", "all");
  if (const auto limit = call.value("limit")) {
    ROOST_TRY(const auto number, read_number(*limit, "--limit", 1, most_hits));
    add("limit", std::to_string(number));
  }
  return out;
}

outcome<int> run(const invocation& call, program& self) {
  ROOST_TRY(const auto server, self.server());
  ROOST_TRY(const auto query, query_string(call, server));
  ROOST_TRY(const auto answer, server.call("GET", "/search" + query));
  const auto* const hits = answer.if_contains("hits");
  const bool has_found = hits != nullptr && hits->is_array() && !hits->as_array().empty();
  if (self.wants_json()) {
    if (const auto printed = self.print_json(answer); !printed)
      return printed.error();
  } else {
    if (const auto printed = self.print(render_hits(answer, self.colours())); !printed)
      return printed.error();
    if (!text_field(answer, "next").empty())
      std::fputs("roost: there is more: raise --limit, or narrow it down\n", stderr);
  }
  return has_found ? exit_status::ok : exit_status::no; // as grep does
}

constexpr std::array operands = {operand_row{"WORD"}, operand_row{"WORD", arity::any}};
constexpr std::array options = {
    option_row{"session", 's', "ID", "what this session printed", completes::sessions},
    option_row{"command", 'c', "PART", "printed by a command whose line has this in it"},
    option_row{"status", 0, "N", "printed by a command that ended with this exit status"},
    option_row{"since", 0, "WHEN",
               "printed since then: 30m, 2h, 7d ago, a date, or a time like 2026-01-31T12:00:00Z"},
    option_row{"all-nodes", 0, "", "on all nodes of the shared database"},
    option_row{"limit", 'n', "N", "at most so many hits (default 20, at most 200)"},
};

} // namespace

constinit const command_row search_command = {
    "search",
    "find what sessions printed, now or in the past",
    "All words must occur, in any case. Words in one pair of quotes stand next to each other;\n"
    "WORD* (quote the star) begins so. The newest is printed first. What was printed within the\n"
    "last seconds is not found yet. Leaves with 1 if nothing is found.",
    operands,
    options,
    run};

} // namespace roost::cli
