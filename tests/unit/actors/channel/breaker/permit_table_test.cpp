#include "actors/channel/breaker/permit_table.hpp"

#include "tests/support/seeded_random.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

namespace roost::channel {
namespace {

using namespace std::chrono_literals;

TEST(permit_table, gives_each_permit_once) {
  permit_table table;
  EXPECT_EQ(table.earliest(), nullptr);
  const steady_time deadline{1h};
  auto& added = table.add(deadline);
  added.generation = 7;
  added.timeout = 3s;
  added.is_probe = true;
  const auto id = added.id;
  EXPECT_NE(id, 0U);
  EXPECT_EQ(table.size(), 1U);
  const auto note = table.take(id);
  ASSERT_TRUE(note);
  EXPECT_EQ(note->id, id);
  EXPECT_EQ(note->deadline, deadline);
  EXPECT_EQ(note->generation, 7U);
  EXPECT_EQ(note->timeout, 3s);
  EXPECT_TRUE(note->is_probe);
  EXPECT_FALSE(table.take(id));
  EXPECT_EQ(table.size(), 0U);
}

TEST(permit_table, knows_no_other_ids) {
  permit_table table;
  const auto id = table.add({}).id;
  for (const auto other :
       {std::uint64_t{0}, std::uint64_t{1}, id + 1, id + permit_table::max_size, ~std::uint64_t{0}})
    EXPECT_FALSE(table.take(other)) << other;
  EXPECT_TRUE(table.take(id));
  const auto next = table.add({}).id;
  EXPECT_NE(next, id) << "the place is used again, the id is not";
  EXPECT_FALSE(table.take(id));
  EXPECT_TRUE(table.take(next));
}

TEST(permit_table, the_earliest_is_first_and_of_several_the_oldest) {
  permit_table table;
  const steady_time now{1h};
  const auto late = table.add(now + 3s).id;
  const auto first = table.add(now + 1s).id;
  const auto second = table.add(now + 1s).id;
  for (const auto id : {first, second, late}) {
    ASSERT_EQ(table.earliest()->id, id);
    table.take(id);
  }
  EXPECT_EQ(table.earliest(), nullptr);
}

TEST(permit_table, keeps_its_order_whatever_comes_and_goes) {
  const auto seed = test::pick_seed();
  ROOST_SEED_TRACE(seed);
  seeded_random random(seed);
  permit_table table;
  std::set<std::pair<steady_time, std::uint64_t>> expected;
  for (int i = 0; i < 20'000; ++i) {
    if (expected.empty() || random.between(0, 99) < (i % 2'000 < 1'000 ? 60U : 40U)) {
      const auto at = steady_time(std::chrono::milliseconds(random.between(0, 500)));
      ASSERT_TRUE(expected.emplace(at, table.add(at).id).second);
    } else {
      auto at = expected.begin();
      std::advance(at, random.between(0, std::min<std::size_t>(expected.size() - 1, 50)));
      ASSERT_TRUE(table.take(at->second));
      expected.erase(at);
    }
    ASSERT_EQ(table.size(), expected.size());
    if (!expected.empty()) {
      ASSERT_EQ(table.earliest()->id, expected.begin()->second);
    }
  }
}

} // namespace
} // namespace roost::channel
