#include "actors/connection/places.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace roost::connection {
namespace {

TEST(places, are_bounded_and_come_back_once) {
  places subject(2);
  auto first = subject.take();
  auto copy = first;
  auto second = subject.take();
  ASSERT_TRUE(first && second);
  EXPECT_FALSE(subject.take());
  first.reset();
  EXPECT_FALSE(subject.take());
  copy.reset();
  EXPECT_EQ(subject.taken(), 1U);
  EXPECT_TRUE(subject.take());
}

TEST(places, a_replacement_goes_over_the_limit) {
  places subject(1);
  auto first = subject.take();
  auto second = subject.take_anyway();
  EXPECT_EQ(subject.taken(), 2U);
  first.reset();
  EXPECT_FALSE(subject.take());
  second.reset();
  EXPECT_TRUE(subject.take());
}

TEST(places, slots_may_outlive_them) {
  connection_slot kept;
  {
    places subject(1);
    kept = subject.take();
  }
  kept.reset();
}

TEST(places, threads_never_take_too_many) {
  places subject(8);
  std::atomic<bool> was_exceeded{false};
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 20000; ++i) {
        const auto a = subject.take();
        const auto b = subject.take();
        const auto c = subject.take();
        if (subject.taken() > 8)
          was_exceeded = true;
      }
    });
  threads.clear();
  EXPECT_FALSE(was_exceeded);
  EXPECT_EQ(subject.taken(), 0U);
}

} // namespace
} // namespace roost::connection
