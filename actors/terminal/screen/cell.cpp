#include "actors/terminal/screen/cell.hpp"

#include "actors/terminal/screen/utf8.hpp"

namespace roost::terminal {

namespace {

// The direct form: fg kind and value (10 bits), bg kind and value (10 bits), the six flags of fg,
// then italic, dim, protected, overline, and "extended by nothing but a plain underline".
constexpr unsigned bg_shift = 10;
constexpr unsigned fg_flags_shift = 20;
constexpr unsigned bg_flags_shift = 26;
constexpr style_ref plain_line = 1u << 30;

constexpr std::uint32_t pack_color(std::uint32_t color) {
  return (color & color_bits::kind_mask) >> 16 | (color & 0xff);
}

constexpr std::uint32_t unpack_color(std::uint32_t packed) {
  return (packed & 0x300) << 16 | (packed & 0xff);
}

} // namespace

style_ref style_table::pack(const attributes& stored) {
  if ((stored.fg & color_bits::kind_mask) == color_bits::rgb ||
      (stored.bg & color_bits::kind_mask) == color_bits::rgb)
    return in_table;
  style_ref ref = pack_color(stored.fg) | pack_color(stored.bg) << bg_shift |
                  (stored.fg >> 26) << fg_flags_shift;
  if (stored.bg & attributes::extended) {
    if (stored.link != 0 || stored.line != attributes::single)
      return in_table;
    ref |= plain_line;
  }
  ref |= ((stored.bg >> 26 & 3) | (stored.bg >> 29 & 3) << 2) << bg_flags_shift;
  return ref;
}

attributes style_table::unpack(style_ref ref) {
  attributes a;
  a.fg = unpack_color(ref & 0x3ff) | (ref >> fg_flags_shift & 0x3f) << 26;
  const auto flags = ref >> bg_flags_shift & 0xf;
  a.bg = unpack_color(ref >> bg_shift & 0x3ff) | (flags & 3) << 26 | (flags >> 2) << 29;
  if (ref & plain_line) {
    a.bg |= attributes::extended;
    a.line = attributes::single;
  }
  return a;
}

style_ref style_table::insert(const attributes& stored) {
  const auto next = static_cast<style_ref>(entries_.size()) | in_table;
  const auto [at, is_new] = index_.try_emplace(stored, next);
  if (is_new)
    entries_.push_back(stored);
  return at->second;
}

std::uint32_t cluster_table::add(std::string text) {
  texts_.push_back(std::move(text));
  return static_cast<std::uint32_t>(texts_.size() - 1);
}

std::uint32_t cluster_table::extended(std::uint32_t index, char32_t code) {
  if (texts_[index].size() >= max_text)
    return index;
  // The newest belongs to the cell that is being written, and to no other.
  if (index + 1 != texts_.size()) {
    texts_.push_back(texts_[index]);
    index = static_cast<std::uint32_t>(texts_.size() - 1);
  }
  append_utf8(texts_[index], code);
  return index;
}

std::size_t cluster_table::memory_bytes() const {
  std::size_t bytes = texts_.capacity() * sizeof(std::string);
  for (const auto& text : texts_)
    bytes += text.capacity() > 15 ? text.capacity() : 0;
  return bytes;
}

void cell_tables::append_text(const cell& c, std::string& out) const {
  if (c.is_cluster())
    out += clusters.text(c.code());
  else if (c.code() != 0)
    append_utf8(out, c.code());
}

} // namespace roost::terminal
