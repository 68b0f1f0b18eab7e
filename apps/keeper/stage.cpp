#include "apps/keeper/stage.hpp"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <string_view>
#include <vector>

#include "apps/keeper/program.hpp"

namespace roost::keeper {
namespace {

constexpr int exit_usage = 2;
constexpr int exit_no_program = 127; // as a shell says it

/// 0, or an errno.
int check_program(const char* path) {
  struct stat file {};
  if (path[0] != '/')
    return EINVAL;
  if (::stat(path, &file) != 0)
    return errno;
  if (!S_ISREG(file.st_mode))
    return EACCES;
  return ::faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) == 0 ? 0 : errno;
}

/// 0, or an errno.
int limit_processes(std::string_view text) {
  rlim_t most = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), most);
  if (read.ec != std::errc{} || read.ptr != text.data() + text.size())
    return EINVAL;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NPROC, &limit) != 0)
    return errno;
  limit.rlim_max = std::min(limit.rlim_max, most);
  limit.rlim_cur = limit.rlim_max;
  return ::setrlimit(RLIMIT_NPROC, &limit) == 0 ? 0 : errno;
}

} // namespace

int run_stage(int count, char** words) {
  int report = -1;
  const std::string_view number = count > 0 ? words[0] : "";
  const auto parsed = std::from_chars(number.data(), number.data() + number.size(), report);
  if (count < 2 || parsed.ec != std::errc{} || parsed.ptr != number.data() + number.size() ||
      report <= STDERR_FILENO || ::fcntl(report, F_GETFD) < 0) {
    std::fputs("roost-keeper: --stage is for sandboxes that the keeper starts\n", stderr);
    return exit_usage;
  }
  // Nothing of the keeper's, of the sandbox's, and not this program either, reaches PROGRAM.
  if (::close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC) != 0) {
    std::fprintf(stderr, "roost-keeper: close_range: %s\n", std::strerror(errno));
    return exit_no_program;
  }
  int next = 1; // words[next] is PROGRAM
  if (count > 3 && std::string_view(words[1]) == "--processes") {
    // Counted per user namespace, so inside it is this sandbox alone that is bounded.
    if (const int error = limit_processes(words[2]); error != 0) {
      const trouble what{step::limit, error};
      (void)!::write(report, &what, sizeof what);
      return exit_no_program;
    }
    next = 3;
  }
  const char* const program = words[next];
  if (const int error = check_program(program); error != 0) {
    const trouble what{step::program, error};
    (void)!::write(report, &what, sizeof what);
    return exit_no_program;
  }
  (void)!::write(report, &stage_is_ready, 1);
  std::vector<char*> arguments(words + next, words + count);
  arguments.push_back(nullptr);
  const int error = execute(program, std::move(arguments), environ);
  std::fprintf(stderr, "%s: %s\r\n", program, std::strerror(error));
  return exit_no_program;
}

} // namespace roost::keeper
