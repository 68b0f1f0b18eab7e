#include "actors/terminal/screen/vt_parser.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace roost::terminal {
namespace {

/// Writes down what it hears.
struct recorder {
  std::string heard;
  void print_begin() { heard += '['; }
  void print_ascii(const char* text, std::size_t n) { heard.append(text, n); }
  void print(char32_t code) { append_utf8(heard, code); }
  void print_end() { heard += ']'; }
  void execute(unsigned code) { heard += "{" + std::to_string(code) + "}"; }
  void esc(std::uint32_t ident) { heard += "esc(" + name(ident) + ")"; }
  void csi(std::uint32_t ident, const csi_params& params) {
    heard += "csi(" + name(ident);
    for (std::size_t i = 0; i < params.size(); ++i) {
      heard += ' ' + std::to_string(params[i]);
      for (const auto sub : params.subs(i))
        heard += ':' + std::to_string(sub);
    }
    heard += ')';
  }
  void osc(const std::string& payload) { heard += "osc(" + payload + ")"; }
  void dcs(std::uint32_t ident, const std::string& payload) {
    heard += "dcs(" + name(ident) + " " + payload + ")";
  }
  void end_string() { heard += "cancelled"; }

  static std::string name(std::uint32_t ident) {
    std::string text;
    for (int shift = 24; shift >= 0; shift -= 8)
      if (const auto byte = static_cast<char>(ident >> shift))
        text += byte;
    return text;
  }
};

std::string parse(std::string_view bytes) {
  vt_parser parser;
  recorder sink;
  parser.feed(bytes, sink);
  return sink.heard;
}

TEST(vt_parser, splits_text_controls_and_sequences) {
  EXPECT_EQ(parse("a b\r\n\x1b[1;31mé"), "[a b]{13}{10}csi(m 1 31)[é]");
  EXPECT_EQ(parse("\x1b(0\x1b[?25h\x1b[>c\x1b[ q"), "esc((0)csi(?h 25)csi(>c 0)csi( q 0)");
  EXPECT_EQ(parse("\x1b]0;t\xc3\xa9\x07\x1b]2;u\x1b\\"), "osc(0;té)osc(2;u)esc(\\)");
  EXPECT_EQ(parse("\x1bP$qm\x1b\\"), "dcs($q m)esc(\\)");
  EXPECT_EQ(parse("\x1b_apc\x1b\\x"), "esc(\\)[x]");
}

TEST(vt_parser, knows_c1_controls) {
  EXPECT_EQ(parse("\xc2\x9b"
                  "2J\xc2\x85"),
            "csi(J 2){133}");
  EXPECT_EQ(parse("\xc2\x9d"
                  "2;t\xc2\x9c"),
            "osc(2;t)");
}

TEST(vt_parser, parameters) {
  EXPECT_EQ(parse("\x1b[m"), "csi(m 0)");
  EXPECT_EQ(parse("\x1b[;5m"), "csi(m 0 5)");
  EXPECT_EQ(parse("\x1b[4:3;58:2::1:2m"), "csi(m 4:3 58:2:-1:1:2)");
  EXPECT_EQ(parse("\x1b[99999999999m"), "csi(m 2147483647)");
  std::string many = "\x1b[";
  for (int i = 0; i < 100; ++i)
    many += "1;";
  const auto heard = parse(many + "m");
  EXPECT_EQ(std::count(heard.begin(), heard.end(), '1'), 32);
}

TEST(vt_parser, executes_controls_inside_of_sequences) {
  EXPECT_EQ(parse("\x1b[1\n2H"), "{10}csi(H 12)");
  EXPECT_EQ(parse("\x1b[1\x18x"), "{24}[x]");
  EXPECT_EQ(parse("\x1b[1\x1b[2J"), "csi(J 2)");
  EXPECT_EQ(parse("\x1b]0;x\x18y"), "cancelled[y]");
}

TEST(vt_parser, drops_what_is_not_utf8) {
  EXPECT_EQ(parse("a\xff"
                  "b"),
            "[ab]");
  EXPECT_EQ(parse("\xc0\x80x"), "[x]");
  EXPECT_EQ(parse("\xe2\x80x"), "[x]");
  EXPECT_EQ(parse("\xed\xa0\x80x"), "[x]");
  EXPECT_EQ(parse("\xef\xbb\xbfx"), "[x]");
  EXPECT_EQ(parse("\xf4\x90\x80\x80x"), "[x]");
}

TEST(vt_parser, may_be_cut_anywhere) {
  const std::string bytes =
      "a\xe4\xb8\x96\x1b[38;2;1;2;3mb\x1b]0;t\xc3\xa9\x1b\\\x1bP$qr\x1b\\\xc2\x9b"
      "1mc\xf0\x9f\x99\x82\r\n\x1b(0\xe2(\x1b_x\x07y\x1b\\z";
  auto without_runs = [](std::string text) {
    std::erase_if(text, [](char c) { return c == '[' || c == ']'; });
    return text;
  };
  const auto expected = without_runs(parse(bytes));
  for (std::size_t at = 0; at <= bytes.size(); ++at) {
    vt_parser parser;
    recorder sink;
    parser.feed(std::string_view(bytes).substr(0, at), sink);
    // What is pending brings a fresh parser to the same place.
    vt_parser fresh;
    recorder nobody;
    fresh.feed(parser.pending(), nobody);
    EXPECT_EQ(without_runs(nobody.heard), "") << at;
    recorder other = sink;
    parser.feed(std::string_view(bytes).substr(at), sink);
    EXPECT_EQ(without_runs(sink.heard), expected) << at;
    fresh.feed(std::string_view(bytes).substr(at), other);
    EXPECT_EQ(without_runs(other.heard), expected) << at;
  }
}

TEST(vt_parser, strings_are_bounded) {
  vt_parser parser;
  recorder sink;
  parser.feed("\x1b]0;", sink);
  for (int i = 0; i < 1000; ++i)
    parser.feed(std::string(1000, 'x'), sink);
  EXPECT_LT(parser.memory_bytes(), 3 * vt_parser::max_osc);
  EXPECT_EQ(parser.pending(), "\x1b]!");
  parser.feed("\x07ok", sink);
  EXPECT_EQ(sink.heard, "cancelled[ok]");
  EXPECT_LT(parser.memory_bytes(), 64u << 10);
}

TEST(vt_parser, skips_text_but_not_sequences) {
  vt_parser parser;
  recorder sink;
  parser.skip("lots of text \xe4\xb8\x96\r\n and \x1b[31m colour \x0e more \x1b]0;title\x07 \xe4",
              sink);
  parser.feed("\xb8\x96!", sink);
  EXPECT_EQ(sink.heard, "csi(m 31){14}osc(0;title)[世]!]");
}

TEST(vt_parser, skipping_sees_every_sequence_wherever_it_stands) {
  struct sample {
    std::string bytes;
    std::string heard;
  };
  const std::vector<sample> samples{
      {"\x1b[?7h", "csi(?h 7)"},
      {"\x0e", "{14}"},
      {"\x0f", "{15}"},
      {"\xc2\x9b"
       "2J",
       "csi(J 2)"},
      {"\xc2\xa9", ""}, // a character that begins like a C1 control
      {"\x1b[31m", "csi(m 31)"},
      {"\x1b[1;38;5;208;48:2::1:2:3m", "csi(m 1 38 5 208 48:2:-1:1:2:3)"},
      {"\x1b[31m\x1b[m\x1b[32m", "csi(m 0)csi(m 32)"}, // before a reset nothing counts
      {"\x1b[0;1m", "csi(m 0 1)"},
      {"\x1b]0;t\x07", "osc(0;t)"},
  };
  // Everywhere relative to the 8, 16 and 32 bytes that are looked at together, and near the end.
  for (std::size_t before = 0; before < 70; ++before)
    for (const std::size_t after : {0, 1, 7, 31, 32, 33})
      for (const auto& one : samples) {
        vt_parser parser;
        recorder sink;
        const std::string text(before, 'x');
        parser.skip(text + one.bytes + std::string(after, 'y') + "\x1b[?1h", sink);
        ASSERT_EQ(sink.heard, one.heard + "csi(?h 1)") << before << ' ' << after;
      }
}

TEST(vt_parser, skipping_keeps_the_order_of_more_colours_than_it_collects) {
  vt_parser parser;
  recorder sink;
  std::string text = "\x1b[m";
  std::string heard = "csi(m 0)";
  for (int i = 1; i <= 100; ++i) {
    text += "word \x1b[" + std::to_string(i) + "m";
    heard += "csi(m " + std::to_string(i) + ")";
  }
  parser.skip(text, sink);
  EXPECT_EQ(sink.heard, heard);
}

} // namespace
} // namespace roost::terminal
