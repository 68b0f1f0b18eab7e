#include "actors/terminal/text_matcher.hpp"

#include <re2/re2.h>

#include <algorithm>

namespace roost::terminal {

namespace {

constexpr std::size_t longest_pattern = 4096;
// A regular expression sees at most this much of what came before: enough for any screenful.
constexpr std::size_t regex_memory = std::size_t{16} << 10;
// Memory that RE2 may use for one pattern's automata.
constexpr std::int64_t regex_bytes = std::int64_t{2} << 20;
constexpr std::size_t piece_size = std::size_t{64} << 10;

} // namespace

result<text_matcher> text_matcher::make(kind what, std::string pattern, std::uint64_t since) {
  if (pattern.empty())
    return failure{terminal_error::bad_pattern, "the pattern is empty"};
  if (pattern.size() > longest_pattern)
    return failure{terminal_error::bad_pattern,
                   "longer than " + std::to_string(longest_pattern) + " bytes"};
  std::unique_ptr<re2::RE2> expression;
  if (what == kind::regex) {
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(regex_bytes);
    options.set_one_line(false); // ^ and $ are the ends of lines, as people expect of a screen
    options.set_posix_syntax(false);
    expression = std::make_unique<re2::RE2>("(?m)" + pattern, options);
    if (!expression->ok())
      return failure{terminal_error::bad_pattern, expression->error()};
  }
  return text_matcher(what, std::move(pattern), std::move(expression), since);
}

text_matcher::text_matcher(kind what, std::string pattern, std::unique_ptr<re2::RE2> expression,
                           std::uint64_t since)
    : kind_(what), pattern_(std::move(pattern)), expression_(std::move(expression)),
      offset_(since) {}

text_matcher::text_matcher(text_matcher&&) noexcept = default;
text_matcher& text_matcher::operator=(text_matcher&&) noexcept = default;
text_matcher::~text_matcher() = default;

bool text_matcher::matches(std::string_view text) const {
  if (kind_ == kind::text)
    return text.find(pattern_) != std::string_view::npos;
  return re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *expression_);
}

bool text_matcher::advance(const history& bytes, std::size_t limit) {
  if (has_matched_)
    return true;
  offset_ = std::max(offset_, bytes.begin()); // what is gone cannot match any more
  while (limit > 0 && offset_ < bytes.end()) {
    const auto piece = bytes.at(offset_, std::min(limit, piece_size));
    offset_ += piece.size;
    limit -= piece.size;
    plain_.feed(piece.view());
    seen_ += plain_.take();
    // The unfinished line counts, too: a prompt has no line end.
    if (matches(seen_ + std::string(plain_.line()))) {
      has_matched_ = true;
      return true;
    }
    const auto keep = kind_ == kind::text ? pattern_.size() - 1 : regex_memory;
    if (seen_.size() > keep)
      seen_.erase(0, seen_.size() - keep);
  }
  return false;
}

} // namespace roost::terminal
