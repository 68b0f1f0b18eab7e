#include "actors/terminal/size_policy.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <vector>

#include "tests/support/seeded_random.hpp"

namespace roost::terminal {
namespace {

constexpr terminal_size small{40, 10};
constexpr terminal_size medium{80, 24};
constexpr terminal_size large{200, 60};

TEST(size_policy, the_last_viewer_to_attach_in_control_mode_holds_and_decides) {
  size_policy policy(medium);
  const auto first = policy.attach(1, viewer_mode::control, large);
  EXPECT_TRUE(first.has_new_size);
  EXPECT_TRUE(first.has_new_holder);
  const auto second = policy.attach(2, viewer_mode::control, small);
  EXPECT_EQ(second.size, small);
  EXPECT_EQ(second.holder, 2u);
}

TEST(size_policy, typing_takes_the_hold_only_with_latest) {
  for (const auto rule : {size_policy_kind::latest, size_policy_kind::smallest,
                          size_policy_kind::largest, size_policy_kind::manual}) {
    size_policy policy(medium, rule);
    policy.attach(1, viewer_mode::control, small);
    policy.attach(2, viewer_mode::control, large);
    const auto out = policy.typed(1);
    EXPECT_EQ(out.has_new_holder, rule == size_policy_kind::latest);
    EXPECT_EQ(policy.holder(), rule == size_policy_kind::latest ? 1u : 2u);
  }
}

TEST(size_policy, a_viewer_that_only_watches_counts_for_nothing) {
  size_policy policy(medium, size_policy_kind::smallest);
  policy.attach(1, viewer_mode::control, large);
  const auto out = policy.attach(2, viewer_mode::view, small);
  EXPECT_FALSE(out.has_new_size);
  EXPECT_FALSE(policy.typed(2).has_new_holder);
  EXPECT_FALSE(policy.resize(2, {10, 10}).has_new_size);
  EXPECT_EQ(policy.size(), large);
  EXPECT_EQ(policy.holder(), 1u);
}

TEST(size_policy, taking_control_ends_watching) {
  size_policy policy(medium);
  policy.attach(1, viewer_mode::control, large);
  policy.attach(2, viewer_mode::view, small);
  const auto out = policy.take_control(2);
  EXPECT_EQ(out.holder, 2u);
  EXPECT_EQ(out.size, small);
  EXPECT_EQ(policy.mode(2), viewer_mode::control);
}

TEST(size_policy, smallest_and_largest_weigh_columns_and_rows_apart) {
  size_policy policy(medium, size_policy_kind::smallest);
  policy.attach(1, viewer_mode::control, {100, 20});
  policy.attach(2, viewer_mode::control, {60, 50});
  EXPECT_EQ(policy.size(), (terminal_size{60, 20}));
  policy.set_rule(size_policy_kind::largest);
  EXPECT_EQ(policy.size(), (terminal_size{100, 50}));
}

TEST(size_policy, the_most_recently_active_control_viewer_inherits) {
  size_policy policy(medium);
  policy.attach(1, viewer_mode::control, small);
  policy.attach(2, viewer_mode::control, medium);
  policy.attach(3, viewer_mode::control, large);
  policy.typed(1);
  policy.typed(3);
  const auto out = policy.detach(3);
  EXPECT_EQ(out.holder, 1u);
  EXPECT_EQ(out.size, small);
}

TEST(size_policy, the_size_outlives_the_last_viewer) {
  size_policy policy(medium);
  policy.attach(1, viewer_mode::control, large);
  const auto out = policy.detach(1);
  EXPECT_EQ(out.size, large);
  EXPECT_FALSE(out.has_new_size);
  EXPECT_TRUE(out.has_new_holder);
  EXPECT_FALSE(out.holder.has_value());
}

TEST(size_policy, a_window_without_a_size_holds_but_does_not_decide) {
  size_policy policy(medium);
  const auto out = policy.attach(1, viewer_mode::control, {0, 0});
  EXPECT_EQ(out.holder, 1u);
  EXPECT_FALSE(out.has_new_size);
  EXPECT_TRUE(policy.resize(1, large).has_new_size);
}

TEST(size_policy, an_explicit_resize_stands_until_the_verdict_changes) {
  size_policy policy(medium);
  policy.attach(1, viewer_mode::control, large);
  EXPECT_TRUE(policy.resize_explicitly(small).has_new_size);
  EXPECT_FALSE(policy.resize(1, large).has_new_size) << "repeats what was known";
  EXPECT_FALSE(policy.typed(1).has_new_size);
  EXPECT_EQ(policy.size(), small);
  EXPECT_EQ(policy.take_control(1).size, large) << "a person asks for their own size back";
  policy.resize_explicitly(small);
  EXPECT_EQ(policy.resize(1, medium).size, medium);
}

TEST(size_policy, with_manual_only_an_explicit_resize_counts) {
  size_policy policy(medium, size_policy_kind::manual);
  policy.attach(1, viewer_mode::control, large);
  policy.resize(1, small);
  policy.take_control(1);
  EXPECT_EQ(policy.size(), medium);
  EXPECT_EQ(policy.resize_explicitly(large).size, large);
}

TEST(size_policy, unknown_viewers_change_nothing) {
  size_policy policy(medium);
  for (const auto& out :
       {policy.detach(9), policy.resize(9, large), policy.typed(9), policy.take_control(9)}) {
    EXPECT_FALSE(out.has_new_size);
    EXPECT_FALSE(out.has_new_holder);
  }
}

// Random operations against a slow restatement of the rules.
class size_policy_property : public ::testing::Test {
protected:
  struct viewer {
    viewer_mode mode = viewer_mode::view;
    terminal_size window;
    int activity = 0;
  };

