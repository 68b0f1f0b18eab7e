#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace roost::cli {

/// What the status line says while the connection is away, and when. Short breaks are not worth a
/// word. Pure: the clock is passed in; not thread-safe.
class away_notice {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// The connection broke, or an attempt failed, at `now`; the next attempt is at `retry_at`.
  void lost(std::string_view why, time_point retry_at, time_point now);
  /// The server has ended the connection at `now`: nobody typed since `last_input`. Nothing is
  /// tried before a key is pressed.
  void idle(time_point last_input, time_point now);
  /// The connection is back.
  void back() noexcept { state_ = state::here; }

  [[nodiscard]] bool is_away() const noexcept { return state_ != state::here; }
  [[nodiscard]] bool awaits_key() const noexcept { return state_ == state::idle; }

  /// From when on it is to be shown. Requires is_away().
  [[nodiscard]] time_point due_at() const noexcept { return due_at_; }
  /// The line. `detach_keys` is how the user leaves ("Ctrl-\ d").
  [[nodiscard]] std::string text(std::string_view detach_keys, time_point now) const;

private:
  enum class state : std::uint8_t { here, lost, idle };
  state state_ = state::here;
  std::string why_;
  time_point due_at_{};
  time_point retry_at_{};
};

} // namespace roost::cli
