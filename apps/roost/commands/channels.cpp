#include <algorithm>
#include <array>

#include "apps/roost/channel_view.hpp"
#include "apps/roost/commands/commands.hpp"

namespace roost::cli {

namespace {

constexpr std::size_t longest_reason = 200;  // bytes; the server refuses longer ones, too
constexpr std::int64_t longest_ttl = 604800; // a week

std::string path_of(const std::string& channel) { return "/channels/" + percent_encoded(channel); }

outcome<int> show(const invocation& call, program& self) {
  const bool is_list = call.operands.empty();
  ROOST_TRY(const auto server, self.server());
  ROOST_TRY(const auto answer,
            server.call("GET", is_list ? std::string("/channels") : path_of(call.operands[0])));
  if (self.wants_json()) {
    if (const auto printed = self.print_json(answer); !printed)
      return printed.error();
    return exit_status::ok;
  }
  std::string text;
  if (!is_list)
    text = channel_page(answer, self.colours(), self.width());
  else if (call.has("quiet"))
    text = channel_names(answer);
  else if (const auto rows = channel_rows(answer); rows.size() > 1)
    text = render_table(rows, self.colours(), self.width());
  else
    text = "no channels; they are set up in the server's configuration\n";
  if (const auto printed = self.print(text); !printed)
    return printed.error();
  return exit_status::ok;
}

outcome<boost::json::object> override_body(const invocation& call) {
  boost::json::object body;
  body["state"] = call.operands[1];
  const auto reason = call.value("reason").value_or("");
  if (reason.empty() || reason.size() > longest_reason)
    return usage_failure("a reason of 1 to 200 bytes is needed", "--reason",
                         "others read it in `roost channels NAME`");
  body["reason"] = reason;
  if (const auto ttl = call.value("ttl")) {
    ROOST_TRY(body["ttl_s"], read_number(*ttl, "the time to live in seconds", 1, longest_ttl));
  }
  return body;
}

outcome<int> set_by_hand(const invocation& call, program& self) {
  constexpr std::array<std::string_view, 3> states = {"open", "disabled", "metrics-only"};
  const auto& state = call.operands[1];
  const bool clears = state == "clear";
  if (!clears && std::find(states.begin(), states.end(), state) == states.end())
    return usage_failure("a breaker cannot be set to this", state,
                         "one of open, disabled, metrics-only, clear");
  if (clears && (call.has("reason") || call.has("ttl")))
    return usage_failure("clear takes neither --reason nor --ttl");
  std::optional<boost::json::object> body;
  if (!clears) {
    ROOST_TRY(body, override_body(call));
  }
  ROOST_TRY(const auto server, self.server());
  ROOST_TRY(const auto answer,
            server.call(clears ? "DELETE" : "PUT", path_of(call.operands[0]) + "/override", body));
  if (self.wants_json())
    if (const auto printed = self.print_json(answer); !printed)
      return printed.error();
  return exit_status::ok;
}

constexpr std::array show_operands = {operand_row{"NAME", arity::optional, completes::channels}};
constexpr std::array show_options = {option_row{"quiet", 'q', "", "print the names alone"}};
constexpr std::array override_operands = {
    operand_row{"NAME", arity::one, completes::channels},
    operand_row{"STATE", arity::one, completes::choices, "open disabled metrics-only clear"}};
constexpr std::array override_options = {
    option_row{"reason", 'r', "TEXT", "why, for whoever looks at it later"},
    option_row{"ttl", 0, "SECONDS", "for so long, up to a week (default: until it is cleared)"},
};

} // namespace

constinit const command_row channels_command = {
    "channels",
    "list the channels to helper processes, or show one",
    "CALLS, FAILED and SLOW are those of the breaker's window. With NAME: who has set it by hand, "
    "its\n"
    "totals, and its latest transitions.",
    show_operands,
    show_options,
    show};
constinit const command_row channels_override_command = {
    "channels override",
    "set a channel's breaker by hand: open, disabled, metrics-only, or clear",
    "open lets no call through, disabled lets every call through, metrics-only does, too, but "
    "counts.\n"
    "clear leaves the breaker to itself again. Needs the role admin.",
    override_operands,
    override_options,
    set_by_hand};

} // namespace roost::cli
