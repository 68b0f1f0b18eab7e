#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "apps/roost/commands/commands.hpp"

namespace roost::cli {

namespace {

// A recording of 64 MiB is some times as much when it is unpacked.
constexpr std::size_t body_max = std::size_t{4} << 30;
constexpr std::chrono::minutes patience{30};

outcome<> write_to(int descriptor, std::string_view bytes, const std::string& where) {
  while (!bytes.empty()) {
    const auto size = ::write(descriptor, bytes.data(), bytes.size());
    if (size < 0 && errno == EINTR)
      continue;
    if (size < 0)
      return command_failure{
          exit_status::no, where + " cannot be written", "", std::strerror(errno), {}};
    bytes.remove_prefix(static_cast<std::size_t>(size));
  }
  return {};
}

outcome<int> run(const invocation& call, program& self) {
  if (self.wants_json())
    return usage_failure("a recording is no JSON document", {}, "leave --json out");
  ROOST_TRY(const auto server, self.server());
  // Sessions of the past are in no list: what is said may be the id of one.
  auto id = server.find_session_id(call.operands[0]);
  if (!id && id.error().exit != exit_status::no)
    return id.error();
  http_request request;
  request.target =
      "/api/v1/sessions/" + percent_encoded(id ? *id : call.operands[0]) +
      "/recording?format=" + percent_encoded(call.value("format").value_or("asciicast-v3"));
  request.patience = patience;
  request.body_max = body_max;
  ROOST_TRY(const auto response, server.send(request));
  const auto file = call.value("output");
  if (!file) {
    if (auto written = write_to(STDOUT_FILENO, response.body, "standard output"); !written)
      return written.error();
    return exit_status::ok;
  }
  // What a program has shown is not for everybody.
  const int out = ::open(file->c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (out < 0)
    return command_failure{
        exit_status::no, *file + " cannot be written", "", std::strerror(errno), {}};
  auto written = write_to(out, response.body, *file);
  if (::close(out) != 0 && written)
    return command_failure{
        exit_status::no, *file + " cannot be written", "", std::strerror(errno), {}};
  if (!written)
    return written.error();
  return exit_status::ok;
}

constexpr std::array operands = {session_operand};
constexpr std::array options = {
    option_row{"output", 'o', "FILE", "into this file (default: standard output)"},
    option_row{"format", 0, "FORMAT",
               "asciicast-v3 (the default), asciicast-v2, or text: what was printed",
               completes::choices, "asciicast-v3 asciicast-v2 text"},
};

} // namespace

constinit const command_row record_command = {
    "record",
    "print what was recorded of a session",
    "Sessions that are gone are named by their id. The recording of a session that runs lacks\n"
    "its last seconds.",
    operands,
    options,
    run};

} // namespace roost::cli
