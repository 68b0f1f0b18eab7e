#include "actors/runtime/yaml_json.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <set>

#include "actors/runtime/text_escape.hpp"

namespace roost {

namespace {

// YAML takes keys of at most 1024 characters; as JSON, this is one however it was written.
constexpr std::size_t longest_key = 512;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Takes digits off the front of `text`.
std::string_view take_digits(std::string_view& text) {
  const auto end = std::find_if_not(text.begin(), text.end(), is_digit);
  const auto digits = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  text.remove_prefix(digits.size());
  return digits;
}

/// [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?, rewritten to what JSON allows: no plus
/// sign, no leading zeros, digits on both sides of a point.
std::optional<std::string> decimal(std::string_view text) {
  std::string out;
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
    if (text.front() == '-')
      out += '-';
    text.remove_prefix(1);
  }
  auto whole = take_digits(text);
  const bool has_whole = !whole.empty();
  whole.remove_prefix(std::min(whole.find_first_not_of('0'), whole.size()));
  out += whole.empty() ? "0" : whole;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    const auto part = take_digits(text);
    if (part.empty() && !has_whole)
      return std::nullopt;
    out += '.';
    out += part.empty() ? "0" : part;
  } else if (!has_whole) {
    return std::nullopt;
  }
  if (text.starts_with('e') || text.starts_with('E')) {
    out += 'e';
    text.remove_prefix(1);
    if (text.starts_with('-') || text.starts_with('+')) {
      out += text.front();
      text.remove_prefix(1);
    }
    const auto power = take_digits(text);
    if (power.empty())
      return std::nullopt;
    out += power;
  }
  return text.empty() ? std::optional(std::move(out)) : std::nullopt;
}

/// The digits of 0o17 or 0x1f; empty if it is neither.
std::string_view digits_to_base(std::string_view text, int& base) {
  base = text.starts_with("0o") ? 8 : 16;
  const auto* const known = base == 8 ? "01234567" : "0123456789abcdefABCDEF";
  if (!(text.starts_with("0o") || text.starts_with("0x")) || text.size() == 2 ||
      text.find_first_not_of(known, 2) != std::string_view::npos)
    return {};
  return text.substr(2);
}

bool is_not_finite(std::string_view text) {
  if (text == ".nan" || text == ".NaN" || text == ".NAN")
    return true;
  if (text.starts_with('-') || text.starts_with('+'))
    text.remove_prefix(1);
  return text == ".inf" || text == ".Inf" || text == ".INF";
}

class writer {
public:
  std::variant<std::string, yaml_failure> write(const yaml_node& from) {
    add(from);
    if (wrong_)
      return std::move(*wrong_);
    return std::move(out_);
  }

private:
  void refuse(text_position at, std::string message) {
    if (!wrong_)
      wrong_ = yaml_failure{at, std::move(message)};
  }

  void add_text(std::string_view text) {
    out_ += '"';
    append_json(out_, text);
    out_ += '"';
  }

  void add_scalar(const yaml_node& from) {
    const std::string_view text = from.text;
    int base = 10;
    if (from.is_quoted) {
      add_text(text);
    } else if (text == "true" || text == "True" || text == "TRUE") {
      out_ += "true";
    } else if (text == "false" || text == "False" || text == "FALSE") {
      out_ += "false";
    } else if (const auto number = decimal(text)) {
      out_ += *number;
    } else if (const auto digits = digits_to_base(text, base); !digits.empty()) {
      std::uint64_t value = 0;
      if (std::from_chars(digits.data(), digits.data() + digits.size(), value, base).ec !=
          std::errc{})
        refuse(from.at, "this number is too large, write it in decimal");
      out_ += std::to_string(value);
    } else if (is_not_finite(text)) {
      refuse(from.at, "JSON has no form for this number, put it in quotes if it is text");
    } else {
      add_text(text);
    }
  }

  // As deep as the tree: parse_yaml bounds it.
  void add(const yaml_node& from) { // NOLINT(misc-no-recursion)
    switch (from.type) {
    case yaml_node::kind::null:
      out_ += "null";
      return;
    case yaml_node::kind::scalar:
      add_scalar(from);
      return;
    case yaml_node::kind::sequence:
      out_ += '[';
      for (const auto& item : from.items) {
        if (&item != &from.items.front())
          out_ += ',';
        add(item);
      }
      out_ += ']';
      return;
    case yaml_node::kind::map:
      add_map(from);
      return;
    }
  }

  void add_map(const yaml_node& from) { // NOLINT(misc-no-recursion)
    // Compared as JSON, where different bytes may have become the same replacement.
    std::set<std::string> seen;
    out_ += '{';
    for (const auto& member : from.members) {
      if (&member != &from.members.front())
        out_ += ',';
      const auto start = out_.size();
      add_text(member.key);
      if (out_.size() - start > longest_key)
        refuse(member.at, "a key is at most 510 bytes");
      if (!seen.insert(out_.substr(start)).second)
        refuse(member.at, "this key is there twice");
      out_ += ':';
      add(member.value);
    }
    out_ += '}';
  }

  std::string out_;
  std::optional<yaml_failure> wrong_;
};

} // namespace

std::variant<std::string, yaml_failure> to_json(const yaml_node& from) {
  return writer().write(from);
}

std::string spaced_json(std::string_view json) {
  std::string out;
  bool in_text = false;
  bool is_escaped = false;
  for (const char c : json) {
    out += c;
    if (is_escaped)
      is_escaped = false;
    else if (c == '\\')
      is_escaped = true;
    else if (c == '"')
      in_text = !in_text;
    else if (!in_text && (c == ',' || c == ':'))
      out += ' ';
  }
  return out;
}

} // namespace roost
