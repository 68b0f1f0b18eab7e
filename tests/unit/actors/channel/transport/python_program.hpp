#pragma once

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <stdexcept>
#include <string>
#include <vector>

namespace roost::channel {

/// A Python script beside the test, which tells by its first line of output that it is ready.
/// Killed in the destructor.
class python_program {
public:
  /// Throws if it is not ready within 20 s.
  explicit python_program(const std::string& script, const std::string& argument = {}) {
    std::array<int, 2> pipe{};
    if (::pipe2(pipe.data(), O_CLOEXEC) != 0)
      throw std::runtime_error("no pipe");
    posix_spawn_file_actions_t actions{};
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, pipe[1], STDOUT_FILENO);
    std::vector<std::string> words = {"python3", "-Iu", script};
    if (!argument.empty())
      words.push_back(argument);
    std::vector<char*> arguments;
    for (auto& word : words)
      arguments.push_back(word.data());
    arguments.push_back(nullptr);
    const int error =
        ::posix_spawnp(&pid_, "python3", &actions, nullptr, arguments.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(pipe[1]);
    pollfd readable{pipe[0], POLLIN, 0};
    char byte = 0;
    while (error == 0 && ::poll(&readable, 1, 20'000) == 1 && ::read(pipe[0], &byte, 1) == 1 &&
           byte != '\n')
      first_line_ += byte;
    ::close(pipe[0]);
    if (byte != '\n') {
      end();
      throw std::runtime_error("python3 " + script + " did not start");
    }
  }
  python_program(const python_program&) = delete;
  python_program& operator=(const python_program&) = delete;
  ~python_program() { end(); }

  void signal(int number) const { ::kill(pid_, number); }
  void end() {
    if (pid_ <= 0)
      return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }

  [[nodiscard]] const std::string& first_line() const { return first_line_; }

private:
  pid_t pid_ = -1;
  std::string first_line_;
};

} // namespace roost::channel
