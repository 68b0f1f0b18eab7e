#include "actors/database/pool/pool_model.hpp"

#include "tests/support/seeded_random.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

namespace roost::database {
namespace {

using namespace std::chrono_literals;
using steps = pool_model::steps;
using end = question_end;

struct pool_model_fixture : testing::Test {
  static pool_model::settings settings() {
    pool_model::settings out;
    out.size = 2;
    out.most_waiting = 2;
    out.idle = 60s;
    return out;
  }
  steps ask(pool_model::question_id id, std::chrono::milliseconds patience = 10s) {
    return model.ask(id, now + patience, now);
  }
  static steps starts(pool_model::question_id id, pool_model::worker_id on, bool is_new) {
    return {{}, {}, {}, {{id, on, is_new}}};
  }
  static steps ends(pool_model::question_id id, end how) { return {{{id, how}}, {}, {}, {}}; }

  steady_time now{1h};
  seeded_random random{1};
  pool_model model{settings()};
};

TEST_F(pool_model_fixture, workers_are_made_when_they_are_needed) {
  EXPECT_EQ(ask(1), starts(1, 0, true));
  EXPECT_EQ(model.finish(0, now), ends(1, end::answered));
  EXPECT_EQ(ask(2), starts(2, 0, false));
  EXPECT_EQ(ask(3), starts(3, 1, true));
  EXPECT_EQ(model.busy(), 2U);
}

TEST_F(pool_model_fixture, who_came_first_is_served_first_and_who_finds_no_room_is_refused) {
  ask(1);
  ask(2);
  EXPECT_EQ(ask(3), steps{});
  EXPECT_EQ(ask(4), steps{});
  EXPECT_EQ(ask(5), ends(5, end::refused));
  now += 3s;
  const auto after = model.finish(1, now);
  EXPECT_EQ(after.ends, ends(2, end::answered).ends);
  EXPECT_EQ(after.starts, starts(3, 1, false).starts);
  EXPECT_EQ(model.waiting(), 1U);
  EXPECT_EQ(model.totals().waited, 3s);
  EXPECT_EQ(model.totals().longest_wait, 3s);
  EXPECT_EQ(model.totals().started, 3U);
  EXPECT_EQ(model.totals().refused, 1U);
}

TEST_F(pool_model_fixture, a_deadline_ends_whoever_waits_and_cuts_whoever_works) {
  ask(1, 5s);
  ask(2, 10s);
  ask(3, 1s);
  EXPECT_EQ(model.next_tick(), now + 1s);
  now += 1s;
  EXPECT_EQ(model.tick(now), ends(3, end::timed_out));
  now += 4s;
  auto cut = model.tick(now);
  EXPECT_EQ(cut.ends, ends(1, end::timed_out).ends);
  EXPECT_EQ(cut.cuts, (std::vector<pool_model::worker_id>{0}));
  EXPECT_EQ(model.busy(), 2U) << "it has its worker until that comes back";
  EXPECT_EQ(model.tick(now), steps{}) << "once";
  ask(4);
  EXPECT_EQ(model.finish(0, now), starts(4, 0, false));
  EXPECT_EQ(model.totals().timeouts, 2U);
}

TEST_F(pool_model_fixture, what_nobody_wants_to_know_any_more_is_cancelled) {
  ask(1);
  ask(2);
  ask(3);
  EXPECT_EQ(model.cancel(3, now), ends(3, end::cancelled));
  const auto cut = model.cancel(1, now);
  EXPECT_EQ(cut.ends, ends(1, end::cancelled).ends);
  EXPECT_EQ(cut.cuts.size(), 1U);
  EXPECT_EQ(model.cancel(1, now), steps{});
  EXPECT_EQ(model.cancel(99, now), steps{});
  EXPECT_EQ(model.finish(0, now), steps{});
}

TEST_F(pool_model_fixture, nobody_waits_for_a_database_that_is_away) {
  ask(1);
  ask(2);
  ask(3);
  const auto lost = model.lose(0, trouble::operator_needed, now, random);
  EXPECT_EQ(lost.ends, (std::vector<steps::ended>{{1, end::away}, {3, end::away}}));
  EXPECT_EQ(ask(4), ends(4, end::away)) << "no sooner than the pace allows";
  EXPECT_EQ(model.turn_away(7), ends(7, end::away));
  EXPECT_EQ(model.totals().away, 4U);
  now += 5s;
  EXPECT_EQ(ask(5), starts(5, 0, false));
  model.finish(0, now);
  EXPECT_EQ(ask(6), starts(6, 0, false));
}

TEST_F(pool_model_fixture, a_worker_that_died_is_replaced) {
  ask(1);
  EXPECT_EQ(model.bury(0, now, random), ends(1, end::away));
  now += 5s;
  EXPECT_EQ(ask(2), starts(2, 0, true));
}

TEST_F(pool_model_fixture, a_worker_without_work_ends) {
  ask(1);
  ask(2);
  model.finish(0, now);
  now += 1s;
  model.finish(1, now);
  now += 59s;
  EXPECT_EQ(model.tick(now).leaves, (std::vector<pool_model::worker_id>{0}));
  EXPECT_EQ(ask(3), starts(3, 1, false));
  EXPECT_EQ(ask(4), starts(4, 0, true));
}

TEST_F(pool_model_fixture, DB_10_pools_share_nothing) {
  pool_model analytics(settings());
  for (pool_model::question_id id = 1; id <= 100; ++id)
    analytics.ask(id, now + 1h, now);
  EXPECT_EQ(analytics.busy(), 2U);
  EXPECT_EQ(analytics.waiting(), 2U);
  EXPECT_EQ(ask(1), starts(1, 0, true));
  EXPECT_EQ(model.totals().waited, 0s);
}

/// The same rules, written down as a list of everybody that was ever there.
class oracle {
public:
  explicit oracle(pool_model::settings with) : settings_(with), workers_(with.size) {}

