#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include <boost/json/serialize.hpp>

#include "apps/roost/call_words.hpp"
#include "apps/roost/commands/commands.hpp"
#include "apps/roost/json_read.hpp"
#include "apps/roost/json_text.hpp"

namespace roost::cli {

namespace {

using std::chrono::milliseconds;

constexpr std::size_t json_max = std::size_t{1} << 20U;
// As long as a channel's own timeout may be; the server answers by then.
constexpr milliseconds longest_call{600'000};
constexpr milliseconds answer_patience{15'000}; // on top of it

/// Whether somebody has put something on standard input for us: a pipe, a socket or a file.
bool has_input() {
  struct stat about {};
  return ::fstat(STDIN_FILENO, &about) == 0 &&
         (S_ISFIFO(about.st_mode) || S_ISREG(about.st_mode) || S_ISSOCK(about.st_mode));
}

outcome<std::string> read_input() {
  std::string text;
  std::array<char, 65536> piece{};
  for (;;) {
    const auto size = ::read(STDIN_FILENO, piece.data(), piece.size());
    if (size < 0 && errno == EINTR)
      continue;
    if (size < 0)
      return command_failure{
          exit_status::no, "standard input cannot be read", "", std::strerror(errno), {}};
    if (size == 0)
      return text;
    text.append(piece.data(), static_cast<std::size_t>(size));
    if (text.size() > json_max)
      return usage_failure("standard input is longer than 1 MiB");
  }
}

outcome<std::optional<milliseconds>> read_timeout(const invocation& call) {
  const auto given = call.value("timeout");
  if (!given)
    return std::optional<milliseconds>();
  ROOST_TRY(const auto timeout, read_seconds(*given, "the timeout"));
  if (timeout < milliseconds(1) || timeout > longest_call)
    return usage_failure("the timeout is not from 0.001 to 600 seconds", *given);
  return std::optional(timeout);
}

/// On one line for programs; over several for people, and safe on their terminals.
std::string shown_value(std::string_view json) {
  if (::isatty(STDOUT_FILENO) == 0)
    return compact_json(json) + "\n";
  const auto pretty = pretty_json(json);
  std::string out;
  for (std::string_view rest = pretty; !rest.empty();) {
    const auto line = rest.substr(0, rest.find('\n'));
    out += printable(line) + "\n";
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
  }
  return out;
}

outcome<int> run(const invocation& call, program& self) {
  ROOST_TRY(const auto timeout, read_timeout(call));
  std::string json;
  if (call.operands.size() > 1 && call.operands[1] != "-") {
    json = call.operands[1];
  } else if (call.operands.size() > 1 || has_input()) {
    ROOST_TRY(json, read_input());
  }
  const auto& channel = call.operands[0];
  ROOST_TRY(const auto body, call_body(call.value("method"), json, timeout));
  ROOST_TRY(const auto server, self.server());
  http_request request;
  request.method = "POST";
  request.target = "/api/v1/channels/" + percent_encoded(channel) + "/call";
  request.content_type = "application/json";
  request.body = boost::json::serialize(body);
  request.patience = timeout.value_or(longest_call) + answer_patience;
  ROOST_TRY(const auto response, send_request(server.address(), server.token(), request));
  const auto answer = read_object(response.body);
  if (response.status != 200 || !answer) {
    // A script that reads JSON learns from it why there is no value.
    if (self.wants_json() && answer && answer->contains("reason"))
      if (const auto printed = self.print(compact_json(response.body) + "\n"); !printed)
        return printed.error();
    return call_failure(response.status, response.body, channel);
  }
  if (const auto line = degraded_line(*answer); !line.empty())
    std::fprintf(stderr, "roost: %s\n", printable(line).c_str());
  const auto printed =
      self.print(self.wants_json() ? compact_json(response.body) + "\n"
                                   : shown_value(raw_member(response.body, "value")));
  if (!printed)
    return printed.error();
  return exit_status::ok;
}

constexpr std::array operands = {operand_row{"CHANNEL", arity::one, completes::channels},
                                 operand_row{"JSON", arity::optional}};
constexpr std::array options = {
    option_row{"method", 'm', "METHOD", "what to call; JSON is its parameters"},
    option_row{"timeout", 't', "SECONDS", "give up after so long (default: the channel's)"},
};

} // namespace

constinit const command_row call_command = {
    "call",
    "call a helper process through its channel and print what it answers",
    "JSON is an object or a list; with - or with a pipe it is read from standard input, up to 1 "
    "MiB.\n"
    "Without --method, {\"method\": …, \"params\": …} names the method; anything else is given to "
    "the\n"
    "method \"call\". An answer that is not the helper's own is told of on standard error. "
    "Without\n"
    "any, the exit status is 1, and the line says whether it is worth trying again.",
    operands,
    options,
    run};

} // namespace roost::cli
