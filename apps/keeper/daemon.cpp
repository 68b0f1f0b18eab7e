#include "apps/keeper/daemon.hpp"

#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "apps/keeper/log.hpp"

namespace roost::keeper {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// How long another keeper may take to listen, or to go.
constexpr std::chrono::seconds claim_within{5};
constexpr milliseconds claim_pause{20};
constexpr int backlog = 16;

std::string because(const char* what) { return std::string(what) + ": " + std::strerror(errno); }

sockaddr_un relative_address() {
  sockaddr_un out{};
  out.sun_family = AF_UNIX;
  std::strncpy(out.sun_path, socket_name, sizeof out.sun_path - 1);
  return out;
}

/// The path of a socket is short, that of a folder may not be: binds and connects from within.
template <class Call>
int within(const descriptor& folder, Call call) {
  if (::fchdir(folder.get()) != 0)
    return -1;
  const auto address = relative_address();
  const int outcome = call(reinterpret_cast<const sockaddr*>(&address), socklen_t{sizeof address});
  const int error = errno;
  if (::chdir("/") != 0)
    return -1;
  errno = error;
  return outcome;
}

descriptor make_socket() {
  return descriptor(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

bool is_answering(const descriptor& folder) {
  const auto probe = make_socket();
  return within(folder, [&](const sockaddr* to, socklen_t size) {
           return ::connect(probe.get(), to, size);
         }) == 0;
}

} // namespace

void shed_inheritance() {
  for (int number = 1; number < NSIG; ++number)
    ::signal(number, SIG_DFL);
  ::signal(SIGPIPE, SIG_IGN);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  for (int fd = 0; fd <= STDERR_FILENO; ++fd) // so that none of ours takes a standard place
    if (::fcntl(fd, F_GETFD) < 0)
      (void)!::open("/dev/null", O_RDWR);
  ::close_range(STDERR_FILENO + 1, ~0U, 0);
  for (char** each = environ; each != nullptr && *each != nullptr; ++each)
    std::memset(*each, 0, std::strlen(*each));
  ::clearenv();
}

descriptor open_folder(const std::string& path, std::string& complaint) {
  descriptor folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  struct stat file {};
  if (!folder || ::fstat(folder.get(), &file) != 0) {
    complaint = because(path.c_str());
    return {};
  }
  if (file.st_uid != ::geteuid() || (file.st_mode & 077) != 0) {
    std::array<char, 128> text{};
    std::snprintf(text.data(), text.size(),
                  ": must be ours (uid %u) and closed to others (0700), but is uid %u, mode %04o",
                  ::geteuid(), file.st_uid, file.st_mode & 07777);
    complaint = path + text.data();
    return {};
  }
  return folder;
}

claim claim_folder(const descriptor& folder, descriptor& lock, std::string& complaint) {
  lock = descriptor(
      ::openat(folder.get(), lock_name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock) {
    complaint = because(lock_name);
    return claim::failed;
  }
  const auto deadline = steady_clock::now() + claim_within;
  for (;;) {
    if (::flock(lock.get(), LOCK_EX | LOCK_NB) == 0)
      return claim::ours;
    if (errno != EWOULDBLOCK && errno != EINTR) {
      complaint = because(lock_name);
      return claim::failed;
    }
    if (is_answering(folder)) {
      complaint = "another keeper holds the folder";
      return claim::taken;
    }
    if (steady_clock::now() >= deadline) {
      complaint = "another keeper holds the folder and does not answer";
      return claim::failed;
    }
    const timespec pause{0, std::chrono::nanoseconds(claim_pause).count()};
    ::nanosleep(&pause, nullptr); // flock has no deadline of its own
  }
}

descriptor listen_in(const descriptor& folder, std::string& complaint) {
  ::unlinkat(folder.get(), socket_name, 0); // of a keeper that was killed; the lock is ours
  auto socket = make_socket();
  const auto bind_it = [&](const sockaddr* to, socklen_t size) {
    return ::bind(socket.get(), to, size);
  };
  if (!socket || within(folder, bind_it) != 0 || ::listen(socket.get(), backlog) != 0) {
    complaint = because(socket_name);
    return {};
  }
  const descriptor file(::openat(folder.get(), pid_name,
                                 O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  const auto pid = std::to_string(::getpid()) + "\n";
  if (!file || ::write(file.get(), pid.data(), pid.size()) < 0) {
    complaint = because(pid_name);
    return {};
  }
  return socket;
}

bool log_to(const descriptor& folder, std::string& complaint) {
  const descriptor file(::openat(folder.get(), log_name,
                                 O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file || ::dup2(file.get(), STDERR_FILENO) < 0) {
    complaint = because(log_name);
    return false;
  }
  bound_log();
  return true;
}

descriptor fork_daemon() {
  int ends[2]{};
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    std::perror("roost-keeper: pipe");
    std::exit(1);
  }
  const pid_t child = ::fork();
  if (child < 0) {
    std::perror("roost-keeper: fork");
    std::exit(1);
  }
  if (child == 0) {
    ::close(ends[0]);
    ::setsid();
    const descriptor null(::open("/dev/null", O_RDWR | O_CLOEXEC));
    ::dup2(null.get(), STDIN_FILENO);
    ::dup2(null.get(), STDOUT_FILENO);
    return descriptor(ends[1]);
  }
  // A byte with the exit status, and a message.
  ::close(ends[1]);
  std::string said;
  std::array<char, 512> piece;
  for (;;) {
    const auto got = ::read(ends[0], piece.data(), piece.size());
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
      break;
    said.append(piece.data(), static_cast<std::size_t>(got));
  }
  if (said.empty())
    said = "\001the keeper ended before it was ready";
  if (said.size() > 1)
    std::fprintf(stderr, "roost-keeper: %s\n", said.c_str() + 1);
  std::exit(said[0]);
}

void tell_parent(descriptor pipe, int status, const std::string& message) {
  if (!pipe)
    return;
  const auto said = std::string(1, static_cast<char>(status)) + message;
  (void)!::write(pipe.get(), said.data(), said.size()); // nobody may be there to hear it
}

} // namespace roost::keeper
