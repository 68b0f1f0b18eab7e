#include "actors/terminal/screen/charset.hpp"

#include <array>
#include <string_view>

namespace roost::terminal {

namespace {

// DEC special graphics (line drawing), from ` to ~.
constexpr std::u32string_view dec_graphics = U"◆▒␉␌␍␊°±␤␋┘┐┌└┼⎺⎻─⎼⎽├┤┴┬│≤≥π≠£·";

/// A national replacement set: the codes that differ from ASCII, and what they stand for.
struct national_set {
  charset_id id;
  char other_name;
  std::string_view from;
  std::u32string_view to;
};

// DEC's national replacement character sets. The Dutch one has two letters where a VT has one
// character each (ij, florin); as in xterm.js the first is i, the second f.
constexpr std::array<national_set, 12> national_sets = {{
    {'A', 'A', "#", U"£"},
    {'4', '4', "#@[\\]{|}~", U"£¾i½|¨f¼´"},
    {'C', '5', "[\\]^`{|}~", U"ÄÖÅÜéäöåü"},
    {'R', 'R', "#@[\\]{|}~", U"£à°ç§éùè¨"},
    {'Q', 'Q', "@[\\]^`{|}~", U"àâçêîôéùèû"},
    {'K', 'K', "@[\\]{|}~", U"§ÄÖÜäöüß"},
    {'Y', 'Y', "#@[\\]`{|}~", U"£§°çéùàòèì"},
    {'E', '6', "@[\\]^`{|}~", U"ÄÆØÅÜäæøåü"},
    {'Z', 'Z', "#@[\\]{|}", U"£§¡Ñ¿°ñç"},
    {'H', '7', "@[\\]^`{|}~", U"ÉÄÖÅÜéäöåü"},
    {'=', '=', "#@[\\]^_`{|}~", U"ùàéçêîèôäöüû"},
    {'0', '0', {}, {}},
}};

const national_set* find(charset_id id) {
  for (const auto& set : national_sets)
    if (set.id == id)
      return &set;
  return nullptr;
}

} // namespace

bool find_charset(char final, charset_id& set) {
  if (final == 'B') {
    set = ascii_charset;
    return true;
  }
  for (const auto& known : national_sets)
    if (known.id == final || known.other_name == final) {
      set = known.id;
      return true;
    }
  return false;
}

char32_t map_charset(charset_id set, char32_t code) {
  if (set == ascii_charset || code >= 0x7f)
    return code;
  if (set == '0')
    return code < '`' ? code : dec_graphics[code - '`'];
  const auto* known = find(set);
  const auto at = known ? known->from.find(static_cast<char>(code)) : std::string_view::npos;
  return at == std::string_view::npos ? code : known->to[at];
}

char32_t unmap_charset(charset_id set, char32_t wanted) {
  if (wanted >= 0x7f || map_charset(set, wanted) == wanted)
    return wanted;
  for (char32_t code = 0x20; code < 0x7f; ++code)
    if (map_charset(set, code) == wanted)
      return code;
  return 0;
}

} // namespace roost::terminal
