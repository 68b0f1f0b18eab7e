#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>

#include "apps/roost/commands/commands.hpp"
#include "apps/roost/json_read.hpp"
#include "apps/roost/raw_terminal.hpp"
#include "apps/roost/top_view.hpp"

namespace roost::cli {

namespace {

using std::chrono::milliseconds;
using clock = std::chrono::steady_clock;

constexpr milliseconds refresh_every{2000};
// The server samples once per second, and a figure is the use between two samples.
constexpr milliseconds between_samples{1050};
constexpr milliseconds answer_patience{5000}; // keys wait for the answer
constexpr std::size_t lines_around = 3;       // the summary, an empty line, the heading
// The other screen without a cursor; lines that are too long are cut. `raw_terminal` undoes it.
constexpr std::string_view show_page = "\x1b[?1049h\x1b[?25l\x1b[?7l";

outcome<boost::json::array> fetch(const api& server) {
  ROOST_TRY(const auto list, server.call("GET", "/sessions", std::nullopt, answer_patience));
  const auto* const sessions = list.if_contains("sessions");
  if (sessions == nullptr || !sessions->is_array())
    return boost::json::array{};
  return busiest_first(sessions->as_array());
}

/// Signals that end or redraw this program, as a descriptor. Gives them back when it goes.
class signal_source {
public:
  signal_source() {
    ::sigemptyset(&wanted_);
    for (const int number : {SIGHUP, SIGINT, SIGTERM, SIGQUIT, SIGWINCH})
      ::sigaddset(&wanted_, number);
    ::sigprocmask(SIG_BLOCK, &wanted_, &before_);
    fd_ = ::signalfd(-1, &wanted_, SFD_CLOEXEC | SFD_NONBLOCK);
  }
  ~signal_source() {
    ::close(fd_);
    ::sigprocmask(SIG_SETMASK, &before_, nullptr);
  }
  signal_source(const signal_source&) = delete;
  signal_source& operator=(const signal_source&) = delete;

  [[nodiscard]] int fd() const noexcept { return fd_; }
  /// The next signal's number, or 0.
  [[nodiscard]] int take() const {
    signalfd_siginfo info{};
    return ::read(fd_, &info, sizeof(info)) == sizeof(info) ? static_cast<int>(info.ssi_signo) : 0;
  }

private:
  sigset_t wanted_{};
  sigset_t before_{};
  int fd_ = -1;
};

/// What ends a wait.
enum class pause_end { time, redraw, quit };

/// The live table, until somebody wants it to end.
class live_top {
public:
  live_top(const api& server, program& self, std::unique_ptr<raw_terminal> terminal)
      : server_(server), self_(self), terminal_(std::move(terminal)) {}

  outcome<int> run() {
    ROOST_TRY(sessions_, fetch(server_));
    terminal_->enter();
    terminal_->say(show_page);
    auto next = clock::now() + between_samples;
    for (;;) {
      draw();
      const auto end = wait_until(next);
      if (end == pause_end::quit)
        break;
      if (end == pause_end::redraw)
        continue;
      if (auto again = fetch(server_)) {
        sessions_ = std::move(*again);
        trouble_.clear();
      } else {
        trouble_ = to_line(again.error()); // it may come back
      }
      next = clock::now() + refresh_every;
    }
    terminal_->leave();
    return signal_ == 0 || signal_ == SIGINT ? exit_status::ok : exit_status::signal_base + signal_;
  }

private:
  void draw() {
    const auto size = terminal_->size();
    const auto rows = size.rows > lines_around + 1 ? size.rows - lines_around - 1 : 1;
    std::string page =
        "roost top: " + top_summary(sessions_) + "   (q quits)\n" +
        (trouble_.empty() ? "" : cut_to_width(trouble_, size.columns)) + "\n" +
        top_table(sessions_, self_.colours(), size.columns, rows, std::chrono::system_clock::now());
    std::string text = "\x1b[H";
    for (const char c : page)
      text += c == '\n' ? std::string("\x1b[K\r\n") : std::string(1, c);
    terminal_->say(text + "\x1b[J");
  }

  pause_end wait_until(clock::time_point deadline) {
    for (;;) {
      const auto left =
          std::chrono::duration_cast<milliseconds>(deadline - clock::now()) + milliseconds(1);
      if (left <= milliseconds(0))
        return pause_end::time;
      std::array<pollfd, 2> sources = {pollfd{terminal_->input_fd(), POLLIN, 0},
                                       pollfd{signals_.fd(), POLLIN, 0}};
      if (::poll(sources.data(), sources.size(), static_cast<int>(left.count())) < 0 &&
          errno != EINTR)
        return pause_end::quit;
      if (sources[1].revents != 0)
        if (const int number = signals_.take(); number != 0) {
          signal_ = number == SIGWINCH ? 0 : number;
          return number == SIGWINCH ? pause_end::redraw : pause_end::quit;
        }
      if (sources[0].revents != 0 && has_quit_key())
        return pause_end::quit;
    }
  }

  [[nodiscard]] bool has_quit_key() const {
    std::array<char, 256> keys{};
    const auto count = ::read(terminal_->input_fd(), keys.data(), keys.size());
    if (count <= 0)
      return count == 0 || (errno != EAGAIN && errno != EINTR); // the terminal is gone
    const std::string_view typed(keys.data(), static_cast<std::size_t>(count));
    return typed.find_first_of("qQ\x03\x04") != std::string_view::npos;
  }

  const api& server_;
  program& self_;
  signal_source signals_;
  std::unique_ptr<raw_terminal> terminal_;
  boost::json::array sessions_;
  std::string trouble_;
  int signal_ = 0;
};

outcome<int> print_once(const api& server, program& self) {
  ROOST_TRY(auto sessions, fetch(server));
  if (!sessions.empty()) {
    ::poll(nullptr, 0, static_cast<int>(between_samples.count()));
    ROOST_TRY(sessions, fetch(server));
  }
  const auto printed =
      self.wants_json()
          ? self.print_json({{"sessions", sessions}})
          : self.print(sessions.empty() ? std::string("no session runs\n")
                                        : top_table(sessions, self.colours(), self.width(), 0,
                                                    std::chrono::system_clock::now()));
  if (!printed)
    return printed.error();
  return exit_status::ok;
}

outcome<int> run(const invocation& call, program& self) {
  ROOST_TRY(const auto server, self.server());
  if (self.wants_json() || call.has("once") || ::isatty(STDOUT_FILENO) == 0 ||
      ::isatty(STDIN_FILENO) == 0)
    return print_once(server, self);
  ROOST_TRY(auto terminal, raw_terminal::open());
  return live_top(server, self, std::move(terminal)).run();
}

constexpr std::array options = {option_row{"once", 0, "", "print the table once and end"}};

} // namespace

constinit const command_row top_command = {
    "top",
    "show what the running sessions take: CPU, memory, processes",
    "The busiest session comes first, every 2 s anew; q quits. CPU% is of one CPU. MEM is "
    "resident\n"
    "memory; a page that several processes share counts in each. Without a terminal, with --once\n"
    "and with --json it measures for a second, prints once and ends.",
    {},
    options,
    run};

} // namespace roost::cli
