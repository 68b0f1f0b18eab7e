#include "actors/terminal/screen/scrollback.hpp"

#include "actors/terminal/screen/char_width.hpp"
#include "actors/terminal/screen/utf8.hpp"

#include <cstring>

namespace roost::terminal {

namespace {

// A packed line: a byte of flags, the length of the text (varint), the text, then runs: a count of
// cells (varint) and a style, either a direct style_ref or a mark and full attributes.
//
// The text is UTF-8, a code point for each cell, and the second half of a wide character goes
// without saying. Bytes below 0x20 stand for what text cannot say:
constexpr char empty_cell = 0x00; // a cell without content, of width 1
constexpr char joined = 0x01;     // the next code point belongs to the same cell
constexpr char orphan = 0x02;     // an empty cell of width 0 that belongs to no wide character
constexpr char odd_width = 0x03;  // a byte follows: the width of the next cell, which takes
                                  // exactly one column here

constexpr char wrapped_flag = 1;

void put_varint(std::string& out, std::uint32_t value) {
  while (value >= 0x80) {
    out += static_cast<char>(value | 0x80);
    value >>= 7;
  }
  out += static_cast<char>(value);
}

std::uint32_t get_varint(const char*& p) {
  std::uint32_t value = 0;
  for (unsigned shift = 0;; shift += 7) {
    const auto byte = static_cast<unsigned char>(*p++);
    value |= std::uint32_t{byte & 0x7fu} << shift;
    if (byte < 0x80)
      return value;
  }
}

void put_word(std::string& out, std::uint32_t value) {
  char bytes[4];
  std::memcpy(bytes, &value, 4);
  out.append(bytes, 4);
}

std::uint32_t get_word(const char*& p) {
  std::uint32_t value;
  std::memcpy(&value, p, 4);
  p += 4;
  return value;
}

char32_t get_code(const char*& p) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(p);
  const auto length = utf8_length(bytes[0]);
  p += length;
  return decode_utf8(bytes, length);
}

void put_cluster(std::string& out, const std::string& text) {
  for (const char *p = text.data(), *end = p + text.size(); p != end;) {
    const auto length = utf8_length(static_cast<unsigned char>(*p));
    if (p != text.data())
      out += joined;
    out.append(p, length);
    p += length;
  }
}

} // namespace

bool scrollback::push(const line& added, const cell_tables& tables) {
  if (max_lines_ == 0)
    return true;
  if (blocks_.empty() || blocks_.back().ends.size() == lines_per_block)
    blocks_.emplace_back();
  auto& b = blocks_.back();
  auto& out = b.bytes;
  auto n = added.cells().size();
  const auto* cells = added.cells().data();
  while (n > 0 && cells[n - 1].is_default())
    --n;
  // Plain text is the rule: find its length before anything is written.
  std::size_t ascii = 0;
  while (ascii < n && cells[ascii].content - (0x20u | 1u << cell::width_shift) < 0x5f)
    ++ascii;
  out += added.is_wrapped ? wrapped_flag : char{0};
  if (ascii == n) {
    put_varint(out, static_cast<std::uint32_t>(n));
    const auto at = out.size();
    out.resize(at + n);
    for (std::size_t i = 0; i < n; ++i)
      out[at + i] = static_cast<char>(cells[i].content);
  } else {
    std::string text;
    text.reserve(n * 2);
    for (std::size_t i = 0; i < n; ++i) {
      const auto c = cells[i];
      const bool is_pair = c.width() == 2 && i + 1 < n && cells[i + 1].content == 0 &&
                           cells[i + 1].style == c.style &&
                           (c.is_cluster() || char_width(c.code()) == 2);
      if (!c.has_content()) {
        if (c.width() == 2) {
          text += odd_width;
          text += static_cast<char>('0' + c.width());
        }
        text += c.width() == 0 ? orphan : empty_cell;
        continue;
      }
      const auto usual = c.is_cluster() ? (is_pair ? 2 : 1) : char_width(c.code());
      if (c.width() != usual || (c.width() == 2 && !is_pair)) {
        text += odd_width;
        text += static_cast<char>('0' + c.width());
      } else if (c.is_cluster() && is_pair) {
        text += odd_width;
        text += 'p';
      }
      if (c.is_cluster())
        put_cluster(text, tables.clusters.text(c.code()));
      else
        append_utf8(text, c.code());
      i += is_pair;
    }
    put_varint(out, static_cast<std::uint32_t>(text.size()));
    out += text;
  }
  for (std::size_t i = 0; i < n;) {
    const auto style = cells[i].style;
    auto end = i + 1;
    while (end < n && cells[end].style == style)
      ++end;
    put_varint(out, static_cast<std::uint32_t>(end - i));
    if (style & style_table::in_table) {
      const auto a = tables.styles.get(style);
      put_word(out, style_table::in_table);
      put_word(out, a.fg);
      put_word(out, a.bg);
      put_word(out, a.line);
      put_word(out, a.link);
      b.has_links |= a.link != 0;
    } else {
      put_word(out, style);
    }
    i = end;
  }
  b.ends.push_back(static_cast<std::uint32_t>(out.size()));
  if (b.ends.size() == lines_per_block) {
    out.shrink_to_fit();
    b.ends.shrink_to_fit();
  }
  ++size_;
  if (size_ <= max_lines_)
    return false;
  drop_oldest(1);
  return true;
}

