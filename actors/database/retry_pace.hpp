#pragma once

#include "actors/database/sqlstate.hpp"
#include "actors/runtime/clock.hpp"
#include "actors/runtime/random.hpp"

#include <chrono>
#include <cstdint>
#include <optional>

namespace roost::database {

/// When to try again: full jitter, a random time of up to `base` * 2^n and at most `longest`
/// (Brooker, "Exponential Backoff And Jitter", 2015), so that many nodes do not come back at the
/// same instant. Pure; not thread-safe.
class retry_pace {
public:
  struct settings {
    std::chrono::milliseconds base{200};
    std::chrono::milliseconds longest{30'000};
    std::chrono::milliseconds slow{60'000};   ///< for what an operator has to mend
    std::chrono::milliseconds stable{60'000}; ///< after this long in health it begins anew
  };

  explicit retry_pace(settings with) : settings_(with) {}

  /// How long to wait after a failure. @param kind what it was.
  std::chrono::milliseconds after_failure(trouble kind, random_source& random);
  /// It works since then.
  void on_success(steady_time now) { healthy_since_ = now; }
  /// It works no longer.
  void on_loss(steady_time now);
  /// Failures since it was in health for long.
  [[nodiscard]] std::uint32_t attempts() const { return attempts_; }

private:
  settings settings_;
  std::uint32_t attempts_ = 0;
  std::optional<steady_time> healthy_since_;
};

} // namespace roost::database
