#include "actors/database/store/search_words.hpp"

#include "actors/runtime/text_escape.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <utility>

namespace roost::database {

namespace {

constexpr std::size_t most_query_bytes = 512;
constexpr std::size_t most_terms = 16;
// PostgreSQL keeps that many positions of one word.
constexpr std::size_t most_positions = 256;

/// What beyond ASCII parts words: punctuation, symbols, lines, blocks, emoji, private use. In
/// order.
constexpr std::array<std::pair<std::uint32_t, std::uint32_t>, 14> separators = {{
    {0x80, 0xa9},
    {0xab, 0xb4},
    {0xb6, 0xb9},
    {0xbb, 0xbf},
    {0xd7, 0xd7},
    {0xf7, 0xf7},
    {0x2000, 0x2bff},
    {0x2e00, 0x2e7f},
    {0x3000, 0x3004},
    {0x3008, 0x3030},
    {0xe000, 0xf8ff},
    {0xfe00, 0xff0f},
    {0xfff0, 0xffff},
    {0x1f000, 0x1fbff},
}};

/// A character of valid UTF-8, and how long it is.
std::pair<std::uint32_t, std::size_t> decode(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const std::size_t size = byte(0) < 0x80 ? 1 : byte(0) >= 0xf0 ? 4 : byte(0) >= 0xe0 ? 3 : 2;
  if (size == 1 || text.size() < size)
    return {byte(0), 1};
  std::uint32_t code = byte(0) & (0xffU >> (size + 1));
  for (std::size_t i = 1; i < size; ++i)
    code = code << 6U | (byte(i) & 0x3fU);
  return {code, size};
}

bool is_word(std::uint32_t code) {
  if (code < 0x80)
    return (code >= '0' && code <= '9') || (code >= 'a' && code <= 'z') ||
           (code >= 'A' && code <= 'Z');
  const auto* const found =
      std::lower_bound(separators.begin(), separators.end(), code,
                       [](const auto& range, std::uint32_t c) { return range.second < c; });
  return found == separators.end() || code < found->first;
}

/// Lower case. All that it changes is below U+0800, so no length changes.
std::uint32_t folded(std::uint32_t c) {
  if ((c >= 'A' && c <= 'Z') || (c >= 0xc0 && c <= 0xde && c != 0xd7) ||
      (c >= 0x391 && c <= 0x3a9) || (c >= 0x410 && c <= 0x42f))
    return c + 0x20;
  if (c >= 0x400 && c <= 0x40f)
    return c + 0x50;
  if (c >= 0x531 && c <= 0x556)
    return c + 0x30;
  // Pairs of upper and lower; the dotted I is its own.
  const bool is_even_upper = (c >= 0x100 && c <= 0x137 && c != 0x130) ||
                             (c >= 0x14a && c <= 0x177) || (c >= 0x460 && c <= 0x481) ||
                             (c >= 0x48a && c <= 0x4bf);
  const bool is_odd_upper = (c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17e);
  if ((is_even_upper && c % 2 == 0) || (is_odd_upper && c % 2 == 1))
    return c + 1;
  return c;
}

void append_folded(std::string& out, std::string_view character, std::uint32_t code) {
  const auto lower = folded(code);
  if (lower == code) {
    out += character;
  } else if (lower < 0x80) {
    out += static_cast<char>(lower);
  } else {
    out += static_cast<char>(0xc0U | (lower >> 6U));
    out += static_cast<char>(0x80U | (lower & 0x3fU));
  }
}

/// How many of `words` from `at` on the term takes; 0: it is not there.
std::size_t match(const search_query::term& term, const std::vector<word>& words, std::size_t at) {
  if (words.size() - at < term.words.size())
    return 0;
  for (std::size_t i = 0; i < term.words.size(); ++i) {
    const auto& found = words[at + i].text;
    const bool may_be_longer = term.is_prefix && i + 1 == term.words.size();
    if (may_be_longer ? !found.starts_with(term.words[i]) : found != term.words[i])
      return 0;
  }
  return term.words.size();
}

} // namespace

std::vector<word> words_of(std::string_view text) {
  std::vector<word> out;
  bool is_inside = false;
  for (std::size_t at = 0; at < text.size();) {
    const auto [code, size] = decode(text.substr(at));
    const bool belongs = is_word(code);
    if (belongs && !is_inside)
      out.push_back({{}, at, at});
    if (belongs) {
      auto& last = out.back();
      // The end beyond the bound is passed over.
      if (last.text.size() + size <= most_word_bytes)
        append_folded(last.text, text.substr(at, size), code);
      last.end = at + size;
    }
    is_inside = belongs;
    at += size;
  }
  return out;
}

std::string fts5_text(const std::vector<word>& words) {
  std::string out;
  for (const auto& each : words)
    out.append(out.empty() ? "" : " ").append(each.text);
  return out;
}

std::string tsvector_text(const std::vector<word>& words) {
  std::map<std::string_view, std::vector<std::size_t>> positions;
  for (std::size_t i = 0; i < words.size(); ++i)
    if (auto& of = positions[words[i].text]; of.size() < most_positions)
      of.push_back(i + 1);
  std::string out;
  for (const auto& [text, of] : positions)
    out += fmt::format("'{}':{} ", text, fmt::join(of, ","));
  return out;
}

result<search_query, std::string> search_query::parse(std::string_view typed) {
  if (typed.size() > most_query_bytes)
    return fmt::format("a search has at most {} bytes", most_query_bytes);
  std::string clean;
  append_storable(clean, typed);
  search_query out;
  for (std::string_view rest = clean; !rest.empty();) {
    constexpr std::string_view spaces = " \t\r\n";
    if (spaces.find(rest[0]) != std::string_view::npos) {
      rest.remove_prefix(1);
      continue;
    }
    const bool is_quoted = rest[0] == '"';
    if (is_quoted)
      rest.remove_prefix(1);
    const auto end = std::min(rest.find_first_of(is_quoted ? "\"" : " \t\r\n\""), rest.size());
    auto piece = rest.substr(0, end);
    rest.remove_prefix(std::min(end + (is_quoted ? 1 : 0), rest.size()));
    term made;
    if (is_quoted && rest.starts_with('*')) {
      made.is_prefix = true;
      rest.remove_prefix(1);
    } else if (!is_quoted && piece.ends_with('*')) {
      made.is_prefix = true;
      piece.remove_suffix(1);
    }
    for (auto& each : words_of(piece)) {
      if (each.end - each.begin >= most_word_bytes)
        return fmt::format("a word of a search is shorter than {} bytes", most_word_bytes);
      made.words.push_back(std::move(each.text));
    }
    if (!made.words.empty())
      out.terms_.push_back(std::move(made));
  }
  if (out.terms_.empty())
    return std::string("a search needs a word: letters or digits");
  if (out.terms_.size() > most_terms)
    return fmt::format("a search has at most {} words and phrases", most_terms);
  return out;
}

std::string search_query::fts5() const {
  std::string out;
  for (const auto& each : terms_)
    out += fmt::format("{}\"{}\"{}", out.empty() ? "" : " AND ", fmt::join(each.words, " "),
                       each.is_prefix ? "*" : "");
  return out;
}

std::string search_query::tsquery() const {
  std::string out;
  for (const auto& each : terms_)
    out += fmt::format("{}('{}'{})", out.empty() ? "" : " & ", fmt::join(each.words, "' <-> '"),
                       each.is_prefix ? ":*" : "");
  return out;
}

snippet search_query::show(std::string_view text, std::size_t most) const {
  const auto words = words_of(text);
  std::vector<std::pair<std::size_t, std::size_t>> found; // first word, how many
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::size_t longest = 0;
    for (const auto& each : terms_)
      longest = std::max(longest, match(each, words, i));
    if (longest > 0 && (found.empty() || found.back().first + found.back().second <= i))
      found.emplace_back(i, longest);
  }
  std::size_t begin = 0;
  if (!found.empty() && words[found[0].first].end > most) {
    // A few words before the match are kept.
    const auto from = words[found[0].first].begin;
    auto first = found[0].first;
    while (first > 0 && from - words[first - 1].begin <= most / 4)
      --first;
    begin = words[first].begin;
  }
  snippet out;
  out.text = utf8_prefix(text.substr(begin), most);
  for (const auto& [first, count] : found) {
    const auto from = words[first].begin;
    const auto to = words[first + count - 1].end;
    if (from >= begin && to <= begin + out.text.size())
      out.marks.push_back({from - begin, to - from});
  }
  return out;
}

} // namespace roost::database
