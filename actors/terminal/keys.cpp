#include "actors/terminal/keys.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "actors/runtime/spelling.hpp"
#include "actors/runtime/text_escape.hpp"

namespace roost::terminal {
namespace {

enum class key_form : std::uint8_t {
  character, ///< sends `code` itself
  cursor,    ///< CSI or SS3 with the letter `code`; modified: CSI 1;m letter
  function,  ///< SS3 with the letter `code`; modified: CSI 1;m letter
  tilde,     ///< CSI `code` ~; modified: CSI code;m ~
  back_tab,  ///< CSI Z
};

struct key_row {
  std::string_view name;
  key_form form;
  int code;
};

// Sources: xterm's ctlseqs "PC-Style Function Keys"; names and aliases as in tmux's key-string.c
// manual section ("KEY BINDINGS"), plus the ones that people type anyway.
constexpr key_row rows[] = {
    {"Enter", key_form::character, '\r'},
    {"Return", key_form::character, '\r'},
    {"CR", key_form::character, '\r'},
    {"KPEnter", key_form::character, '\r'},
    {"Tab", key_form::character, '\t'},
    {"BTab", key_form::back_tab, 0},
    {"Backtab", key_form::back_tab, 0},
    {"Escape", key_form::character, 0x1b},
    {"Esc", key_form::character, 0x1b},
    {"Space", key_form::character, ' '},
    {"BSpace", key_form::character, 0x7f},
    {"Backspace", key_form::character, 0x7f},
    {"BS", key_form::character, 0x7f},
    {"Up", key_form::cursor, 'A'},
    {"ArrowUp", key_form::cursor, 'A'},
    {"Down", key_form::cursor, 'B'},
    {"ArrowDown", key_form::cursor, 'B'},
    {"Right", key_form::cursor, 'C'},
    {"ArrowRight", key_form::cursor, 'C'},
    {"Left", key_form::cursor, 'D'},
    {"ArrowLeft", key_form::cursor, 'D'},
    {"Home", key_form::cursor, 'H'},
    {"End", key_form::cursor, 'F'},
    {"Insert", key_form::tilde, 2},
    {"Ins", key_form::tilde, 2},
    {"IC", key_form::tilde, 2},
    {"Delete", key_form::tilde, 3},
    {"Del", key_form::tilde, 3},
    {"DC", key_form::tilde, 3},
    {"PgUp", key_form::tilde, 5},
    {"PageUp", key_form::tilde, 5},
    {"PPage", key_form::tilde, 5},
    {"PgDn", key_form::tilde, 6},
    {"PgDown", key_form::tilde, 6},
    {"PageDown", key_form::tilde, 6},
    {"NPage", key_form::tilde, 6},
    {"F1", key_form::function, 'P'},
    {"F2", key_form::function, 'Q'},
    {"F3", key_form::function, 'R'},
    {"F4", key_form::function, 'S'},
    {"F5", key_form::tilde, 15},
    {"F6", key_form::tilde, 17},
    {"F7", key_form::tilde, 18},
    {"F8", key_form::tilde, 19},
    {"F9", key_form::tilde, 20},
    {"F10", key_form::tilde, 21},
    {"F11", key_form::tilde, 23},
    {"F12", key_form::tilde, 24},
};

struct modifiers {
  bool has_shift = false;
  bool has_meta = false;
  bool has_control = false;

