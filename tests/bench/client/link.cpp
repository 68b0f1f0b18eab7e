#include "tests/bench/client/link.hpp"

#include "tests/bench/client/web_link.hpp"

#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <vector>

namespace roost::bench {

namespace {

std::vector<char*> to_argv(std::vector<std::string>& words) {
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (auto& word : words)
    argv.push_back(word.data());
  argv.push_back(nullptr);
  return argv;
}

/// A program in a PTY of this process: the raw limit, or an attached tmux client.
class pty_link final : public link {
public:
  explicit pty_link(std::vector<std::string> command) : buffer_(std::size_t{64} << 10) {
    const auto argv = to_argv(command);
    winsize size{24, 80, 0, 0};
    pid_ = forkpty(&fd_, nullptr, nullptr, &size);
    if (pid_ == 0) {
      close_range(3, ~0U, 0);
      setenv("TERM", "xterm-256color", 1);
      unsetenv("TMUX");
      execvp(argv[0], argv.data());
      _exit(127);
    }
    if (pid_ < 0)
      throw std::runtime_error(std::string{"no PTY: "} + std::strerror(errno));
  }

  ~pty_link() override {
    ::close(fd_);
    ::kill(pid_, SIGHUP);
    for (int tries = 0; waitpid(pid_, nullptr, WNOHANG) == 0; ++tries) {
      ::poll(nullptr, 0, 5);
      if (tries == 100)
        ::kill(pid_, SIGKILL);
    }
  }

  pump_result pump(int wait_ms, const sink& out) override {
    if (wait_ms >= 0) {
      pollfd ready{fd_, POLLIN, 0};
      if (::poll(&ready, 1, wait_ms) == 0)
        return pump_result::idle;
    }
    const auto n = ::read(fd_, buffer_.data(), buffer_.size());
    if (n <= 0)
      return pump_result::closed;
    out({buffer_.data(), static_cast<std::size_t>(n)});
    return pump_result::output;
  }

  void send(std::string_view input) override {
    if (::write(fd_, input.data(), input.size()) < 0)
      throw std::runtime_error(std::string{"cannot type: "} + std::strerror(errno));
  }

  int fd() const override { return fd_; }

private:
  int fd_ = -1;
  pid_t pid_ = -1;
  std::vector<char> buffer_;
};

void run(std::vector<std::string> command) {
  const auto argv = to_argv(command);
  pid_t pid = 0;
  if (posix_spawnp(&pid, argv[0], nullptr, nullptr, argv.data(), environ) != 0)
    throw std::runtime_error("cannot run " + command[0]);
  int status = 0;
  waitpid(pid, &status, 0);
  if (status != 0)
    throw std::runtime_error(command[0] + " " + command[3] + " failed");
}

std::string unique_name() {
  static std::atomic<int> next{0};
  return "b" + std::to_string(getpid()) + "x" + std::to_string(next++);
}

/// One kept-alive connection per thread for the calls around a roost terminal.
http_answer call_roost(const target& to, std::string_view method, std::string_view path,
                       std::string_view body) {
  thread_local std::unique_ptr<tcp_socket> socket;
  if (socket == nullptr)
    socket = std::make_unique<tcp_socket>(to.port);
  auto answer =
      http_request(*socket, method, path, "Authorization: Bearer " + to.token + "\r\n", body);
  if (answer.status / 100 != 2)
    throw std::runtime_error("the server answered " + answer.head + answer.body);
  return answer;
}

} // namespace

bool target::has_shared_terminals() const {
  return kind == "terminado" || kind == "tmux" || kind == "roost";
}

std::string create_terminal(const target& to) {
  if (to.kind == "terminado")
    return unique_name(); // made by the first attach
  if (to.kind == "tmux") {
    auto name = unique_name();
    run({"tmux", "-L", to.tmux_socket, "new-session", "-d", "-x", "80", "-y", "24", "-s", name,
         to.agent});
    return name;
  }
  if (to.kind == "roost")
    return json_member(call_roost(to, "POST", "/api/v1/sessions",
                                  "{\"command\":[\"" + to.agent + "\"],\"cols\":80,\"rows\":24}")
                           .body,
                       "id");
  return "";
}

std::unique_ptr<link> attach(const target& to, const std::string& name) {
  if (to.kind == "raw")
    return std::make_unique<pty_link>(std::vector{to.agent});
  if (to.kind == "tmux")
    return std::make_unique<pty_link>(
        std::vector<std::string>{"tmux", "-L", to.tmux_socket, "attach-session", "-t", name});
  if (to.kind == "terminado")
    return attach_terminado(to, name);
  if (to.kind == "roost")
    return attach_roost(to, name);
  return attach_plain(to);
}

void end_terminal(const target& to, const std::string& name) {
  if (to.kind == "roost")
    call_roost(to, "DELETE", "/api/v1/sessions/" + name + "?now=1", "");
  else if (to.kind == "tmux")
    run({"tmux", "-L", to.tmux_socket, "kill-session", "-t", name});
}

} // namespace roost::bench
