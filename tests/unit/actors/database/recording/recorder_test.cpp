#include "actors/database/recording/recorder.hpp"

#include "tests/unit/actors/database/recording/samples.hpp"

#include <gtest/gtest.h>

namespace roost::recording {
namespace {

using namespace test;

std::shared_ptr<const redaction> patterns(const std::vector<std::string>& list = {}) {
  return *redaction::make(list);
}

recorder make(const recorder_limits& limits = {}, const std::vector<std::string>& list = {},
              const recorder_position& from = {}) {
  return recorder(limits, patterns(list), from, {80, 24});
}

std::string finished(recorder& tested) {
  tested.finish();
  return words_of(events_of(tested.take()));
}

std::uint64_t blobs(const std::vector<chunk>& chunks) {
  std::uint64_t bytes = 0;
  for (const auto& one : chunks)
    bytes += one.blob.size();
  return bytes;
}

TEST(recorder, records_what_happens_in_order) {
  auto tested = make();
  tested.on_output(at(0), 0, "one");
  tested.on_resize(at(1), {90, 30});
  tested.on_resize(at(2), {90, 30});
  tested.on_marker(at(3), "here");
  tested.on_output(at(4), 3, "two");
  tested.on_exit(at(5), {program_end::kind::status, 3});
  EXPECT_TRUE(tested.take().empty());
  EXPECT_EQ(finished(tested), "o:one r:90x30 m:here o:two x:3");
  EXPECT_EQ(finished(tested), "");
}

TEST(recorder, skips_what_comes_twice_and_notices_what_is_missing) {
  auto tested = make({}, {}, {5, 100, 0});
  tested.on_output(at(0), 90, "0123456789ab");
  tested.on_output(at(1), 95, "5678");
  tested.on_output(at(2), 101, "bcd");
  tested.on_output(at(3), 110, "z");
  tested.on_gap(at(4), 105, 115, gap_reason::rate);
  tested.on_gap(at(5), 120, 125, gap_reason::rate);
  EXPECT_EQ(finished(tested), "o:ab o:cd g:6/missing o:z g:4/rate g:5/missing g:5/rate");
}

TEST(recorder, seals_a_chunk_when_it_is_old) {
  auto tested = make();
  EXPECT_FALSE(tested.next_tick());
  tested.on_output(at(1000), 0, "a");
  EXPECT_EQ(tested.next_tick(), at(6000).steady);
  tested.tick(at(5999));
  EXPECT_TRUE(tested.take().empty());
  tested.tick(at(6000));
  const auto chunks = tested.take();
  ASSERT_EQ(chunks.size(), 1U);
  EXPECT_FALSE(tested.next_tick());
  EXPECT_EQ(tested.position().seq, 1U);
  EXPECT_EQ(tested.position().end_offset, 1U);
  EXPECT_EQ(tested.position().total, chunks[0].blob.size());
}

TEST(recorder, seals_a_chunk_when_it_is_full) {
  auto tested = make();
  std::string much(600'000, 'x');
  tested.on_output(at(0), 0, much);
  auto chunks = tested.take();
  EXPECT_EQ(chunks.size(), 2U);
  tested.finish();
  for (auto& last : tested.take())
    chunks.push_back(std::move(last));
  std::string read;
  for (const auto& one : events_of(chunks))
    read += one.text;
  EXPECT_EQ(read, much);
}

TEST(recorder, goes_on_where_an_earlier_one_stopped) {
  auto first = make();
  first.on_output(at(0), 0, "abc");
  first.finish();
  auto chunks = first.take();
  auto second = make({}, {}, first.position());
  second.on_output(at(9), 1, "bcdef");
  second.finish();
  for (auto& one : second.take())
    chunks.push_back(std::move(one));
  EXPECT_EQ(words_of(events_of(chunks)), "o:abc o:def");
  EXPECT_EQ(chunks[1].seq, 1U);
  EXPECT_EQ(second.position().total, blobs(chunks));
}

TEST(recorder, too_fast_is_one_gap) {
  auto tested = make({1000, 2000, 1U << 20});
  const std::string second(1000, 's');
  std::uint64_t offset = 0;
  const auto write = [&](std::int64_t now) {
    tested.on_output(at(now), offset, second);
    offset += second.size();
  };
  for (int i = 0; i < 10; ++i)
    write(i); // the burst goes, and a debt is made; then all is lost
  EXPECT_EQ(tested.next_tick(), at(1009).steady);
  write(1100); // the debt is paid, but half of the burst is not back
  write(2100);
  EXPECT_EQ(finished(tested),
            "o:" + second + " o:" + second + " o:" + second + " g:8000/rate o:" + second);
}

TEST(recorder, a_gap_of_a_flood_is_told_when_it_is_over) {
  auto tested = make({1000, 1000, 1U << 20});
  tested.on_output(at(0), 0, std::string(1000, 'x'));
  tested.on_output(at(0), 1000, std::string(1000, 'x'));
  ASSERT_EQ(tested.next_tick(), at(1000).steady);
  tested.tick(at(1000));
  EXPECT_EQ(tested.next_tick(), at(5000).steady);
  tested.tick(at(5000));
  EXPECT_EQ(words_of(events_of(tested.take())), "o:" + std::string(1000, 'x') + " g:1000/rate");
}

TEST(recorder, a_resize_ends_the_gap_of_a_flood) {
  auto tested = make({1000, 1000, 1U << 20});
  tested.on_output(at(0), 0, "abc");
  tested.on_output(at(0), 3, std::string(1000, 'x'));
  tested.on_output(at(1), 1003, "lost");
  tested.on_resize(at(2), {90, 30});
  tested.on_output(at(3), 1007, "lost");
  EXPECT_EQ(finished(tested), "o:abc o:" + std::string(1000, 'x') + " g:4/rate r:90x30 g:4/rate");
}

TEST(recorder, a_full_recording_keeps_the_last_gap_and_the_exit) {
  seeded_random random(5);
  std::string noise(50'000, ' ');
  random.fill(std::as_writable_bytes(std::span(noise)));
  auto tested = make({0, 1, 20'000});
  tested.on_output(at(0), 0, noise);
  EXPECT_TRUE(tested.is_full());
  tested.on_resize(at(1), {90, 30});
  tested.on_marker(at(1), "not any more");
  tested.on_output(at(2), noise.size() + 10, "lost");
  EXPECT_FALSE(tested.next_tick());
  tested.on_exit(at(3), {program_end::kind::signal, 9});
  tested.on_exit(at(4), {program_end::kind::status, 0});
  tested.finish();
  const auto chunks = tested.take();
  const auto events = events_of(chunks);
  std::string read;
  std::vector<kept_event> others;
  for (const auto& one : events)
    if (std::holds_alternative<output>(one.data))
      read += one.text;
    else
      others.push_back(one);
  EXPECT_EQ(read, noise.substr(0, read.size()));
  EXPECT_GT(read.size(), 15'000U);
  EXPECT_EQ(words_of(others),
            "g:" + std::to_string(noise.size() + 14 - read.size()) + "/size signal:9 x:0");
  EXPECT_LE(blobs(chunks), 20'000U);
  EXPECT_EQ(tested.position().end_offset, noise.size() + 14);
}

TEST(recorder, is_never_larger_than_it_may_be_however_often_it_is_taken_up) {
  recorder_position at_end{0, 0, 0};
  std::uint64_t total = 0;
  for (int i = 0; i < 300; ++i) {
    auto tested = make({0, 1, 6000}, {}, at_end);
    tested.on_output(at(0), at_end.end_offset + 1, "text " + std::to_string(i));
    tested.on_exit(at(1), {});
    tested.finish();
    total += blobs(tested.take());
    at_end = tested.position();
    ASSERT_EQ(at_end.total, total);
    ASSERT_LE(total, 6000U);
  }
  EXPECT_GT(total, 5500U);
}

TEST(recorder, with_too_little_room_records_nothing) {
  auto tested = make({0, 1, 100});
  tested.on_output(at(0), 0, "text");
  tested.on_exit(at(1), {});
  EXPECT_EQ(finished(tested), "");
  EXPECT_TRUE(tested.is_full());
}

TEST(recorder, redacts_across_reads_and_in_labels) {
  auto tested = make({}, {"secret"});
  tested.on_output(at(0), 0, "a sec");
  tested.on_output(at(5), 5, "ret b");
  EXPECT_EQ(tested.next_tick(), at(250).steady);
  tested.tick(at(250));
  tested.on_marker(at(300), "run secret");
  tested.on_output(at(301), 10, "sec");
  tested.on_resize(at(302), {90, 30}); // ends the line
  tested.on_output(at(303), 13, "c");
  EXPECT_EQ(finished(tested), "o:a *** o:*** b m:run ****** o:sec r:90x30 o:c");
}

TEST(recorder, what_is_held_back_comes_before_a_gap) {
  auto tested = make({}, {"secret"});
  tested.on_output(at(0), 0, "held");
  tested.on_output(at(1), 10, "more");
  EXPECT_EQ(finished(tested), "o:held g:6/missing o:more");
}

} // namespace
} // namespace roost::recording
