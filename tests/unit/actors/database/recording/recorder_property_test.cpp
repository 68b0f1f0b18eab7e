// Whatever happens: the chunks joined are the session's output, with gaps exactly where it is
// missing.
#include "actors/database/recording/recorder.hpp"
#include "tests/support/seeded_random.hpp"
#include "tests/unit/actors/database/recording/samples.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace roost::recording {
namespace {

using namespace test;

struct schedule {
  recorder_limits limits;
  std::vector<std::string> patterns;
  std::size_t longest;
};

void run(random_source& random, const schedule& with) {
  const auto patterns = *redaction::make(with.patterns);
  const auto all = random_output(random, 300'000);
  const auto begin = random.between(0, 100);
  recorder_position position{random.between(0, 9), begin, 0};
  auto tested =
      std::make_unique<recorder>(with.limits, patterns, position, terminal::terminal_size{80, 24});
  std::vector<chunk> chunks;
  std::vector<bool> was_given(all.size());
  const auto collect = [&] {
    for (auto& one : tested->take())
      chunks.push_back(std::move(one));
  };
  std::uint64_t offset = begin;
  std::uint64_t known = begin; ///< what the recorder was told of
  std::int64_t now = 0;
  std::size_t markers = 0;
  while (offset < all.size()) {
    now += static_cast<std::int64_t>(random.between(0, 300));
    auto when = at(now);
    if (random.between(0, 20) == 0) // the wall clock is anything
      when.wall += std::chrono::seconds(random.between(0, 7200)) - std::chrono::hours(1);
    const auto size = std::min<std::uint64_t>(random.between(1, with.longest), all.size() - offset);
    switch (random.between(0, 19)) {
    case 0: // missing
      offset += size;
      break;
    case 1: // twice
      offset -= std::min(offset - begin, size);
      break;
    case 2:
      tested->on_gap(when, offset, offset + size, gap_reason::missing);
      offset += size;
      known = std::max(known, offset);
      break;
    case 3:
      tested->on_resize(when, {static_cast<std::uint16_t>(random.between(2, 200)), 30});
      break;
    case 4:
      tested->on_marker(when, "mark");
      markers += tested->is_full() ? 0 : 1;
      break;
    case 5:
      if (random.between(0, 9) == 0) { // another server goes on
        tested->finish();
        collect();
        position = tested->position();
        tested = std::make_unique<recorder>(with.limits, patterns, position,
                                            terminal::terminal_size{80, 24});
      }
      break;
    default: {
      const auto start = offset;
      const auto text = std::string_view(all).substr(offset, size);
      tested->on_output(when, offset, text);
      for (; offset < start + size; ++offset)
        was_given[offset] = was_given[offset] || offset >= known;
      known = std::max(known, offset);
      break;
    }
    }
    if (const auto due = tested->next_tick(); due && *due <= when.steady) {
      tested->tick(when);
      const auto next = tested->next_tick();
      ASSERT_TRUE(!next || *next > when.steady) << "a tick does what is due";
    }
    collect();
  }
  tested->on_exit(at(now), {});
  tested->finish();
  collect();

  auto next = begin;
  std::uint64_t total = 0;
  std::uint64_t lost_to_rate = 0;
  std::uint64_t read_markers = 0;
  std::uint64_t seq = chunks.empty() ? 0 : chunks.front().seq;
  for (const auto& one : chunks) {
    ASSERT_EQ(one.seq, seq++);
    ASSERT_EQ(one.first_offset, next);
    total += one.blob.size();
    for (const auto& read : events_of(one)) {
      ASSERT_EQ(read.offset, next);
      if (std::holds_alternative<output>(read.data)) {
        ASSERT_TRUE(!with.patterns.empty() || read.text == all.substr(next, read.text.size()));
        for (std::size_t i = 0; i < read.text.size(); ++i)
          ASSERT_TRUE(was_given[next + i]);
        next += read.text.size();
      } else if (const auto* lost = std::get_if<gap>(&read.data)) {
        for (std::uint64_t i = 0; lost->reason == gap_reason::missing && i < lost->bytes; ++i)
          ASSERT_FALSE(next + i < all.size() && was_given[next + i])
              << "was given, is called missing";
        lost_to_rate += lost->reason == gap_reason::rate ? lost->bytes : 0;
        next += lost->bytes;
      } else if (std::holds_alternative<marker>(read.data)) {
        ++read_markers;
      }
    }
    ASSERT_EQ(one.end_offset, next);
  }
  ASSERT_EQ(total, tested->position().total);
  ASSERT_LE(total, with.limits.max_total);
  ASSERT_LE(read_markers, markers + 1);
  ASSERT_TRUE(tested->is_full() || read_markers == markers);
  ASSERT_TRUE(with.limits.bytes_per_second != 0 || lost_to_rate == 0);
  // The last gap of a full recording may have no room any more, if servers went on often.
  ASSERT_TRUE(tested->is_full() || next == known);
}

TEST(recorder_property, chunks_joined_are_the_output) {
  const auto seed = roost::test::pick_seed();
  ROOST_SEED_TRACE(seed);
  seeded_random random(seed);
  const std::vector<schedule> schedules = {
      {{0, 1, 64U << 20}, {}, 3000},
      {{0, 1, 64U << 20}, {"hello 1\\d+", "t"}, 3000},
      {{0, 1, 64U << 20}, {}, 100'000},
      {{5000, 20'000, 64U << 20}, {}, 5000},
      {{5000, 20'000, 64U << 20}, {"l+"}, 5000},
      {{0, 1, 20'000}, {}, 3000},
      {{0, 1, 20'000}, {"l+"}, 3000},
      {{20'000, 20'000, 15'000}, {"l+"}, 70'000},
  };
  for (int round = 0; round < 20; ++round)
    for (std::size_t i = 0; i < schedules.size(); ++i) {
      SCOPED_TRACE("schedule " + std::to_string(i));
      run(random, schedules[i]);
      if (HasFatalFailure())
        return;
    }
}

} // namespace
} // namespace roost::recording
