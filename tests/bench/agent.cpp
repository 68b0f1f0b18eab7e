// The program that every contestant runs in its terminals, so that all of them do the same work: it
// takes one order per line on its terminal and answers in text.
//
//   cat FILE          a real `cat` in a cooked terminal (\n becomes \r\n), as a user would run it
//   flood FILE SECS   writes the file over and over for so long
//   burst FILE MIB    writes the file over and over up to so much
//   echo              gives back what is typed, byte by byte, until ^D
//   modes             sets the modes that the reattach measure looks for
//   say TEXT          prints TEXT
//
// It says `[[bench-ready]]` once, and after its N-th order `[[bench-end_N_MICROSECONDS_BYTES]]`:
// how long the program took, whatever its viewers saw of it.
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

namespace {

using steady = std::chrono::steady_clock;

termios at_start;

void put(std::string_view text) {
  while (!text.empty()) {
    const auto n = ::write(STDOUT_FILENO, text.data(), text.size());
    if (n <= 0)
      std::exit(1);
    text.remove_prefix(static_cast<std::size_t>(n));
  }
}

/// Raw input without echo; `output` says whether the terminal cooks what the program writes.
enum class output_mode : std::uint8_t { raw, cooked };

void set_terminal(output_mode output) {
  auto mode = at_start;
  cfmakeraw(&mode);
  if (output == output_mode::cooked)
    mode.c_oflag = OPOST | ONLCR;
  tcsetattr(STDIN_FILENO, TCSADRAIN, &mode);
}

std::string read_order() {
  std::string order;
  char c = 0;
  while (::read(STDIN_FILENO, &c, 1) == 1) {
    if (c == '\n' || c == '\r')
      return order;
    order += c;
  }
  std::exit(0);
}

std::uint64_t cat(const std::string& file) {
  const auto pid = fork();
  if (pid == 0) {
    execl("/bin/cat", "cat", file.c_str(), nullptr);
    _exit(127);
  }
  waitpid(pid, nullptr, 0);
  struct stat info = {};
  stat(file.c_str(), &info);
  return static_cast<std::uint64_t>(info.st_size);
}

/// Writes the file over and over until `enough` says so; it is told the bytes written so far.
template <class Enough>
std::uint64_t flood(const std::string& file, Enough enough) {
  const int fd = open(file.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat info = {};
  if (fd < 0 || fstat(fd, &info) != 0)
    return 0;
  const auto size = static_cast<std::size_t>(info.st_size);
  void* const memory = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
  close(fd);
  const std::string_view text{static_cast<const char*>(memory), size};
  std::uint64_t total = 0;
  std::size_t at = 0;
  while (!enough(total)) {
    const auto piece = text.substr(at, std::size_t{16} << 10);
    put(piece);
    total += piece.size();
    at = at + piece.size() < size ? at + piece.size() : 0;
  }
  munmap(memory, size);
  put("\x1b[0m\n"); // it may have ended within a line, so that the mark would be wrapped
  return total;
}

std::uint64_t echo() {
  std::uint64_t total = 0;
  char bytes[256];
  for (;;) {
    const auto n = ::read(STDIN_FILENO, bytes, sizeof bytes);
    if (n <= 0)
      std::exit(0);
    const std::string_view text{bytes, static_cast<std::size_t>(n)};
    if (text.find('\x04') != text.npos)
      return total;
    put(text);
    total += text.size();
  }
}

/// Bracketed paste, SGR mouse reports, application cursor keys, hidden cursor, a title and a
/// colour.
constexpr std::string_view modes = "\x1b[?2004h\x1b[?1002h\x1b[?1006h\x1b[?1h\x1b[?25l\x1b]2;bench "
                                   "title\x07\x1b[1;35mbench modes\x1b[0m\r\n";

} // namespace

int main() {
  signal(SIGPIPE, SIG_DFL);
  tcgetattr(STDIN_FILENO, &at_start);
  set_terminal(output_mode::raw);
  put("[[bench-ready]]");
  for (int number = 1;; ++number) {
    const auto order = read_order();
    const auto space = order.find(' ');
    const auto verb = order.substr(0, space);
    const auto rest = space == order.npos ? std::string{} : order.substr(space + 1);
    const auto gap = std::min(rest.rfind(' '), rest.size());
    const auto file = rest.substr(0, gap);
    const auto start = steady::now();
    std::uint64_t bytes = 0;
    if (verb == "cat") {
      set_terminal(output_mode::cooked);
      bytes = cat(rest);
    } else if (verb == "flood") {
      set_terminal(output_mode::cooked);
      const auto seconds = std::chrono::duration<double>(std::atof(rest.c_str() + gap));
      bytes = flood(file, [&](std::uint64_t) { return steady::now() - start >= seconds; });
    } else if (verb == "burst") {
      set_terminal(output_mode::cooked);
      const auto limit = std::strtoull(rest.c_str() + gap, nullptr, 10) << 20;
      bytes = flood(file, [&](std::uint64_t done) { return done >= limit; });
    } else if (verb == "echo") {
      put("[[bench-echo]]");
      bytes = echo();
    } else if (verb == "modes") {
      put(modes);
    } else if (verb == "say") {
      put(rest);
    }
    tcdrain(STDOUT_FILENO);
    set_terminal(output_mode::raw);
    const auto us =
        std::chrono::duration_cast<std::chrono::microseconds>(steady::now() - start).count();
    char end[96];
    std::snprintf(end, sizeof end, "[[bench-end_%d_%lld_%llu]]\r\n", number,
                  static_cast<long long>(us), static_cast<unsigned long long>(bytes));
    put(end);
  }
}