  struct question {
    pool_model::question_id id;
    steady_time deadline;
    steady_time since;
    bool is_waiting = true;
    std::optional<pool_model::worker_id> on; ///< while it is not over
  };
  struct worker {
    bool is_there = false;
    bool is_busy = false;
    steady_time idle_since{};
  };

  void over(steps& out, question& q, end how) {
    out.ends.push_back({q.id, how});
    q.is_waiting = false;
    q.on.reset();
  }
  [[nodiscard]] std::size_t waiting() const {
    return static_cast<std::size_t>(
        std::count_if(all_.begin(), all_.end(), [](const auto& q) { return q.is_waiting; }));
  }
  std::optional<pool_model::worker_id> free() {
    std::vector<pool_model::worker_id> idle;
    for (pool_model::worker_id i = 0; i < workers_.size(); ++i)
      if (workers_[i].is_there && !workers_[i].is_busy)
        idle.push_back(i);
    std::stable_sort(idle.begin(), idle.end(), [&](auto a, auto b) {
      return workers_[a].idle_since > workers_[b].idle_since;
    });
    if (!idle.empty())
      return idle.front();
    for (pool_model::worker_id i = 0; i < workers_.size(); ++i)
      if (!workers_[i].is_there)
        return i;
    return std::nullopt;
  }
  void go_on(steps& out, steady_time now) {
    for (auto& q : all_) {
      if (!q.is_waiting)
        continue;
      if (q.deadline <= now) {
        over(out, q, end::timed_out);
        continue;
      }
      const auto on = free();
      if (!on)
        return;
      out.starts.push_back({q.id, *on, !workers_[*on].is_there});
      workers_[*on].is_there = workers_[*on].is_busy = true;
      q.is_waiting = false;
      q.on = on;
      waits.push_back(now - q.since);
    }
  }
  steps ask(pool_model::question_id id, steady_time deadline, steady_time now, bool is_away) {
    steps out;
    question q{id, deadline, now, true, {}};
    if (deadline <= now)
      over(out, q, end::timed_out);
    else if (is_away)
      over(out, q, end::away);
    else if (waiting() >= settings_.most_waiting && !free())
      over(out, q, end::refused);
    all_.push_back(q);
    if (out.ends.empty() && waiting() == 1)
      go_on(out, now);
    return out;
  }
  void answer(steps& out, pool_model::worker_id w, end how) {
    for (auto& q : all_)
      if (q.on == w)
        over(out, q, how);
  }
  steps finish(pool_model::worker_id w, steady_time now) {
    steps out;
    answer(out, w, end::answered);
    workers_[w].is_busy = false;
    workers_[w].idle_since = now;
    go_on(out, now);
    return out;
  }
  steps lose(pool_model::worker_id w, steady_time now, bool is_dead) {
    steps out;
    answer(out, w, end::away);
    for (auto& q : all_)
      if (q.is_waiting)
        over(out, q, end::away);
    workers_[w] = {!is_dead, false, now};
    return out;
  }
  steps cancel(pool_model::question_id id, steady_time now) {
    steps out;
    for (auto& q : all_) {
      if (q.id != id || (!q.is_waiting && !q.on))
        continue;
      if (q.on)
        out.cuts.push_back(*q.on);
      over(out, q, q.on && q.deadline <= now ? end::timed_out : end::cancelled);
    }
    return out;
  }
  steps tick(steady_time now) {
    steps out;
    for (auto& q : all_)
      if (q.is_waiting && q.deadline <= now)
        over(out, q, end::timed_out);
    for (pool_model::worker_id i = 0; i < workers_.size(); ++i) {
      auto& w = workers_[i];
      for (auto& q : all_)
        if (q.on == i && q.deadline <= now) {
          over(out, q, end::timed_out);
          out.cuts.push_back(i);
        }
      if (w.is_there && !w.is_busy && w.idle_since + settings_.idle <= now) {
        w.is_there = false;
        out.leaves.push_back(i);
      }
    }
    return out;
  }
  std::vector<pool_model::worker_id> busy() {
    std::vector<pool_model::worker_id> out;
    for (pool_model::worker_id i = 0; i < workers_.size(); ++i)
      if (workers_[i].is_busy)
        out.push_back(i);
    return out;
  }
  /// Forgets those that are over.
  void sweep() {
    all_.erase(std::remove_if(all_.begin(), all_.end(),
                              [](const auto& q) { return !q.is_waiting && !q.on; }),
               all_.end());
  }

