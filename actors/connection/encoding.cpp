#include "actors/connection/encoding.hpp"

#include <algorithm>
#include <cstdint>

namespace roost::connection {

namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";
constexpr std::string_view base64url_digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

int hex_value(char c) {
  const auto at = hex_digits.find(lower(c));
  return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

} // namespace

std::string to_hex(std::span<const std::byte> bytes) {
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const auto b : bytes) {
    text += hex_digits[std::to_integer<unsigned>(b) >> 4];
    text += hex_digits[std::to_integer<unsigned>(b) & 15];
  }
  return text;
}

std::optional<std::vector<std::byte>> from_hex(std::string_view text) {
  if (text.size() % 2 != 0)
    return std::nullopt;
  std::vector<std::byte> bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = hex_value(text[i]);
    const int low = hex_value(text[i + 1]);
    if (high < 0 || low < 0)
      return std::nullopt;
    bytes.push_back(static_cast<std::byte>(high * 16 + low));
  }
  return bytes;
}

std::string to_base64url(std::span<const std::byte> bytes) {
  std::string text;
  text.reserve((bytes.size() * 4 + 2) / 3);
  std::uint32_t pending = 0;
  int bits = 0;
  for (const auto b : bytes) {
    pending = (pending << 8) | std::to_integer<std::uint32_t>(b);
    bits += 8;
    while (bits >= 6) {
      bits -= 6;
      text += base64url_digits[(pending >> bits) & 63];
    }
  }
  if (bits > 0)
    text += base64url_digits[(pending << (6 - bits)) & 63];
  return text;
}

std::optional<std::string> percent_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (i + 2 >= text.size())
      return std::nullopt;
    const int high = hex_value(text[i + 1]);
    const int low = hex_value(text[i + 2]);
    if (high < 0 || low < 0 || (high == 0 && low == 0))
      return std::nullopt;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

std::optional<std::vector<std::pair<std::string, std::string>>> parse_query(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> pairs;
  while (!text.empty()) {
    const auto end = text.find('&');
    std::string part(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    if (part.empty())
      continue;
    std::replace(part.begin(), part.end(), '+', ' ');
    const auto equals = part.find('=');
    auto name = percent_decode(std::string_view(part).substr(0, equals));
    auto value = equals == std::string::npos
                     ? std::optional<std::string>(std::string{})
                     : percent_decode(std::string_view(part).substr(equals + 1));
    if (!name || !value)
      return std::nullopt;
    pairs.emplace_back(std::move(*name), std::move(*value));
  }
  return pairs;
}

std::optional<request_target> parse_target(std::string_view text) {
  if (text.empty() || text.front() != '/')
    return std::nullopt;
  for (const char c : text)
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f || c == '#')
      return std::nullopt;

  const auto mark = text.find('?');
  const auto raw_path = text.substr(0, mark);
  for (std::size_t i = raw_path.find('%'); i != std::string_view::npos;
       i = raw_path.find('%', i + 1))
    if (i + 2 < raw_path.size() && hex_value(raw_path[i + 1]) == 2 &&
        hex_value(raw_path[i + 2]) == 15)
      return std::nullopt;

  auto path = percent_decode(raw_path);
  auto query =
      parse_query(mark == std::string_view::npos ? std::string_view{} : text.substr(mark + 1));
  if (!path || !query)
    return std::nullopt;
  for (const char c : *path)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f || c == '\\')
      return std::nullopt;
  for (std::string_view rest = *path; !rest.empty();) {
    rest.remove_prefix(1);
    const auto segment = rest.substr(0, rest.find('/'));
    if (segment == "." || segment == "..")
      return std::nullopt;
    rest.remove_prefix(segment.size());
  }
  return request_target{std::move(*path), std::move(*query)};
}

std::string to_lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), lower);
  return out;
}

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view trim(std::string_view text) {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
  while (!text.empty() && is_blank(text.front()))
    text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back()))
    text.remove_suffix(1);
  return text;
}

bool has_token(std::string_view list, std::string_view token) {
  while (!list.empty()) {
    const auto end = list.find(',');
    if (equals_ignoring_case(trim(list.substr(0, end)), token))
      return true;
    list = end == std::string_view::npos ? std::string_view{} : list.substr(end + 1);
  }
  return false;
}

} // namespace roost::connection
