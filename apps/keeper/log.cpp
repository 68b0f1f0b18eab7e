#include "apps/keeper/log.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cstdarg>
#include <cstdio>
#include <ctime>

namespace roost::keeper {
namespace {

constexpr off_t largest_log = off_t{1} << 20; // bytes

bool is_bounded = false;

} // namespace

void bound_log() { is_bounded = true; }

void note(const char* format, ...) {
  std::array<char, 1024> line{};
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  tm when{};
  ::gmtime_r(&now.tv_sec, &when);
  const auto head = std::strftime(line.data(), line.size(), "%Y-%m-%dT%H:%M:%SZ ", &when);
  va_list arguments;
  va_start(arguments, format);
  const int body = std::vsnprintf(line.data() + head, line.size() - head - 1, format, arguments);
  va_end(arguments);
  auto size = head + (body > 0 ? static_cast<std::size_t>(body) : 0);
  if (size > line.size() - 2)
    size = line.size() - 2;
  line[size++] = '\n';

  struct stat file {};
  if (is_bounded && ::fstat(STDERR_FILENO, &file) == 0 && file.st_size > largest_log)
    (void)!::ftruncate(STDERR_FILENO, 0);           // it is open for appending
  (void)!::write(STDERR_FILENO, line.data(), size); // a log that cannot be written stops nothing
}

} // namespace roost::keeper