  std::vector<std::chrono::nanoseconds> waits;

private:
  pool_model::settings settings_;
  std::vector<question> all_;
  std::vector<worker> workers_;
};

TEST(pool_model_property, does_what_a_list_of_all_questions_says) {
  const auto seed = test::pick_seed();
  ROOST_SEED_TRACE(seed);
  seeded_random random(seed);
  for (int round = 0; round < 100; ++round) {
    pool_model::settings with;
    with.size = random.between(1, 5);
    with.most_waiting = random.between(0, 6);
    with.idle = std::chrono::milliseconds(random.between(1, 3000));
    // What is away is so for a known time.
    with.retry = {1ms, 1ms, std::chrono::milliseconds(random.between(0, 50)), 60s};
    pool_model model(with);
    oracle told(with);
    steady_time now{1h};
    steady_time away_until{};
    std::uint64_t last = 0;
    std::set<pool_model::question_id> open;
    std::map<end, std::uint64_t> ended;
    for (int step = 0; step < 2000; ++step) {
      steps got;
      steps wanted;
      const auto busy = told.busy();
      switch (random.between(0, 9)) {
      case 0:
      case 1:
      case 2: {
        const auto deadline = now + std::chrono::milliseconds(random.between(0, 400));
        ++last;
        open.insert(last);
        got = model.ask(last, deadline, now);
        wanted = told.ask(last, deadline, now, now < away_until);
        break;
      }
      case 3:
      case 4:
        if (!busy.empty()) {
          const auto w = busy[random.between(0, busy.size() - 1)];
          got = model.finish(w, now);
          wanted = told.finish(w, now);
          away_until = {};
        }
        break;
      case 5:
        if (!busy.empty() && random.between(0, 3) == 0) {
          const auto w = busy[random.between(0, busy.size() - 1)];
          got = model.lose(w, trouble::operator_needed, now, random);
          wanted = told.lose(w, now, false);
          away_until = now + with.retry.slow;
        }
        break;
      case 6:
        if (!busy.empty() && random.between(0, 9) == 0) {
          const auto w = busy[random.between(0, busy.size() - 1)];
          // Between 0 and 1 ms: time passes until it is over for certain.
          got = model.bury(w, now, random);
          wanted = told.lose(w, now, true);
          now += 1ms;
          away_until = {};
        }
        break;
      case 7: {
        const auto id = random.between(last > 10 ? last - 10 : 0, last);
        got = model.cancel(id, now);
        wanted = told.cancel(id, now);
        break;
      }
      default:
        now += std::chrono::milliseconds(random.between(0, random.between(0, 9) == 0 ? 4000 : 60));
        if (random.between(0, 1) == 0) {
          got = model.tick(now);
          wanted = told.tick(now);
        }
        break;
      }
      told.sweep();
      ASSERT_EQ(got, wanted) << "round " << round << ", step " << step;
      for (const auto& each : got.ends) {
        ASSERT_EQ(open.erase(each.question), 1U) << "each question ends once";
        ++ended[each.how];
      }
      ASSERT_EQ(model.busy(), told.busy().size());
      ASSERT_EQ(model.waiting(), told.waiting());
      ASSERT_LE(model.waiting(), with.most_waiting);
      if (const auto next = model.next_tick(); !next || *next > now) {
        ASSERT_EQ(model.tick(now), steps{}) << "nothing is due before next_tick";
      }
    }
    const auto& counts = model.totals();
    EXPECT_EQ(counts.asked, last);
    EXPECT_EQ(counts.answered, ended[end::answered]);
    EXPECT_EQ(counts.timeouts, ended[end::timed_out]);
    EXPECT_EQ(counts.refused, ended[end::refused]);
    EXPECT_EQ(counts.away, ended[end::away]);
    EXPECT_EQ(counts.cancelled, ended[end::cancelled]);
    EXPECT_EQ(counts.started, told.waits.size());
    std::chrono::nanoseconds sum{};
    for (const auto each : told.waits)
      sum += each;
    EXPECT_EQ(counts.waited, sum);
    EXPECT_EQ(counts.longest_wait,
              told.waits.empty() ? 0ns : *std::max_element(told.waits.begin(), told.waits.end()));
  }
}

} // namespace
} // namespace roost::database
