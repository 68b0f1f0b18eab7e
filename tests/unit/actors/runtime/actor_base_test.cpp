// The traps that actor_base removes, by their numbers in the catalogue of CAF 0.17's pitfalls:
// P9 a request without an error path, P11 a dropped promise, P12 exceptions and unknown messages,
// P13 timers and exits.
#include "actors/runtime/actor_base.hpp"

#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <caf/actor_system.hpp>
#include <caf/stateful_actor.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "actors/runtime/log.hpp"
#include "actors/runtime/scheduler.hpp"
#include "tests/support/actor_fixture.hpp"

namespace roost::runtime {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using probe_actor = caf::typed_actor<
    // Does what the text says.
    caf::replies_to<std::string>::with<std::uint64_t>,
    // Its timers.
    caf::reacts_to<timer_fired>>;

struct probe_state {
  static inline constexpr const char* name = "probe";

  explicit probe_state(probe_actor::pointer self) : alarms(self) {}

  timers<probe_actor::base> alarms;
  std::optional<promise_guard<std::uint64_t>> held;
  std::shared_ptr<std::vector<std::string>> rang;
};
using probe_pointer = probe_actor::stateful_pointer<probe_state>;

caf::result<std::uint64_t> obey(probe_pointer self, const std::string& text) {
  auto& state = self->state;
  if (text == "throw")
    throw std::runtime_error("secret detail");
  if (text == "throw oddly")
    throw 42; // NOLINT(hicpp-exception-baseclass): what a careless library might do
  if (text == "fail")
    return to_caf({terminal_error::bad_size, "0x0"});
  if (text == "hold" || text == "hold again" || text == "drop") {
    auto promise = self->make_response_promise<std::uint64_t>();
    promise_guard<std::uint64_t> guard(promise);
    if (text != "drop")
      state.held = std::move(guard);
    return promise;
  }
  if (text == "release" && state.held)
    state.held->deliver(7);
  if (text == "quit")
    self->quit();
  if (text == "arm")
    state.alarms.after(1, 1s, [&state] { state.rang->push_back("first"); });
  if (text == "arm again")
    state.alarms.after(1, 1s, [&state] { state.rang->push_back("second"); });
  if (text == "arm other")
    state.alarms.after(2, 500ms, [&state] { state.rang->push_back("other"); });
  if (text == "arm far")
    state.alarms.after(3, 1h, [] {});
  if (text == "cancel")
    state.alarms.cancel(1);
  return std::uint64_t{1};
}

probe_actor::behavior_type probe(probe_pointer self,
                                 std::shared_ptr<std::vector<std::string>> rang) {
  arm(self);
  self->state.rang = std::move(rang);
  return {
      [self](const std::string& text) { return obey(self, text); },
      [self](const timer_fired& x) { self->state.alarms.fire(x); },
  };
}

/// Asks a probe when told "go", and keeps what came of it.
struct asker_state {
  static inline constexpr const char* name = "asker";

  explicit asker_state(caf::event_based_actor* /*self*/) {}

  std::shared_ptr<std::vector<std::string>> outcomes;
};

caf::behavior asker(caf::stateful_actor<asker_state>* self, probe_actor to,
                    std::shared_ptr<std::vector<std::string>> outcomes) {
  arm(self);
  self->state.outcomes = std::move(outcomes);
  return {[self, to](const std::string& text) {
    ask(self, to, 2s, text)
        .then(
            [self](std::uint64_t) { self->state.outcomes->push_back("ok"); },
            [self](const failure& why) { self->state.outcomes->emplace_back(describe(why).name); });
  }};
}

class actor_base_test : public test::actor_fixture {
protected:
  actor_base_test() {
    log::init({log::severity::info, log::layout::text},
              [this](std::string_view line) { lines.emplace_back(line); });
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
  }
  ~actor_base_test() override {
    caf::anon_send_exit(subject, caf::exit_reason::kill);
    settle();
    // CAF's own handlers print; ours must not.
    EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
    log::init({});
  }

  auto tell(const std::string& text) { return ask<std::uint64_t>(subject, text); }

