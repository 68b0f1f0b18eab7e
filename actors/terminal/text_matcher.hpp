#pragma once

#include "actors/runtime/result.hpp"
#include "actors/terminal/history.hpp"
#include "actors/terminal/screen/text_stream.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace re2 {
class RE2;
} // namespace re2

namespace roost::terminal {

/// Looks for a text or a regular expression in a terminal's output as people read it. Goes through
/// the history once, from an offset, at the caller's pace; remembers enough of what it has seen for
/// a match that spans two looks. Patterns are RE2's: linear time whatever the pattern. Pure.
class text_matcher {
public:
  enum class kind : std::uint8_t { text, regex };

  /// Errors: bad_pattern (empty, too long, or not a regular expression, with the reason).
  static result<text_matcher> make(kind what, std::string pattern, std::uint64_t since);
  text_matcher(text_matcher&&) noexcept;
  text_matcher& operator=(text_matcher&&) noexcept;
  ~text_matcher();

  /// Looks at most `limit` bytes further. @returns whether the pattern was found, now or before.
  bool advance(const history& bytes, std::size_t limit);
  /// Offset up to which it has looked; after a match, at or right behind the match.
  [[nodiscard]] std::uint64_t offset() const { return offset_; }

private:
  text_matcher(kind what, std::string pattern, std::unique_ptr<re2::RE2> expression,
               std::uint64_t since);
  [[nodiscard]] bool matches(std::string_view text) const;

  kind kind_;
  std::string pattern_;
  std::unique_ptr<re2::RE2> expression_;
  std::uint64_t offset_;
  text_stream plain_;
  std::string seen_; ///< the end of the text so far: what a match may begin in
  bool has_matched_ = false;
};

} // namespace roost::terminal
