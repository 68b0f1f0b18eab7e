// CAF's scheduler and clock on the I/O threads.
#include "actors/runtime/scheduler.hpp"

#include "actors/runtime/actor_base.hpp"
#include "actors/runtime/io_threads.hpp"
#include "protocols/registry.hpp"
#include "tests/support/seeded_random.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <caf/actor_system.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/stateful_actor.hpp>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <thread>
#include <vector>

namespace roost::runtime {
namespace {

using namespace std::chrono_literals;
using steady = std::chrono::steady_clock;

constexpr auto patience = 20s;

/// What an actor leaves behind for the test.
struct trace {
  std::atomic<int> handled{0};
  std::atomic<int> too_early{0};
  std::promise<void> done;
};

struct counter_state {
  static inline constexpr const char* name = "counter";
  explicit counter_state(caf::event_based_actor* /*self*/) {}
  std::shared_ptr<trace> seen;
};

struct fixture : testing::Test {
  io_threads io{2};
  system_config config{[this]() -> boost::asio::io_context& { return io.here(); }};
  std::unique_ptr<caf::actor_system> sys;

  fixture() {
    register_messages(config);
    sys = std::make_unique<caf::actor_system>(config);
    sys->await_actors_before_shutdown(false);
  }
  ~fixture() override {
    sys.reset();
    io.stop();
  }
};
using scheduler_test = fixture;

/// Counts the numbers it gets, each the time in ns before which it must not come.
caf::behavior counter(caf::stateful_actor<counter_state>* self, std::shared_ptr<trace> seen,
                      int last) {
  arm(self);
  self->state.seen = std::move(seen);
  return {[self, last](std::int64_t due) {
    auto& so_far = *self->state.seen;
    if (steady::now().time_since_epoch().count() < due)
      ++so_far.too_early;
    if (++so_far.handled == last)
      so_far.done.set_value();
  }};
}

TEST_F(scheduler_test, every_delayed_message_comes_once_and_never_early) {
  const auto seed = test::pick_seed();
  ROOST_SEED_TRACE(seed);
  seeded_random random(seed);
  constexpr int messages = 2'000;
  const auto seen = std::make_shared<trace>();
  const auto target = sys->spawn(counter, seen, messages);
  // From a thread of ours and from both I/O threads.
  for (int i = 0; i < messages; ++i) {
    const auto send = [this, target, delay = std::chrono::microseconds(random.between(0, 60'000))] {
      const auto due = steady::now() + delay;
      sys->clock().schedule_message(
          due, caf::actor_cast<caf::strong_actor_ptr>(target),
          caf::make_mailbox_element(nullptr, caf::make_message_id(), {},
                                    static_cast<std::int64_t>(due.time_since_epoch().count())));
    };
    if (i % 3 == 0)
      send();
    else
      boost::asio::post(io.next(), send);
  }
  ASSERT_EQ(seen->done.get_future().wait_for(patience), std::future_status::ready);
  EXPECT_EQ(seen->handled, messages);
  EXPECT_EQ(seen->too_early, 0);
}

TEST_F(scheduler_test, a_request_without_an_answer_times_out) {
  // Each actor gets an argument: CAF 0.17 takes a null pointer apart where there is none.
  const auto silent =
      sys->spawn([](int) -> caf::behavior { return {[](int) { return caf::skip(); }}; }, 0);
  const auto waiting = std::make_shared<trace>();
  const auto asker = [](caf::event_based_actor* me, const caf::actor& whom,
                        const std::shared_ptr<trace>& seen) -> caf::behavior {
    me->request(whom, 30ms, 1)
        .then([](int) {},
              [seen](const caf::error& why) {
                seen->handled = why == caf::sec::request_timeout;
                seen->done.set_value();
              });
    return {[](int) {}};
  };
  sys->spawn(asker, silent, waiting);
  ASSERT_EQ(waiting->done.get_future().wait_for(patience), std::future_status::ready);
  EXPECT_EQ(waiting->handled, 1);
}

TEST_F(scheduler_test, nothing_is_triggered_after_the_system_has_ended) {
  const auto seen = std::make_shared<trace>();
  {
    const auto target = sys->spawn(counter, seen, 1'000'000);
    caf::scoped_actor self{*sys};
    for (int i = 0; i < 400; ++i)
      self->delayed_send(target, std::chrono::milliseconds(i / 10), std::int64_t{0});
    self->delayed_send(target, 1h, std::int64_t{0});
    while (seen->handled < 20)
      std::this_thread::yield();
  }
  sys.reset(); // in the middle of them
  const int handled = seen->handled;
  // The threads live on for longer than the last of them.
  std::promise<void> later;
  boost::asio::steady_timer timer(io.first(), 60ms);
  timer.async_wait([&](boost::system::error_code) { later.set_value(); });
  ASSERT_EQ(later.get_future().wait_for(patience), std::future_status::ready);
  EXPECT_EQ(seen->handled, handled);
}

TEST_F(scheduler_test, hand_over_runs_an_idle_actor_before_it_returns) {
  const auto seen = std::make_shared<trace>();
  const auto target = sys->spawn(counter, seen, 1'000'000'000);
  // The first ones may come while it still starts on the other thread.
  bool was_handled_inside = false;
  const auto until = steady::now() + patience;
  for (int sent = 1; !was_handled_inside && steady::now() < until; ++sent) {
    std::promise<bool> result;
    boost::asio::post(io.first(), [&] {
      hand_over(target, std::int64_t{0});
      result.set_value(seen->handled == sent);
    });
    was_handled_inside = result.get_future().get();
  }
  EXPECT_TRUE(was_handled_inside);
}

TEST_F(scheduler_test, hand_over_comes_back_from_actors_that_never_fall_silent) {
  // Two actors that send the same number back and forth for ever.
  const auto rounds = std::make_shared<std::atomic<int>>(0);
  using counter_ptr = std::shared_ptr<std::atomic<int>>;
  const auto player = [](caf::event_based_actor* me, const counter_ptr& so_far) -> caf::behavior {
    return {[me, so_far](std::int64_t ball) {
      ++*so_far;
      me->send(caf::actor_cast<caf::actor>(me->current_sender()), ball);
    }};
  };
  const auto one = sys->spawn(player, rounds);
  const auto starter = sys->spawn(
      [](caf::event_based_actor* me, const caf::actor& to) -> caf::behavior {
        return {[me, to](std::int64_t ball) { me->send(to, ball); }};
      },
      one);
  std::promise<int> result;
  boost::asio::post(io.first(), [&] {
    hand_over(starter, std::int64_t{1});
    result.set_value(rounds->load());
  });
  auto future = result.get_future();
  ASSERT_EQ(future.wait_for(patience), std::future_status::ready);
  // They go on afterwards, on the threads' own time.
  const auto then = future.get();
  const auto until = steady::now() + patience;
  while (rounds->load() <= then + 100 && steady::now() < until)
    std::this_thread::yield();
  EXPECT_GT(rounds->load(), then + 100);
  caf::anon_send_exit(one, caf::exit_reason::kill);
  caf::anon_send_exit(starter, caf::exit_reason::kill);
}

TEST(io_threads_test, what_comes_in_pairs_is_spread_over_all_threads) {
  io_threads io(2);
  std::vector<int> counts(2);
  auto* const first = &io.first();
  for (int i = 0; i < 1'000; ++i) {
    io.next();
    ++counts[&io.next() == first ? 0 : 1];
  }
  EXPECT_GT(counts[0], 400);
  EXPECT_GT(counts[1], 400);
}

} // namespace
} // namespace roost::runtime
