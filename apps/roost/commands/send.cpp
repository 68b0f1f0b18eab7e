#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "apps/roost/commands/commands.hpp"
#include "apps/roost/json_read.hpp"
#include "apps/roost/key_list.hpp"
#include "apps/roost/retry.hpp"

namespace roost::cli {

namespace {

constexpr std::size_t piece_max = 256U << 10U; // of standard input, for one request

// A command may take long; the server answers at the latest after this, and then is asked again.
constexpr std::chrono::milliseconds round_max{110'000};
constexpr std::chrono::milliseconds answer_patience{15'000};
// What was typed is echoed at once.
constexpr std::chrono::milliseconds echo_patience{3'000};

outcome<std::string> read_piece() {
  std::string text(piece_max, '\0');
  for (;;) {
    const auto size = ::read(STDIN_FILENO, text.data(), text.size());
    if (size < 0 && errno == EINTR)
      continue;
    if (size < 0)
      return command_failure{
          exit_status::no, "standard input cannot be read", "", std::strerror(errno), {}};
    text.resize(static_cast<std::size_t>(size));
    return text;
  }
}

std::string words_of(const invocation& call) {
  std::string text;
  for (std::size_t i = 1; i < call.operands.size(); ++i)
    text += (i > 1 ? " " : "") + call.operands[i];
  return text;
}

/// Sends standard input piece by piece, so that a file of any length takes no memory.
outcome<int> send_standard_input(const api& server, http_request request) {
  for (;;) {
    ROOST_TRY(request.body, read_piece());
    if (request.body.empty())
      return exit_status::ok;
    ROOST_TRY(const auto response, server.send(request));
  }
}

/// The command is not finished after the longest wait of one request: waits on, and then prints
/// what came since `offset` as it is.
outcome<boost::json::object> wait_on(const api& server, const std::string& id,
                                     std::int64_t offset) {
  outage away;
  std::optional<std::int64_t> exit;
  while (!exit) {
    auto answer =
        server.call("POST", "/sessions/" + id + "/wait",
                    boost::json::object{
                        {"command", true}, {"since", offset}, {"timeout_ms", round_max.count()}},
                    round_max + answer_patience);
    if (!answer) {
      if (!away.bridge(answer.error()))
        return std::move(answer).error();
      continue;
    }
    away.is_over();
    if (flag_field(*answer, "met").value_or(false))
      exit = number_field(*answer, "exit_status").value_or(exit_status::no);
    else if (text_field(*answer, "reason") != "timeout")
      return command_failure{
          exit_status::no, "the session ended before the command did", "", "", {}};
  }
  http_request request;
  request.target =
      "/api/v1/sessions/" + id + "/output?since=" + std::to_string(offset) + "&limit=16777216";
  ROOST_TRY(const auto response, server.send(request));
  return boost::json::object{{"finished", true}, {"exit_status", *exit}, {"output", response.body}};
}

/// The server went away while the command ran, which outlives it: waits on as soon as a server is
/// there. Without any output since `offset` the command was never typed: then it fails with `why`.
outcome<boost::json::object> ask_again(const api& server, const std::string& id,
                                       std::int64_t offset, const command_failure& why) {
  outage away;
  auto last = why;
  while (away.bridge(last)) {
    const auto answer =
        server.call("POST", "/sessions/" + id + "/wait",
                    boost::json::object{
                        {"regex", "."}, {"since", offset}, {"timeout_ms", echo_patience.count()}},
                    echo_patience + answer_patience);
    if (answer)
      return flag_field(*answer, "met").value_or(false) ? wait_on(server, id, offset) : why;
    last = answer.error();
  }
  return last;
}

outcome<int> report(const boost::json::object& answer, const program& self) {
  const auto output = text_field(answer, "output");
  const auto printed =
      self.wants_json()
          ? self.print_json(answer)
          : self.print(output + (output.empty() || output.ends_with('\n') ? "" : "\n"));
  if (!printed)
    return printed.error();
  return static_cast<int>(number_field(answer, "exit_status").value_or(exit_status::no));
}

outcome<int> run(const invocation& call, program& self) {
  const auto keys = call.value("keys");
  const bool waits = call.has("wait");
  const bool reads_input = call.operands.size() == 2 && call.operands[1] == "-";
  if (keys && call.operands.size() > 1)
    return usage_failure("text and --keys do not go together", {},
                         "send one after the other in two calls");
  if (!keys && call.operands.size() < 2)
    return usage_failure("there is nothing to send", {}, "give TEXT or --keys");
  if (waits && (keys || reads_input || call.has("no-enter")))
    return usage_failure("--wait needs a whole command as TEXT", {},
                         "leave --keys, --no-enter and - out");

  http_request request;
  request.method = "POST";
  request.content_type = "application/octet-stream";
  if (keys) {
    ROOST_TRY(const auto names, split_key_list(*keys));
    request.content_type = "application/json";
    request.body = boost::json::serialize(
        boost::json::object{{"keys", boost::json::array(names.begin(), names.end())}});
  } else if (!reads_input) {
    request.body = words_of(call) + (call.has("no-enter") || waits ? "" : "\r");
  }
  ROOST_TRY(const auto server, self.server());
  ROOST_TRY(const auto session, server.find_session(call.operands[0]));
  const auto id = text_field(session, "id");
  request.target = "/api/v1/sessions/" + id + "/input";
  if (reads_input)
    return send_standard_input(server, std::move(request));
  if (waits) {
    request.target += "?wait=command&timeout_ms=" + std::to_string(round_max.count());
    request.patience = round_max + answer_patience;
  }
  const auto offset = number_field(session, "offset").value_or(0);
  const auto response = server.send(request);
  if (!response && waits && response.error().exit == exit_status::unreachable) {
    ROOST_TRY(const auto late, ask_again(server, id, offset, response.error()));
    return report(late, self);
  }
  if (!response)
    return response.error();
  const auto answer = read_object(response->body).value_or(boost::json::object{});
  if (waits && !flag_field(answer, "finished").value_or(true)) {
    ROOST_TRY(const auto late, wait_on(server, id, offset));
    return report(late, self);
  }
  if (waits)
    return report(answer, self);
  if (self.wants_json())
    if (const auto printed = self.print_json(answer); !printed)
      return printed.error();
  return exit_status::ok;
}

constexpr std::array operands = {session_operand, operand_row{"TEXT", arity::any}};
constexpr std::array options = {
    option_row{"keys", 'k', "KEYS", "press keys by name: Enter,C-c,Up,F5,M-x, a comma is ,,"},
    option_row{"no-enter", 'n', "", "do not press Enter after the text"},
    option_row{"wait", 'w', "", "wait for the command, print its output, leave with its status"},
};

} // namespace

constinit const command_row send_command = {
    "send",
    "type text and Enter into a session, or press keys by name",
    "The words of TEXT are joined by spaces and Enter is pressed after them. TEXT - reads "
    "standard\n"
    "input and sends it as it is, without Enter. Text that begins with a dash goes after --.\n"
    "--wait needs a shell that reports its commands, as the ones that Roost starts do; the output "
    "of\n"
    "a command that takes longer than 110 s is printed raw, with its escape sequences.",
    operands,
    options,
    run};

} // namespace roost::cli
