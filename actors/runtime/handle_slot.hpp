#pragma once

#include <memory>
#include <mutex>
#include <utility>

namespace roost::runtime {

/// Where the present incarnation of a supervised actor is found: its factory puts the handle in,
/// callers take it out for each use, so that nobody talks to a dead generation for longer than one
/// message. Copies share the slot. Thread-safe; never on the path of terminal output.
template <class Handle>
class handle_slot {
public:
  handle_slot() : state_(std::make_shared<state>()) {}

  void put(Handle handle) const {
    std::lock_guard guard(state_->lock);
    state_->handle = std::move(handle);
  }
  /// Lets go of the handle.
  void clear() const { put(Handle()); }
  /// The handle; empty before the first start.
  [[nodiscard]] Handle get() const {
    std::lock_guard guard(state_->lock);
    return state_->handle;
  }
  Handle operator()() const { return get(); }

private:
  struct state {
    std::mutex lock;
    Handle handle;
  };
  std::shared_ptr<state> state_;
};

} // namespace roost::runtime
