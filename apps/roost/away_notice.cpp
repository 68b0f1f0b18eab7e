#include "apps/roost/away_notice.hpp"

namespace roost::cli {

namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr seconds worth_a_word{1};

/// "5 min", or "40 s" where that is less than a minute.
std::string rounded_down(std::chrono::steady_clock::duration time) {
  if (time >= minutes(1))
    return std::to_string(std::chrono::floor<minutes>(time).count()) + " min";
  return std::to_string(std::chrono::floor<seconds>(time).count()) + " s";
}

} // namespace

void away_notice::lost(std::string_view why, time_point retry_at, time_point now) {
  if (state_ != state::lost)
    due_at_ = now + worth_a_word;
  state_ = state::lost;
  why_ = why;
  retry_at_ = retry_at;
}

void away_notice::idle(time_point last_input, time_point now) {
  state_ = state::idle;
  why_ = "disconnected after " + rounded_down(now - last_input) + " without input";
  due_at_ = now;
}

std::string away_notice::text(std::string_view detach_keys, time_point now) const {
  if (awaits_key())
    return "roost: " + why_ + "; press any key to come back – Ctrl-C to quit";
  const auto left = std::chrono::ceil<seconds>(retry_at_ - now).count();
  return "roost: " + why_ + ", retrying" +
         (left > 0 ? " in " + std::to_string(left) + " s" : std::string()) + " – " +
         std::string(detach_keys) + " to quit";
}

} // namespace roost::cli
