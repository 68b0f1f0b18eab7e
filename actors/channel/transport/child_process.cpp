#include "actors/channel/transport/child_process.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>
#include <utility>

#include <fmt/format.h>

extern "C" { // glibc 2.36 forgets this in its header
#include <sys/pidfd.h>
}

namespace roost::channel {

namespace {

namespace asio = boost::asio;
using terminal::unique_fd;

constexpr std::string_view default_path =
    "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin";

constexpr std::string_view kept_back[] = {
    // the service manager talks to the server, not to what runs in it
    "NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", "WATCHDOG_PID", "WATCHDOG_USEC",
    "INVOCATION_ID", "JOURNAL_STREAM", "MAINPID", "SYSTEMD_EXEC_PID", "CREDENTIALS_DIRECTORY",
    "RUNTIME_DIRECTORY", "STATE_DIRECTORY", "CACHE_DIRECTORY", "LOGS_DIRECTORY",
    "CONFIGURATION_DIRECTORY", "MEMORY_PRESSURE_WATCH", "MEMORY_PRESSURE_WRITE",
    // of the folder that the server was started in
    "PWD", "OLDPWD",
    // the server's way into its database
    "PGPASSWORD"};

/// What the child tells of a start that failed.
struct refusal_note {
  std::int32_t error = 0;
  std::int32_t at_folder = 0; ///< 1: the folder could not be entered
};

std::string text_of(int error) { return std::generic_category().message(error); }

trouble no_resources(const char* what, int error) {
  return {reply_kind::transport, fmt::format("the server has no {}: {}", what, text_of(error))};
}

struct pipe_ends {
  unique_fd read;
  unique_fd write;
};

/// The numbers are above those of the standard streams, which the child moves its ends to.
int make_pipe(pipe_ends& out) {
  std::array<int, 2> fds{};
  if (::pipe2(fds.data(), O_CLOEXEC) != 0)
    return errno;
  out = {unique_fd(fds[0]), unique_fd(fds[1])};
  for (auto* end : {&out.read, &out.write})
    if (end->get() <= STDERR_FILENO) {
      const int higher = ::fcntl(end->get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
      if (higher < 0)
        return errno;
      end->reset(higher);
    }
  return 0;
}

void make_non_blocking(const unique_fd& fd) {
  ::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) | O_NONBLOCK);
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> out;
  out.reserve(texts.size() + 1);
  for (const auto& text : texts)
    out.push_back(const_cast<char*>(text.c_str()));
  out.push_back(nullptr);
  return out;
}

/// All that the child needs, made before the fork: after it only async-signal-safe calls are
/// allowed, since another thread may have held any lock.
struct child_plan {
  pid_t parent;
  int in;
  int out;
  int err;
  int refusal;
  const char* folder; ///< nullptr: stays where it is
  const char* path;
  char* const* arguments;
  char* const* environment;
};

[[noreturn]] void refuse(int to, bool at_folder) {
  const refusal_note note{errno, at_folder ? 1 : 0};
  [[maybe_unused]] const auto written = ::write(to, &note, sizeof note); // the exit says it, too
  ::_exit(127);
}

[[noreturn]] void run_child(const child_plan& plan) {
  struct sigaction standard {};
  standard.sa_handler = SIG_DFL;
  for (int number = 1; number < NSIG; ++number)
    ::sigaction(number, &standard, nullptr); // fails for a few that cannot be changed
  sigset_t none;
  ::sigemptyset(&none);
  ::setsid();
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || ::getppid() != plan.parent)
    ::_exit(127); // the server is gone already
  ::dup2(plan.in, STDIN_FILENO);
  ::dup2(plan.out, STDOUT_FILENO);
  ::dup2(plan.err, STDERR_FILENO);
  constexpr int own = STDERR_FILENO + 1;
  if (plan.refusal != own && ::dup3(plan.refusal, own, O_CLOEXEC) < 0)
    ::_exit(127);
  if (::close_range(own + 1, ~0U, 0) != 0)
    refuse(own, false);
  if (plan.folder != nullptr && ::chdir(plan.folder) != 0)
    refuse(own, true);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execve(plan.path, plan.arguments, plan.environment);
  refuse(own, false);
}

/// Whether a path names a file that may be executed, seen from `folder`: 0 or the reason.
int executable_error(const std::string& folder, const std::string& path) {
  const unique_fd at(folder.empty() || path.starts_with('/')
                         ? -1
                         : ::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!at && !folder.empty() && !path.starts_with('/'))
    return errno;
  const int from = at ? at.get() : AT_FDCWD;
  struct stat found {};
  if (::fstatat(from, path.c_str(), &found, 0) != 0 ||
      ::faccessat(from, path.c_str(), X_OK, AT_EACCESS) != 0)
    return errno;
  return S_ISREG(found.st_mode) ? 0 : EACCES;
}

} // namespace

std::vector<std::string> helper_environment() {
  std::vector<std::string> out;
  for (char** line = environ; line != nullptr && *line != nullptr; ++line) {
    const std::string_view text(*line);
    const auto name = text.substr(0, text.find('='));
    if (!name.starts_with("ROOST_") && std::ranges::find(kept_back, name) == std::end(kept_back))
      out.emplace_back(text);
  }
  return out;
}

