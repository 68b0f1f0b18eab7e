#include "actors/terminal/keeper/launch.hpp"

#include "actors/terminal/pty/unique_fd.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>

#include <fcntl.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <memory>
#include <system_error>

#include <fmt/format.h>

extern "C" { // glibc 2.36 forgets this in its header
#include <sys/pidfd.h>
}

namespace roost::terminal {

namespace {

namespace asio = boost::asio;

failure cannot(const std::string& what, int error) {
  return {setup_error::internal, fmt::format("the keeper cannot be started: {}: {}", what,
                                             std::generic_category().message(error))};
}

using watched_process = std::shared_ptr<asio::posix::stream_descriptor>;

void await_exit(const watched_process& process, std::function<void(int)> done) {
  process->async_wait(
      asio::posix::stream_descriptor::wait_read,
      [process, done = std::move(done)](boost::system::error_code ec) mutable {
        siginfo_t info{};
        while (!ec && ::waitid(P_PIDFD, static_cast<id_t>(process->native_handle()), &info,
                               WEXITED | WNOHANG) != 0)
          if (errno != EINTR)
            ec = boost::system::errc::make_error_code(boost::system::errc::no_child_process);
        if (ec)
          done(-1);
        else if (info.si_pid == 0) // Asio may wake for an event of an earlier descriptor
          await_exit(process, std::move(done));
        else
          done(info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status);
      });
}

} // namespace

std::string find_keeper_program() {
  std::array<char, PATH_MAX> own{};
  const auto size = ::readlink("/proc/self/exe", own.data(), own.size() - 1);
  if (size <= 0)
    return {};
  std::string folder(own.data(), static_cast<std::size_t>(size));
  folder.resize(folder.find_last_of('/'));
  for (const auto* place : {"/roost-keeper", "/../keeper/roost-keeper", "/../libexec/roost-keeper"})
    if (const auto path = folder + place; ::access(path.c_str(), X_OK) == 0)
      return path;
  return {};
}

result<void> launch_keeper(asio::io_context& io, const std::string& program,
                           const std::string& folder, std::function<void(int)> done) {
  if (program.empty())
    return failure{setup_error::internal,
                   "roost-keeper is not installed beside roostd; install both together"};
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
    return cannot(folder, errno);
  posix_spawn_file_actions_t actions{};
  posix_spawnattr_t attributes{};
  if (::posix_spawn_file_actions_init(&actions) != 0 || ::posix_spawnattr_init(&attributes) != 0)
    return cannot("memory", ENOMEM);
  sigset_t all;
  sigset_t none;
  ::sigfillset(&all);
  ::sigemptyset(&none);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  ::posix_spawnattr_setsigdefault(&attributes, &all);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  ::posix_spawn_file_actions_addclosefrom_np(&actions, STDERR_FILENO + 1);
  std::string name = "roost-keeper";
  std::string where = folder;
  std::array<char*, 3> argv{name.data(), where.data(), nullptr};
  // The server's environment holds what is no business of the keeper's.
  std::array<char*, 1> env{nullptr};
  pid_t pid = -1;
  const int error =
      ::posix_spawn(&pid, program.c_str(), &actions, &attributes, argv.data(), env.data());
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  if (error != 0)
    return cannot(program, error);
  unique_fd pidfd(::pidfd_open(pid, 0));
  if (!pidfd)
    return cannot("pidfd", errno);
  await_exit(std::make_shared<asio::posix::stream_descriptor>(io, pidfd.release()),
             std::move(done));
  return {};
}

} // namespace roost::terminal