void scrollback::unpack(std::size_t index, line& into, cell_tables& tables) const {
  const auto bytes = packed(index);
  const char* p = bytes.data();
  const auto* const bytes_end = p + bytes.size();
  auto& cells = into.cells();
  cells.clear();
  into.is_wrapped = (*p++ & wrapped_flag) != 0;
  const auto length = get_varint(p);
  for (const auto* const end = p + length; p != end;) {
    unsigned width = 3; // as its text says
    bool is_pair = false;
    if (*p == odd_width) {
      is_pair = p[1] == 'p';
      width = is_pair ? 2 : static_cast<unsigned>(p[1] - '0');
      p += 2;
    }
    if (*p == empty_cell || *p == orphan) {
      cells.push_back(cell::of(0, width != 3 ? width : *p == orphan ? 0 : 1, 0));
      ++p;
      continue;
    }
    const auto code = get_code(p);
    if (p != end && *p == joined) {
      std::string text;
      append_utf8(text, code);
      while (p != end && *p == joined) {
        ++p;
        append_utf8(text, get_code(p));
      }
      cells.push_back(cell::of(tables.clusters.add(std::move(text)) | cell::cluster_bit,
                               width != 3 ? width : 1, 0));
    } else {
      is_pair |= width == 3 && char_width(code) == 2;
      cells.push_back(cell::of(code, width != 3 ? width : char_width(code), 0));
    }
    if (is_pair)
      cells.push_back(cell::of(0, 0, 0));
  }
  for (std::size_t at = 0; p != bytes_end;) {
    auto count = get_varint(p);
    style_ref style = get_word(p);
    if (style == style_table::in_table) {
      attributes a;
      a.fg = get_word(p);
      a.bg = get_word(p);
      a.line = get_word(p);
      a.link = get_word(p);
      style = tables.styles.ref(a);
    }
    for (; count > 0; --count)
      cells[at++].style = style;
  }
}

line scrollback::pop(cell_tables& tables) {
  line newest;
  unpack(size_ - 1, newest, tables);
  auto& b = blocks_.back();
  b.ends.pop_back();
  b.bytes.resize(b.ends.empty() ? 0 : b.ends.back());
  --size_;
  if (b.ends.empty())
    blocks_.pop_back();
  if (size_ == 0)
    clear();
  return newest;
}

void scrollback::drop_oldest(std::size_t count) {
  if (count >= size_) {
    clear();
    return;
  }
  size_ -= count;
  gone_ += count;
  while (gone_ >= lines_per_block) {
    blocks_.pop_front();
    gone_ -= lines_per_block;
  }
}

void scrollback::clear() {
  blocks_.clear();
  size_ = 0;
  gone_ = 0;
}

void scrollback::locate(std::size_t index, std::size_t& block_index,
                        std::size_t& line_index) const {
  index += gone_;
  block_index = index / lines_per_block;
  line_index = index % lines_per_block;
}

std::string_view scrollback::packed(std::size_t index) const {
  std::size_t block_index = 0;
  std::size_t line_index = 0;
  locate(index, block_index, line_index);
  const auto& b = blocks_[block_index];
  const auto begin = line_index == 0 ? 0 : b.ends[line_index - 1];
  return std::string_view(b.bytes).substr(begin, b.ends[line_index] - begin);
}

bool scrollback::is_wrapped(std::size_t index) const {
  return (packed(index)[0] & wrapped_flag) != 0;
}

void scrollback::set_wrapped(std::size_t index, bool wrapped) {
  std::size_t block_index = 0;
  std::size_t line_index = 0;
  locate(index, block_index, line_index);
  auto& b = blocks_[block_index];
  b.bytes[line_index == 0 ? 0 : b.ends[line_index - 1]] = wrapped ? wrapped_flag : char{0};
}

void scrollback::collect_links(std::vector<std::uint32_t>& into) const {
  for (std::size_t at = 0; at < blocks_.size(); ++at) {
    if (!blocks_[at].has_links)
      continue;
    const auto first = at * lines_per_block;
    for (std::size_t i = 0; i < blocks_[at].ends.size(); ++i) {
      if (first + i < gone_)
        continue;
      cell_tables tables;
      line unpacked;
      unpack(first + i - gone_, unpacked, tables);
      for (const auto& a : tables.styles.entries())
        if (a.link != 0)
          into.push_back(a.link);
    }
  }
}

std::size_t scrollback::memory_bytes() const {
  std::size_t bytes = 0;
  for (const auto& b : blocks_)
    bytes += sizeof(block) + b.bytes.capacity() + b.ends.capacity() * sizeof(std::uint32_t);
  return bytes;
}

} // namespace roost::terminal