result<std::string, trouble> find_program(const program& what) {
  const auto& name = what.command.front();
  int error = ENOENT;
  if (name.find('/') != std::string::npos) {
    error = executable_error(what.folder, name);
    if (error == 0)
      return name;
  } else {
    std::string_view path = default_path;
    for (const auto& line : what.environment)
      if (line.starts_with("PATH="))
        path = std::string_view(line).substr(5);
    while (!name.empty() && !path.empty()) {
      const auto end = std::min(path.find(':'), path.size());
      const auto folder = path.substr(0, end);
      path.remove_prefix(std::min(end + 1, path.size()));
      // A relative folder would mean another place here than for the program.
      if (!folder.starts_with('/'))
        continue;
      auto candidate = fmt::format("{}/{}", folder, name);
      const int why = executable_error({}, candidate);
      if (why == 0)
        return candidate;
      if (why == EACCES) // as execvp: what is there but forbidden says more than what is not
        error = why;
    }
  }
  return trouble{reply_kind::unavailable, fmt::format("{}: {}", name, text_of(error))};
}

/// Waits for the end of the process and reaps it, for the object or without it.
struct child_process::watch {
  watch(const asio::any_io_executor& on, pid_t number, unique_fd fd)
      : pid(number), pidfd(on, fd.release()) {}

  pid_t pid;
  asio::posix::stream_descriptor pidfd;
  bool is_reaped = false;
  std::function<void(std::string)> done;

  static void arm(const std::shared_ptr<watch>& self) {
    self->pidfd.async_wait(asio::posix::stream_descriptor::wait_read,
                           [self](boost::system::error_code ec) {
                             if (!ec && !self->reap())
                               arm(self); // Asio may wake for an event of an earlier descriptor
                           });
  }

  bool reap() {
    const auto id = static_cast<id_t>(pidfd.native_handle());
    siginfo_t info{};
    while (::waitid(P_PIDFD, id, &info, WEXITED | WNOHANG | WNOWAIT) != 0)
      if (errno != EINTR) {
        finish("ended, and somebody else has its status");
        return true;
      }
    if (info.si_pid == 0)
      return false;
    // While it is not reaped its number, and with it its group's, cannot be somebody else's.
    ::kill(-pid, SIGKILL);
    while (::waitid(P_PIDFD, id, &info, WEXITED) != 0 && errno == EINTR) {
    }
    finish(info.si_code == CLD_EXITED ? fmt::format("exited with status {}", info.si_status)
                                      : fmt::format("was killed by signal {}", info.si_status));
    return true;
  }

  void finish(std::string how) {
    is_reaped = true;
    boost::system::error_code ignored; // nothing is left to lose on this descriptor
    pidfd.close(ignored);
    if (const auto tell = std::exchange(done, nullptr))
      tell(std::move(how));
  }
};

child_process::child_process(const asio::any_io_executor& on, pid_t pid, unique_fd pidfd)
    : pid_(pid), watch_(std::make_shared<watch>(on, pid, std::move(pidfd))) {
  watch::arm(watch_);
}

child_process::~child_process() {
  watch_->done = nullptr;
  signal(SIGKILL);
}

void child_process::await_exit(std::function<void(std::string how)> done) {
  watch_->done = std::move(done);
}

void child_process::signal(int number) const {
  if (watch_->is_reaped)
    return;
  // Just after the fork there is no group of its own yet.
  if (::kill(-pid_, number) != 0)
    ::kill(pid_, number);
}

result<std::unique_ptr<child_process>, trouble>
child_process::start(const asio::any_io_executor& on, const program& what, pipes& ends) {
  ROOST_TRY(const std::string path, find_program(what));
  pipe_ends in;
  pipe_ends out;
  pipe_ends err;
  pipe_ends refusal;
  for (auto* one : {&in, &out, &err, &refusal})
    if (const int error = make_pipe(*one); error != 0)
      return no_resources("descriptors left", error);
  for (const auto* end : {&in.write, &out.read, &err.read, &refusal.read})
    make_non_blocking(*end);
  const auto arguments = pointers(what.command);
  const auto environment = pointers(what.environment);
  const child_plan plan{
      ::getpid(),      in.read.get(),       out.write.get(),
      err.write.get(), refusal.write.get(), what.folder.empty() ? nullptr : what.folder.c_str(),
      path.c_str(),    arguments.data(),    environment.data()};
  // No handler of the server's may run in the child.
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t pid = ::fork();
  const int fork_error = errno;
  if (pid == 0)
    run_child(plan);
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (pid < 0)
    return no_resources("process left", fork_error);
  unique_fd pidfd(::pidfd_open(pid, 0));
  if (!pidfd) {
    const int error = errno;
    ::kill(pid, SIGKILL);
    while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
    }
    return no_resources("descriptors left", error);
  }
  ends = {std::move(in.write), std::move(out.read), std::move(err.read), std::move(refusal.read)};
  return std::unique_ptr<child_process>(new child_process(on, pid, std::move(pidfd)));
}

child_process::start_state child_process::read_refusal(int refusal, const program& what,
                                                       trouble& why) {
  refusal_note note;
  ssize_t size = 0;
  do {
    size = ::read(refusal, &note, sizeof note);
  } while (size < 0 && errno == EINTR);
  if (size < 0 && errno == EAGAIN)
    return start_state::pending;
  if (size != sizeof note)
    return start_state::running; // the end: closed by exec (or by its death, which its exit tells)
  why.kind = reply_kind::unavailable;
  why.detail = fmt::format("{}: {}", note.at_folder != 0 ? what.folder : what.command.front(),
                           text_of(note.error));
  return start_state::refused;
}

} // namespace roost::channel
