#include "actors/connection/log_histogram.hpp"

#include "tests/support/seeded_random.hpp"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace roost::connection {
namespace {

using histogram = log_histogram;
using counts = std::array<std::uint64_t, histogram::buckets>;

static_assert(histogram::bucket_of(0) == 0);
static_assert(histogram::bucket_of(histogram::largest) == histogram::buckets - 1);
static_assert(histogram::bucket_of(~std::uint64_t{0}) == histogram::buckets - 1);
static_assert(histogram::upper_bound_of(histogram::buckets - 1) == histogram::largest);

TEST(log_histogram, buckets_follow_one_another_without_gap_or_overlap) {
  std::uint64_t lower = 0;
  for (std::size_t bucket = 0; bucket < histogram::buckets; ++bucket) {
    const auto upper = histogram::upper_bound_of(bucket);
    ASSERT_LE(lower, upper) << bucket;
    EXPECT_EQ(histogram::bucket_of(lower), bucket);
    EXPECT_EQ(histogram::bucket_of(upper), bucket);
    EXPECT_LT(static_cast<double>(upper - lower), 0.125 * static_cast<double>(lower) + 0.5);
    lower = upper + 1;
  }
  EXPECT_EQ(lower, histogram::largest + 1);
}

TEST(log_histogram, small_values_are_exact) {
  for (std::uint64_t value = 0; value < 16; ++value)
    EXPECT_EQ(histogram::upper_bound_of(histogram::bucket_of(value)), value);
  EXPECT_EQ(histogram::upper_bound_of(histogram::bucket_of(16)), 17u);
}

TEST(log_histogram, quantile_of_nothing_is_zero) {
  EXPECT_EQ(histogram::quantile(counts{}, 0.5), 0u);
  EXPECT_EQ(histogram::quantile({}, 0.99), 0u);
}

TEST(log_histogram, quantile_counts_ranks_from_one) {
  counts of_ten{};
  for (std::uint64_t value = 1; value <= 10; ++value)
    ++of_ten[histogram::bucket_of(value)];
  EXPECT_EQ(histogram::quantile(of_ten, 0), 1u);
  EXPECT_EQ(histogram::quantile(of_ten, 0.1), 1u);
  EXPECT_EQ(histogram::quantile(of_ten, 0.5), 5u);
  EXPECT_EQ(histogram::quantile(of_ten, 0.51), 6u);
  EXPECT_EQ(histogram::quantile(of_ten, 0.7), 7u);
  EXPECT_EQ(histogram::quantile(of_ten, 1), 10u);
  EXPECT_EQ(histogram::quantile(of_ten, 7), 10u);
}

TEST(log_histogram_property, quantiles_are_at_most_an_eighth_above_the_sorted_values) {
  const auto seed = test::pick_seed();
  ROOST_SEED_TRACE(seed);
  seeded_random random(seed);
  for (int round = 0; round < 500; ++round) {
    std::vector<std::uint64_t> values;
    counts seen{};
    const auto bits = random.between(1, 40);
    for (auto n = random.between(1, 300); n > 0; --n) {
      values.push_back(random.between(0, std::uint64_t{1} << random.between(0, bits)));
      ++seen[histogram::bucket_of(values.back())];
    }
    std::sort(values.begin(), values.end());
    for (std::size_t percent = 0; percent <= 100; ++percent) {
      // Whole numbers only: the rank is ⌈percent·n/100⌉, at least 1.
      const auto rank = std::max<std::size_t>(1, (percent * values.size() + 99) / 100);
      const auto exact = values[rank - 1];
      const auto got = histogram::quantile(seen, static_cast<double>(percent) / 100);
      ASSERT_GE(got, exact) << percent << " % of " << values.size();
      ASSERT_LE(static_cast<double>(got), 1.125 * static_cast<double>(exact)) << percent;
    }
  }
}

} // namespace
} // namespace roost::connection
