#pragma once

#include "actors/connection/ws_handoff.hpp"

#include <atomic>
#include <cstddef>
#include <memory>

namespace roost::connection {

/// A bound on open connections: hands out places until none is left. A place comes back when the
/// last copy of its slot goes, so it is released exactly once however the connection ends.
/// Thread-safe.
class places {
public:
  explicit places(std::size_t limit) : limit_(limit), taken_(std::make_shared<counter>(0)) {}

  /// Nothing (an empty slot) when all are taken.
  [[nodiscard]] connection_slot take() {
    auto now = taken_->load();
    do {
      if (now >= limit_)
        return nullptr;
    } while (!taken_->compare_exchange_weak(now, now + 1));
    return claim();
  }
  /// A place beyond the limit, for who replaces a connection that is being closed.
  [[nodiscard]] connection_slot take_anyway() {
    ++*taken_;
    return claim();
  }
  [[nodiscard]] std::size_t taken() const { return *taken_; }

private:
  using counter = std::atomic<std::size_t>;

  [[nodiscard]] connection_slot claim() {
    return {static_cast<void*>(taken_.get()), [shared = taken_](void*) { --*shared; }};
  }

  const std::size_t limit_;
  std::shared_ptr<counter> taken_; ///< shared with the slots, which may outlive this
};

} // namespace roost::connection
