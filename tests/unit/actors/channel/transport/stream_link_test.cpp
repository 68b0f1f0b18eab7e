#include "actors/channel/transport/stream_link.hpp"

#include <algorithm>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "actors/channel/transport/json_rpc.hpp"
#include "tests/support/seeded_random.hpp"

namespace roost::channel {
namespace {

request asks(std::uint64_t id, std::string method = "m") { return {id, std::move(method), {}, {}}; }

std::string answer(std::uint64_t id) {
  return R"({"jsonrpc":"2.0","id":)" + std::to_string(id) + R"(,"result":)" + std::to_string(id) +
         "}\n";
}

std::string write_all(stream_link& link) {
  std::string out;
  while (!link.to_write().empty()) {
    out += link.to_write();
    link.wrote(link.to_write().size());
  }
  return out;
}

TEST(stream_link_test, answers_find_their_requests_in_any_order) {
  stream_link link(1000);
  for (std::uint64_t id = 0; id < 3; ++id)
    ASSERT_TRUE(link.add(asks(id)));
  EXPECT_EQ(write_all(link), render_request(0, "m", "") + "\n" + render_request(1, "m", "") + "\n" +
                                 render_request(2, "m", "") + "\n");
  EXPECT_EQ(link.queued_bytes(), 0U);
  std::vector<reply> got;
  EXPECT_FALSE(link.take(answer(2) + answer(0), got));
  ASSERT_EQ(got.size(), 2U);
  EXPECT_EQ(got[0].id, 2U);
  EXPECT_EQ(got[1].id, 0U);
  EXPECT_EQ(link.in_flight(), 1U);
  EXPECT_EQ(link.unknown(), 0U);
}

TEST(stream_link_test, what_nobody_waits_for_is_counted) {
  stream_link link(1000);
  ASSERT_TRUE(link.add(asks(1)));
  ASSERT_TRUE(link.add(asks(2)));
  link.wrote(link.to_write().size());
  std::vector<reply> got;
  EXPECT_FALSE(link.take(answer(1) + answer(1) + answer(7), got));
  EXPECT_EQ(got.size(), 1U);
  EXPECT_EQ(link.unknown(), 2U) << "twice, and never asked";
  EXPECT_FALSE(link.take(answer(2), got));
  EXPECT_EQ(link.unknown(), 3U) << "not asked yet";
  EXPECT_EQ(link.in_flight(), 1U);
  EXPECT_FALSE(link.take("{\"jsonrpc\":\"2.0\",\"id\":\"x\",\"result\":1}\n", got));
  EXPECT_EQ(link.unknown(), 4U);
  EXPECT_FALSE(link.take("{\"jsonrpc\":\"2.0\",\"method\":\"log\"}\n", got));
  EXPECT_EQ(link.unknown(), 4U);
  EXPECT_EQ(link.violations(), 0U);
  EXPECT_EQ(got.size(), 1U);
}

TEST(stream_link_test, a_cancelled_request_leaves_the_queue_or_is_told) {
  stream_link link(1000);
  for (std::uint64_t id = 1; id <= 3; ++id)
    ASSERT_TRUE(link.add(asks(id)));
  link.cancel(2);
  link.cancel(2);
  link.cancel(99);
  const auto first = std::string(link.to_write());
  link.wrote(5);
  EXPECT_EQ(link.to_write(), first.substr(5));
  link.cancel(1); // has been begun
  EXPECT_EQ(write_all(link),
            first.substr(5) + render_request(3, "m", "") + "\n" + render_cancel(1) + "\n");
  EXPECT_EQ(link.queued_bytes(), 0U);
  link.cancel(3); // has been written
  EXPECT_EQ(write_all(link), render_cancel(3) + "\n");
  std::vector<reply> got;
  EXPECT_FALSE(link.take(answer(1) + answer(2) + answer(3), got));
  EXPECT_TRUE(got.empty());
  EXPECT_EQ(link.unknown(), 3U);
}

TEST(stream_link_test, the_queue_is_bounded_in_bytes) {
  stream_link link(1000);
  const std::string large(std::size_t{1} << 20U, 'm');
  for (std::uint64_t id = 1; id <= 3; ++id)
    ASSERT_TRUE(link.add(asks(id, large)));
  EXPECT_FALSE(link.add(asks(4, large)));
  EXPECT_EQ(link.in_flight(), 3U);
  EXPECT_LE(link.queued_bytes(), stream_link::most_queued);
  ASSERT_TRUE(link.add(asks(5))) << "a small one fits";
  link.cancel(2);
  EXPECT_TRUE(link.add(asks(4, large))) << "its room is free again";
  write_all(link);
  EXPECT_EQ(link.queued_bytes(), 0U);
  EXPECT_FALSE(link.add(asks(6, std::string(stream_link::most_queued, 'm'))));
}

TEST(stream_link_test, after_a_violation_all_fail_and_the_next_stream_is_clean) {
  stream_link link(100);
  for (std::uint64_t id = 1; id <= 3; ++id)
    ASSERT_TRUE(link.add(asks(id)));
  link.wrote(link.to_write().size());
  link.wrote(link.to_write().size());
  link.wrote(3);
  std::vector<reply> got;
  const auto why = link.take(answer(1) + "garbage\n" + answer(2), got);
  ASSERT_TRUE(why);
  EXPECT_EQ(link.violations(), 1U);
  ASSERT_EQ(got.size(), 1U) << "what came before it counts";
  link.fail_all(reply_kind::protocol, *why, got);
  ASSERT_EQ(got.size(), 3U);
  std::set<std::uint64_t> failed;
  for (const auto& one : got)
    if (one.kind == reply_kind::protocol && one.detail == *why)
      failed.insert(one.id);
  EXPECT_EQ(failed, (std::set<std::uint64_t>{2, 3}));
  EXPECT_TRUE(link.to_write().empty());
  EXPECT_EQ(link.queued_bytes(), 0U);

  got.clear();
  ASSERT_TRUE(link.add(asks(4)));
  EXPECT_EQ(write_all(link), render_request(4, "m", "") + "\n");
  EXPECT_FALSE(link.take(answer(4), got)) << "no piece of the earlier stream is left";
  EXPECT_EQ(got.size(), 1U);
  EXPECT_TRUE(link.take(std::string(101, 'x'), got)) << "too long";
  EXPECT_EQ(link.violations(), 2U);
}

TEST(stream_link_test, each_request_is_answered_once_whatever_happens) {
  const auto seed = test::pick_seed();
  ROOST_SEED_TRACE(seed);
  seeded_random random(seed);
  stream_link link(1000);
  std::uint64_t next = 0;
  std::map<std::uint64_t, int> answers;
  std::set<std::uint64_t> cancelled;
  std::vector<reply> got;
  for (int i = 0; i < 5000; ++i) {
    const auto some = random.between(next < 30 ? 0 : next - 30, next + 2);
    switch (random.between(0, 5)) {
    case 0:
    case 1:
      ASSERT_TRUE(link.add(asks(next)));
      answers[next++] = 0;
      break;
    case 2:
      if (some < next && answers[some] == 0)
        cancelled.insert(some);
      link.cancel(some);
      break;
    case 3:
      if (const auto size = link.to_write().size(); size > 0)
        link.wrote(random.between(1, size));
      break;
    case 4:
      ASSERT_FALSE(link.take(answer(some), got));
      break;
    default:
      if (random.between(0, 20) == 0)
        link.fail_all(reply_kind::transport, "ended", got);
    }
    for (const auto& one : std::exchange(got, {}))
      ASSERT_EQ(++answers.at(one.id), 1) << one.id;
    ASSERT_EQ(link.in_flight(),
              static_cast<std::size_t>(std::ranges::count_if(answers, [&](const auto& one) {
                return one.second == 0 && cancelled.count(one.first) == 0;
              })));
  }
  link.fail_all(reply_kind::transport, "ended", got);
  for (const auto& one : got)
    ++answers.at(one.id);
  for (const auto& [id, count] : answers)
    EXPECT_EQ(count, cancelled.count(id) != 0 ? 0 : 1) << id;
}

} // namespace
} // namespace roost::channel
