// Random supervisors, children and crash schedules; every command is checked against SUP-1 … SUP-7.
#include "actors/supervision/supervisor_model.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/seeded_random.hpp"

namespace roost::supervision {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr auto kill_grace = 1s;
constexpr auto longest_shutdown = 3s;

/// The children as the world sees them, and what the schedule has in store for them.
struct actual_child {
  child_rules rules;
  std::size_t order = 0;
  bool is_declared = true;
  bool is_live = false;
  bool is_stuck = false;
  bool was_up = false;
  std::uint64_t generation = 0;
  steady_time not_before{}; ///< SUP-7: half of the first delay after the latest crash
};

class world {
public:
  explicit world(std::uint64_t seed)
      : random_(seed), jitter_(seed + 1), rules_(make_rules()),
        model_(
            rules_, [this] { return ++generation_; }, jitter_) {}

  void run(int steps) {
    const auto count = random_.between(0, 6);
    for (std::uint64_t i = 0; i < count; ++i) {
      auto rules = make_child();
      remember(rules, true);
      model_.declare(rules);
    }
    model_.begin(now_);
    carry_out();
    for (int i = 0; i < steps && !model_.is_finished() && !testing::Test::HasFatalFailure(); ++i)
      step();
    if (testing::Test::HasFatalFailure())
      return;
    if (!model_.is_finished())
      stop_and_finish();
    ASSERT_TRUE(model_.is_finished());
    for (const auto& [id, child] : children_)
      ASSERT_TRUE(!child.is_live || child.is_stuck || has_leak_)
          << id << " outlives the supervisor";
    ASSERT_FALSE(model_.next());
    ASSERT_FALSE(model_.deadline());
  }

