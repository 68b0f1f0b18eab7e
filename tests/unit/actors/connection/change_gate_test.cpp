#include "actors/connection/change_gate.hpp"

#include <gtest/gtest.h>

namespace roost::connection {
namespace {

using namespace std::chrono_literals;

session_info info(std::string id, std::string title) {
  session_info x;
  x.id = {std::move(id)};
  x.title = std::move(title);
  return x;
}

const steady_time start{1h};

TEST(change_gate, the_first_change_passes_and_the_newest_of_the_rest_waits) {
  change_gate gate(100ms);
  EXPECT_TRUE(gate.offer(info("a", "1"), start));
  EXPECT_FALSE(gate.offer(info("a", "2"), start + 10ms));
  EXPECT_FALSE(gate.offer(info("a", "3"), start + 90ms));
  EXPECT_EQ(gate.next_due(), start + 100ms);
  EXPECT_TRUE(gate.due(start + 99ms).empty());
  const auto due = gate.due(start + 100ms);
  ASSERT_EQ(due.size(), 1u);
  EXPECT_EQ(due[0].title, "3");
  EXPECT_FALSE(gate.offer(info("a", "4"), start + 150ms)) << "the interval counts from then";
}

TEST(change_gate, sessions_do_not_hold_each_other_up) {
  change_gate gate(100ms);
  EXPECT_TRUE(gate.offer(info("a", "1"), start));
  EXPECT_TRUE(gate.offer(info("b", "1"), start));
}

TEST(change_gate, a_late_caller_cannot_overtake_what_is_held) {
  change_gate gate(100ms);
  gate.offer(info("a", "1"), start);
  gate.offer(info("a", "2"), start + 1ms);
  EXPECT_FALSE(gate.offer(info("a", "3"), start + 500ms)) << "`due` has not been called yet";
  EXPECT_EQ(gate.due(start + 500ms).at(0).title, "3");
}

TEST(change_gate, what_was_forgotten_does_not_come_back) {
  change_gate gate(100ms);
  gate.offer(info("a", "1"), start);
  gate.offer(info("a", "2"), start);
  gate.forget({"a"});
  EXPECT_TRUE(gate.due(start + 1h).empty());
  EXPECT_FALSE(gate.next_due());
}

TEST(change_gate, keeps_nothing_of_quiet_sessions) {
  change_gate gate(100ms);
  for (int i = 0; i < 1000; ++i)
    gate.offer(info("s" + std::to_string(i), ""), start);
  EXPECT_TRUE(gate.due(start + 200ms).empty());
  EXPECT_FALSE(gate.next_due());
}

TEST(change_gate, a_flood_passes_at_the_rate_of_the_interval) {
  change_gate gate(100ms);
  int passed = 0;
  for (auto now = start; now < start + 10s; now += 1ms) {
    passed += static_cast<int>(gate.due(now).size());
    passed += gate.offer(info("a", "x"), now) ? 1 : 0;
  }
  EXPECT_LE(passed, 101);
  EXPECT_GE(passed, 99);
}

} // namespace
} // namespace roost::connection