  void check(const size_outcome& out, terminal_size old_size, std::optional<viewer_key> old_holder,
             const size_policy& policy) {
    ASSERT_EQ(out.size, policy.size());
    ASSERT_EQ(out.holder, policy.holder());
    ASSERT_EQ(out.has_new_size, old_size != policy.size());
    ASSERT_EQ(out.has_new_holder, old_holder != policy.holder());
    ASSERT_TRUE(policy.size().is_valid());
    std::vector<viewer_key> controllers;
    for (const auto& [id, v] : viewers_)
      if (v.mode == viewer_mode::control)
        controllers.push_back(id);
    ASSERT_EQ(policy.holder().has_value(), !controllers.empty());
    if (policy.holder()) {
      ASSERT_EQ(std::ranges::count(controllers, *policy.holder()), 1);
      ASSERT_EQ(policy.holder(), expected_holder_);
    }
    ASSERT_EQ(policy.viewers(), viewers_.size());
    // The size is always one that somebody could have asked for.
    if (is_explicit_)
      return;
    for (const auto id : controllers) {
      const auto window = viewers_[id].window;
      if (!window.is_valid())
        continue;
      if (policy.rule() == size_policy_kind::smallest) {
        ASSERT_LE(policy.size().cols, window.cols);
        ASSERT_LE(policy.size().rows, window.rows);
      } else if (policy.rule() == size_policy_kind::largest) {
        ASSERT_GE(policy.size().cols, window.cols);
        ASSERT_GE(policy.size().rows, window.rows);
      } else if (policy.rule() == size_policy_kind::latest && policy.holder() == id) {
        ASSERT_EQ(policy.size(), window);
      }
    }
  }

  void inherit() {
    expected_holder_.reset();
    int best = -1;
    for (const auto& [id, v] : viewers_)
      if (v.mode == viewer_mode::control && v.activity > best) {
        best = v.activity;
        expected_holder_ = id;
      }
  }

  std::map<viewer_key, viewer> viewers_;
  std::optional<viewer_key> expected_holder_;
  bool is_explicit_ = false; // an explicit resize may still stand
};

TEST_F(size_policy_property, holds_under_random_operations) {
  const auto seed = test::pick_seed();
  ROOST_SEED_TRACE(seed);
  seeded_random random(seed);
  for (int round = 0; round < 200; ++round) {
    size_policy policy(medium, static_cast<size_policy_kind>(random.between(0, 3)));
    viewers_.clear();
    expected_holder_.reset();
    is_explicit_ = policy.rule() == size_policy_kind::manual;
    int clock = 0;
    for (int step = 0; step < 100; ++step) {
      const auto id = random.between(1, 6);
      const terminal_size window{static_cast<std::uint16_t>(random.between(0, 5) * 40),
                                 static_cast<std::uint16_t>(random.between(0, 5) * 10)};
      const auto old_size = policy.size();
      const auto old_holder = policy.holder();
      const bool is_known = viewers_.contains(id);
      const bool is_control = is_known && viewers_[id].mode == viewer_mode::control;
      size_outcome out;
      switch (random.between(0, 6)) {
      case 0: {
        const auto mode = random.between(0, 1) == 0 ? viewer_mode::view : viewer_mode::control;
        out = policy.attach(id, mode, window);
        viewers_[id] = {mode, window, ++clock};
        if (mode == viewer_mode::control)
          expected_holder_ = id;
        else if (expected_holder_ == id)
          inherit();
        break;
      }
      case 1:
        out = policy.detach(id);
        viewers_.erase(id);
        if (expected_holder_ == id)
          inherit();
        break;
      case 2:
        out = policy.resize(id, window);
        if (is_known)
          viewers_[id].window = window;
        break;
      case 3:
        out = policy.typed(id);
        if (is_control) {
          viewers_[id].activity = ++clock;
          if (policy.rule() == size_policy_kind::latest)
            expected_holder_ = id;
        }
        break;
      case 4:
        out = policy.take_control(id);
        if (is_known) {
          viewers_[id].mode = viewer_mode::control;
          viewers_[id].activity = ++clock;
          expected_holder_ = id;
        }
        break;
      case 5:
        out = policy.resize_explicitly({static_cast<std::uint16_t>(1 + window.cols),
                                        static_cast<std::uint16_t>(1 + window.rows)});
        is_explicit_ = true;
        break;
      default:
        out = policy.set_rule(static_cast<size_policy_kind>(random.between(0, 3)));
        if (policy.rule() == size_policy_kind::manual)
          is_explicit_ = true;
        break;
      }
      check(out, old_size, old_holder, policy);
      if (HasFatalFailure())
        return;
    }
  }
}

TEST(size_policy, who_comes_back_does_not_take_the_hold_from_who_is_there) {
  size_policy policy({80, 24});
  policy.attach(1, viewer_mode::control, {100, 30});
  const auto back = policy.attach(2, viewer_mode::control, {40, 20}, hold::if_free);
  EXPECT_FALSE(back.has_new_holder);
  EXPECT_EQ(back.size, (terminal_size{100, 30}));
  EXPECT_EQ(policy.detach(1).holder, 2U);
  policy.detach(2);
  EXPECT_EQ(policy.attach(3, viewer_mode::control, {50, 20}, hold::if_free).holder, 3U);
}

} // namespace
} // namespace roost::terminal
