#include "actors/database/recording/redactor.hpp"

#include "actors/runtime/text_escape.hpp"
#include "actors/terminal/screen/utf8.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <utility>

namespace roost::recording {

namespace {

// Memory that RE2 may use for one pattern's automata.
constexpr std::int64_t pattern_memory = std::int64_t{1} << 20;
// Of a pattern that is wrong, so that the message stays readable.
constexpr std::size_t longest_quote = 80;

bool is_continuation(char byte) {
  return terminal::is_utf8_continuation(static_cast<unsigned char>(byte));
}

failure bad_pattern(std::size_t index, std::string_view pattern, std::string_view why) {
  std::string text = "recording.redact[" + std::to_string(index) + "]: \"";
  append_visible(text, utf8_prefix(pattern, longest_quote));
  text += pattern.size() > longest_quote ? "…\" " : "\" ";
  append_visible(text, why);
  return {setup_error::bad_configuration, std::move(text)};
}

/// The text of output, and where each of its bytes came from.
struct plain_text {
  static constexpr std::size_t nowhere = static_cast<std::size_t>(-1);

  std::string text;
  std::vector<std::size_t> from;

  void add(char byte, std::size_t at) {
    text += byte;
    from.push_back(at);
  }
  void end_line() {
    if (!text.empty() && text.back() != '\n')
      add('\n', nowhere);
  }
};

} // namespace

// ---- patterns ----

redaction::redaction() = default;
redaction::~redaction() = default;

result<std::shared_ptr<const redaction>> redaction::make(const std::vector<std::string>& patterns) {
  if (patterns.size() > max_patterns)
    return failure{setup_error::bad_configuration,
                   "recording.redact: at most " + std::to_string(max_patterns) +
                       " patterns, there are " + std::to_string(patterns.size())};
  const std::shared_ptr<redaction> made(new redaction);
  for (std::size_t i = 0; i < patterns.size(); ++i) {
    const auto& pattern = patterns[i];
    if (pattern.empty())
      return bad_pattern(i, pattern, "is empty: leave it out");
    if (pattern.size() > max_pattern)
      return bad_pattern(i, pattern,
                         "is longer than " + std::to_string(max_pattern) + " bytes: split it");
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(pattern_memory);
    options.set_never_nl(true);
    auto expression = std::make_unique<re2::RE2>("(?m:" + pattern + ")", options);
    // By itself, so that a parenthesis too many is one.
    const re2::RE2 alone(pattern, options);
    if (!alone.ok() || !expression->ok())
      return bad_pattern(i, pattern,
                         "is not a regular expression (RE2): " +
                             (alone.ok() ? expression->error() : alone.error()));
    if (re2::RE2::PartialMatch("", *expression))
      return bad_pattern(i, pattern, "matches the empty text, so it says nothing: change it");
    made->patterns_.push_back(std::move(expression));
  }
  return std::shared_ptr<const redaction>(made);
}

void redaction::find(std::string_view text, std::vector<range>& into) const {
  const re2::StringPiece whole(text.data(), text.size());
  for (const auto& pattern : patterns_) {
    re2::StringPiece match;
    for (std::size_t at = 0; at < text.size() && pattern->Match(whole, at, text.size(),
                                                                re2::RE2::UNANCHORED, &match, 1);) {
      range found{static_cast<std::size_t>(match.data() - text.data()), 0};
      found.end = found.begin + match.size();
      at = std::max(found.end, at + 1);
      if (match.empty()) {
        at = std::max(at, found.begin + 1);
        continue;
      }
      while (found.begin > 0 && is_continuation(text[found.begin]))
        --found.begin;
      while (found.end < text.size() && is_continuation(text[found.end]))
        ++found.end;
      into.push_back(found);
    }
  }
}

std::string redaction::apply(std::string text) const {
  std::vector<range> found;
  find(text, found);
  for (const auto& [begin, end] : found)
    std::fill(text.begin() + static_cast<std::ptrdiff_t>(begin),
              text.begin() + static_cast<std::ptrdiff_t>(end), '*');
  return text;
}

// ---- output ----

void redactor::feed(moment now, std::string_view bytes, const sink& to) {
  while (!bytes.empty()) {
    const auto part = bytes.substr(0, max_held);
    bytes.remove_prefix(part.size());
    bool has_whole_line = false;
    held_ += part;
    pieces_.push_back({now, part.size()});
    for (const char byte : part) {
      const auto place = scanner_.step(static_cast<unsigned char>(byte));
      has_whole_line |= place == byte_place::line_end || place == byte_place::moves;
      places_ += static_cast<char>(place);
    }
    if (has_whole_line)
      release_whole_lines(to);
    if (held_.size() > max_held)
      release_long_line(to);
  }
}

void redactor::flush(const sink& to) {
  for (const auto& found : find(held_.size()))
    mask(found);
  release(held_.size(), to);
}

std::optional<steady_time> redactor::due() const {
  if (pieces_.empty())
    return std::nullopt;
  return pieces_.front().at.steady + max_hold;
}

std::vector<redaction::range> redactor::find(std::size_t size) const {
  plain_text text;
  plain_text strings;
  for (std::size_t i = 0; i < size; ++i) {
    const auto place = static_cast<byte_place>(places_[i]);
    if (place == byte_place::text)
      text.add(held_[i], i);
    else if (place == byte_place::line_end || place == byte_place::moves)
      text.end_line();
    if (place == byte_place::payload)
      strings.add(held_[i], i);
    else
      strings.end_line();
  }
  std::vector<redaction::range> found;
  for (const auto* plain : {&text, &strings}) {
    std::vector<redaction::range> in_text;
    patterns_->find(plain->text, in_text);
    for (const auto& [begin, end] : in_text) {
      // Only `\C` could match a line's end.
      if (plain->from[begin] != plain_text::nowhere && plain->from[end - 1] != plain_text::nowhere)
        found.push_back({plain->from[begin], plain->from[end - 1] + 1});
    }
  }
  return found;
}

void redactor::mask(redaction::range held) {
  // A match lies in the text or in a string as a whole; what it has of the other kind stays.
  const auto kind = places_[held.begin];
  for (auto i = held.begin; i < held.end; ++i)
    if (places_[i] == kind)
      held_[i] = '*';
}

void redactor::release(std::size_t size, const sink& to) {
  auto left = std::string_view(held_).substr(0, size);
  while (!left.empty()) {
    auto& first = pieces_.front();
    const auto part = left.substr(0, first.size);
    to(first.at, part);
    left.remove_prefix(part.size());
    first.size -= part.size();
    if (first.size == 0)
      pieces_.pop_front();
  }
  held_.erase(0, size);
  places_.erase(0, size);
}

void redactor::release_whole_lines(const sink& to) {
  constexpr char ends[] = {static_cast<char>(byte_place::line_end),
                           static_cast<char>(byte_place::moves)};
  const auto last = places_.find_last_of(std::string_view(ends, sizeof ends));
  const auto size = last == std::string::npos ? 0 : last + 1;
  for (const auto& found : find(size))
    mask(found);
  release(size, to);
}

void redactor::release_long_line(const sink& to) {
  const auto all = find(held_.size());
  auto cut = held_.size() - max_match;
  // A match at the cut stays with its beginning, if it is not too long for that: it may grow.
  const auto first_allowed = held_.size() - max_held;
  for (bool has_moved = true; has_moved;) {
    has_moved = false;
    for (const auto& found : all)
      if (found.begin < cut && found.end > cut && found.begin >= first_allowed) {
        cut = found.begin;
        has_moved = true;
      }
  }
  for (const auto& found : all)
    if (found.begin < cut)
      mask(found);
  release(cut, to);
}

} // namespace roost::recording
