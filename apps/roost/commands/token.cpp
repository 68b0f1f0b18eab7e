#include <array>
#include <limits>

#include <boost/json/array.hpp>

#include "apps/roost/commands/commands.hpp"
#include "apps/roost/json_read.hpp"

namespace roost::cli {

namespace {

outcome<std::int64_t> read_lifetime(std::string_view text) {
  constexpr std::array<std::pair<char, std::int64_t>, 4> units = {
      {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}}};
  std::int64_t factor = 1;
  for (const auto& [letter, seconds] : units)
    if (text.ends_with(letter)) {
      factor = seconds;
      text.remove_suffix(1);
      break;
    }
  ROOST_TRY(const auto number,
            read_number(text, "the lifetime", 1, std::numeric_limits<std::int64_t>::max() / 86400));
  return number * factor;
}

outcome<int> create(const invocation& call, program& self) {
  boost::json::object body;
  body["role"] = call.value("role").value_or("operator");
  if (const auto label = call.value("label"))
    body["label"] = *label;
  if (const auto life = call.value("expires")) {
    ROOST_TRY(body["expires_in_s"], read_lifetime(*life));
  }
  if (const auto user = call.value("run-as"))
    body["run_as"] = *user;
  ROOST_TRY(const auto server, self.server());
  if (const auto session = call.value("session")) {
    ROOST_TRY(body["session"], server.find_session_id(*session));
  }
  ROOST_TRY(const auto answer, server.call("POST", "/tokens", body));
  // The token alone, so that `ROOST_TOKEN=$(roost token create)` works; its id is in the list.
  const auto printed =
      self.wants_json() ? self.print_json(answer) : self.print(text_field(answer, "token") + "\n");
  if (!printed)
    return printed.error();
  return exit_status::ok;
}

outcome<int> list(const invocation&, program& self) {
  ROOST_TRY(const auto server, self.server());
  ROOST_TRY(const auto answer, server.call("GET", "/tokens"));
  if (self.wants_json()) {
    if (const auto printed = self.print_json(answer); !printed)
      return printed.error();
    return exit_status::ok;
  }
  std::vector<std::vector<table_cell>> rows = {{{"ID", "4"},
                                                {"ROLE", "4"},
                                                {"SESSION", "4"},
                                                {"AGE", "4"},
                                                {"USED", "4"},
                                                {"EXPIRES", "4"},
                                                {"USER", "4"},
                                                {"LABEL", "4"}}};
  const auto* const tokens = answer.if_contains("tokens");
  if (tokens != nullptr && tokens->is_array())
    for (const auto& row : tokens->as_array()) {
      if (!row.is_object())
        continue;
      const auto& token = row.as_object();
      const auto or_dash = [&](std::string text) { return text.empty() ? "-" : text; };
      const auto used = age_text(text_field(token, "last_used_at"));
      rows.push_back({{text_field(token, "id"), "1"},
                      {text_field(token, "role")},
                      {or_dash(text_field(token, "session"))},
                      {age_text(text_field(token, "created_at"))},
                      {used.empty() ? "never" : used + " ago"},
                      {or_dash(text_field(token, "expires_at"))},
                      {or_dash(text_field(token, "run_as"))},
                      {text_field(token, "label")}});
    }
  if (const auto printed = self.print(render_table(rows, self.colours(), self.width())); !printed)
    return printed.error();
  return exit_status::ok;
}

outcome<int> revoke(const invocation& call, program& self) {
  ROOST_TRY(const auto server, self.server());
  ROOST_TRY(const auto answer,
            server.call("DELETE", "/tokens/" + percent_encoded(call.operands[0])));
  if (self.wants_json())
    if (const auto printed = self.print_json(answer); !printed)
      return printed.error();
  return exit_status::ok;
}

constexpr std::array create_options = {
    option_row{"role", 'r', "ROLE", "what it may do: admin, operator (default) or viewer",
               completes::choices, "admin operator viewer"},
    option_row{"session", 's', "ID", "for this one session only", completes::sessions},
    option_row{"expires", 0, "TIME", "how long it lives: 90s, 15m, 12h, 30d (default: for ever)"},
    option_row{"run-as", 0, "USER", "its sessions run as this system user"},
    option_row{"label", 'l', "TEXT", "what it is for"},
};
constexpr std::array revoke_operands = {operand_row{"TOKEN-ID", arity::one}};

} // namespace

constinit const command_row token_create_command = {
    "token create", "make a token and print it; it is shown this once", "", {}, create_options,
    create};
constinit const command_row token_list_command = {
    "token list", "list the tokens, without their secrets", "", {}, {}, list};
constinit const command_row token_revoke_command = {
    "token revoke",
    "take a token's rights away, by the id that `token list` shows",
    "",
    revoke_operands,
    {},
    revoke};

} // namespace roost::cli
