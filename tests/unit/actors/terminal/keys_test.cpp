#include "actors/terminal/keys.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace roost::terminal {
namespace {

using namespace std::string_literals;

struct key_case {
  std::string_view name;
  std::string bytes;
};

std::string bytes_of(std::string_view name, key_modes modes = {}) {
  auto out = encode_key(name, modes);
  return out ? *out : "error: " + out.error().detail;
}

TEST(keys, send_what_xterm_sends) {
  const key_case cases[] = {
      {"a", "a"},
      {"A", "A"},
      {";", ";"},
      {"-", "-"},
      {"^", "^"},
      {"é", "é"},
      {"🙂", "🙂"},
      {"Enter", "\r"},
      {"return", "\r"},
      {"Tab", "\t"},
      {"Escape", "\x1b"},
      {"Esc", "\x1b"},
      {"Space", " "},
      {"BSpace", "\x7f"},
      {"Backspace", "\x7f"},
      {"Up", "\x1b[A"},
      {"Down", "\x1b[B"},
      {"Right", "\x1b[C"},
      {"Left", "\x1b[D"},
      {"Home", "\x1b[H"},
      {"End", "\x1b[F"},
      {"Insert", "\x1b[2~"},
      {"Delete", "\x1b[3~"},
      {"DC", "\x1b[3~"},
      {"PgUp", "\x1b[5~"},
      {"PPage", "\x1b[5~"},
      {"PageDown", "\x1b[6~"},
      {"F1", "\x1bOP"},
      {"F4", "\x1bOS"},
      {"F5", "\x1b[15~"},
      {"F12", "\x1b[24~"},
      {"C-c", "\x03"},
      {"c-C", "\x03"},
      {"^c", "\x03"},
      {"Ctrl+C", "\x03"},
      {"C-[", "\x1b"},
      {"C-\\", "\x1c"},
      {"C-_", "\x1f"},
      {"C-/", "\x1f"},
      {"C-?", "\x7f"},
      {"C-Space", "\0"s},
      {"C-@", "\0"s},
      {"C-BSpace", "\b"},
      {"M-x", "\x1bx"},
      {"Alt-x", "\x1bx"},
      {"M-X", "\x1bX"},
      {"M-é", "\x1bé"},
      {"M--", "\x1b-"},
      {"M-Enter", "\x1b\r"},
      {"M-BSpace", "\x1b\x7f"},
      {"C-M-x", "\x1b\x18"},
      {"M-C-x", "\x1b\x18"},
      {"C-M-Space", "\x1b\0"s},
      {"S-a", "A"},
      {"S-Tab", "\x1b[Z"},
      {"BTab", "\x1b[Z"},
      {"C-Up", "\x1b[1;5A"},
      {"S-Left", "\x1b[1;2D"},
      {"C-M-S-End", "\x1b[1;8F"},
      {"M-PgUp", "\x1b[5;3~"},
      {"S-F1", "\x1b[1;2P"},
      {"C-F5", "\x1b[15;5~"},
  };
  for (const auto& c : cases)
    EXPECT_EQ(bytes_of(c.name), c.bytes) << c.name;
}

TEST(keys, cursor_keys_follow_the_programs_mode) {
  const key_modes application{cursor_keys::application};
  EXPECT_EQ(bytes_of("Up", application), "\x1bOA");
  EXPECT_EQ(bytes_of("End", application), "\x1bOF");
  EXPECT_EQ(bytes_of("C-Up", application), "\x1b[1;5A") << "modified keys do not change";
  EXPECT_EQ(bytes_of("PgUp", application), "\x1b[5~");
}

TEST(keys, an_unknown_name_is_refused_with_the_nearest) {
  const key_case cases[] = {
      {"Entre", "did you mean \"Enter\""},
      {"entr", "did you mean \"Enter\""},
      {"C-Upp", "did you mean \"C-Up\""},
      {"PageUpp", "did you mean \"PageUp\""},
      {"hello world", "a key is one"},
      {"C-", "unknown key"},
      {"F13", "did you mean"},
      {"\x1b[A", "\\x1b[A"},
      {"\xff", "unknown key"},
      {std::string_view("\0a", 2), "unknown key"},
  };
  for (const auto& c : cases) {
    const auto out = encode_key(c.name, {});
    ASSERT_FALSE(out) << c.name;
    EXPECT_TRUE(out.error().is(terminal_error::bad_key));
    EXPECT_NE(out.error().detail.find(c.bytes), std::string::npos)
        << c.name << ": " << out.error().detail;
  }
}

TEST(keys, what_a_terminal_cannot_say_is_refused_and_not_sent_as_something_else) {
  for (const std::string_view name :
       {"C-Enter", "S-Enter", "C-Tab", "C-é", "S-;", "C-Escape", "S-BSpace"}) {
    const auto out = encode_key(name, {});
    ASSERT_FALSE(out) << name;
    EXPECT_NE(out.error().detail.find("no byte sequence"), std::string::npos);
  }
}

TEST(keys, a_hostile_name_gives_a_bounded_and_printable_error) {
  const auto out = encode_key(std::string(1 << 20, '\x1b'), {});
  ASSERT_FALSE(out);
  EXPECT_LT(out.error().detail.size(), 400u);
  EXPECT_EQ(out.error().detail.find('\x1b'), std::string::npos);
  EXPECT_FALSE(encode_key("", {}));
}

TEST(keys, a_list_is_sent_in_order_or_not_at_all) {
  const std::vector<std::string> keys = {"l", "s", "Enter"};
  EXPECT_EQ(*encode_keys(keys, {}), "ls\r");
  const auto bad = encode_keys(std::vector<std::string>{"l", "Etner"}, {});
  ASSERT_FALSE(bad);
  EXPECT_NE(bad.error().detail.find("keys[1]"), std::string::npos);
  EXPECT_FALSE(encode_keys(std::vector<std::string>(max_keys + 1, "a"), {}));
}

} // namespace
} // namespace roost::terminal
