// CB-1 … CB-11 and CB-13 over random schedules. An oracle keeps a plain list of everything that was
// said of calls, counts the window from it anew after every step, and has a state machine of its
// own; both must tell the same story. It cannot know the jitter: it checks its bounds and takes it.
#include "actors/channel/breaker/breaker.hpp"

#include "tests/support/manual_clock.hpp"
#include "tests/support/seeded_random.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace roost::channel {
namespace {

using namespace std::chrono_literals;
using duration = std::chrono::steady_clock::duration;
using state = breaker_state;
using change = breaker_change;

constexpr int schedules = 100;
constexpr int steps = 10'000; // 100 * 10,000 = 10^6

milliseconds up(duration d) { return std::chrono::ceil<milliseconds>(d); }

/// What chance decides.
class dice {
public:
  explicit dice(std::uint64_t seed) : random_(seed) {}

  std::uint32_t below(std::uint32_t n) {
    return static_cast<std::uint32_t>(random_.between(0, n - 1));
  }
  milliseconds any(milliseconds low, milliseconds high) {
    return milliseconds(random_.between(static_cast<std::uint64_t>(low.count()),
                                        static_cast<std::uint64_t>(high.count())));
  }
  verdict any_verdict() {
    const auto n = below(12);
    return n < 5   ? verdict::failure
           : n < 9 ? verdict::success
                   : static_cast<verdict>(2 + n - 9); // ignored, overload, cancelled
  }
  breaker_rules any_rules() {
    breaker_rules rules;
    rules.window = any(10ms, 20s);
    rules.min_calls = 1 + below(20);
    rules.failure_rate = (1 + below(10)) / 10.0;
    rules.slow_rate = (1 + below(10)) / 10.0;
    rules.slow_at = (1 + below(10)) / 10.0;
    rules.consecutive = 1 + below(12);
    rules.open_base = any(1ms, 5s);
    rules.open_cap = rules.open_base + any(0ms, 30s);
    rules.half_open_successes = 1 + below(5);
    rules.half_open_limit = any(1ms, 30s);
    rules.ramp = any(0ms, 10s);
    rules.limit = 1 + below(40);
    rules.limit_min = 1 + below(4);
    rules.is_limit_adaptive = below(3) == 0;
    rules.timeout = any(1ms, 3s);
    rules.timeout_floor = any(1ms, 100ms);
    rules.is_timeout_adaptive = below(3) == 0;
    return rules;
  }
  breaker_override any_override(steady_time now) {
    breaker_override out;
    out.state = static_cast<state>(3 + below(3));
    out.who = "who" + std::to_string(below(3));
    out.reason = "reason" + std::to_string(below(3));
    if (below(4) != 0)
      out.expires_at = now + any(0ms, 10s) - 1s; // now and then in the past
    return out;
  }
  duration any_step(const breaker_rules& rules) {
    switch (below(40)) {
    case 0:
      return any(0ms, 2 * rules.window);
    case 1:
      return any(0ms, rules.open_cap);
    case 2:
      return rules.window; // the same place of the ring
    case 3:
      return any(0ms, 3s);
    case 4:
      return below(20) == 0 ? std::chrono::hours(1 + below(100'000)) : 1h;
    case 5:
      return -any(0ms, 10s); // which is no step
    case 6:
    case 7:
    case 8:
    case 9:
      return any(0ms, 100ms);
    default:
      return std::chrono::microseconds(below(3000));
    }
  }
  std::uint64_t next() { return random_.next(); }

private:
  seeded_random random_;
};

class schedule {
public:
  explicit schedule(std::uint64_t seed)
      : dice_(seed), jitter_(seed + 1), rules_(dice_.any_rules()), subject_(rules_, jitter_, now_) {
  }

  void run() {
    for (int i = 0; i < steps && !testing::Test::HasFailure(); ++i) {
      step();
      compare();
    }
    drain();
  }

  std::uint64_t opens = 0;
  std::uint64_t closes = 0;
  std::uint64_t would_trips = 0;
  std::uint64_t lapses = 0;

private:
  struct call {
    std::uint64_t generation = 0;
    steady_time granted;
    steady_time deadline;
    milliseconds timeout{0};
    bool is_probe = false;
  };
  struct judged {
    steady_time at;
    bool is_failed = false;
    bool is_slow = false;
  };

  // --- what happens

  void step() {
    given_ = now_ + dice_.any_step(rules_);
    was_closed_ = state_ == state::closed;
    timeout_before_ = subject_.view(now_).timeout;
    switch (dice_.below(26)) {
    case 0:
      subject_.tick(given_);
      catch_up();
      return;
    case 1:
      if (dice_.below(20) == 0)
        configure();
      return;
    case 2:
      if (dice_.below(8) == 0)
        set_override();
      return;
    case 3:
      subject_.clear_override("somebody", given_);
      catch_up();
      if (by_hand_)
        end_override(change::override_cleared, "somebody");
      return;
    case 4:
      if (dice_.below(10) == 0)
        fail_together();
      return;
    case 5:
      complete(odd_id());
      return;
    case 6:
      if (dice_.below(50) == 0)
        check_liveness();
      return;
    default:
      if (out_.empty() || dice_.below(2) == 0) {
        acquire();
      } else {
        auto at = out_.begin();
        std::advance(at, dice_.below(static_cast<std::uint32_t>(out_.size())));
        complete(at->first);
      }
    }
  }

  /// Resolved before, never given, or nonsense.
  std::uint64_t odd_id() {
    if (!resolved_.empty() && dice_.below(3) != 0)
      return resolved_[dice_.below(static_cast<std::uint32_t>(resolved_.size()))];
    return dice_.below(2) == 0 ? dice_.below(100) : dice_.next();
  }

  void acquire() {
    const auto timeout = dice_.any(1ms, dice_.below(10) == 0 ? 40s : 2s);
    const auto answer = subject_.acquire(given_, timeout);
    catch_up();
    const auto limit = rules_.is_limit_adaptive ? subject_.view(now_).limit : limit_at(now_);
    const bool is_probing = state_ == state::half_open && has_probe();
    if (state_ == state::forced_open) {
      expect_refusal(answer, refusal::forced_open, totals_.rejected_forced, by_hand_lasts());
    } else if (state_ == state::open && now_ < until_) {
      expect_refusal(answer, refusal::open, totals_.rejected_open, up(until_ - now_));
    } else if (is_probing) {
      expect_refusal(answer, refusal::probing, totals_.rejected_probing, std::nullopt);
    } else if (out_.size() >= limit) {
      expect_refusal(answer, refusal::limit, totals_.rejected_limit, std::nullopt);
    } else {
      if (state_ == state::open) {
        become(state::half_open);
        phase_end_ = now_ + rules_.half_open_limit;
        grants_ = 0;
        others_ = 0;
        most_needed_ = rules_.half_open_successes;
        expect_event(change::state_changed, state::open, "probing");
      }
      const auto* given = std::get_if<permit>(&answer);
      ASSERT_NE(given, nullptr);
      EXPECT_EQ(given->generation, generation_);
      EXPECT_EQ(given->deadline, now_ + timeout + 250ms);
      EXPECT_EQ(given->is_probe, state_ == state::half_open);
      EXPECT_TRUE(ever_.insert(given->id).second) << "an id is never used again";
      out_[given->id] = {generation_, now_, given->deadline, timeout, given->is_probe};
      ++totals_.granted;
      if (state_ == state::half_open) { // CB-2
        ++grants_;
        EXPECT_EQ(std::count_if(out_.begin(), out_.end(),
                                [&](const auto& x) { return x.second.generation == generation_; }),
                  1);
        EXPECT_LE(grants_, most_needed_ + others_);
      }
    }
  }

  void expect_refusal(const std::variant<permit, rejected>& answer, refusal why,
                      std::uint64_t& total, std::optional<milliseconds> wait) {
    ++total;
    const auto* no = std::get_if<rejected>(&answer);
    ASSERT_NE(no, nullptr) << "CB-3: should have been refused: " << to_string(why);
    EXPECT_EQ(to_string(no->why), to_string(why));
    if (wait) {
      EXPECT_EQ(no->retry_after, *wait);
    } else {
      EXPECT_GE(no->retry_after, 50ms);
      EXPECT_LE(no->retry_after, 250ms);
    }
  }

  void complete(std::uint64_t id) { complete(id, dice_.any_verdict()); }
  void complete(std::uint64_t id, verdict how) {
    if (how == verdict::cancelled && dice_.below(2) == 0)
      subject_.cancel(id, given_);
    else
      subject_.complete(id, how, given_);
    catch_up();
    const auto at = out_.find(id);
    if (at == out_.end()) {
      ++totals_.late;
      return;
    }
    const auto what = at->second;
    out_.erase(at);
    resolved_.push_back(id);
    switch (how) {
    case verdict::success:
      ++totals_.succeeded;
      break;
    case verdict::failure:
      ++totals_.failed;
      break;
    case verdict::ignored:
      ++totals_.ignored;
      break;
    case verdict::overload:
      ++totals_.overloaded;
      break;
    case verdict::cancelled:
      ++totals_.cancelled;
      break;
    }
    if (what.generation == generation_)
      hear(what, how, "probe_failed");
    else
      ++totals_.late;
  }

  /// CB-7: all that is out fails at one instant.
  void fail_together() {
    std::vector<std::uint64_t> ids;
    for (const auto& [id, what] : out_)
      ids.push_back(id);
    const auto before = totals_.opens;
    subject_.tick(given_);
    catch_up();
    const auto settled = totals_.opens;
    given_ = now_;
    for (const auto id : ids)
      complete(id, verdict::failure);
    EXPECT_LE(totals_.opens, settled + 1);
    EXPECT_GE(settled, before);
  }

  void configure() {
    auto next = dice_.below(4) == 0 ? rules_ : dice_.any_rules();
    if (dice_.below(2) == 0)
      next.window = rules_.window;
    subject_.configure(next, given_);
    catch_up();
    if (next == rules_)
      return;
    if (next.window != rules_.window) {
      judged_.clear();
      origin_ = now_;
    }
    rules_ = next;
    most_needed_ = std::max(most_needed_, rules_.half_open_successes);
    ++version_;
    was_closed_ = true; // a time-out may change
    expect_event(change::config_changed, state_, "configured");
  }

  void set_override() {
    const auto what = dice_.any_override(given_);
    subject_.set_override(what, given_);
    catch_up();
    const auto from = state_;
    by_hand_ = what;
    told_at_.reset();
    become(what.state);
    expect_event(change::override_set, from, what.reason);
    catch_up();
  }

  /// CB-4: when nobody says anything any more, something passes again.
  void check_liveness() {
    subject_.tick(given_);
    catch_up();
    if (state_ == state::forced_open && !by_hand_->expires_at)
      return;
    auto copy = subject_;
    auto last = now_;
    for (const auto& [id, what] : out_)
      last = std::max(last, what.deadline);
    if (by_hand_ && by_hand_->expires_at)
      last = std::max(last, *by_hand_->expires_at);
    const auto rest = std::max<duration>(rules_.open_cap, until_ - now_);
    for (const auto when : {now_, last, last + rest})
      if (std::holds_alternative<permit>(copy.acquire(when, 1ms)))
        return;
    ADD_FAILURE() << "wedged in " << to_string(copy.view(now_).state);
  }

  // --- the oracle

  [[nodiscard]] bool has_probe() const {
    return std::any_of(out_.begin(), out_.end(),
                       [&](const auto& x) { return x.second.generation == generation_; });
  }
  [[nodiscard]] milliseconds by_hand_lasts() const {
    return by_hand_->expires_at ? up(*by_hand_->expires_at - now_) : 0ms;
  }

  [[nodiscard]] std::uint32_t limit_at(steady_time at) const {
    if (state_ != state::closed || !ramp_from_)
      return rules_.limit;
    const duration whole = rules_.ramp;
    const auto passed = at - *ramp_from_;
    if (passed >= whole)
      return rules_.limit;
    const auto quarter_and_more = static_cast<std::uint64_t>((whole + 3 * passed).count());
    return static_cast<std::uint32_t>(std::max<std::uint64_t>(
        1, rules_.limit * quarter_and_more / static_cast<std::uint64_t>((4 * whole).count())));
  }

  /// CB-6: counted from the list.
  [[nodiscard]] window_sums recount() const {
    const duration width = duration(rules_.window) / 10;
    const auto newest = (now_ - origin_) / width;
    window_sums sums;
    for (auto each = judged_.rbegin(); each != judged_.rend(); ++each) {
      if (newest - (each->at - origin_) / width >= 10)
        break;
      EXPECT_LE(now_ - each->at, duration(rules_.window));
      ++sums.calls;
      sums.failed += each->is_failed ? 1 : 0;
      sums.slow += each->is_slow ? 1 : 0;
    }
    return sums;
  }

  void become(state to) {
    if (state_ == state::open || state_ == state::half_open)
      open_time_ += now_ - since_;
    state_ = to;
    since_ = now_;
    ++generation_;
    successes_ = 0;
  }

  void end_override(change what, const std::string& why) {
    const auto from = state_;
    become(state::closed);
    expect_event(what, from, why);
    by_hand_.reset();
    start_closed();
  }
  void start_closed() {
    judged_.clear();
    consecutive_ = 0;
    ramp_from_ = now_;
    ++closes;
  }

  void open(const std::string& why) {
    const auto from = state_;
    become(state::open);
    ++totals_.opens;
    ++opens;
    duration longest = rules_.open_base;
    for (int i = 1; i < in_row_ && longest < rules_.open_cap; ++i)
      longest *= 2;
    longest = std::min<duration>(longest, rules_.open_cap);
    ASSERT_FALSE(events_.empty());
    ASSERT_TRUE(events_.front().until);
    until_ = *events_.front().until;
    EXPECT_GE(2 * (until_ - now_), longest);
    EXPECT_LE(until_ - now_, longest);
    expect_event(change::state_changed, from, why);
  }

  void hear(const call& what, verdict how, const char* probe_word) {
    const auto took = now_ - what.granted;
    const bool is_counted = how == verdict::success || how == verdict::failure;
    const bool is_failed = how == verdict::failure;
    const bool is_slow =
        is_counted && static_cast<double>(took.count()) >
                          rules_.slow_at * static_cast<double>(duration(what.timeout).count());
    switch (state_) {
    case state::disabled:
      return;
    case state::half_open:
      EXPECT_TRUE(what.is_probe);
      totals_.slow += is_slow ? 1 : 0;
      if (is_failed) {
        ++totals_.probes_failed;
        ++in_row_;
        open(probe_word);
      } else if (!is_counted) { // CB-9
        ++totals_.probes_other;
        ++others_;
      } else if (++totals_.probes_succeeded; ++successes_ >= rules_.half_open_successes) {
        become(state::closed);
        expect_event(change::state_changed, state::half_open, "probes_succeeded");
        start_closed();
      }
      return;
    case state::closed:
    case state::metrics_only:
      if (is_counted) {
        totals_.slow += is_slow ? 1 : 0;
        judged_.push_back({now_, is_failed, is_slow});
        consecutive_ = is_failed ? consecutive_ + 1 : 0;
        if (is_failed || is_slow)
          trip_if_due();
      }
      return;
    default:
      ADD_FAILURE() << "a permit of a generation that grants none";
    }
  }

  void trip_if_due() {
    const auto sums = recount();
    std::string why;
    if (sums.calls >= rules_.min_calls &&
        static_cast<double>(sums.slow) / sums.calls >= rules_.slow_rate)
      why = "slow_rate";
    if (sums.calls >= rules_.min_calls &&
        static_cast<double>(sums.failed) / sums.calls >= rules_.failure_rate)
      why = "failure_rate";
    if (consecutive_ >= rules_.consecutive)
      why = "consecutive"; // the only way below min_calls: CB-8
    if (why.empty())
      return;
    if (state_ == state::closed) {
      in_row_ = now_ - since_ >= 2 * rules_.open_cap ? 1 : in_row_ + 1;
      open(why);
    } else if (!told_at_ || *told_at_ + rules_.window <= now_) {
      told_at_ = now_;
      ++totals_.would_trips;
      ++would_trips;
      expect_event(change::would_trip, state_, why);
    }
  }

  /// When something falls due by itself, and of several at once which is first.
  [[nodiscard]] std::optional<std::pair<steady_time, int>> next_due() const {
    std::vector<std::pair<steady_time, int>> all;
    for (const auto& [id, what] : out_)
      all.emplace_back(what.deadline, 0);
    if (state_ == state::half_open)
      all.emplace_back(phase_end_, 1);
    if (by_hand_ && by_hand_->expires_at)
      all.emplace_back(*by_hand_->expires_at, 2);
    if (all.empty())
      return std::nullopt;
    return *std::min_element(all.begin(), all.end());
  }

  /// Brings the oracle to the time of the step.
  void catch_up() {
    for (auto& event : subject_.take_events())
      events_.push_back(std::move(event));
    for (auto due = next_due(); due && due->first <= std::max(given_, now_); due = next_due()) {
      now_ = std::max(now_, due->first);
      if (due->second == 0) {
        // Ids grow, so of one deadline the oldest is the first.
        const auto silent = std::find_if(out_.begin(), out_.end(), [&](const auto& x) {
          return x.second.deadline == due->first;
        });
        const auto what = silent->second;
        resolved_.push_back(silent->first);
        out_.erase(silent);
        ++totals_.expired;
        ++lapses;
        if (what.generation == generation_)
          hear(what, verdict::failure, "probe_expired");
      } else if (due->second == 1) {
        open("half_open_limit");
      } else {
        end_override(change::override_expired, by_hand_->reason);
      }
      if (testing::Test::HasFailure())
        return;
    }
    now_ = std::max(now_, given_);
  }

  void expect_event(change what, state from, const std::string& why) {
    ASSERT_FALSE(events_.empty()) << "no event: " << why;
    const auto is = events_.front();
    events_.pop_front();
    EXPECT_EQ(to_string(is.what), to_string(what));
    EXPECT_EQ(to_string(is.from), to_string(from));
    EXPECT_EQ(to_string(is.to), to_string(state_));
    EXPECT_EQ(is.why, why);
    EXPECT_EQ(is.generation, generation_);
    EXPECT_EQ(is.at, now_);
    EXPECT_EQ(is.window, recount());
    EXPECT_EQ(is.until.has_value(), state_ == state::open);
    EXPECT_TRUE(!is.until || *is.until == until_) << "CB-7: until is not moved";
  }

  void compare() {
    if (testing::Test::HasFailure())
      return;
    EXPECT_TRUE(events_.empty()) << "an event too many: " << events_.front().why;
    const auto view = subject_.view(now_);
    EXPECT_EQ(to_string(view.state), to_string(state_));
    EXPECT_EQ(view.since, since_);
    EXPECT_EQ(view.generation, generation_);
    EXPECT_EQ(view.config_version, version_);
    EXPECT_EQ(view.window, recount());
    EXPECT_EQ(view.consecutive_failures, consecutive_);
    EXPECT_EQ(view.in_flight, out_.size());
    EXPECT_EQ(view.by_hand.has_value(), by_hand_.has_value());
    EXPECT_TRUE(!by_hand_ || view.by_hand->reason == by_hand_->reason);
    const auto t = view.totals;
    EXPECT_EQ(t.granted, t.succeeded + t.failed + t.ignored + t.overloaded + t.cancelled +
                             t.expired + view.in_flight); // CB-1
    totals_.open_time = std::chrono::floor<milliseconds>(
        open_time_ +
        (state_ == state::open || state_ == state::half_open ? now_ - since_ : duration(0)));
    EXPECT_TRUE(t == totals_);

    if (rules_.is_limit_adaptive) {
      EXPECT_GE(view.limit, 1U);
      EXPECT_LE(view.limit, rules_.limit);
    } else {
      EXPECT_EQ(view.limit, limit_at(now_));
    }
    if (rules_.is_timeout_adaptive) {
      EXPECT_GE(view.timeout, std::min(rules_.timeout_floor, rules_.timeout));
      EXPECT_LE(view.timeout, rules_.timeout);
      EXPECT_TRUE(was_closed_ || view.timeout == timeout_before_) << "frozen outside closed";
    } else {
      EXPECT_EQ(view.timeout, rules_.timeout);
    }

    milliseconds wait{0};
    if (state_ == state::forced_open)
      wait = by_hand_lasts();
    else if (state_ == state::open && now_ < until_)
      wait = up(until_ - now_);
    else if ((state_ == state::half_open && has_probe()) || out_.size() >= view.limit)
      wait = 50ms;
    EXPECT_EQ(view.retry_after, wait);

    const auto due = next_due();
    EXPECT_EQ(subject_.next_event().has_value(), due.has_value());
    if (due) {
      EXPECT_EQ(*subject_.next_event(), due->first);
      EXPECT_GT(due->first, now_) << "CB-1: what was due is done";
    }
    if (resolved_.size() > 500)
      resolved_.erase(resolved_.begin(), resolved_.begin() + 400);
    if (judged_.size() > 5000 && now_ - judged_[2500].at > 20s)
      judged_.erase(judged_.begin(), judged_.begin() + 2500);
  }

  /// CB-1: in the end no permit is left.
  void drain() {
    given_ = now_ + 2h;
    subject_.tick(given_);
    catch_up();
    compare();
    EXPECT_EQ(subject_.view(now_).in_flight, 0U);
  }

  dice dice_;
  seeded_random jitter_;
  steady_time now_{1h};
  breaker_rules rules_;
  breaker subject_;

  steady_time given_ = now_;
  bool was_closed_ = true;
  milliseconds timeout_before_{0};

  state state_ = state::closed;
  steady_time since_ = now_;
  std::uint64_t generation_ = 1;
  std::uint64_t version_ = 1;
  steady_time origin_ = now_;
  steady_time until_ = now_;
  steady_time phase_end_;
  int in_row_ = 0;
  std::uint32_t successes_ = 0;
  std::uint32_t consecutive_ = 0;
  std::uint32_t grants_ = 0; ///< of the half-open phase
  std::uint32_t others_ = 0;
  std::uint32_t most_needed_ = 0;
  std::optional<steady_time> ramp_from_;
  std::optional<steady_time> told_at_;
  std::optional<breaker_override> by_hand_;
  duration open_time_{0};
  breaker_totals totals_;
  std::map<std::uint64_t, call> out_;
  std::vector<judged> judged_; ///< since the window was cleared last
  std::vector<std::uint64_t> resolved_;
  std::set<std::uint64_t> ever_;     ///< ids
  std::deque<breaker_event> events_; ///< that were told and not expected yet
};

TEST(breaker_property, CB_1_to_CB_9_and_CB_11_and_CB_13_hold_over_a_million_random_steps) {
  const auto seed = test::pick_seed();
  ROOST_SEED_TRACE(seed);
  std::uint64_t opens = 0;
  std::uint64_t closes = 0;
  std::uint64_t would_trips = 0;
  std::uint64_t lapses = 0;
  for (int i = 0; i < schedules && !HasFailure(); ++i) {
    SCOPED_TRACE("schedule " + std::to_string(i));
    schedule one(seed + static_cast<std::uint64_t>(i));
    one.run();
    opens += one.opens;
    closes += one.closes;
    would_trips += one.would_trips;
    lapses += one.lapses;
  }
  // Else the steps prove less than they seem to.
  EXPECT_GT(opens, 1000U);
  EXPECT_GT(closes, 1000U);
  EXPECT_GT(would_trips, 100U);
  EXPECT_GT(lapses, 1000U);
}

/// Two breakers with one fate, except that the second is looked after all the time and its
/// calendar jumps.
TEST(breaker_property, CB_10_neither_the_calendar_nor_ticks_have_an_effect) {
  static_assert(std::is_invocable_v<decltype(&breaker::tick), breaker&, steady_time>);
  static_assert(!std::is_invocable_v<decltype(&breaker::tick), breaker&, wall_time>);
  const auto seed = test::pick_seed();
  ROOST_SEED_TRACE(seed);
  std::size_t told = 0;
  for (std::uint64_t i = 0; i < 40 && !HasFailure(); ++i) {
    dice chance(seed + i);
    seeded_random left_jitter(seed);
    seeded_random right_jitter(seed);
    test::manual_clock left_clock;
    test::manual_clock right_clock;
    const auto rules = chance.any_rules();
    breaker left(rules, left_jitter, left_clock.now());
    breaker right(rules, right_jitter, right_clock.now());
    std::vector<std::uint64_t> ids{0};
    for (int step = 0; step < 1000 && !HasFailure(); ++step) {
      const auto pass = std::max(chance.any_step(rules), duration(0));
      left_clock.advance(pass);
      for (int part = 0; part < 3; ++part) {
        right_clock.advance(pass / 3);
        right_clock.jump_wall(std::chrono::hours(chance.below(1000)) - 500h);
        right.tick(right_clock.now());
      }
      right_clock.advance(left_clock.now() - right_clock.now());
      const auto now = left_clock.now();
      if (chance.below(60) == 0) {
        const auto what = chance.any_override(now);
        left.set_override(what, now);
        right.set_override(what, right_clock.now());
      } else if (chance.below(2) == 0) {
        const auto timeout = chance.any(1ms, 2s);
        const auto a = left.acquire(now, timeout);
        const auto b = right.acquire(right_clock.now(), timeout);
        ASSERT_EQ(a.index(), b.index());
        if (const auto* given = std::get_if<permit>(&a)) {
          ASSERT_EQ(given->id, std::get<permit>(b).id);
          ids.push_back(given->id);
        } else {
          ASSERT_EQ(std::get<rejected>(a).retry_after, std::get<rejected>(b).retry_after);
        }
      } else {
        const auto id = ids[chance.below(static_cast<std::uint32_t>(ids.size()))];
        const auto how = chance.any_verdict();
        left.complete(id, how, now);
        right.complete(id, how, right_clock.now());
      }
      const auto a = left.take_events();
      const auto b = right.take_events();
      told += a.size();
      // The right one may tell sooner; the left one has caught up by now.
      ASSERT_EQ(a.size(), b.size());
      for (std::size_t n = 0; n < a.size(); ++n) {
        EXPECT_EQ(a[n].at, b[n].at);
        EXPECT_EQ(a[n].why, b[n].why);
        EXPECT_EQ(a[n].until, b[n].until);
        EXPECT_EQ(a[n].window, b[n].window);
      }
      const auto seen = left.view(now);
      const auto twin = right.view(now);
      EXPECT_EQ(to_string(seen.state), to_string(twin.state));
      EXPECT_EQ(seen.generation, twin.generation);
      EXPECT_EQ(seen.window, twin.window);
      EXPECT_EQ(seen.limit, twin.limit);
      EXPECT_EQ(seen.timeout, twin.timeout);
      EXPECT_TRUE(seen.totals == twin.totals);
    }
  }
  EXPECT_GT(told, 100U);
}

} // namespace
} // namespace roost::channel
