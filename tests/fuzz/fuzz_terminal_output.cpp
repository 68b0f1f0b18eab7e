#include "actors/terminal/screen/screen.hpp"
#include "tests/fuzz/check.hpp"
#include "tests/fuzz/target.hpp"

#include <algorithm>
#include <cstddef>

namespace roost::fuzz {

namespace {

using terminal::screen;

constexpr terminal::snapshot_options whole{1000, std::size_t{1} << 24};
constexpr std::size_t most_memory = std::size_t{8} << 20; // of a small screen, whatever it is fed

std::size_t number(std::string_view& data, std::size_t from, std::size_t to) {
  if (data.empty())
    return from;
  const auto byte = static_cast<unsigned char>(data.front());
  data.remove_prefix(1);
  return from + byte % (to - from + 1);
}

/// The part of a dump that follows `word`, to the end of the line.
std::string_view after(std::string_view word, std::string_view dump) {
  const auto at = dump.rfind(word);
  return at == std::string_view::npos ? dump : dump.substr(at, dump.find('\n', at) - at);
}

void feed_in_parts(screen& to, std::string_view data, std::size_t part) {
  for (; !data.empty(); data.remove_prefix(std::min(part, data.size())))
    to.feed(data.substr(0, part));
}

} // namespace

void terminal_output(std::string_view data) {
  const terminal::screen_config size{static_cast<int>(number(data, 2, 40)),
                                     static_cast<int>(number(data, 1, 12)), 30};
  const auto part = number(data, 1, 16);

  screen shown(size);
  shown.answer_queries(true);
  shown.feed(data);
  ROOST_FUZZ_CHECK(shown.take_replies().size() <= screen::max_replies);
  ROOST_FUZZ_CHECK(shown.take_events().size() <= screen::max_events);
  ROOST_FUZZ_CHECK(shown.memory_bytes() <= most_memory);

  screen in_parts(size);
  feed_in_parts(in_parts, data, part);
  ROOST_FUZZ_CHECK(in_parts.dump() == shown.dump()); // wherever it is cut

  screen skipped(size);
  skipped.skip(data);
  ROOST_FUZZ_CHECK(skipped.alternate() == shown.alternate());
  ROOST_FUZZ_CHECK(skipped.bracketed_paste() == shown.bracketed_paste());
  ROOST_FUZZ_CHECK(skipped.title() == shown.title());
  const auto skipped_dump = skipped.dump();
  const auto shown_dump = shown.dump();
  for (const auto* const word : {" pen ", "\ncharsets ", "\ninsert "})
    ROOST_FUZZ_CHECK(after(word, skipped_dump) == after(word, shown_dump));

  screen restored(size);
  restored.answer_queries(true);
  restored.feed(shown.snapshot(whole));
  ROOST_FUZZ_CHECK(restored.take_replies().empty()); // a snapshot asks nothing
  // Whether it also looks the same is for tests/differential, which knows the differences that no
  // sequence can make up for.
  ROOST_FUZZ_CHECK(restored.alternate() == shown.alternate());
  ROOST_FUZZ_CHECK(restored.title() == shown.title());

  shown.resize(static_cast<int>(part) + 1, size.cols); // narrower or wider, higher or lower
  shown.feed(data);
  shown.resize(size.cols, size.rows);
  ROOST_FUZZ_CHECK(shown.cols() == size.cols && shown.rows() == size.rows);
  ROOST_FUZZ_CHECK(shown.memory_bytes() <= most_memory);
}

} // namespace roost::fuzz
