#include "actors/terminal/history.hpp"

#include "tests/support/seeded_random.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

namespace roost::terminal {
namespace {

std::string text_of(const std::vector<slice>& pieces) {
  std::string text;
  for (const auto& piece : pieces)
    text += piece.view();
  return text;
}

TEST(history, starts_empty_and_costs_nothing) {
  const history h(1 << 20);
  EXPECT_EQ(h.begin(), 0U);
  EXPECT_EQ(h.end(), 0U);
  EXPECT_EQ(h.memory_bytes(), 0U);
  EXPECT_TRUE(h.holds(0));
  EXPECT_TRUE(h.at(0, 100).empty());
}

TEST(history, a_shell_at_its_prompt_costs_one_small_block) {
  history h(4 << 20);
  h.append("$ ");
  EXPECT_LE(h.memory_bytes(), 4096U);
}

TEST(history, what_is_read_in_place_is_published_by_commit) {
  history h(1 << 20);
  const auto room = h.prepare();
  std::memcpy(room.data(), "hello", 5);
  EXPECT_EQ(h.end(), 0U);
  h.commit(5);
  EXPECT_EQ(text_of(h.read(0, 100)), "hello");
}

TEST(history, slices_outlive_what_is_forgotten) {
  history h(1000);
  h.append("first bytes");
  const auto kept = h.at(0, 5);
  for (int i = 0; i < 1000; ++i)
    h.append(std::string(100, 'x'));
  EXPECT_FALSE(h.holds(0));
  EXPECT_EQ(kept.view(), "first");
}

TEST(history, forgets_in_order_and_says_so) {
  std::string forgotten;
  std::uint64_t next = 0;
  history h(10'000, [&](std::uint64_t offset, const slice& bytes) {
    EXPECT_EQ(offset, next);
    next += bytes.size;
    forgotten += bytes.view();
  });
  std::string all;
  seeded_random random(1);
  for (int i = 0; i < 2000; ++i) {
    std::string piece(random.between(1, 500), static_cast<char>('a' + i % 26));
    all += piece;
    h.append(piece);
  }
  EXPECT_EQ(forgotten + text_of(h.read(h.begin(), h.size())), all);
  EXPECT_EQ(next, h.begin());
}

TEST(history, keeps_its_capacity_and_bounds_its_memory) {
  constexpr std::size_t capacity = 256 * 1024;
  history h(capacity);
  for (int i = 0; i < 10'000; ++i) {
    h.append(std::string(997, 'x'));
    ASSERT_LE(h.memory_bytes(), capacity + 2 * 64 * 1024);
  }
  EXPECT_GE(h.size(), capacity);
}

TEST(history, reads_any_range_that_it_holds) {
  const auto seed = test::pick_seed();
  ROOST_SEED_TRACE(seed);
  seeded_random random(seed);
  history h(50'000);
  std::string all;
  for (int i = 0; i < 500; ++i) {
    std::string piece(random.between(1, 3000), '\0');
    for (auto& c : piece)
      c = static_cast<char>(random.next());
    all += piece;
    h.append(piece);
    const auto from = random.between(h.begin(), h.end());
    const auto limit = random.between(0, 10'000);
    ASSERT_EQ(text_of(h.read(from, limit)), all.substr(from, limit));
  }
}

} // namespace
} // namespace roost::terminal
