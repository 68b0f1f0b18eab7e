#include "actors/database/archive/write_queue.hpp"

#include "tests/support/seeded_random.hpp"

#include <gtest/gtest.h>

#include <deque>

namespace roost::database {
namespace {

record event(const std::string& session, std::size_t size = 0) {
  return session_event{session, {}, "changed", std::string(size, 'x')};
}
record measure(std::size_t size = 0) {
  connection_record out;
  out.reason = std::string(size, 'x');
  return out;
}
write_queue::settings small(std::uint64_t bytes) { return {"node", 7, bytes}; }

TEST(write_queue, gives_keys_in_order_without_a_gap) {
  write_queue queue(small(1 << 20));
  for (const auto* id : {"a", "b", "c"})
    EXPECT_TRUE(queue.add(event(id)));
  const auto first = queue.take(2, 1 << 20).keyed;
  ASSERT_EQ(first.size(), 2U);
  EXPECT_EQ(first[0].key, (write_key{"node", 7, 0, 1}));
  EXPECT_EQ(first[0].follows, 0U);
  EXPECT_EQ(first[1].key.seq, 2U);
  EXPECT_EQ(first[1].follows, 1U);
  EXPECT_EQ(std::get<session_event>(first[1].what).session, "b");
  EXPECT_TRUE(queue.add(event("d")));
  const auto rest = queue.take(10, 1 << 20).keyed;
  ASSERT_EQ(rest.size(), 2U);
  EXPECT_EQ(rest[1].key.seq, 4U);
  EXPECT_EQ(rest[1].follows, 3U);
  EXPECT_TRUE(queue.is_empty());
  EXPECT_EQ(queue.bytes(), 0U);
}

TEST(write_queue, a_batch_has_one_record_at_least) {
  write_queue queue(small(1 << 20));
  queue.add(event("a", 1000));
  queue.add(event("b", 10));
  EXPECT_EQ(queue.take(10, 100).keyed.size(), 1U);
  EXPECT_EQ(queue.take(10, 100).keyed.size(), 1U)
      << "less than what is asked for is too little for two";
}

TEST(write_queue, measures_make_room_and_nothing_else_does) { // DB-8
  write_queue queue(small(4 * weight_of(event("a"))));
  EXPECT_TRUE(queue.add(event("a")));
  EXPECT_TRUE(queue.add(measure()));
  EXPECT_TRUE(queue.add(event("b")));
  EXPECT_TRUE(queue.add(event("c")));
  EXPECT_EQ(queue.dropped(), 0U);
  EXPECT_TRUE(queue.add(event("d"))) << "in place of the measure";
  EXPECT_EQ(queue.dropped(), 1U);
  EXPECT_FALSE(queue.add(event("e")));
  EXPECT_EQ(queue.dropped(), 2U);
  const auto all = queue.take(10, 1 << 20).keyed;
  ASSERT_EQ(all.size(), 4U);
  for (std::size_t i = 0; i < all.size(); ++i)
    EXPECT_EQ(all[i].key.seq, i + 1) << "what was dropped has no key";
}

TEST(write_queue_property, never_exceeds_its_bound_and_loses_only_what_it_says) {
  const auto seed = test::pick_seed();
  ROOST_SEED_TRACE(seed);
  seeded_random random(seed);
  write_queue queue(small(20'000));
  std::uint64_t added = 0;
  std::uint64_t taken = 0;
  std::uint64_t last = 0;
  for (int i = 0; i < 20'000; ++i) {
    if (random.between(0, 3) > 0) {
      ++added;
      queue.add(random.between(0, 1) == 0 ? event("a", random.between(0, 3000))
                                          : measure(random.between(0, 3000)));
    } else {
      for (const auto& each : queue.take(random.between(1, 5), random.between(1, 5000)).keyed) {
        ++taken;
        ASSERT_EQ(each.key.seq, last + 1);
        ASSERT_EQ(each.follows, last);
        last = each.key.seq;
      }
    }
    ASSERT_LE(queue.bytes(), 20'000U);
    ASSERT_EQ(queue.size() + taken + queue.dropped(), added);
  }
}

} // namespace
} // namespace roost::database
