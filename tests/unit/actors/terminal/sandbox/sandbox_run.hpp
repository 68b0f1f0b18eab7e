#pragma once

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "actors/terminal/sandbox/sandbox.hpp"

namespace roost::terminal {

/// The users that tests may be: root, and one without any rights; or only oneself.
inline std::vector<uid_t> users_to_try() {
  return ::geteuid() == 0 ? std::vector<uid_t>{0, 65534} : std::vector<uid_t>{::geteuid()};
}

/// A home with secrets, a data dir with sockets, a project; all in a folder that is removed again.
class sandbox_world {
public:
  explicit sandbox_world(uid_t uid) : uid_(uid) {
    std::string made = "/tmp/roost-sandbox-XXXXXX";
    if (::mkdtemp(made.data()) == nullptr)
      throw std::runtime_error("no temporary folder");
    base_ = std::filesystem::canonical(made).string();
    ::chmod(base_.c_str(), 0755);
    for (const auto* folder :
         {"home", "home/project", "home/.local", "home/.local/state", "home/.local/state/roost",
          "home/.local/state/roost/keeper", "home/.local/state/roost/shell", "elsewhere"})
      std::filesystem::create_directory(at(folder));
    for (const auto* file : {"home/secret", "home/.local/state/roost/tokens",
                             "home/.local/state/roost/shell/bash.sh", "elsewhere/file"})
      std::ofstream(at(file)) << "content\n";
    std::filesystem::copy_file(ROOST_ATTEMPTS, at("home/project/attempts"));
    listeners_.push_back(listen_at(at("home/.local/state/roost/api.sock")));
    listeners_.push_back(listen_at(at("home/.local/state/roost/keeper/keeper.sock")));
    listeners_.push_back(listen_at(at("elsewhere/other.sock")));
    if (::geteuid() == 0)
      for (const auto& entry : std::filesystem::recursive_directory_iterator(base_))
        if (::lchown(entry.path().c_str(), uid, uid) != 0)
          throw std::runtime_error("chown");
  }
  ~sandbox_world() {
    std::error_code ignored; // a test that failed for another reason says more
    std::filesystem::remove_all(base_, ignored);
  }
  sandbox_world(const sandbox_world&) = delete;
  sandbox_world& operator=(const sandbox_world&) = delete;

  [[nodiscard]] std::string at(const std::string& path) const { return base_ + "/" + path; }
  [[nodiscard]] std::string data_dir() const { return at("home/.local/state/roost"); }
  [[nodiscard]] std::string attempts() const { return at("home/project/attempts"); }
  [[nodiscard]] uid_t uid() const { return uid_; }

  /// A request to run `argv` in the project.
  [[nodiscard]] sandbox_request request(std::vector<std::string> argv) const {
    sandbox_request wanted;
    wanted.executable = argv.front();
    wanted.argv = std::move(argv);
    wanted.cwd = at("home/project");
    wanted.home = at("home");
    wanted.uid = uid_;
    wanted.data_dir = data_dir();
    wanted.shared = {data_dir() + "/shell"};
    wanted.bwrap = find_bwrap();
    return wanted;
  }

  /// Whether, in the end, no process anywhere runs this world's attempts.
  [[nodiscard]] bool wait_until_nobody_runs_attempts() const {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(15);
    while (std::chrono::steady_clock::now() < deadline) {
      bool found = false;
      std::error_code gone; // processes end while they are looked at
      for (const auto& process : std::filesystem::directory_iterator("/proc"))
        found = found || std::filesystem::read_symlink(process.path() / "exe", gone) == attempts();
      if (!found)
        return true;
    }
    return false;
  }

private:
  static unique_fd listen_at(const std::string& path) {
    unique_fd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    path.copy(static_cast<char*>(name.sun_path), sizeof name.sun_path - 1);
    if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) != 0 ||
        ::listen(socket.get(), 8) != 0)
      throw std::runtime_error("listen at " + path);
    return socket;
  }

  uid_t uid_;
  std::string base_;
  std::vector<unique_fd> listeners_;
};

