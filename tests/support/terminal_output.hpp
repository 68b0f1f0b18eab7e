#pragma once

#include <random>
#include <string>

namespace roost::test {

/// What a program might write to a terminal of about 25 columns and 8 rows: text, wide and
/// combining characters, colours, movements, erasing, modes and titles.
inline std::string random_output(std::mt19937& random, int pieces) {
  const auto below = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
  const auto number = [&](unsigned n) { return std::to_string(below(n)); };
  std::string out;
  for (int i = 0; i < pieces; ++i) {
    switch (below(12)) {
    case 0:
      out += "\r\n";
      break;
    case 1:
      out += "\xe4\xb8\x96\xe7\x95\x8c";
      break;
    case 2:
      out += "e\xcc\x81";
      break;
    case 3:
      out += "\x1b[" + number(50) + ";" + number(110) + "m";
      break;
    case 4:
      out += "\x1b[" + number(8) + ";" + number(25) + "H";
      break;
    case 5:
      out += "\x1b[" + number(4) + "ABCDGJKLMPSTX@"[below(14)];
      break;
    case 6: {
      const char* modes[] = {"?1", "?25", "?6", "?45", "?1000", "?1049", "?2004", "4", "?1047"};
      out += std::string("\x1b[") + modes[below(9)] + (below(2) ? "h" : "l");
      break;
    }
    case 7:
      out += "\x1b]2;title " + number(9) + "\x07";
      break;
    case 8:
      out += std::string("\x1b") + "78DEMH=>"[below(8)];
      break;
    case 9:
      out += "\x1b[38;2;" + number(256) + ";0;0m";
      break;
    default:
      for (auto n = below(15); n > 0; --n)
        out += static_cast<char>('a' + below(26));
    }
  }
  return out;
}

} // namespace roost::test
