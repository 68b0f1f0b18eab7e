#pragma once

#include "protocols/failures.hpp"
#include "protocols/runtime.hpp"

#include <caf/actor_cast.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/response_promise.hpp>
#include <caf/scheduled_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <utility>

/// What every actor of roost does first and uses instead of CAF's own: CAF 0.17 prints to the
/// console, forgets answers and kills requesters unless each of its defaults is replaced.
namespace roost::runtime {

namespace detail {
void install_handlers(caf::scheduled_actor* self);
} // namespace detail

/// Call first in the actor's function. Replaces CAF's handlers for exceptions, errors, unexpected
/// messages, exits and downs: each is logged with the actor's name, none is printed, and a caller
/// of a handler that threw gets request_error::internal, never the exception's text. An actor that
/// supervises or monitors sets its own down handler afterwards.
template <class Self>
void arm(Self* self) {
  using state_type = std::decay_t<decltype(self->state)>;
  static_assert(!std::is_aggregate_v<state_type>,
                "an actor's state declares a constructor: GCC 12 with C++20 would initialise an "
                "aggregate's first member from the actor's pointer");
  detail::install_handlers(self);
}

/// A request that is under way; `then` takes both outcomes, so that no error path can be left out.
template <class Pending>
class pending_answer {
public:
  explicit pending_answer(Pending pending) : pending_(std::move(pending)) {}

  /// @param ok called with the answer in the actor's context.
  /// @param failed called with the failure: the callee's own, or deadline_exceeded, or that it is
  /// gone.
  template <class Ok, class Failed>
  void then(Ok ok, Failed failed) && {
    pending_.then(std::move(ok),
                  [failed = std::move(failed)](caf::error& why) mutable { failed(from_caf(why)); });
  }

private:
  Pending pending_;
};

/// Asks `dest`, with a deadline that is not optional.
template <class Self, class Handle, class... Ts>
auto ask(Self* self, const Handle& dest, std::chrono::milliseconds timeout, Ts&&... xs) {
  auto pending = self->request(dest, timeout, std::forward<Ts>(xs)...);
  return pending_answer<decltype(pending)>{std::move(pending)};
}

/// A promise that always answers: dropped unanswered, it delivers request_error::internal instead
/// of leaving the caller to its time-out. Move-only; used in the actor that made it.
template <class T>
class promise_guard {
public:
  promise_guard() = default;
  explicit promise_guard(caf::typed_response_promise<T> promise) : promise_(std::move(promise)) {}
  promise_guard(promise_guard&& other) noexcept
      : promise_(std::exchange(other.promise_, caf::typed_response_promise<T>{})) {}
  promise_guard& operator=(promise_guard&& other) noexcept {
    if (this != &other) {
      drop();
      promise_ = std::exchange(other.promise_, caf::typed_response_promise<T>{});
    }
    return *this;
  }
  ~promise_guard() { drop(); }

  void deliver(T value) {
    if (promise_.pending())
      promise_.deliver(std::move(value));
  }
  void fail(const failure& why) {
    if (promise_.pending())
      promise_.deliver(to_caf(why));
  }
  [[nodiscard]] bool pending() const { return promise_.pending(); }

private:
  void drop() { fail({request_error::internal, {}}); }

  caf::typed_response_promise<T> promise_;
};

/// The actor's own timers. Each id is one timer; arming it again replaces it, and a message of an
/// earlier arming is ignored. The owner's interface has `reacts_to<timer_fired>` and forwards here.
/// Lives in the actor's state; used in the actor's context only.
template <class Self>
class timers {
public:
  explicit timers(Self* self) : self_(self) {}

  /// Calls `f` once after `delay`, unless the timer is armed again or cancelled before.
  // NOLINTNEXTLINE(performance-unnecessary-value-param): it is moved from, in each instantiation
  void after(std::uint32_t id, std::chrono::nanoseconds delay, std::function<void()> f) {
    auto& slot = slots_[id];
    ++slot.generation;
    slot.callback = std::move(f);
    self_->delayed_send(self_, delay, timer_fired{id, slot.generation});
  }

  void cancel(std::uint32_t id) {
    const auto at = slots_.find(id);
    if (at == slots_.end())
      return;
    ++at->second.generation;
    at->second.callback = nullptr;
  }

  [[nodiscard]] bool is_armed(std::uint32_t id) const {
    const auto at = slots_.find(id);
    return at != slots_.end() && at->second.callback;
  }

  /// Runs the callback if `x` belongs to the latest arming.
  void fire(const timer_fired& x) {
    const auto at = slots_.find(x.timer);
    if (at == slots_.end() || at->second.generation != x.generation || !at->second.callback)
      return;
    auto callback = std::exchange(at->second.callback, nullptr);
    callback();
  }

private:
  struct armed {
    std::uint64_t generation = 0;
    std::function<void()> callback;
  };
  Self* self_;
  std::unordered_map<std::uint32_t, armed> slots_;
};

} // namespace roost::runtime
