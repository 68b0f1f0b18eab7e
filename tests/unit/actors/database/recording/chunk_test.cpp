#include "actors/database/recording/chunk.hpp"

#include "tests/support/seeded_random.hpp"
#include "tests/unit/actors/database/recording/samples.hpp"

#include <gtest/gtest.h>

namespace roost::recording {
namespace {

using namespace test;

TEST(chunk, says_what_is_in_it) {
  chunk_writer writer(7, 1000, {80, 24});
  EXPECT_TRUE(writer.empty());
  EXPECT_EQ(writer.add_output(at(0), "hello"), 5U);
  EXPECT_TRUE(writer.add(at(10), resize{{90, 30}}));
  EXPECT_TRUE(writer.add(at(20), marker{"here"}));
  EXPECT_TRUE(writer.add(at(30), gap{100, gap_reason::rate}));
  EXPECT_TRUE(writer.add(at(1500), program_end{program_end::kind::signal, 9}));
  EXPECT_FALSE(writer.empty());
  EXPECT_EQ(writer.began(), at(0).steady);
  const auto made = writer.seal();
  EXPECT_EQ(made.seq, 7U);
  EXPECT_EQ(made.first_offset, 1000U);
  EXPECT_EQ(made.end_offset, 1105U);
  EXPECT_EQ(made.began_at, wall(0));
  EXPECT_EQ(made.ended_at, wall(1500));
  EXPECT_EQ(made.size, (terminal::terminal_size{80, 24}));
  EXPECT_EQ(made.event_count, 5U);
  const auto events = events_of(made);
  EXPECT_EQ(words_of(events), "o:hello r:90x30 m:here g:100/rate signal:9");
  EXPECT_EQ(events[3].offset, 1005U);
  EXPECT_EQ(events[4].offset, 1105U);
  EXPECT_EQ(events[4].at, wall(1500));
}

TEST(chunk, the_next_one_goes_on_where_this_one_ends) {
  chunk_writer writer(0, 0, {80, 24});
  writer.add_output(at(0), "abc");
  writer.add(at(1), resize{{100, 40}});
  (void)writer.seal();
  EXPECT_TRUE(writer.empty());
  writer.add_output(at(9000), "d");
  const auto second = writer.seal();
  EXPECT_EQ(second.seq, 1U);
  EXPECT_EQ(second.first_offset, 3U);
  EXPECT_EQ(second.end_offset, 4U);
  EXPECT_EQ(second.size, (terminal::terminal_size{100, 40}));
  EXPECT_EQ(second.began_at, wall(9000));
  EXPECT_EQ(second.ended_at, wall(9000));
}

TEST(chunk, takes_output_up_to_its_bound_and_no_more) {
  chunk_writer writer(0, 0, {80, 24});
  const std::string much(chunk_writer::max_raw, 'x');
  const auto taken = writer.add_output(at(0), much);
  EXPECT_GT(taken, much.size() - 64);
  EXPECT_EQ(writer.add_output(at(0), "y"), 0U);
  EXPECT_FALSE(writer.add(at(0), gap{~std::uint64_t{0}, gap_reason::size}));
  const auto made = writer.seal();
  EXPECT_LE(made.raw_size, chunk_writer::max_raw);
  EXPECT_LT(made.blob.size(), 200U);
  EXPECT_EQ(events_of(made)[0].text.size(), taken);
}

TEST(chunk, a_smaller_bound_is_kept_too) {
  chunk_writer writer(0, 0, {80, 24});
  writer.limit_raw(1); // too small for a label: as small as can be
  std::string label(5000, 'm');
  EXPECT_TRUE(writer.add(at(0), marker{label}));
  EXPECT_FALSE(writer.add(at(0), marker{label}));
  const auto made = writer.seal();
  EXPECT_LE(made.raw_size, chunk_writer::min_raw);
  EXPECT_EQ(events_of(made)[0].text, std::string(chunk_writer::max_label, 'm'));
}

TEST(chunk, a_label_is_not_cut_inside_a_character) {
  chunk_writer writer(0, 0, {80, 24});
  writer.add(at(0), marker{std::string(chunk_writer::max_label - 1, 'm') + "\xc3\xa4"});
  EXPECT_EQ(events_of(writer.seal())[0].text, std::string(chunk_writer::max_label - 1, 'm'));
}

TEST(chunk, the_wall_clock_may_jump_within_it) {
  chunk_writer writer(0, 0, {80, 24});
  auto later = at(100);
  later.wall -= std::chrono::hours(1);
  writer.add_output(at(0), "a");
  writer.add_output(later, "b");
  const auto made = writer.seal();
  EXPECT_EQ(made.ended_at, wall(100));
  EXPECT_EQ(events_of(made)[1].at, wall(100));
}

TEST(chunk, what_cannot_be_compressed_stays_within_the_bound_that_is_told) {
  seeded_random random(3);
  for (const std::size_t size : {1U, 100U, 5000U, 200'000U}) {
    std::string noise(size, ' ');
    random.fill(std::as_writable_bytes(std::span(noise)));
    chunk_writer writer(0, 0, {80, 24});
    ASSERT_EQ(writer.add_output(at(0), noise), size);
    const auto made = writer.seal();
    EXPECT_LE(made.blob.size(), largest_blob(made.raw_size));
    EXPECT_EQ(events_of(made)[0].text, noise);
  }
}

TEST(chunk, random_events_come_back_as_they_went_in) {
  const auto seed = roost::test::pick_seed();
  ROOST_SEED_TRACE(seed);
  seeded_random random(seed);
  for (int round = 0; round < 60; ++round) {
    const auto begin = random.between(0, 1U << 30);
    chunk_writer writer(random.between(0, 1000), begin, {80, 24});
    std::vector<chunk> chunks;
    std::vector<kept_event> given;
    std::uint64_t offset = begin;
    std::int64_t now = 0;
    // Short and long outputs, so that some rounds fill chunks.
    const auto longest = random.between(0, 3) == 0 ? 60'000U : 200U;
    for (auto left = random.between(1, 60); left > 0; --left) {
      now += static_cast<std::int64_t>(random.between(0, 3) == 0 ? random.between(0, 100'000) : 1);
      std::string text;
      event_data what;
      switch (random.between(0, 9)) {
      case 0:
        what = resize{{static_cast<std::uint16_t>(random.between(1, 4096)),
                       static_cast<std::uint16_t>(random.between(1, 4096))}};
        break;
      case 1:
        text = random_output(random, random.between(0, 200));
        what = marker{text};
        break;
      case 2:
        what = gap{random.between(0, 1U << 31), static_cast<gap_reason>(random.between(0, 2))};
        break;
      case 3:
        what = program_end{static_cast<program_end::kind>(random.between(0, 1)),
                           static_cast<std::uint32_t>(random.next())};
        break;
      default:
        text = random_output(random, random.between(1, longest));
        what = output{text};
        break;
      }
      if (std::holds_alternative<output>(what)) {
        for (std::string_view rest = text; !rest.empty();) {
          const auto taken = writer.add_output(at(now), rest);
          if (taken == 0) {
            chunks.push_back(writer.seal());
            continue;
          }
          given.push_back({{}, offset, output{}, std::string(rest.substr(0, taken))});
          given.back().at = wall(now);
          rest.remove_prefix(taken);
          offset += taken;
        }
        continue;
      }
      if (!writer.add(at(now), what)) {
        chunks.push_back(writer.seal());
        ASSERT_TRUE(writer.add(at(now), what));
      }
      given.push_back(keep(event{wall(now), offset, what}));
      if (const auto* lost = std::get_if<gap>(&what))
        offset += lost->bytes;
    }
    if (!writer.empty())
      chunks.push_back(writer.seal());
    ASSERT_EQ(events_of(chunks), given);
    std::uint64_t next = begin;
    for (const auto& one : chunks) {
      ASSERT_EQ(one.first_offset, next);
      next = one.end_offset;
      ASSERT_LE(one.raw_size, chunk_writer::max_raw);
    }
    ASSERT_EQ(next, offset);
  }
}

} // namespace
} // namespace roost::recording
