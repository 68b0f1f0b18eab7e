// Reads operations on screens from standard input and writes their results to standard output; how
// tests/differential compares the screen model with xterm.js.
//
// An operation is a letter, then numbers (32 bits, little-endian) and bytes (a length and the
// bytes):
//   N cols rows scrollback   a new screen, which answers queries
//   F bytes                  feed
//   K bytes                  skip
//   R cols rows              resize
//   S lines bytes            snapshot -> bytes
//   A                        answers to queries -> bytes
//   D                        dump -> bytes
//   T                        text of the screen -> bytes
//   B repeats bytes          feed and skip as often, print MB/s to standard error
#include "actors/terminal/screen/screen.hpp"

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <iostream>
#include <iterator>
#include <string>
#include <string_view>

namespace {

class reader {
public:
  explicit reader(std::string_view bytes) : rest_(bytes) {}
  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  char letter() { return take(1)[0]; }
  int number() {
    std::int32_t value = 0;
    std::memcpy(&value, take(4).data(), 4);
    return value;
  }
  std::string_view bytes() { return take(static_cast<std::size_t>(number())); }

private:
  std::string_view take(std::size_t n) {
    if (n > rest_.size()) {
      std::fputs("screen_driver: the input ends inside an operation\n", stderr);
      std::exit(2);
    }
    const auto taken = rest_.substr(0, n);
    rest_.remove_prefix(n);
    return taken;
  }
  std::string_view rest_;
};

void answer(const std::string& bytes) {
  const auto size = static_cast<std::uint32_t>(bytes.size());
  std::fwrite(&size, 4, 1, stdout);
  std::fwrite(bytes.data(), 1, bytes.size(), stdout);
}

void measure(int repeats, std::string_view bytes) {
  // Processor time: the machine may be busy.
  const auto seconds = [](std::clock_t ticks) {
    return static_cast<double>(ticks) / static_cast<double>(CLOCKS_PER_SEC);
  };
  const auto run = [&](const char* name, auto&& step) {
    roost::terminal::screen screen({120, 40, 10000});
    const auto began = std::clock();
    for (int i = 0; i < repeats; ++i)
      step(screen);
    const auto took = seconds(std::clock() - began);
    std::fprintf(stderr, "%s: %.0f MB/s, %.0f KiB held\n", name,
                 static_cast<double>(bytes.size()) * repeats / took / 1e6,
                 static_cast<double>(screen.memory_bytes()) / 1024);
  };
  run("feed", [&](auto& screen) { screen.feed(bytes); });
  run("skip", [&](auto& screen) { screen.skip(bytes); });
  roost::terminal::screen screen({120, 40, 10000});
  screen.feed(bytes);
  const auto began = std::clock();
  const auto snapshot = screen.snapshot({10000, std::size_t{64} << 20});
  std::fprintf(stderr, "snapshot: %.1f ms, %zu bytes, %zu lines of scrollback\n",
               seconds(std::clock() - began) * 1000, snapshot.size(), screen.scrollback_size());
}

} // namespace

int main() {
  const std::string input{std::istreambuf_iterator<char>(std::cin), {}};
  reader in(input);
  roost::terminal::screen screen({80, 24, 1000});
  while (!in.at_end()) {
    switch (const auto letter = in.letter()) {
    case 'N': {
      const auto cols = in.number();
      const auto rows = in.number();
      screen = roost::terminal::screen({cols, rows, static_cast<std::size_t>(in.number())});
      screen.answer_queries(true);
      break;
    }
    case 'F':
      screen.feed(in.bytes());
      break;
    case 'K':
      screen.skip(in.bytes());
      break;
    case 'R': {
      const auto cols = in.number();
      screen.resize(cols, in.number());
      break;
    }
    case 'S': {
      const auto lines = static_cast<std::size_t>(in.number());
      answer(screen.snapshot({lines, static_cast<std::size_t>(in.number())}));
      break;
    }
    case 'A':
      answer(screen.take_replies());
      break;
    case 'D':
      answer(screen.dump());
      break;
    case 'T':
      answer(screen.screen_text());
      break;
    case 'B': {
      const auto repeats = in.number();
      measure(repeats, in.bytes());
      break;
    }
    default:
      std::fprintf(stderr, "screen_driver: no operation '%c'\n", letter);
      return 2;
    }
  }
  return 0;
}