/// A program that was started as the keeper starts one: on a PTY of its own, as the world's user.
class sandbox_run {
public:
  /// `stage` is the keeper's own program, or what stands in for it: then only the sandbox is tried.
  sandbox_run(const sandbox_world& world, const sandbox_plan& plan,
              const std::string& stage = ROOST_ATTEMPTS) {
    auto extras = open_descriptors(plan, stage);
    if (!extras)
      throw std::runtime_error(extras.error().detail);
    std::array<int, 2> report{};
    if (::pipe2(report.data(), O_CLOEXEC) != 0)
      throw std::runtime_error("pipe");
    unique_fd read_end(report[0]);
    extras->emplace_back(report[1]);
    if (!plan.is_sandboxed)
      extras->clear();
    int master = -1;
    pid_ = ::forkpty(&master, nullptr, nullptr, nullptr);
    if (pid_ == 0) {
      become(world, plan, *extras);
      ::_exit(126);
    }
    if (pid_ < 0)
      throw std::runtime_error("forkpty");
    master_.reset(master);
    ::fcntl(master, F_SETFD, FD_CLOEXEC);
    extras->clear();
    std::array<char, 16> said{};
    has_begun_ = ::read(read_end.get(), said.data(), said.size()) == 1;
  }
  ~sandbox_run() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
  }
  sandbox_run(const sandbox_run&) = delete;
  sandbox_run& operator=(const sandbox_run&) = delete;

  /// Whether the stage reported that the program begins.
  [[nodiscard]] bool has_begun() const { return has_begun_; }
  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] const std::string& output() const { return output_; }

  void type(std::string_view text) {
    if (::write(master_.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
      throw std::runtime_error("write to the terminal");
  }

  /// Waits until the output since the last call holds `text`.
  bool wait_for(std::string_view text) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    for (;;) {
      if (const auto found = output_.find(text, seen_); found != std::string::npos) {
        seen_ = found + text.size();
        return true;
      }
      if (!read_until(deadline))
        return false;
    }
  }

  /// Reads to the end of output and gives the exit status as a shell says it; -1: it did not end.
  int finish() {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (read_until(deadline)) {
    }
    if (std::chrono::steady_clock::now() >= deadline)
      return -1;
    int status = 0;
    ::waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

private:
  static constexpr auto patience = std::chrono::seconds(30);

  /// Reads once; false at the end of output or of time.
  bool read_until(std::chrono::steady_clock::time_point deadline) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    pollfd ready{master_.get(), POLLIN, 0};
    if (left.count() <= 0 || ::poll(&ready, 1, static_cast<int>(left.count())) <= 0)
      return false;
    std::array<char, 4096> bytes{};
    const auto n = ::read(master_.get(), bytes.data(), bytes.size());
    if (n <= 0)
      return false;
    output_.append(bytes.data(), static_cast<std::size_t>(n));
    return true;
  }

  static void become(const sandbox_world& world, const sandbox_plan& plan,
                     const std::vector<unique_fd>& extras) {
    constexpr int aside = 32; // out of the way of the places that they go to
    std::vector<int> kept;
    for (const auto& fd : extras)
      kept.push_back(::fcntl(fd.get(), F_DUPFD_CLOEXEC, aside));
    for (std::size_t i = 0; i < kept.size(); ++i)
      ::dup2(kept[i], 3 + static_cast<int>(i));
    const auto uid = world.uid();
    if (::geteuid() == 0 && uid != 0 &&
        (::setgroups(0, nullptr) != 0 || ::setgid(uid) != 0 || ::setuid(uid) != 0))
      return;
    if (::chdir(plan.folder.c_str()) != 0)
      return;
    std::vector<std::string> variables{"PATH=/usr/local/bin:/usr/bin:/bin", "TERM=xterm",
                                       "LANG=C.UTF-8", "PS1=$ ", "GIT_PAGER=cat"};
    for (const auto& [name, value] : plan.set)
      variables.push_back(name + "=" + value);
    const auto pointers = [](const std::vector<std::string>& lines) {
      std::vector<char*> out;
      for (const auto& line : lines)
        out.push_back(const_cast<char*>(line.c_str()));
      out.push_back(nullptr);
      return out;
    };
    const auto argv = pointers(plan.argv);
    const auto environment = pointers(variables);
    // Last: under a sanitizer this process itself holds more memory than any limit.
    for (const auto& [resource, most] : plan.limits.rlimits) {
      const rlimit limit{most, most};
      if (::setrlimit(static_cast<__rlimit_resource>(resource), &limit) != 0)
        return;
    }
    ::execve(plan.executable.c_str(), argv.data(), environment.data());
  }

  pid_t pid_ = -1;
  unique_fd master_;
  std::string output_;
  std::size_t seen_ = 0;
  bool has_begun_ = false;
};

} // namespace roost::terminal
