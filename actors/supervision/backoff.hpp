#pragma once

#include "actors/runtime/random.hpp"
#include "protocols/supervision_types.hpp"

#include <chrono>
#include <cstdint>

namespace roost::supervision {

/// The delays of one child's restarts, exponential with equal jitter: half of each delay is
/// certain, the other half random. Pure.
class backoff {
public:
  explicit backoff(backoff_policy policy) : policy_(policy) {}

  /// The delay before the next restart. @param lived how long the incarnation that ended was up.
  [[nodiscard]] std::chrono::milliseconds next(std::chrono::steady_clock::duration lived,
                                               random_source& random);

private:
  backoff_policy policy_;
  std::uint32_t attempt_ = 0;
};

} // namespace roost::supervision
