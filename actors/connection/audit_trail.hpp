#pragma once

#include "actors/connection/http_types.hpp"
#include "actors/database/store/records.hpp"
#include "actors/runtime/clock.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>

namespace roost::connection {

/// How an act ended, as far as an answer tells.
struct act_outcome {
  std::string outcome; ///< done, refused (no right to it), rejected (a wrong question), failed
  std::string problem; ///< name of the error; empty: none
  std::string target;  ///< id of what the answer made; empty: it made nothing
};
act_outcome outcome_of(const http_response& answer);

/// Writes down who did what, from where, and how it ended. Of what strangers and those without the
/// right try, only so many a minute: nobody can fill the disk by being refused. Thread-safe.
class audit_trail {
public:
  using sink = std::function<void(database::audit_record)>;
  static constexpr std::uint32_t refusals_per_minute = 60;

  /// @param time outlives it. @param keep is called on the caller's thread; does not block.
  audit_trail(const clock& time, sink keep) : clock_(time), keep_(std::move(keep)) {}

  /// The record of an act of this request.
  [[nodiscard]] database::audit_record record(const http_request& of, std::string_view act,
                                              const act_outcome& how) const;
  /// Writes it down, as soon as may be.
  void note(const http_request& of, std::string_view act, const act_outcome& how);

  /// Refusals that were not written down.
  [[nodiscard]] std::uint64_t passed_over() const { return passed_over_; }

private:
  bool may_note_refusal();

  const clock& clock_;
  const sink keep_;
  std::mutex mutex_;
  steady_time minute_{};
  std::uint32_t refusals_ = 0; ///< in this minute
  std::atomic<std::uint64_t> passed_over_ = 0;
};

} // namespace roost::connection
