#include "actors/connection/event_log.hpp"

#include <gtest/gtest.h>

namespace roost::connection {
namespace {

logged_event event(std::uint64_t id, std::size_t size = 10, std::string session = "s") {
  return {id, event_topic::session_changed, session_id{std::move(session)},
          std::make_shared<const std::string>(size, 'x'), nullptr};
}

TEST(event_log, gives_out_ids_from_the_first_on) {
  event_log log(100, {});
  EXPECT_EQ(log.next_id(), 100u);
  EXPECT_EQ(log.oldest_id(), 100u);
  EXPECT_EQ(log.at_or_after(0), nullptr);
  log.add(event(100));
  log.add(event(101));
  EXPECT_EQ(log.next_id(), 102u);
  EXPECT_EQ(log.at_or_after(0)->id, 100u);
  EXPECT_EQ(log.at_or_after(101)->id, 101u);
  EXPECT_EQ(log.at_or_after(102), nullptr);
}

TEST(event_log, is_bounded_in_number) {
  event_log log(1, {3, 1'000'000});
  for (std::uint64_t id = 1; id <= 10; ++id)
    log.add(event(id));
  EXPECT_EQ(log.oldest_id(), 8u);
  EXPECT_EQ(log.at_or_after(1)->id, 8u);
}

TEST(event_log, is_bounded_in_bytes_but_keeps_the_newest) {
  event_log log(1, {1000, 100});
  for (std::uint64_t id = 1; id <= 20; ++id)
    log.add(event(id, 30));
  EXPECT_EQ(log.oldest_id(), 18u);
  log.add(event(21, 5000));
  EXPECT_EQ(log.oldest_id(), 21u);
}

TEST(event_log, resumes_after_what_was_seen_and_says_when_events_are_gone) {
  event_log log(50, {3, 1'000'000});
  EXPECT_EQ(log.resume(std::nullopt).next_id, 50u);
  for (std::uint64_t id = 50; id < 60; ++id)
    log.add(event(id));
  const auto expect = [&](std::optional<std::uint64_t> since, std::uint64_t next, bool gap) {
    const auto got = log.resume(since);
    EXPECT_EQ(got.next_id, next);
    EXPECT_EQ(got.gap, gap);
  };
  expect(std::nullopt, 60, false);
  expect(59, 60, false);
  expect(57, 58, false);
  expect(56, 57, false);
  expect(55, 57, true);
  expect(3, 57, true);         // of an earlier run
  expect(1'000'000, 60, true); // of nobody
}

TEST(event_log, filters_by_topic_and_session) {
  const auto x = event(1, 1, "ab");
  EXPECT_TRUE(wants({{event_topic::session_changed}, std::nullopt, std::nullopt}, x));
  EXPECT_FALSE(wants({{event_topic::session_exited}, std::nullopt, std::nullopt}, x));
  EXPECT_FALSE(wants({{}, std::nullopt, std::nullopt}, x));
  EXPECT_TRUE(wants({{event_topic::session_changed}, session_id{"ab"}, std::nullopt}, x));
  EXPECT_FALSE(wants({{event_topic::session_changed}, session_id{"cd"}, std::nullopt}, x));
}

} // namespace
} // namespace roost::connection