  /// xterm's parameter: 1 + shift 1, alt 2, control 4.
  [[nodiscard]] int parameter() const {
    return 1 + (has_shift ? 1 : 0) + (has_meta ? 2 : 0) + (has_control ? 4 : 0);
  }
  [[nodiscard]] bool is_none() const { return parameter() == 1; }
};

bool is_same_name(std::string_view a, std::string_view b) {
  return std::ranges::equal(
      a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

/// Takes one modifier prefix off `name`, if it has one and something is left after it.
bool take_modifier(std::string_view& name, modifiers& mods) {
  struct prefix {
    std::string_view text;
    bool modifiers::*flag;
  };
  static constexpr std::array<prefix, 9> prefixes = {{
      {"C-", &modifiers::has_control},
      {"Ctrl-", &modifiers::has_control},
      {"Control-", &modifiers::has_control},
      {"M-", &modifiers::has_meta},
      {"A-", &modifiers::has_meta},
      {"Alt-", &modifiers::has_meta},
      {"Meta-", &modifiers::has_meta},
      {"S-", &modifiers::has_shift},
      {"Shift-", &modifiers::has_shift},
  }};
  if (name.size() > 1 && name[0] == '^') {
    mods.has_control = true;
    name.remove_prefix(1);
    return true;
  }
  for (const auto& p : prefixes) {
    if (name.size() <= p.text.size())
      continue;
    const auto letters = p.text.substr(0, p.text.size() - 1);
    const char joint = name[letters.size()];
    if (is_same_name(name.substr(0, letters.size()), letters) && (joint == '-' || joint == '+')) {
      mods.*p.flag = true;
      name.remove_prefix(p.text.size());
      return true;
    }
  }
  return false;
}

/// Whether `text` is exactly one well-formed UTF-8 character.
bool is_one_character(std::string_view text) {
  if (text.empty())
    return false;
  const auto lead = static_cast<unsigned char>(text[0]);
  const std::size_t length = lead < 0x80                     ? 1
                             : (lead >= 0xc2 && lead < 0xe0) ? 2
                             : (lead >= 0xe0 && lead < 0xf0) ? 3
                             : (lead >= 0xf0 && lead < 0xf5) ? 4
                                                             : 0;
  return text.size() == length &&
         std::ranges::all_of(text.substr(1), [](unsigned char c) { return (c & 0xc0) == 0x80; });
}

/// The control character for a key, as xterm makes it; nothing if there is none.
std::optional<char> control_of(char c) {
  if (c >= 'a' && c <= 'z')
    return static_cast<char>(c - 'a' + 1);
  if (c >= '@' && c <= '_')
    return static_cast<char>(c - '@');
  switch (c) {
  case ' ':
  case '2':
    return '\0';
  case '3':
    return '\x1b';
  case '4':
    return '\x1c';
  case '5':
    return '\x1d';
  case '6':
    return '\x1e';
  case '7':
  case '/':
    return '\x1f';
  case '8':
  case '?':
    return '\x7f';
  case '\x7f':
    return '\b';
  default:
    return std::nullopt;
  }
}

/// What one character sends with modifiers; nothing if xterm has no encoding for it.
std::optional<std::string> encode_character(std::string_view text, modifiers mods) {
  std::string out(text);
  if (mods.has_shift && !mods.has_control) {
    const bool is_letter = text.size() == 1 && std::isalpha(static_cast<unsigned char>(text[0]));
    if (is_letter)
      out[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(out[0])));
    else if (text != " ")
      return std::nullopt;
  }
  if (mods.has_control) {
    const auto code = text.size() == 1 ? control_of(text[0]) : std::nullopt;
    if (!code)
      return std::nullopt;
    out.assign(1, *code);
  }
  if (mods.has_meta)
    out.insert(0, 1, '\x1b');
  return out;
}

std::optional<std::string> encode_row(const key_row& row, modifiers mods, key_modes modes) {
  switch (row.form) {
  case key_form::character: {
    const char c = static_cast<char>(row.code);
    if (c == '\t' && mods.has_shift && !mods.has_control && !mods.has_meta)
      return "\x1b[Z";
    const bool is_plain = c == ' ' || c == '\x7f';
    if (!is_plain && (mods.has_shift || mods.has_control))
      return std::nullopt;
    if (c == '\x7f' && mods.has_shift)
      return std::nullopt;
    return encode_character({&c, 1}, mods);
  }
  case key_form::back_tab:
    return mods.is_none() ? std::optional<std::string>("\x1b[Z") : std::nullopt;
  case key_form::cursor:
  case key_form::function: {
    const char letter = static_cast<char>(row.code);
    if (!mods.is_none())
      return fmt::format("\x1b[1;{}{}", mods.parameter(), letter);
    const bool is_ss3 = row.form == key_form::function || modes.cursor == cursor_keys::application;
    return fmt::format("\x1b{}{}", is_ss3 ? 'O' : '[', letter);
  }
  case key_form::tilde:
    if (!mods.is_none())
      return fmt::format("\x1b[{};{}~", row.code, mods.parameter());
    return fmt::format("\x1b[{}~", row.code);
  }
  return std::nullopt;
}

/// A name that is safe to show: bounded, and visible escapes for what is not printable.
std::string shown(std::string_view name) {
  std::string out;
  append_visible(out, utf8_prefix(name, max_key_name));
  if (name.size() > max_key_name)
    out += "...";
  return out;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (auto& c : out)
    c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

failure unknown_key(std::string_view name, std::string_view base) {
  const auto text = fmt::format("unknown key \"{}\"", shown(name));
  if (base.size() <= max_key_name) {
    std::vector<std::string> lowered;
    for (const auto& row : rows)
      lowered.push_back(lower(row.name));
    const std::vector<std::string_view> candidates(lowered.begin(), lowered.end());
    const auto near = nearest(lower(base), candidates);
    for (const auto& row : rows)
      if (!near.empty() && is_same_name(row.name, near))
        return {terminal_error::bad_key,
                fmt::format("{}; did you mean \"{}{}\"?", text,
                            name.substr(0, name.size() - base.size()), row.name)};
  }
  return {terminal_error::bad_key,
          text + "; a key is one character or a name such as Enter, C-c, M-x, S-Tab, Up, F5"};
}

} // namespace

result<std::string> encode_key(std::string_view name, key_modes modes) {
  if (name.empty())
    return failure{terminal_error::bad_key, "a key name must not be empty"};
  if (name.size() > 2 * max_key_name)
    return unknown_key(name, name);
  std::string_view base = name;
  modifiers mods;
  while (!is_one_character(base) && take_modifier(base, mods)) {
  }
  const auto row =
      std::ranges::find_if(rows, [&](const key_row& r) { return is_same_name(r.name, base); });
  std::optional<std::string> bytes;
  if (row != std::end(rows))
    bytes = encode_row(*row, mods, modes);
  else if (is_one_character(base))
    bytes = encode_character(base, mods);
  else
    return unknown_key(name, base);
  if (!bytes)
    return failure{terminal_error::bad_key,
                   fmt::format("key \"{}\" has no byte sequence in a terminal", shown(name))};
  return std::move(*bytes);
}

result<std::string> encode_keys(std::span<const std::string> names, key_modes modes) {
  if (names.size() > max_keys)
    return failure{terminal_error::bad_key,
                   fmt::format("{} keys in one request; the most is {}", names.size(), max_keys)};
  std::string out;
  for (std::size_t i = 0; i < names.size(); ++i) {
    auto bytes = encode_key(names[i], modes);
    if (!bytes) {
      auto why = std::move(bytes).error();
      if (names.size() > 1)
        why.detail = fmt::format("keys[{}]: {}", i, why.detail);
      return why;
    }
    out += *bytes;
  }
  return out;
}

} // namespace roost::terminal
