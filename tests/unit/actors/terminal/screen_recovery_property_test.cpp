// A screen that goes on from a checkpoint in another process is the screen that parsed everything,
// wherever the checkpoint was taken, and however far it was parsed when the process died. With a
// new size things may come back that no snapshot holds (cells and tab stops behind the edge): then
// modes, title and size are what has to be right, and all of plain text.
// Likewise a cursor that was saved before lines scrolled out or were cleared: xterm.js counts its
// line from the scrollback's beginning, and a checkpoint has not got all of that.
#include "actors/terminal/history.hpp"
#include "actors/terminal/screen_follower.hpp"
#include "tests/support/seeded_random.hpp"
#include "tests/support/terminal_output.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <random>
#include <string>

namespace roost::terminal {
namespace {

constexpr std::size_t room = std::size_t{1} << 24;

std::string without_saved_cursors(std::string text) {
  for (const std::string saved : {"\x1b"
                                  "7",
                                  "\x1b"
                                  "8",
                                  "\x1b[?1049"})
    for (auto at = text.find(saved); at != std::string::npos; at = text.find(saved))
      text.replace(at, 1, "x");
  return text;
}

void expect_same_text(const screen& a, const screen& b, const std::string& bytes) {
  ASSERT_EQ(a.screen_ansi(), b.screen_ansi()) << testing::PrintToString(bytes);
  ASSERT_EQ(a.cursor().row, b.cursor().row) << testing::PrintToString(bytes);
  ASSERT_EQ(a.cursor().col, b.cursor().col) << testing::PrintToString(bytes);
}

/// What a snapshot says behind the contents: modes, character sets, the pen, the cursor.
std::string modes_of(const screen& s) {
  const auto all = s.snapshot({0, room});
  return all.substr(all.rfind("\x1b[?25"));
}

void expect_same_modes(const screen& a, const screen& b) {
  ASSERT_EQ(a.cols(), b.cols());
  ASSERT_EQ(a.rows(), b.rows());
  ASSERT_EQ(a.title(), b.title());
  ASSERT_EQ(a.alternate(), b.alternate());
  ASSERT_EQ(a.bracketed_paste(), b.bracketed_paste());
  ASSERT_EQ(a.application_cursor_keys(), b.application_cursor_keys());
  ASSERT_EQ(a.cursor().visible, b.cursor().visible);
  ASSERT_EQ(a.offset(), b.offset());
}

void expect_same(const screen& a, const screen& b, const std::string& bytes) {
  expect_same_text(a, b, bytes);
  ASSERT_EQ(modes_of(a), modes_of(b)) << testing::PrintToString(bytes);
}

class recovery_seed : public testing::TestWithParam<unsigned> {
protected:
  recovery_seed()
      : seed(GetParam() != 0 ? GetParam() : static_cast<unsigned>(test::pick_seed())),
        random(seed) {}
  std::size_t below(std::size_t n) { return random() % n; }
  screen_config random_size() {
    return {2 + static_cast<int>(below(25)), 2 + static_cast<int>(below(7)), 50};
  }
  terminal_size random_window() {
    return {static_cast<std::uint16_t>(2 + below(25)), static_cast<std::uint16_t>(2 + below(7))};
  }
  const unsigned seed;
  std::mt19937 random;
};

TEST_P(recovery_seed, goes_on_from_a_checkpoint_of_any_offset) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  for (int round = 0; round < 300; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    const auto config = random_size();
    const bool resizes = round % 3 == 0;
    const auto output = [&] {
      auto text = test::random_output(random, 1 + static_cast<int>(below(30)));
      return resizes ? text : without_saved_cursors(std::move(text));
    };
    screen oracle(config);
    history bytes(room);
    screen_follower first(bytes, config);
    std::string all;
    screen_origin origin;
    const auto pieces = 2 + below(8);
    for (std::size_t piece = 0; piece < pieces; ++piece) {
      const auto text = output();
      all += text;
      bytes.append(text);
      oracle.feed(text);
      if (resizes && below(3) == 0) {
        const auto size = random_window();
        oracle.resize(size.cols, size.rows);
        first.resize(size);
      }
      first.advance(below(first.backlog() + 1)); // cuts sequences and characters
      if (below(3) == 0) {
        // A size that comes later may bring lines back: then they have to be there.
        auto shot =
            first.take_checkpoint(resizes ? checkpoint_depth::full : checkpoint_depth(below(3)));
        ASSERT_EQ(shot.offset, first.parsed());
        origin.offset = shot.offset;
        origin.checkpoint = *shot.bytes;
      }
    }
    origin.sizes = first.sizes();
    origin.answers_from = bytes.end();

    // The next process holds what is needed, or somewhat more.
    const auto begin = origin.checkpoint.empty() ? 0 : origin.offset - below(origin.offset + 1);
    history held(room, nullptr, make_heap_source(), {}, begin);
    held.append(std::string_view(all).substr(static_cast<std::size_t>(begin)));
    screen_follower second(held, {80, 24, 50}, origin);
    EXPECT_FALSE(second.exists()) << "nobody has looked";
    EXPECT_EQ(second.sizes().back().size, first.sizes().back().size);
    const auto compare = [&](screen_follower& with) {
      expect_same_modes(with.current(), oracle);
      if (!resizes)
        expect_same(with.current(), oracle, all);
    };
    compare(second);

    // And on, in a process after that.
    const auto more = output();
    held.append(more);
    oracle.feed(more);
    all += more;
    screen_origin again{second.take_checkpoint(checkpoint_depth::full).offset,
                        *second.take_checkpoint(checkpoint_depth::full).bytes, second.sizes(),
                        held.end()};
    screen_follower third(held, {80, 24, 50}, again);
    compare(third);
    if (HasFatalFailure())
      return;
  }
}

TEST_P(recovery_seed, plain_text_is_wrapped_as_it_was_by_the_sizes_on_the_way) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  for (int round = 0; round < 100; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    const auto config = random_size();
    screen oracle(config);
    history bytes(room);
    screen_follower first(bytes, config);
    screen_origin origin;
    for (int piece = 0; piece < 30; ++piece) {
      const auto text = std::string(below(40), static_cast<char>('a' + piece % 26)) + "\r\n";
      bytes.append(text);
      oracle.feed(text);
      if (below(4) == 0) {
        const auto size = random_window();
        oracle.resize(size.cols, size.rows);
        first.resize(size);
      }
      if (piece == 10) {
        first.current();
        const auto shot = first.take_checkpoint(checkpoint_depth::full);
        origin = {shot.offset, *shot.bytes, {}, 0};
      }
    }
    origin.sizes = first.sizes();
    screen_follower second(bytes, {80, 24, 50}, origin);
    ASSERT_EQ(second.current().screen_text(), oracle.screen_text());
    ASSERT_EQ(second.current().cursor().row, oracle.cursor().row);
  }
}

