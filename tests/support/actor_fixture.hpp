#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <utility>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <caf/scoped_actor.hpp>
#include <gtest/gtest.h>

#include "protocols/failures.hpp"
#include "protocols/registry.hpp"
#include "protocols/runtime.hpp"

namespace roost::test {

/// Actors on the test's own thread with a clock that the test moves. Messages are handled only in
/// settle() and advance(); nothing depends on real time.
class actor_fixture : public testing::Test {
protected:
  using duration = std::chrono::steady_clock::duration;

  actor_fixture() : sys(prepare(cfg)) { scheduler().clock().current_time += std::chrono::hours(1); }
  /// What is left is handled with all its timers, so that every actor told to exit does.
  ~actor_fixture() override { scheduler().run(100'000); }

  caf::scheduler::test_coordinator& scheduler() {
    return dynamic_cast<caf::scheduler::test_coordinator&>(sys.scheduler());
  }

  /// Handles messages until there is none; no time passes.
  std::size_t settle() {
    std::size_t handled = 0;
    while (scheduler().try_run_once())
      ++handled;
    return handled;
  }

  /// Lets time pass in steps, handling what falls due. A timer that arms itself again fires once
  /// per step, so a step must be shorter than the shortest period.
  void advance(duration time, duration step = std::chrono::milliseconds(10)) {
    settle();
    for (duration passed{}; passed < time; passed += step) {
      scheduler().advance_time(std::min(step, time - passed));
      settle();
    }
  }

  /// What a request came to.
  template <class T>
  struct answer {
    std::optional<T> value;
    failure why;
    bool is_answered = false;
  };

  /// Sends a request whose answer is looked at later with `collect`.
  template <class Handle, class Message>
  auto request(const Handle& to, Message message) {
    // Of simulated time: longer than any test.
    return tester->request(to, std::chrono::minutes(24 * 60), std::move(message));
  }

  template <class T, class Pending>
  answer<T> collect(Pending& pending) {
    answer<T> out;
    settle();
    pending.receive(
        [&](const T& value) {
          out.value = value;
          out.is_answered = true;
        },
        [&](caf::error& why) {
          out.why = from_caf(why);
          out.is_answered = true;
        });
    return out;
  }

  /// Asks and handles messages until the answer is there.
  template <class T, class Handle, class Message>
  answer<T> ask(const Handle& to, Message message) {
    auto pending = request(to, std::move(message));
    return collect<T>(pending);
  }

  caf::actor_system_config cfg;
  caf::actor_system sys;
  caf::scoped_actor tester{sys};

private:
  static caf::actor_system_config& prepare(caf::actor_system_config& config) {
    config.set("scheduler.policy", caf::atom("testing"));
    register_messages(config);
    return config;
  }
};

} // namespace roost::test
