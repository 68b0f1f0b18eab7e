#pragma once

#include "actors/database/recording/byte_scanner.hpp"
#include "actors/database/recording/event.hpp"
#include "actors/runtime/result.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace re2 {
class RE2;
} // namespace re2

namespace roost::recording {

/// The patterns of what must not be in a recording. Made once, shared by all sessions; may be used
/// from any thread.
class redaction {
public:
  static constexpr std::size_t max_patterns = 64;
  static constexpr std::size_t max_pattern = 4096; ///< bytes of one

  /// RE2's syntax. `^` and `$` are the ends of a line; nothing matches across lines.
  /// Errors: setup_error::bad_configuration; the detail names the pattern (`recording.redact[1]`)
  /// and what is wrong.
  static result<std::shared_ptr<const redaction>> make(const std::vector<std::string>& patterns);
  ~redaction();
  redaction(const redaction&) = delete;
  redaction& operator=(const redaction&) = delete;

  /// Whether there is no pattern.
  [[nodiscard]] bool empty() const { return patterns_.empty(); }
  /// A part of a text, in bytes.
  struct range {
    std::size_t begin = 0;
    std::size_t end = 0;
  };
  /// Adds what any pattern matches, whole characters, in no order; parts may overlap.
  void find(std::string_view text, std::vector<range>& into) const;
  /// A text by itself, with a `*` for each byte that any pattern matches.
  [[nodiscard]] std::string apply(std::string text) const;

private:
  redaction();
  std::vector<std::unique_ptr<re2::RE2>> patterns_;
};

/// Replaces what the patterns match in a session's output, each byte of it by a `*`, so that
/// offsets stay true (a secret beyond ASCII takes more columns than before). Patterns see the text
/// without escape sequences, as one line, and each string that the terminal is told (titles) by
/// itself; sequences stay whole.
///
/// A match may be cut between reads, so the end of an unfinished line is held back: at most
/// `max_held` bytes (and the piece that is being fed), at most for `max_hold`. So what is found,
/// wherever reads are cut: each match of up to `max_match` bytes, its sequences included, that was
/// written without a pause of `max_hold`. A gap or a resize ends the line, too.
///
/// Pure; not thread-safe. Pieces come out with the times at which they went in.
class redactor {
public:
  static constexpr std::size_t max_held = 4096;
  static constexpr std::size_t max_match = 2048;
  static constexpr std::chrono::milliseconds max_hold{250};

  /// Takes a piece of output that may be recorded; it is valid during the call only.
  using sink = std::function<void(moment, std::string_view)>;

  explicit redactor(std::shared_ptr<const redaction> patterns) : patterns_(std::move(patterns)) {}

  /// Takes output, and gives what is sure.
  void feed(moment now, std::string_view bytes, const sink& to);
  /// Gives all that is held back.
  void flush(const sink& to);
  /// When `flush` is due; nothing when nothing is held back.
  [[nodiscard]] std::optional<steady_time> due() const;

private:
  struct piece {
    moment at;
    std::size_t size;
  };
  /// What matches in the first `size` bytes that are held, as ranges of them.
  std::vector<redaction::range> find(std::size_t size) const;
  void mask(redaction::range held);
  void release(std::size_t size, const sink& to);
  void release_whole_lines(const sink& to);
  void release_long_line(const sink& to);

  std::shared_ptr<const redaction> patterns_;
  byte_scanner scanner_;
  std::string held_;
  std::string places_; ///< a byte_place for each byte that is held
  std::deque<piece> pieces_;
};

} // namespace roost::recording