  std::uint64_t crashes = 0;
  std::uint64_t restarts = 0;
  std::uint64_t escalations = 0;
  std::uint64_t stuck = 0;

private:
  supervisor_rules make_rules() {
    return {.strategy = static_cast<restart_strategy>(random_.between(0, 2)),
            .intensity = {.restarts = static_cast<std::uint32_t>(random_.between(0, 30)),
                          .period = milliseconds(random_.between(1, 30'000))},
            .kill_grace = kill_grace,
            .max_children = 12};
  }

  child_rules make_child() {
    return {.id = "c" + std::to_string(next_id_++),
            .restart = static_cast<restart_kind>(random_.between(0, 2)),
            .weight =
                random_.between(0, 20) == 0 ? significance::significant : significance::ordinary,
            .shutdown = milliseconds(random_.between(0, 3'000)),
            .backoff = {.first = milliseconds(random_.between(0, 500)), .most = 4s}};
  }

  void remember(const child_rules& rules, bool is_declared) {
    children_[rules.id] = {.rules = rules, .order = order_++, .is_declared = is_declared};
  }

  bool happens(std::uint64_t percent) { return random_.between(1, 100) <= percent; }

  void step() {
    switch (random_.between(0, 9)) {
    case 0:
    case 1:
    case 2:
      crash_one();
      break;
    case 3: {
      auto rules = make_child();
      remember(rules, false);
      if (!model_.add(rules, now_))
        children_.erase(rules.id);
      break;
    }
    case 4:
      if (const auto id = pick(); !id.empty())
        if (model_.remove(id, now_))
          removed_.insert(id);
      break;
    case 5:
      if (happens(5))
        model_.stop(now_);
      break;
    default:
      pass(milliseconds(random_.between(0, 3'000)));
    }
    carry_out();
  }

  std::string pick() {
    if (children_.empty())
      return {};
    auto at = children_.begin();
    std::advance(at, random_.between(0, children_.size() - 1));
    return at->first;
  }

  void crash_one() {
    const auto id = pick();
    if (id.empty() || !children_[id].is_live)
      return;
    const auto how = happens(70) ? exit_kind::abnormal : exit_kind::normal;
    end(id, children_[id].generation, how);
  }

  void end(const std::string& id, std::uint64_t generation, exit_kind how) {
    auto& child = children_[id];
    const auto seen = model_.find(id);
    child.is_live = false;
    const bool by_itself = seen && seen->state == child_state::running;
    child.is_stuck = false;
    if (by_itself && how == exit_kind::abnormal)
      ++crashes;
    const bool wants_restart =
        child.rules.restart == restart_kind::permanent ||
        (child.rules.restart == restart_kind::transient && how == exit_kind::abnormal);
    // In a group a crash during the restart has the group's delay.
    if (by_itself && wants_restart && rules_.strategy == restart_strategy::one_for_one)
      child.not_before = now_ + child.rules.backoff.first / 2;
    model_.ended(id, generation, how, now_);
    if (by_itself && wants_restart)
      count_crash(id);
  }

  void pass(milliseconds time) {
    const auto until = now_ + time;
    for (auto at = model_.deadline(); at && *at <= until; at = model_.deadline()) {
      ASSERT_LT(wakes_without_progress_, 100) << "deadline() stays in the past";
      wakes_without_progress_ = *at <= now_ ? wakes_without_progress_ + 1 : 0;
      now_ = std::max(now_, *at);
      model_.wake(now_);
      carry_out();
    }
    now_ = until;
  }

  void stop_and_finish() {
    model_.stop(now_);
    carry_out();
    // SUP-5: one child after the other in the worst case, each within its time.
    const auto begun = now_;
    const auto bound = (longest_shutdown + kill_grace) * static_cast<int>(children_.size() + 1);
    while (!model_.is_finished() && now_ - begun <= bound)
      pass(100ms);
    ASSERT_LE(now_ - begun, bound);
  }

  void carry_out() {
    while (const auto next = model_.next())
      std::visit([this](const auto& x) { perform(x); }, *next);
  }

  void perform(const start_command& x) {
    ASSERT_TRUE(children_.contains(x.id));
    auto& child = children_[x.id];
    ASSERT_FALSE(child.is_live) << "SUP-2: a second incarnation of " << x.id;
    ASSERT_GT(x.generation, child.generation);
    ASSERT_FALSE(model_.is_stopping());
    ASSERT_GE(now_, child.not_before) << "SUP-7: " << x.id;
    if (rules_.strategy != restart_strategy::one_for_one)
      for (const auto& [id, other] : children_) {
        if (other.order < child.order) {
          const auto seen = model_.find(id);
          ASSERT_TRUE(!seen || seen->state == child_state::running ||
                      seen->state == child_state::ended || seen->state == child_state::stuck)
              << "SUP-3: " << x.id << " before " << id;
        }
      }
    child.generation = x.generation;
    if (happens(8)) {
      const bool is_restart = child.was_up;
      child.not_before = now_ + (is_restart ? child.rules.backoff.first / 2 : 0ms);
      model_.start_failed(x.id, x.generation, now_);
      if (is_restart)
        count_crash(x.id);
      return;
    }
    restarts += child.was_up ? 1 : 0;
    child.was_up = true;
    child.is_live = true;
    model_.started(x.id, x.generation, now_);
  }

  /// SUP-1, from outside. Only where each crash is a restart of its own: in a group a crash during
  /// the restart is a part of it.
  void count_crash(const std::string& id) {
    if (rules_.strategy != restart_strategy::one_for_one || removed_.contains(id) ||
        model_.is_stopping() || model_.is_finished())
      return;
    admitted_.push_back(now_);
    const auto in_window =
        std::count_if(admitted_.begin(), admitted_.end(),
                      [this](steady_time at) { return now_ - at < rules_.intensity.period; });
    ASSERT_LE(static_cast<std::uint64_t>(in_window), rules_.intensity.restarts) << "SUP-1";
  }

  void perform(const stop_command& x) {
    auto& child = children_[x.id];
    ASSERT_TRUE(child.is_live);
    ASSERT_EQ(child.generation, x.generation);
    if (model_.is_stopping() && child.is_declared) {
      for (const auto& [id, other] : children_)
        ASSERT_TRUE(other.order <= child.order || !other.is_live || other.is_stuck)
            << "SUP-5: " << x.id << " before " << id;
    }
    if (happens(80))
      end(x.id, x.generation, happens(90) ? exit_kind::normal : exit_kind::abnormal);
  }

  void perform(const kill_command& x) {
    ASSERT_TRUE(children_[x.id].is_live);
    if (happens(95))
      end(x.id, x.generation, exit_kind::abnormal);
  }

  void perform(const forgotten_command& x) {
    ASSERT_FALSE(children_[x.id].is_live) << x.id;
    children_.erase(x.id);
  }

  void perform(const stuck_command& x) {
    ++stuck;
    children_[x.id].is_stuck = true;
  }

  void perform(const finish_command& x) {
    escalations += x.reason == finish_reason::intensity_exceeded ? 1 : 0;
    const bool is_anything_left = std::any_of(children_.begin(), children_.end(),
                                              [](const auto& c) { return c.second.is_live; });
    ASSERT_EQ(is_anything_left, x.reason == finish_reason::child_stuck);
  }

  seeded_random random_;
  seeded_random jitter_;
  supervisor_rules rules_;
  std::uint64_t generation_ = 0;
  supervisor_model model_;
  std::map<std::string, actual_child> children_;
  std::vector<steady_time> admitted_;
  std::set<std::string> removed_;
  std::size_t order_ = 0;
  int next_id_ = 0;
  int wakes_without_progress_ = 0;
  bool has_leak_ = false;
  steady_time now_{std::chrono::hours(1)};
};

TEST(supervisor_model_property, sup_1_to_sup_7_hold_for_random_crash_schedules) {
  auto seed = test::pick_seed();
  std::uint64_t crashes = 0;
  std::uint64_t restarts = 0;
  std::uint64_t escalations = 0;
  std::uint64_t stuck = 0;
  for (int round = 0; round < 10'000; ++round, ++seed) {
    ROOST_SEED_TRACE(seed);
    world w(seed);
    w.run(150);
    if (HasFatalFailure())
      return;
    crashes += w.crashes;
    restarts += w.restarts;
    escalations += w.escalations;
    stuck += w.stuck;
  }
  // A run in which nothing happened proves nothing.
  if (std::getenv("ROOST_TEST_SEED") == nullptr) {
    EXPECT_GT(crashes, 1'000U);
    EXPECT_GT(restarts, 1'000U);
    EXPECT_GT(escalations, 100U);
    EXPECT_GT(stuck, 10U);
  }
}

} // namespace
} // namespace roost::supervision