TEST_P(recovery_seed, events_are_told_once) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  for (int round = 0; round < 200; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    history bytes(room);
    screen_follower first(bytes, {20, 5, 50});
    std::string all;
    std::vector<std::uint64_t> told;
    for (int i = 0; i < 30; ++i) {
      const auto text = below(3) == 0 ? "\x1b]133;D;" + std::to_string(i) + "\x07"
                                      : test::random_output(random, 3);
      bytes.append(text);
    }
    const auto tell = [&told](screen_follower& from, std::uint64_t after) {
      for (const auto& event : from.take_events())
        if (event.kind == osc_kind::mark_133 && event.offset > after)
          told.push_back(event.offset);
    };
    first.advance(below(bytes.end() + 1));
    tell(first, 0);
    const auto checkpoint = first.take_checkpoint(checkpoint_depth::screen_only);
    first.advance(below(first.backlog() + 1));
    tell(first, 0);
    const auto seen = told.empty() ? 0 : told.back();

    screen_follower second(bytes, {20, 5, 50},
                           {checkpoint.offset, *checkpoint.bytes, first.sizes(), bytes.end()});
    second.advance(second.backlog());
    tell(second, seen);

    screen oracle({20, 5, 50});
    for (const auto& piece : bytes.read(0, room))
      oracle.feed(piece.view());
    std::vector<std::uint64_t> wanted;
    for (const auto& event : oracle.take_events())
      if (event.kind == osc_kind::mark_133)
        wanted.push_back(event.offset);
    ASSERT_EQ(told, wanted);
  }
}

INSTANTIATE_TEST_SUITE_P(screen_recovery, recovery_seed, testing::Values(1U, 2U, 3U, 0U));

} // namespace
} // namespace roost::terminal
