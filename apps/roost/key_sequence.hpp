#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "apps/roost/outcome.hpp"

namespace roost::cli {

/// One key of the detach sequence: a character, with or without Ctrl.
struct detach_key {
  char32_t code = 0; ///< lower case
  bool is_ctrl = false;
  friend bool operator==(const detach_key&, const detach_key&) = default;
};

/// One or two keys.
struct detach_sequence {
  std::vector<detach_key> keys;
  std::string shown; ///< "Ctrl-\ d"
};

/// Reads "Ctrl-\ d", "C-a d", "^]": one or two keys with a space between. The first one needs Ctrl,
/// since it can't be typed any more without being pressed twice. Failures have exit status 2.
outcome<detach_sequence> parse_detach_sequence(std::string_view text);

/// What the user asked for with a key.
enum class key_wish : std::uint8_t { none, detach };

/// Finds the detach sequence in what the user's terminal sends. It knows the key as a control
/// character and in the two encodings of modern keyboards (CSI code;modifiers u, CSI 27;…;code ~),
/// which programs switch on, and ignores pasted text. After the first key the next one decides; the
/// first key twice is sent to the session once. Pure; not thread-safe.
class detach_matcher {
public:
  explicit detach_matcher(detach_sequence sequence) : sequence_(std::move(sequence)) {}

  /// Appends to `out` what is meant for the session. After key_wish::detach nothing more is read.
  key_wish feed(std::string_view bytes, std::string& out);

  /// True while the first key waits for the second; the caller flushes it after a while.
  [[nodiscard]] bool is_waiting() const noexcept { return !held_.empty(); }

  /// Gives the waiting first key to the session after all.
  void flush(std::string& out);

private:
  detach_sequence sequence_;
  std::string held_; ///< the first key as it came
  bool in_paste_ = false;
};

} // namespace roost::cli
