// Random helpers, callers and clocks: each call is answered exactly once, in time, and nothing is
// beyond its bound.
#include "actors/channel/call_desk.hpp"

#include "tests/support/manual_clock.hpp"
#include "tests/support/seeded_random.hpp"
#include "tests/unit/actors/channel/desk_port_log.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace roost::channel {
namespace {

constexpr int schedules = 40;
constexpr int steps = 5'000; // 40 * 5,000 = 2 * 10^5

class schedule {
public:
  explicit schedule(std::uint64_t seed)
      : random_(seed), config_(any_config()),
        subject_(config_, random_, port_, time_.now(), breaker::start::fresh) {}

  void run() {
    for (int i = 0; i < steps && !::testing::Test::HasFailure(); ++i) {
      step();
      check();
    }
    time_.advance(call_desk::longest_timeout + milliseconds(1'000));
    subject_.tick(time_.now());
    time_.advance(milliseconds(1'000)); // whoever was let in at that moment
    subject_.tick(time_.now());
    EXPECT_EQ(subject_.open_calls(), 0U);
    for (const auto& [id, due] : due_)
      EXPECT_EQ(port_.times[id], 1) << "call " << id;
    const auto& t = subject_.totals();
    std::uint64_t ended = t.ok + t.degraded;
    for (const auto n : t.failed_by)
      ended += n;
    EXPECT_EQ(ended, t.calls);
  }

private:
  std::uint64_t below(std::uint64_t n) { return random_.between(0, n - 1); }

  channel_config any_config() {
    channel_config c;
    c.name = "x";
    c.timeout = milliseconds(random_.between(10, 2'000));
    c.idempotent = below(2) == 0;
    c.adaptive_timeout = below(2) == 0;
    c.concurrency.limit = static_cast<std::uint32_t>(random_.between(1, 8));
    c.concurrency.queue = static_cast<std::uint32_t>(below(6));
    c.concurrency.adaptive = below(2) == 0;
    c.breaker.consecutive = static_cast<std::uint32_t>(random_.between(1, 6));
    c.breaker.open_base = milliseconds(random_.between(100, 3'000));
    c.breaker.open_cap = c.breaker.open_base * 4;
    if (below(2) == 0)
      c.fallback = "0";
    if (c.idempotent && below(2) == 0)
      c.fallback_channel = "spare";
    if (c.idempotent && below(2) == 0)
      c.last_good = milliseconds(5'000);
    return c;
  }

  void submit() {
    const auto id = ++last_;
    const auto timeout = milliseconds(below(3) == 0 ? 0 : random_.between(1, 3'000));
    due_[id] = time_.now() + (timeout.count() > 0 ? timeout : config_.timeout);
    subject_.submit({id, below(2) == 0 ? "a" : "b", "", timeout}, time_.now());
  }

  void answer_something() {
    if (port_.sent.empty())
      return;
    // Mostly one that is out; sometimes late, twice, or never asked for.
    reply r;
    if (below(4) > 0 && !port_.out.empty())
      r.id = *std::next(port_.out.begin(), static_cast<long>(below(port_.out.size())));
    else
      r.id = below(2) == 0 ? port_.sent[below(port_.sent.size())].id : random_.next();
    r.kind = below(2) == 0 ? reply_kind::value : static_cast<reply_kind>(below(6));
    r.value = "1";
    r.code = below(2) == 0 ? -32602 : -32603;
    port_.out.erase(r.id);
    subject_.replied(r, time_.now());
  }

  void stand_in() {
    if (port_.others.empty())
      return;
    call_answer said;
    said.has_value = below(2) == 0;
    said.value = "2";
    subject_.stood_in(port_.others[below(port_.others.size())].call, said, time_.now());
  }

  void step() {
    switch (below(10)) {
    case 0:
    case 1:
    case 2:
      return submit();
    case 3:
    case 4:
    case 5:
      return answer_something();
    case 6:
      return subject_.cancel(random_.between(1, last_ + 1), time_.now());
    case 7:
      return stand_in();
    case 8:
      if (below(40) == 0) {
        config_ = any_config();
        subject_.configure(config_, time_.now());
      }
      return;
    default:
      // As an actor would: at each event, or late.
      if (const auto next = subject_.next_event(); next && below(2) == 0)
        time_.advance(std::max(steady_time::duration::zero(), *next - time_.now()));
      else
        time_.advance(milliseconds(below(4) == 0 ? below(20'000) : below(50)));
      subject_.tick(time_.now());
    }
  }

  void check() {
    const auto v = subject_.judge_of_it().view(time_.now());
    std::size_t open = 0;
    for (const auto& [id, due] : due_) {
      const auto n = port_.times[id];
      ASSERT_LE(n, 1) << "call " << id << " was answered twice";
      open += n == 0 ? 1 : 0;
      // After a tick nobody is owed an answer.
      if (n == 0) {
        ASSERT_GE(due + call_desk::stand_in_patience, last_tick()) << "call " << id;
      }
    }
    ASSERT_EQ(open, subject_.open_calls());
    // Not to look at what is long over again and again.
    for (auto at = due_.begin(); at != due_.end() && due_.size() > 200;)
      at = port_.times[at->first] == 1 ? due_.erase(at) : std::next(at);
    ASSERT_LE(subject_.waiting(), std::max<std::size_t>(config_.concurrency.queue, 6));
    const auto& t = v.totals;
    ASSERT_EQ(t.granted, t.succeeded + t.failed + t.ignored + t.overloaded + t.cancelled +
                             t.expired + v.in_flight);
  }
  [[nodiscard]] steady_time last_tick() const { return time_.now(); }

  seeded_random random_;
  roost::test::manual_clock time_;
  test::desk_port_log port_;
  channel_config config_;
  call_desk subject_;
  std::uint64_t last_ = 0;
  std::map<std::uint64_t, steady_time> due_; ///< of calls, by when they must have an answer
};

TEST(call_desk_property, CB_1_every_call_has_one_answer_in_time) {
  const auto seed = roost::test::pick_seed();
  ROOST_SEED_TRACE(seed);
  for (int i = 0; i < schedules && !::testing::Test::HasFailure(); ++i)
    schedule(seed + static_cast<std::uint64_t>(i)).run();
}

} // namespace
} // namespace roost::channel