  std::vector<std::string> lines;
  std::shared_ptr<std::vector<std::string>> rang = std::make_shared<std::vector<std::string>>();
  std::shared_ptr<std::vector<std::string>> outcomes = std::make_shared<std::vector<std::string>>();
  probe_actor subject = sys.spawn(probe, rang);
};

TEST_F(actor_base_test, p9_every_way_a_request_can_fail_reaches_the_error_path) {
  const auto client = sys.spawn(asker, subject, outcomes);
  const auto go = [&](const std::string& text, std::chrono::seconds wait = 0s) {
    caf::anon_send(client, text);
    advance(wait, 100ms);
    return std::exchange(*outcomes, {});
  };
  EXPECT_THAT(go("x"), ElementsAre("ok"));
  EXPECT_THAT(go("fail"), ElementsAre("bad-size"));
  EXPECT_THAT(go("hold"), IsEmpty());
  EXPECT_THAT(go("nothing new", 3s), ElementsAre("ok", "deadline-exceeded"));
  // The answer that comes too late changes nothing.
  EXPECT_THAT(go("release"), ElementsAre("ok"));
  EXPECT_THAT(go("drop"), ElementsAre("internal"));
  EXPECT_THAT(go("throw"), ElementsAre("internal"));
  EXPECT_THAT(go("x"), ElementsAre("no-such-session")); // it is gone
  EXPECT_THAT(go("x"), ElementsAre("no-such-session")); // and the one who asks is not
  caf::anon_send_exit(client, caf::exit_reason::kill);
  settle();
}

TEST_F(actor_base_test, p11_a_dropped_promise_is_answered_at_once) {
  EXPECT_TRUE(tell("drop").why.is(request_error::internal));
}

TEST_F(actor_base_test, p11_a_promise_that_is_replaced_or_dies_with_its_actor_is_answered) {
  auto first = request(subject, std::string("hold"));
  settle();
  auto second = request(subject, std::string("hold again"));
  EXPECT_TRUE(collect<std::uint64_t>(first).why.is(request_error::internal));
  caf::anon_send_exit(subject, caf::exit_reason::user_shutdown);
  EXPECT_TRUE(collect<std::uint64_t>(second).why.is(request_error::internal));
}

TEST_F(actor_base_test, p11_a_promise_is_answered_once) {
  auto held = request(subject, std::string("hold"));
  settle();
  EXPECT_TRUE(tell("release").value);
  EXPECT_TRUE(tell("release").value);
  EXPECT_EQ(collect<std::uint64_t>(held).value, 7U);
}

TEST_F(actor_base_test, p12_a_handler_that_throws_tells_the_log_and_not_the_caller) {
  const auto out = tell("throw");
  EXPECT_TRUE(out.why.is(request_error::internal));
  EXPECT_EQ(out.why.detail.find("secret"), std::string::npos);
  EXPECT_THAT(lines, ElementsAre(HasSubstr("actor ended by an exception what=\"secret detail\"")));
  EXPECT_FALSE(tell("x").value) << "it ended";
}

TEST_F(actor_base_test, p12_something_odd_that_is_thrown_is_handled_too) {
  EXPECT_TRUE(tell("throw oddly").why.is(request_error::internal));
}

TEST_F(actor_base_test, p12_requests_that_wait_behind_a_crash_are_answered) {
  auto crash = request(subject, std::string("throw"));
  auto queued = request(subject, std::string("x"));
  EXPECT_TRUE(collect<std::uint64_t>(crash).is_answered);
  EXPECT_FALSE(collect<std::uint64_t>(queued).value);
}

TEST_F(actor_base_test, p12_an_unknown_message_is_answered_logged_and_survived) {
  const auto untyped = caf::actor_cast<caf::actor>(subject);
  EXPECT_TRUE(ask<std::uint64_t>(untyped, 3.14).why.is(request_error::internal));
  EXPECT_THAT(lines, ElementsAre(HasSubstr("a message that it does not know")));
  EXPECT_TRUE(tell("x").value);
}

TEST_F(actor_base_test, p12_an_error_sent_by_another_actor_does_not_kill) {
  caf::anon_send(caf::actor_cast<caf::actor>(subject), caf::make_error(caf::sec::runtime_error));
  settle();
  EXPECT_TRUE(tell("x").value);
}

TEST_F(actor_base_test, p13_a_timer_rings_once) {
  tell("arm");
  tell("arm other");
  advance(600ms);
  EXPECT_THAT(*rang, ElementsAre("other"));
  advance(10s, 100ms);
  EXPECT_THAT(*rang, ElementsAre("other", "first"));
}

TEST_F(actor_base_test, p13_arming_again_replaces_and_cancelling_silences) {
  tell("arm");
  advance(900ms);
  tell("arm again");
  advance(200ms);
  EXPECT_THAT(*rang, IsEmpty());
  advance(1s);
  EXPECT_THAT(*rang, ElementsAre("second"));
  tell("arm");
  tell("cancel");
  advance(2s);
  EXPECT_THAT(*rang, ElementsAre("second"));
}

TEST_F(actor_base_test, p13_a_timer_dies_with_its_actor) {
  tell("arm");
  tell("quit");
  advance(2s);
  EXPECT_THAT(*rang, IsEmpty());
}

TEST_F(actor_base_test, p13_told_to_exit_it_exits_with_the_reason) {
  tester->monitor(subject);
  caf::anon_send_exit(subject, caf::exit_reason::user_shutdown);
  settle();
  caf::error reason;
  tester->receive([&](const caf::down_msg& x) { reason = x.reason; });
  EXPECT_EQ(reason, caf::error(caf::exit_reason::user_shutdown));
  EXPECT_THAT(lines, IsEmpty()) << "an ordinary end is no news";
}

TEST(actor_base, p13_a_far_timer_does_not_hold_up_the_end_of_the_system) {
  auto ended = std::async(std::launch::async, [] {
    boost::asio::io_context io;
    auto work = boost::asio::make_work_guard(io);
    std::jthread pool([&] { io.run(); });
    {
      system_config config(io);
      register_messages(config);
      caf::actor_system sys(config);
      const auto rang = std::make_shared<std::vector<std::string>>();
      const auto one = sys.spawn(probe, rang);
      caf::anon_send(one, std::string("arm far"));
      caf::anon_send_exit(one, caf::exit_reason::user_shutdown);
    }
    work.reset();
  });
  EXPECT_EQ(ended.wait_for(10s), std::future_status::ready);
}

} // namespace
} // namespace roost::runtime
