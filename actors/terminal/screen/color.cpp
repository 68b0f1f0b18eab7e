#include "actors/terminal/screen/color.hpp"

#include <array>
#include <cstdio>

namespace roost::terminal {

namespace {

constexpr std::array<std::uint32_t, 16> ansi_colors = {
    0x2e3436, 0xcc0000, 0x4e9a06, 0xc4a000, 0x3465a4, 0x75507b, 0x06989a, 0xd3d7cf,
    0x555753, 0xef2929, 0x8ae234, 0xfce94f, 0x729fcf, 0xad7fa8, 0x34e2e2, 0xeeeeec};

int hex_digit(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  if (c >= 'A' && c <= 'F')
    return c - 'A' + 10;
  return -1;
}

std::optional<std::uint32_t> parse_hex(std::string_view text) {
  std::uint32_t value = 0;
  for (const char c : text) {
    const auto digit = hex_digit(c);
    if (digit < 0)
      return std::nullopt;
    value = value << 4 | static_cast<std::uint32_t>(digit);
  }
  return value;
}

// `rgb:` scales a channel to its full range.
std::optional<std::uint32_t> parse_rgb(std::string_view text) {
  const auto first = text.find('/');
  if (first == std::string_view::npos || first == 0 || first > 4 || text.size() != 3 * first + 2 ||
      text[2 * first + 1] != '/')
    return std::nullopt;
  const auto full = (1u << 4 * first) - 1;
  std::uint32_t rgb = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    const auto value = parse_hex(text.substr(i * (first + 1), first));
    if (!value)
      return std::nullopt;
    rgb = rgb << 8 | (2 * 255 * *value + full) / (2 * full); // rounded
  }
  return rgb;
}

// `#` gives the upper bits of a channel.
std::optional<std::uint32_t> parse_sharp(std::string_view text) {
  if (text.empty() || text.size() % 3 != 0 || text.size() > 12)
    return std::nullopt;
  const auto digits = text.size() / 3;
  std::uint32_t rgb = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    const auto value = parse_hex(text.substr(i * digits, digits));
    if (!value)
      return std::nullopt;
    rgb = rgb << 8 | (digits == 1 ? *value << 4 : *value >> 4 * (digits - 2));
  }
  return rgb;
}

} // namespace

std::optional<std::uint32_t> parse_color(std::string_view text) {
  if (text.size() > 4 && (text[0] | 0x20) == 'r' && (text[1] | 0x20) == 'g' &&
      (text[2] | 0x20) == 'b' && text[3] == ':')
    return parse_rgb(text.substr(4));
  if (!text.empty() && text[0] == '#')
    return parse_sharp(text.substr(1));
  return std::nullopt;
}

std::string format_color(std::uint32_t rgb) {
  const auto r = rgb >> 16 & 0xff;
  const auto g = rgb >> 8 & 0xff;
  const auto b = rgb & 0xff;
  char text[24];
  std::snprintf(text, sizeof text, "rgb:%02x%02x/%02x%02x/%02x%02x", r, r, g, g, b, b);
  return text;
}

std::uint32_t default_palette_color(unsigned index) {
  if (index < 16)
    return ansi_colors[index];
  if (index < 232) {
    const auto level = [](unsigned i) { return i == 0 ? 0 : 55 + i * 40; };
    index -= 16;
    return level(index / 36) << 16 | level(index / 6 % 6) << 8 | level(index % 6);
  }
  const auto gray = 8 + (index - 232) * 10;
  return gray << 16 | gray << 8 | gray;
}

} // namespace roost::terminal
