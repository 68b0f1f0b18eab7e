#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <limits>
#include <memory>

#include <boost/asio/io_context.hpp>

#include "apps/roost/commands/commands.hpp"
#include "apps/roost/json_read.hpp"
#include "apps/roost/output_pump.hpp"
#include "apps/roost/session_link.hpp"

namespace roost::cli {

namespace {

constexpr std::int64_t piece_max = 1 << 20; // bytes asked for in one request

outcome<> write_out(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto size = ::write(STDOUT_FILENO, bytes.data(), bytes.size());
    if (size < 0 && errno == EINTR)
      continue;
    if (size < 0)
      return command_failure{
          exit_status::no, "standard output cannot be written", "", std::strerror(errno), {}};
    bytes.remove_prefix(static_cast<std::size_t>(size));
  }
  return {};
}

void tell_gap(std::int64_t bytes) {
  std::fprintf(stderr, "roost: %lld bytes are no longer held by the server\n",
               static_cast<long long>(bytes));
}

std::int64_t header_number(const http_response& response, std::string_view name) {
  const auto number =
      read_number(response.header(name), name, 0, std::numeric_limits<std::int64_t>::max());
  return number ? *number : 0;
}

/// Prints what the server holds from `since` on; afterwards `since` is where its output ends.
/// `left` is how many bytes may still be printed.
outcome<std::string> print_held(const api& server, const std::string& id, std::int64_t& since,
                                std::int64_t left) {
  std::string epoch;
  while (left > 0) {
    http_request request;
    request.target = "/api/v1/sessions/" + id + "/output?since=" + std::to_string(since) +
                     "&limit=" + std::to_string(std::min(left, piece_max));
    ROOST_TRY(const auto response, server.send(request));
    epoch = response.header("X-Roost-Epoch");
    if (const auto gap = header_number(response, "X-Roost-Gap"); gap > 0)
      tell_gap(gap);
    if (const auto written = write_out(response.body); !written)
      return written.error();
    const auto size = static_cast<std::int64_t>(response.body.size());
    since = header_number(response, "X-Roost-Offset") + size;
    left -= size;
    if (size == 0 || since >= header_number(response, "X-Roost-End"))
      break;
  }
  return epoch;
}

/// Goes on with what is printed from now on, over a WebSocket: nothing is polled.
class follower {
public:
  follower(link_options options, int own_output)
      : pump_(own_output < 0
                  ? nullptr
                  : std::make_unique<output_pump>(
                        io_, own_output, [this](std::uint64_t end) { link_.written(end); },
                        [this] { stop({}); })),
        next_(options.since ? options.since->offset : 0), link_(io_, std::move(options), events()) {
  }

  outcome<int> run() {
    link_.start();
    io_.run();
    if (failure_)
      return *failure_;
    return exit_status::ok;
  }

private:
  link_events events() {
    link_events events;
    events.on_output = [this](std::string_view bytes, queries, std::uint64_t end) {
      next_ = end;
      if (pump_)
        return pump_->push(std::string(bytes), end);
      if (auto written = write_out(bytes); !written)
        return stop(std::move(written).error());
      link_.written(end);
    };
    events.on_snapshot = [this](std::string_view, std::uint64_t end) {
      // A picture of the screen is no output; say what is missing and go on behind it.
      if (end > next_)
        tell_gap(static_cast<std::int64_t>(end - next_));
      next_ = end;
      link_.written(end);
    };
    events.on_attached = [](const link_attached&) {};
    events.on_idle_warning = [this] {
      // Nothing was printed for a while, but who reads it still waits for it.
      if (!pump_ || pump_->is_empty())
        link_.stay();
    };
    events.on_end = [this](const link_end& end) {
      if (end.failure)
        failure_ = *end.failure;
      if (pump_)
        pump_->when_empty([this] { io_.stop(); });
      else
        io_.stop();
    };
    return events;
  }

  void stop(std::optional<command_failure> why) {
    failure_ = std::move(why);
    link_.detach();
    io_.stop();
  }

  boost::asio::io_context io_{1};
  std::unique_ptr<output_pump> pump_;
  std::uint64_t next_;
  std::optional<command_failure> failure_;
  session_link link_;
};

outcome<int> run(const invocation& call, program& self) {
  std::int64_t since = 0;
  if (const auto given = call.value("since")) {
    ROOST_TRY(since,
              read_number(*given, "the offset", 0, std::numeric_limits<std::int64_t>::max()));
  }
  std::int64_t limit = std::numeric_limits<std::int64_t>::max();
  if (const auto given = call.value("limit")) {
    ROOST_TRY(limit, read_number(*given, "the limit", 1, std::numeric_limits<std::int64_t>::max()));
  }
  const bool follows = call.has("follow");
  if (follows && call.has("limit"))
    return usage_failure("--limit and --follow do not go together");
  if (self.wants_json())
    return usage_failure("the output is bytes and no JSON", {}, "leave --json out");
  ROOST_TRY(const auto server, self.server());
  ROOST_TRY(const auto id, server.find_session_id(call.operands[0]));
  if (follows && ::isatty(STDOUT_FILENO) != 0 && self.env()("ROOST_SESSION_ID") == id)
    return usage_failure("this terminal shows that very session", id,
                         "it would print its own output for ever");
  ROOST_TRY(auto epoch, print_held(server, id, since, limit));
  if (!follows)
    return exit_status::ok;

  link_options options;
  options.address = server.address();
  options.token = server.token();
  options.session = id;
  options.mode = viewing::view;
  options.since = stream_position{std::move(epoch), static_cast<std::uint64_t>(since)};
  const int own_output = reopen_for_writing(STDOUT_FILENO);
  const auto follow = std::make_unique<follower>(std::move(options), own_output);
  auto status = follow->run();
  if (own_output >= 0)
    ::close(own_output);
  return status;
}

constexpr std::array operands = {session_operand};
constexpr std::array options = {
    option_row{"since", 0, "OFFSET", "from this absolute offset on (default: all that is held)"},
    option_row{"limit", 0, "BYTES", "at most so many bytes"},
    option_row{"follow", 'f', "", "go on with new output until the program ends"},
};

} // namespace

constinit const command_row output_command = {"output",
                                              "print a session's raw output",
                                              "The bytes are as the program wrote them, with their "
                                              "escape sequences. What the server does not\n"
                                              "hold any more is told on standard error.",
                                              operands,
                                              options,
                                              run};

} // namespace roost::cli
