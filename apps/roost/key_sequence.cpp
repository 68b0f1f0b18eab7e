#include "apps/roost/key_sequence.hpp"

#include <array>
#include <charconv>
#include <optional>

namespace roost::cli {

namespace {

constexpr std::string_view example = "write it like \"Ctrl-\\ d\" or \"C-]\"";

std::optional<detach_key> parse_key(std::string_view word) {
  detach_key key;
  for (const std::string_view prefix : {"Ctrl-", "ctrl-", "C-", "c-", "^"}) {
    if (word.size() == prefix.size() + 1 && word.starts_with(prefix)) {
      key.is_ctrl = true;
      word.remove_prefix(prefix.size());
      break;
    }
  }
  if (word.size() != 1 || word[0] <= 0x20 || word[0] >= 0x7F)
    return std::nullopt;
  char c = word[0];
  if (key.is_ctrl && c >= 'A' && c <= 'Z')
    c = static_cast<char>(c - 'A' + 'a');
  constexpr std::string_view others = "@[\\]^_";
  if (key.is_ctrl && !(c >= 'a' && c <= 'z') && others.find(c) == std::string_view::npos)
    return std::nullopt;
  key.code = static_cast<char32_t>(c);
  return key;
}

/// A key (or something that is none) as it lies in the input.
struct token {
  std::size_t length = 1;
  std::optional<detach_key> key;
  bool is_silent = false; ///< a key's release, or a modifier alone: no press of a key
  int paste = 0;          ///< +1 begins a paste, -1 ends it
};

detach_key from_control(unsigned char byte) {
  if (byte >= 1 && byte <= 26)
    return {static_cast<char32_t>('a' + byte - 1), true};
  constexpr std::u32string_view rest = U"[\\]^_";
  return byte == 0 ? detach_key{U'@', true} : detach_key{rest[byte - 27], true};
}

token read_token(std::string_view bytes) {
  token found;
  const auto first = static_cast<unsigned char>(bytes[0]);
  if (!(first == 0x1B && bytes.size() > 2 && bytes[1] == '[')) {
    found.key = first < 0x20 ? from_control(first) : detach_key{first, false};
    // A lone ESC is the Escape key, not Ctrl-[; and an escape sequence is no key of ours.
    if (first == 0x1B && bytes.size() > 1)
      found.key.reset();
    return found;
  }
  constexpr std::size_t sequence_max = 64;
  std::size_t end = 2;
  while (end < bytes.size() && end < sequence_max && (bytes[end] < 0x40 || bytes[end] > 0x7E))
    ++end;
  if (end >= bytes.size() || end >= sequence_max)
    return found;
  found.length = end + 1;
  // Fields are separated by ';', each with sub-fields separated by ':'.
  std::array<std::array<int, 2>, 3> fields{};
  std::size_t field = 0;
  std::size_t sub = 0;
  const char* at = bytes.data() + 2;
  const char* const stop = bytes.data() + end;
  while (at < stop && field < fields.size()) {
    int number = 0;
    const auto [next, error] = std::from_chars(at, stop, number);
    if (error == std::errc{} && sub < 2)
      fields[field][sub] = number;
    at = next;
    if (at < stop && *at == ';') {
      ++field;
      sub = 0;
    } else if (at < stop && *at == ':') {
      ++sub;
    } else if (at < stop) {
      return found;
    }
    ++at;
  }
  const char final = bytes[end];
  int code = 0;
  int modifiers = fields[1][0];
  if (final == 'u') {
    code = fields[0][0];
  } else if (final == '~' && fields[0][0] == 27) {
    code = fields[2][0];
  } else {
    if (final == '~' && (fields[0][0] == 200 || fields[0][0] == 201))
      found.paste = fields[0][0] == 200 ? 1 : -1;
    return found;
  }
  constexpr int locks = 64 | 128; // caps lock and num lock change nothing
  constexpr int ctrl = 4;
  modifiers = (modifiers > 0 ? modifiers - 1 : 0) & ~locks;
  constexpr int release = 3;
  constexpr int modifier_keys_from = 57441; // kitty's codes for Shift, Ctrl, … themselves
  constexpr int modifier_keys_to = 57454;
  found.is_silent = (final == 'u' && fields[1][1] == release) ||
                    (code >= modifier_keys_from && code <= modifier_keys_to);
  if (modifiers == 0 || modifiers == ctrl)
    found.key = detach_key{static_cast<char32_t>(code), modifiers == ctrl};
  return found;
}

} // namespace

outcome<detach_sequence> parse_detach_sequence(std::string_view text) {
  detach_sequence sequence;
  std::size_t at = 0;
  while (at < text.size()) {
    const auto space = std::min(text.find(' ', at), text.size());
    const auto word = text.substr(at, space - at);
    at = space + 1;
    if (word.empty())
      continue;
    const auto key = parse_key(word);
    if (!key)
      return usage_failure("the detach key is not understood", std::string(text),
                           std::string(example));
    sequence.keys.push_back(*key);
    sequence.shown += (sequence.shown.empty() ? "" : " ") +
                      std::string(key->is_ctrl ? "Ctrl-" : "") + static_cast<char>(key->code);
  }
  if (sequence.keys.empty() || sequence.keys.size() > 2 || !sequence.keys.front().is_ctrl)
    return usage_failure("the detach key needs one or two keys, the first one with Ctrl",
                         std::string(text), std::string(example));
  return sequence;
}

key_wish detach_matcher::feed(std::string_view bytes, std::string& out) {
  while (!bytes.empty()) {
    const auto found = read_token(bytes);
    const auto raw = bytes.substr(0, found.length);
    bytes.remove_prefix(found.length);
    if (found.paste != 0)
      in_paste_ = found.paste > 0;
    if (in_paste_) {
      flush(out);
      out += raw;
      continue;
    }
    if (found.is_silent) {
      if (!is_waiting())
        out += raw;
      continue;
    }
    const bool is_first = found.key == sequence_.keys.front();
    if (!is_waiting()) {
      if (!is_first)
        out += raw;
      else if (sequence_.keys.size() == 1)
        return key_wish::detach;
      else
        held_ = raw;
      continue;
    }
    if (found.key == sequence_.keys[1])
      return key_wish::detach;
    flush(out);
    if (!is_first)
      out += raw;
  }
  return key_wish::none;
}

void detach_matcher::flush(std::string& out) {
  out += held_;
  held_.clear();
}

} // namespace roost::cli
