#include "actors/runtime/random.hpp"

#include <array>
#include <cstddef>
#include <limits>
#include <set>

#include <gtest/gtest.h>

#include "tests/support/seeded_random.hpp"

namespace roost {
namespace {

TEST(random, the_same_seed_gives_the_same_numbers) {
  seeded_random a(7);
  seeded_random b(7);
  for (int i = 0; i < 100; ++i)
    ASSERT_EQ(a.next(), b.next());
}

TEST(random, stays_between_its_bounds_and_reaches_both) {
  const auto seed = test::pick_seed();
  ROOST_SEED_TRACE(seed);
  seeded_random random(seed);
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 1'000; ++i)
    seen.insert(random.between(3, 7));
  EXPECT_EQ(seen, (std::set<std::uint64_t>{3, 4, 5, 6, 7}));
  EXPECT_EQ(random.between(9, 9), 9U);
  constexpr auto most = std::numeric_limits<std::uint64_t>::max();
  EXPECT_LE(random.between(0, most), most);
  EXPECT_GE(random.between(most - 1, most), most - 1);
}

TEST(random, fills_odd_lengths) {
  std::array<std::byte, 13> bytes{};
  int changed = 0;
  for (int i = 0; i < 4; ++i) {
    os_random::instance().fill(bytes);
    changed += bytes.back() != std::byte{0} ? 1 : 0;
  }
  EXPECT_GT(changed, 0);
}

TEST(random, the_kernel_does_not_repeat_itself) {
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 1'000; ++i)
    seen.insert(os_random::instance().next());
  EXPECT_EQ(seen.size(), 1'000U);
}

} // namespace
} // namespace roost
