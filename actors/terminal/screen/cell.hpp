#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace roost::terminal {

/// A colour as SGR sets it: the kind in bits 24 and 25, the value below.
namespace color_bits {
inline constexpr std::uint32_t kind_mask = 0x3000000;
inline constexpr std::uint32_t ansi = 0x1000000;    ///< 0..15, by SGR 30-37, 90-97 and so on
inline constexpr std::uint32_t palette = 0x2000000; ///< 0..255, by SGR 38;5
inline constexpr std::uint32_t rgb = 0x3000000;
inline constexpr std::uint32_t mask = 0x3ffffff;
} // namespace color_bits

/// Everything SGR, DECSCA and OSC 8 say about a cell. The layout follows xterm.js, because some of
/// its behaviour follows from it: saving the cursor keeps `fg` and `bg` but not the rest, and
/// erased cells take the colour of `bg` only.
struct attributes {
  // Bits of fg besides the colour.
  static constexpr std::uint32_t inverse = 1u << 26;
  static constexpr std::uint32_t bold = 1u << 27;
  static constexpr std::uint32_t underline = 1u << 28;
  static constexpr std::uint32_t blink = 1u << 29;
  static constexpr std::uint32_t invisible = 1u << 30;
  static constexpr std::uint32_t strike = 1u << 31;
  // Bits of bg besides the colour.
  static constexpr std::uint32_t italic = 1u << 26;
  static constexpr std::uint32_t dim = 1u << 27;
  static constexpr std::uint32_t extended = 1u << 28; ///< `line` and `link` are in force
  static constexpr std::uint32_t is_protected = 1u << 29;
  static constexpr std::uint32_t overline = 1u << 30;
  // Of `line`: the colour as above, and the style (0 none, 1 single, 2 double, 3 curly, 4 dotted,
  // 5 dashed).
  static constexpr unsigned style_shift = 26;
  static constexpr std::uint32_t single = 1u << style_shift;

  std::uint32_t fg = 0;
  std::uint32_t bg = 0;
  std::uint32_t line = 0; ///< underline style and colour
  std::uint32_t link = 0; ///< hyperlink, by its number in the link table; 0: none

  friend bool operator==(const attributes&, const attributes&) = default;

  [[nodiscard]] std::uint32_t style() const { return line >> style_shift; }
  void set_style(std::uint32_t style) { line = (line & color_bits::mask) | style << style_shift; }
  /// Brings the `extended` bit up to date.
  void update_extended() {
    if (style() == 0 && link == 0)
      bg &= ~extended;
    else
      bg |= extended;
  }
  /// What a cell keeps: without the parts that are not in force.
  [[nodiscard]] attributes as_stored() const {
    return bg & extended ? *this : attributes{fg, bg, 0, 0};
  }
  /// What erasing leaves behind: the background colour.
  [[nodiscard]] attributes as_erased() const { return {0, bg & color_bits::mask, 0, 0}; }
};

/// A short form of attributes that fits a cell. Without RGB colours, links and unusual underlines
/// (nearly always) they are in the number itself; else it is an index into a table.
using style_ref = std::uint32_t;

/// The attributes that do not fit into a style_ref, each once.
class style_table {
public:
  style_ref ref(const attributes& a) {
    const auto stored = a.as_stored();
    const auto direct = pack(stored);
    return direct != in_table ? direct : insert(stored);
  }
  [[nodiscard]] attributes get(style_ref ref) const {
    return ref & in_table ? entries_[ref & ~in_table] : unpack(ref);
  }
  /// The short form where attributes fit, else `in_table`.
  static style_ref pack(const attributes& stored);
  static attributes unpack(style_ref ref);
  static constexpr style_ref in_table = 1u << 31;

  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  [[nodiscard]] const std::vector<attributes>& entries() const { return entries_; }
  void clear() {
    entries_.clear();
    index_.clear();
  }
  [[nodiscard]] std::size_t memory_bytes() const {
    return entries_.capacity() * sizeof(attributes) + index_.size() * 48;
  }

private:
  struct hash {
    std::size_t operator()(const attributes& a) const {
      const auto mix = (std::uint64_t{a.fg} << 32 | a.bg) * 0x9e3779b97f4a7c15u;
      return static_cast<std::size_t>((mix ^ (mix >> 29)) +
                                      (std::uint64_t{a.line} << 20 ^ a.link) * 0xbf58476d1ce4e5b9u);
    }
  };
  style_ref insert(const attributes& stored);

  std::vector<attributes> entries_;
  std::unordered_map<attributes, style_ref, hash> index_;
};

/// One cell: a code point (or, for a base with combining characters, the index of a cluster) with
/// its width, and its style. A wide character is a cell of width 2 followed by an empty one of
/// width 0.
struct cell {
  static constexpr std::uint32_t code_mask = 0x1fffff;
  static constexpr std::uint32_t cluster_bit = 1u << 21;
  static constexpr std::uint32_t content_mask = code_mask | cluster_bit;
  static constexpr unsigned width_shift = 22;

  std::uint32_t content = 1u << width_shift;
  style_ref style = 0;

  friend bool operator==(const cell&, const cell&) = default;

  static constexpr cell of(std::uint32_t code, unsigned width, style_ref style) {
    return {code | width << width_shift, style};
  }
  static constexpr cell blank(style_ref style) { return of(0, 1, style); }

  [[nodiscard]] unsigned width() const { return content >> width_shift; }
  [[nodiscard]] bool has_content() const { return (content & content_mask) != 0; }
  [[nodiscard]] bool is_cluster() const { return (content & cluster_bit) != 0; }
  [[nodiscard]] std::uint32_t code() const { return content & code_mask; }
  /// Whether it is what a fresh line consists of.
  [[nodiscard]] bool is_default() const { return content == 1u << width_shift && style == 0; }
};

/// The texts of cells that hold more than one code point.
class cluster_table {
public:
  /// Longest text of one cell, in bytes; combining characters past it are dropped.
  static constexpr std::size_t max_text = 1024;

  std::uint32_t add(std::string text);
  [[nodiscard]] const std::string& text(std::uint32_t index) const { return texts_[index]; }
  /// The cluster of `index` with one more code point. Other cells that share it keep theirs.
  std::uint32_t extended(std::uint32_t index, char32_t code);
  [[nodiscard]] std::size_t size() const { return texts_.size(); }
  void clear() { texts_.clear(); }
  [[nodiscard]] std::size_t memory_bytes() const;

private:
  std::vector<std::string> texts_;
};

/// The tables that the cells of a page refer to.
struct cell_tables {
  style_table styles;
  cluster_table clusters;

  /// Appends a cell's text; nothing for an empty one.
  void append_text(const cell& c, std::string& out) const;
};

} // namespace roost::terminal
