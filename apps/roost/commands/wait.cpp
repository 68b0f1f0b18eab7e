#include <algorithm>
#include <array>
#include <limits>

#include "apps/roost/commands/commands.hpp"
#include "apps/roost/json_read.hpp"
#include "apps/roost/retry.hpp"

namespace roost::cli {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds round_max{110'000}; // the longest wait that the server takes in one request
constexpr milliseconds answer_patience{15'000}; // on top of it
constexpr std::int64_t overlap = 4096; // a match may straddle two rounds; it is shorter than this

outcome<boost::json::object> read_condition(const invocation& call) {
  boost::json::object condition;
  if (const auto text = call.value("text"))
    condition["text"] = *text;
  if (const auto regex = call.value("regex"))
    condition["regex"] = *regex;
  if (const auto idle = call.value("idle")) {
    ROOST_TRY(condition["idle_ms"],
              read_number(*idle, "the quiet time in ms", 1, round_max.count()));
  }
  for (const std::string_view name : {"command", "exit"})
    if (call.has(name))
      condition[name] = true;
  if (condition.size() != 1)
    return usage_failure(condition.empty() ? "there is nothing to wait for"
                                           : "there are several things to wait for",
                         {}, "give one of --text, --regex, --idle, --command, --exit");
  return condition;
}

outcome<int> report(const boost::json::object& answer, const program& self) {
  const bool is_met = flag_field(answer, "met").value_or(false);
  const auto reason = text_field(answer, "reason");
  if (self.wants_json())
    if (const auto printed = self.print_json(answer); !printed)
      return printed.error();
  if (is_met)
    return exit_status::ok;
  if (reason == "timeout")
    return exit_status::timed_out;
  return command_failure{exit_status::no, "it can't happen any more", reason, "", {}};
}

outcome<int> run(const invocation& call, program& self) {
  ROOST_TRY(auto body, read_condition(call));
  auto deadline = std::chrono::steady_clock::time_point::max();
  if (const auto timeout = call.value("timeout")) {
    ROOST_TRY(const auto limit, read_seconds(*timeout, "the timeout"));
    deadline = std::chrono::steady_clock::now() + limit;
  }
  std::int64_t start = 0;
  if (const auto since = call.value("since")) {
    ROOST_TRY(start,
              read_number(*since, "the offset", 0, std::numeric_limits<std::int64_t>::max()));
    body["since"] = start;
  }
  ROOST_TRY(const auto server, self.server());
  ROOST_TRY(const auto id, server.find_session_id(call.operands[0]));
  const bool reads_text = body.contains("text") || body.contains("regex");
  outage away;
  for (;;) {
    const auto now = std::chrono::steady_clock::now();
    auto round = round_max;
    if (deadline != std::chrono::steady_clock::time_point::max())
      round =
          std::clamp(std::chrono::ceil<milliseconds>(deadline - now), milliseconds(1), round_max);
    body["timeout_ms"] = round.count();
    auto answer = server.call("POST", "/sessions/" + id + "/wait", body, round + answer_patience);
    if (!answer) {
      // The session outlives its server's restart, and so does the question.
      if (std::chrono::steady_clock::now() >= deadline || !away.bridge(answer.error()))
        return std::move(answer).error();
      continue;
    }
    away.is_over();
    const bool is_timeout =
        text_field(*answer, "reason") == "timeout" && !flag_field(*answer, "met").value_or(false);
    if (!is_timeout || std::chrono::steady_clock::now() >= deadline)
      return report(*answer, self);
    const auto offset = number_field(*answer, "offset").value_or(start);
    start = std::max(start, reads_text ? offset - overlap : offset);
    body["since"] = start;
  }
}

constexpr std::array operands = {session_operand};
constexpr std::array options = {
    option_row{"text", 0, "TEXT", "until this text is in the output"},
    option_row{"regex", 0, "REGEX", "until this regular expression matches"},
    option_row{"idle", 0, "MS", "until nothing was printed for so many milliseconds"},
    option_row{"command", 0, "", "until the shell's command has ended"},
    option_row{"exit", 0, "", "until the session's program has ended"},
    option_row{"timeout", 0, "SECONDS", "give up after so long, with exit status 124"},
    option_row{"since", 0, "OFFSET", "look at the output from this offset on (default: all)"},
};

} // namespace

constinit const command_row wait_command = {
    "wait",
    "wait until something has happened in a session",
    "Without --timeout it waits as long as it takes, also while the server restarts.",
    operands,
    options,
    run};

} // namespace roost::cli
