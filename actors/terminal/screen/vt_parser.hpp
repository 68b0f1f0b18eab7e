#pragma once

#include "actors/terminal/screen/csi_params.hpp"
#include "actors/terminal/screen/utf8.hpp"
#include "actors/terminal/screen/vt_table.hpp"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace roost::terminal {

/// Splits a byte stream into text, controls and sequences, and hands them to a sink. Keeps its
/// place between calls, inside a sequence or a UTF-8 character too, so a stream may be cut
/// anywhere.
///
/// A sink has: `print_begin()`, `print_ascii(const char*, size_t)`, `print(char32_t)`,
/// `print_end()` for a run of printable characters; `execute(code)` for C0 and C1 controls;
/// `esc(ident)`, `csi(ident, params)`, `osc(payload)`, `dcs(ident, payload)` for whole sequences.
/// An ident is the prefix, intermediates and final byte, as a big-endian number: `CSI ? $ p` is
/// 0x3f2470. OSC and DCS strings that were cancelled, or are longer than the limit, are not handed
/// on: `end_string()` is called instead.
class vt_parser {
public:
  /// Longest OSC string that is kept, in bytes; a longer one is ignored as a whole.
  static constexpr std::size_t max_osc = std::size_t{256} << 10;
  /// Longest DCS string that is kept, in bytes.
  static constexpr std::size_t max_dcs = 4096;
  /// Longest beginning of a sequence that is kept for `pending`, in bytes.
  static constexpr std::size_t max_head = 8192;

  /// Parses everything.
  template <class Sink>
  void feed(std::string_view bytes, Sink& sink) {
    run<mode::all>(bytes, sink);
  }

  /// Parses sequences and the controls that select character sets only: text is passed over.
  template <class Sink>
  void skip(std::string_view bytes, Sink& sink) {
    run<mode::sequences>(bytes, sink);
  }

  /// Bytes of the running `feed` or `skip` that are consumed, the current one included.
  [[nodiscard]] std::size_t consumed() const { return static_cast<std::size_t>(at_ - begin_) + 1; }
  [[nodiscard]] bool is_in_ground() const { return phase_ == vt_phase::ground && utf8_have_ == 0; }

  /// What brings a fresh parser to where this one is: the beginning of the unfinished sequence
  /// (without controls in it that have been executed) and of the unfinished character.
  [[nodiscard]] std::string pending() const;

  /// Whether what ended the current OSC string was an ESC, whose backslash follows.
  [[nodiscard]] bool ended_by_escape() const { return *at_ == 0x1b; }

  [[nodiscard]] std::size_t memory_bytes() const {
    return osc_.capacity() + dcs_.capacity() + head_.capacity();
  }

private:
  // Eight bytes are looked at as one number, the first byte lowest.
  static_assert(std::endian::native == std::endian::little);

  enum class mode : std::uint8_t { all, sequences };
  using byte_pointer = const unsigned char*;

  template <mode Mode, class Sink>
  void run(std::string_view bytes, Sink& sink);
  template <mode Mode, class Sink>
  byte_pointer ground(byte_pointer p, byte_pointer end, Sink& sink);
  template <mode Mode, class Sink>
  void step(unsigned code, Sink& sink);
  /// Passes over text and over colour changes, which are most of the sequences in a flood, and
  /// stops at anything else. `apply_colours` makes up for the colours.
  byte_pointer skip_to_sequence(byte_pointer p, byte_pointer end);
  /// Whether what begins at the mark `p` may be passed over.
  bool pass_over(byte_pointer p, byte_pointer end);
  /// Applies the colour changes of what was passed over, those that the last reset left.
  template <class Sink>
  void apply_colours(byte_pointer begin, byte_pointer end, Sink& sink);
  template <mode Mode, class Sink>
  byte_pointer finish_character(byte_pointer p, byte_pointer end, Sink& sink);

  /// Decodes the character at `p`. `code` is 0 when its bytes are dropped; what is unfinished at
  /// the end is kept for the next call.
  byte_pointer decode(byte_pointer p, byte_pointer end, char32_t& code) {
    code = 0;
    const auto need = utf8_length(*p);
    if (need == 0)
      return p + 1;
    for (std::size_t i = 1; i < need; ++i) {
      if (p + i == end) {
        std::memcpy(utf8_, p, i);
        utf8_have_ = static_cast<std::uint8_t>(i);
        return end;
      }
      if (!is_utf8_continuation(p[i]))
        return p + i;
    }
    code = decode_utf8(p, need);
    return p + need;
  }

  static bool is_text(unsigned char byte) { return byte >= 0x20 && byte < 0x7f; }

  static byte_pointer end_of_text(byte_pointer p, byte_pointer end) {
    constexpr std::uint64_t ones = 0x0101010101010101u;
    constexpr std::uint64_t high = 0x8080808080808080u;
    while (end - p >= 8) {
      std::uint64_t word;
      std::memcpy(&word, p, 8);
      // Above 0x7f, below 0x20, or 0x7f: the last by adding one to each of seven bits.
      const auto below = (word - ones * 0x20) & ~word;
      const auto above = word | ((word & ~high) + ones);
      if ((below | above) & high)
        break;
      p += 8;
    }
    while (p != end && is_text(*p))
      ++p;
    return p;
  }

  /// Which bytes of the eight in `word` are in question, one bit each, the first byte lowest.
  /// Exact, and without branches (H. S. Warren, Hacker's Delight, 6-1).
  static std::uint64_t bits_of_zeros(std::uint64_t word) {
    constexpr std::uint64_t low = 0x7f7f7f7f7f7f7f7fu;
    return ~(((word & low) + low) | word | low);
  }
  static std::uint32_t gather_bits(std::uint64_t high_bits) {
    return static_cast<std::uint32_t>((high_bits >> 7) * 0x0102040810204080u >> 56);
  }

  /// The bytes that matter while text is passed over: ESC, SO, SI, and the lead byte of C1
  /// controls; of the 32 bytes at `p`, the first one lowest.
  static std::uint32_t marks_in(byte_pointer p) {
#ifdef __SSE2__
    const auto marks_of_16 = [](byte_pointer at) {
      const auto text = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
      const auto is = [text](char c) { return _mm_cmpeq_epi8(text, _mm_set1_epi8(c)); };
      const auto any =
          _mm_or_si128(_mm_or_si128(is('\x1b'), is('\xc2')), _mm_or_si128(is('\x0e'), is('\x0f')));
      return static_cast<std::uint32_t>(_mm_movemask_epi8(any));
    };
    return marks_of_16(p) | marks_of_16(p + 16) << 16;
#else
    constexpr std::uint64_t ones = 0x0101010101010101u;
    std::uint32_t found = 0;
    for (unsigned i = 0; i < 4; ++i) {
      std::uint64_t word;
      std::memcpy(&word, p + 8 * i, 8);
      // SO and SI differ in their last bit only.
      found |= gather_bits(bits_of_zeros(word ^ (ones * 0x1b)) |
                           bits_of_zeros((word | ones) ^ (ones * 0x0f)) |
                           bits_of_zeros(word ^ (ones * 0xc2)))
               << (8 * i);
    }
    return found;
#endif
  }
  static bool is_mark(unsigned char byte) {
    return byte == 0x1b || byte == 0x0e || byte == 0x0f || byte == 0xc2;
  }

  static constexpr unsigned block_size = 64;
  /// Which bytes of a block are what, one bit each, the first byte lowest.
  struct byte_classes {
    std::uint64_t escape = 0;
    std::uint64_t bracket = 0;
    std::uint64_t param = 0; ///< digits and separators
    std::uint64_t end = 0;   ///< of a colour change: m
    std::uint64_t mark = 0;  ///< other than ESC
  };
  static byte_classes classify(byte_pointer p) {
    byte_classes in;
#ifdef __SSE2__
#pragma GCC unroll 4
    for (unsigned i = 0; i < block_size; i += 16) {
      const auto text = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p + i));
      const auto note = [i](std::uint64_t& bits, __m128i found) {
        bits |= std::uint64_t{static_cast<std::uint32_t>(_mm_movemask_epi8(found))} << i;
      };
      const auto is = [text](char c) { return _mm_cmpeq_epi8(text, _mm_set1_epi8(c)); };
      note(in.escape, is('\x1b'));
      note(in.bracket, is('['));
      // Signed: what is above 0x7f counts as below zero.
      note(in.param, _mm_and_si128(_mm_cmpgt_epi8(text, _mm_set1_epi8('0' - 1)),
                                   _mm_cmplt_epi8(text, _mm_set1_epi8(';' + 1))));
      note(in.end, is('m'));
      note(in.mark, _mm_or_si128(_mm_or_si128(is('\x0e'), is('\x0f')), is('\xc2')));
    }
#else
    for (unsigned i = 0; i < block_size; ++i) {
      const auto note = [i](std::uint64_t& bits, bool found) { bits |= std::uint64_t{found} << i; };
      note(in.escape, p[i] == 0x1b);
      note(in.bracket, p[i] == '[');
      note(in.param, p[i] >= '0' && p[i] <= ';');
      note(in.end, p[i] == 'm');
      note(in.mark, is_mark(p[i]) && p[i] != 0x1b);
    }
#endif
    return in;
  }
  /// Passes over text and whole colour changes at the beginning of the block at `p`; a block
  /// without anything else goes in one step. @returns the bytes passed; 0: a mark of another kind
  /// is there (a C1 control or only a character like one), look closely. (The carry is that of G.
  /// Langdale and D. Lemire, "Parsing Gigabytes of JSON per Second", 2019, 3.1.)
  std::size_t pass_over_block(byte_pointer p);

  /// The first byte from `p` on that is no digit and no separator of parameters.
  static byte_pointer end_of_params(byte_pointer p, byte_pointer end) {
    constexpr std::uint64_t ones = 0x0101010101010101u;
    while (end - p >= 8) {
      std::uint64_t word;
      std::memcpy(&word, p, 8);
      word ^= ones * '0'; // what counts is now below 12
      const auto other = (((word & (ones * 0x7f)) + ones * (0x80 - 12)) | word) & (ones * 0x80);
      if (other != 0)
        return p + (std::countr_zero(other) >> 3);
      p += 8;
    }
    while (p != end && *p >= '0' && *p < '<')
      ++p;
    return p;
  }

  void remember_head(byte_pointer from, byte_pointer end);
  void keep_in_head(char32_t code, byte_pointer from, byte_pointer end);

  vt_phase phase_ = vt_phase::ground;
  std::uint8_t utf8_have_ = 0;
  unsigned char utf8_[4] = {};
  bool is_too_long_ = false;
  bool is_in_run_ = false;  ///< of printable characters, which a cut does not end
  std::uint32_t ident_ = 0; ///< prefix and intermediates; with the final byte while in a DCS string
  csi_params params_;
  std::string osc_;
  std::string dcs_;
  std::string head_; ///< of the unfinished sequence, when it began in an earlier call
  byte_pointer begin_ = nullptr;
  byte_pointer at_ = nullptr;       ///< last byte of what is being handled
  byte_pointer sequence_ = nullptr; ///< where the current sequence began in this call
  byte_pointer payload_ = nullptr;  ///< where the payload of the current DCS string began
};

template <vt_parser::mode Mode, class Sink>
void vt_parser::run(std::string_view bytes, Sink& sink) {
  if (bytes.empty())
    return;
  begin_ = reinterpret_cast<byte_pointer>(bytes.data());
  auto p = begin_;
  const auto end = p + bytes.size();
  if (utf8_have_ != 0)
    p = finish_character<Mode>(p, end, sink);
  sequence_ = payload_ = p;
  bool has_head = phase_ != vt_phase::ground;
  while (p != end) {
    if (phase_ == vt_phase::ground) {
      has_head = false;
      p = ground<Mode>(p, end, sink);
      continue;
    }
    if (phase_ == vt_phase::csi_param && *p >= '0' && *p < '<') {
      do {
        if (*p == ';')
          params_.add_param();
        else if (*p == ':')
          params_.add_sub_param();
        else
          params_.add_digit(*p - '0');
      } while (++p != end && *p >= '0' && *p < '<');
      continue;
    }
    if (phase_ == vt_phase::osc_string || phase_ == vt_phase::string_ignore) {
      const auto text_end = end_of_text(p, end);
      if (text_end != p) {
        if (phase_ == vt_phase::osc_string && !is_too_long_) {
          osc_.append(reinterpret_cast<const char*>(p), static_cast<std::size_t>(text_end - p));
          is_too_long_ = osc_.size() > max_osc;
        }
        p = text_end;
        continue;
      }
    }
    if (*p == 0x1b) {
      sequence_ = p;
      has_head = false;
    }
    if (*p < 0x80) {
      at_ = p++;
      step<Mode>(*at_, sink);
      continue;
    }
    char32_t code = 0;
    p = decode(p, end, code);
    if (code != 0) {
      at_ = p - 1;
      if (code < 0xa0) {
        sequence_ = p - 2;
        has_head = false;
      }
      step<Mode>(static_cast<unsigned>(code), sink);
    }
  }
  if (phase_ == vt_phase::ground) {
    head_.clear();
  } else {
    if (!has_head)
      head_.clear();
    remember_head(sequence_, end);
  }
  // Nothing points into the caller's bytes between calls.
  begin_ = at_ = sequence_ = payload_ = nullptr;
}

template <vt_parser::mode Mode, class Sink>
vt_parser::byte_pointer vt_parser::finish_character(byte_pointer p, byte_pointer end, Sink& sink) {
  const auto need = utf8_length(utf8_[0]);
  while (p != end && utf8_have_ < need) {
    if (!is_utf8_continuation(*p)) {
      utf8_have_ = 0;
      return p;
    }
    utf8_[utf8_have_++] = *p++;
  }
  if (utf8_have_ < need)
    return p;
  const auto code = decode_utf8(utf8_, need);
  utf8_have_ = 0;
  if (code == 0)
    return p;
  at_ = p - 1;
  if (phase_ == vt_phase::ground && code >= 0xa0) {
    if constexpr (Mode == mode::all) {
      if (!is_in_run_)
        sink.print_begin();
      is_in_run_ = true;
      sink.print(code);
      sink.print_end();
    }
    return p;
  }
  if (phase_ == vt_phase::ground || code < 0xa0)
    head_.clear();
  step<Mode>(static_cast<unsigned>(code), sink);
  if (phase_ != vt_phase::ground)
    keep_in_head(code, utf8_, utf8_ + need);
  return p;
}

template <vt_parser::mode Mode, class Sink>
vt_parser::byte_pointer vt_parser::ground(byte_pointer p, byte_pointer end, Sink& sink) {
  if constexpr (Mode == mode::sequences) {
    const auto* const from = p;
    p = skip_to_sequence(p, end);
    apply_colours(from, p, sink);
    if (p == end) {
      // The text may end inside a character.
      for (std::size_t back = 1; back <= 3 && back <= static_cast<std::size_t>(end - begin_);
           ++back) {
        if (is_utf8_continuation(end[-static_cast<std::ptrdiff_t>(back)]))
          continue;
        if (utf8_length(end[-static_cast<std::ptrdiff_t>(back)]) > back) {
          std::memcpy(utf8_, end - back, back);
          utf8_have_ = static_cast<std::uint8_t>(back);
        }
        break;
      }
      return p;
    }
  } else {
    bool has_begun = is_in_run_;
    while (p != end) {
      const auto text_end = end_of_text(p, end);
      if (text_end != p) {
        if (!has_begun)
          sink.print_begin();
        has_begun = true;
        sink.print_ascii(reinterpret_cast<const char*>(p), static_cast<std::size_t>(text_end - p));
        p = text_end;
        if (p == end)
          break;
      }
      if (*p < 0x80)
        break;
      char32_t code = 0;
      const auto next = decode(p, end, code);
      if (code != 0 && code < 0xa0)
        break;
      p = next;
      if (code != 0) {
        if (!has_begun)
          sink.print_begin();
        has_begun = true;
        sink.print(code);
      }
    }
    if (has_begun)
      sink.print_end();
    is_in_run_ = has_begun && p == end;
    if (p == end)
      return p;
  }
  sequence_ = p;
  if (*p < 0x80) {
    at_ = p;
    step<Mode>(*p, sink);
    return p + 1;
  }
  char32_t code = 0;
  p = decode(p, end, code);
  at_ = p - 1;
  if (code != 0 && code < 0xa0)
    step<Mode>(static_cast<unsigned>(code), sink);
  return p;
}

inline bool vt_parser::pass_over(byte_pointer p, byte_pointer end) {
  if (end - p < 2)
    return false;
  if (*p == 0xc2)
    return p[1] >= 0xa0; // a character, not a C1 control
  if (*p != 0x1b || p[1] != '[')
    return false;
  const auto to = end_of_params(p + 2, end);
  return to != end && *to == 'm';
}

inline std::size_t vt_parser::pass_over_block(byte_pointer p) {
  const auto in = classify(p);
  if (in.escape == 0)
    return in.mark == 0 ? block_size : 0;
  // Every ESC needs its bracket; a carry through the parameters finds all ends at once.
  const auto brackets = in.escape << 1;
  const auto first_params = (brackets & in.bracket) << 1;
  const auto ends = (in.param + first_params) & ~in.param;
  const auto others = (brackets & ~in.bracket) | (ends & ~in.end) | in.mark;
  // A sequence that goes on behind the block is left to the next one. Its ESC counts here: it may
  // stand where an earlier one needs something else.
  const auto last = block_size - 1 - static_cast<unsigned>(std::countl_zero(in.escape));
  const bool is_whole = ends >> last != 0;
  const auto inside = is_whole ? ~std::uint64_t{0} : ~std::uint64_t{0} >> (block_size - 1 - last);
  if ((others & inside) != 0)
    return 0;
  return is_whole ? block_size : last;
}

inline vt_parser::byte_pointer vt_parser::skip_to_sequence(byte_pointer p, byte_pointer end) {
  while (end - p >= static_cast<std::ptrdiff_t>(block_size)) {
    if (const auto passed = pass_over_block(p); passed != 0) {
      p += passed;
      continue;
    }
    // No sequence that is passed over contains a mark itself, so the marks are all there is to
    // visit.
    for (auto marks = marks_in(p); marks != 0; marks &= marks - 1)
      if (const auto at = p + std::countr_zero(marks); !pass_over(at, end))
        return at;
    p += 32;
  }
  for (; p != end; ++p)
    if (is_mark(*p) && !pass_over(p, end))
      return p;
  return p;
}

template <class Sink>
void vt_parser::apply_colours(byte_pointer begin, byte_pointer end, Sink& sink) {
  const auto is_reset = [](byte_pointer p) {
    return p[2] == 'm' || (p[2] == '0' && (p[3] == 'm' || p[3] == ';'));
  };
  const auto size = [](byte_pointer from, byte_pointer to) {
    return static_cast<std::size_t>(to - from);
  };
  const auto found = [](const void* p) { return static_cast<byte_pointer>(p); };
  // A reset makes what came before it void.
  auto from = end;
  while (from == end || !is_reset(from)) {
    const auto earlier = found(::memrchr(begin, 0x1b, size(begin, from)));
    if (earlier == nullptr)
      break;
    from = earlier;
  }
  if (from == end)
    return;
  for (auto p = from; p != nullptr; p = found(std::memchr(p, 0x1b, size(p, end)))) {
    params_.reset();
    for (p += 2; *p != 'm'; ++p)
      if (*p == ';')
        params_.add_param();
      else if (*p == ':')
        params_.add_sub_param();
      else
        params_.add_digit(*p - '0');
    at_ = p;
    sink.csi('m', params_);
  }
  params_.reset();
  ident_ = 0;
}

template <vt_parser::mode Mode, class Sink>
void vt_parser::step(unsigned code, Sink& sink) {
  is_in_run_ = false;
  const auto rule =
      vt_table[static_cast<std::size_t>(phase_)][code < vt_columns ? code : vt_columns - 1];
  switch (rule.action) {
  case vt_action::none:
  case vt_action::print:
    break;
  case vt_action::execute:
    sink.execute(code);
    break;
  case vt_action::clear:
    params_.reset();
    ident_ = 0;
    break;
  case vt_action::collect:
    ident_ = ident_ << 8 | code;
    break;
  case vt_action::param:
    if (code == ';')
      params_.add_param();
    else if (code == ':')
      params_.add_sub_param();
    else
      params_.add_digit(static_cast<int>(code) - '0');
    break;
  case vt_action::esc_dispatch:
    sink.esc(ident_ << 8 | code);
    break;
  case vt_action::csi_dispatch:
    sink.csi(ident_ << 8 | code, params_);
    break;
  case vt_action::osc_start:
    osc_.clear();
    is_too_long_ = false;
    break;
  case vt_action::osc_put:
    if (!is_too_long_) {
      append_utf8(osc_, code);
      is_too_long_ = osc_.size() > max_osc;
    }
    break;
  case vt_action::osc_end:
    if (code != 0x18 && code != 0x1a && !is_too_long_)
      sink.osc(osc_);
    else
      sink.end_string();
    osc_.clear();
    if (osc_.capacity() > 4096)
      osc_.shrink_to_fit();
    params_.reset();
    ident_ = 0;
    break;
  case vt_action::dcs_hook:
    ident_ = ident_ << 8 | code;
    payload_ = at_;
    dcs_.clear();
    is_too_long_ = false;
    break;
  case vt_action::dcs_put:
    if (!is_too_long_) {
      append_utf8(dcs_, code);
      is_too_long_ = dcs_.size() > max_dcs;
    }
    break;
  case vt_action::dcs_unhook:
    if (code != 0x18 && code != 0x1a && !is_too_long_)
      sink.dcs(ident_, dcs_);
    else
      sink.end_string();
    dcs_.clear();
    params_.reset();
    ident_ = 0;
    break;
  }
  phase_ = rule.next;
}

inline void vt_parser::remember_head(byte_pointer from, byte_pointer end) {
  // An OSC string is kept whole, as payload; of an ignored string only the beginning matters.
  if (phase_ == vt_phase::osc_string || phase_ == vt_phase::string_ignore) {
    head_.clear();
    return;
  }
  // Controls inside a sequence have been executed, and must not be a second time. In a DCS string
  // they are part of it.
  const auto* const controls_from = phase_ == vt_phase::dcs_passthrough ? payload_ : end;
  for (auto p = from; p != end && head_.size() < max_head;) {
    if (*p < 0x80) {
      if (*p >= 0x20 || head_.empty() || p >= controls_from)
        head_ += static_cast<char>(*p);
      ++p;
      continue;
    }
    // Bytes that make no character were dropped, and those of an unfinished one are kept apart.
    const auto* const character = p;
    char32_t code = 0;
    p = decode(p, end, code);
    if (code != 0)
      keep_in_head(code, character, p);
  }
}

inline void vt_parser::keep_in_head(char32_t code, byte_pointer from, byte_pointer end) {
  if (code < 0xa0) // the 7-bit form of a C1 control
    head_.append({'\x1b', static_cast<char>(code - 0x40)});
  else
    head_.append(reinterpret_cast<const char*>(from), static_cast<std::size_t>(end - from));
}

inline std::string vt_parser::pending() const {
  std::string bytes;
  switch (phase_) {
  case vt_phase::ground:
    break;
  case vt_phase::osc_string:
    // An OSC string with a bad number is ignored as a whole, like one that is too long.
    bytes = is_too_long_ ? "\x1b]!" : "\x1b]" + osc_;
    break;
  case vt_phase::string_ignore:
    bytes = "\x1b_";
    break;
  case vt_phase::dcs_passthrough:
    bytes = is_too_long_ ? "\x1bP!"
                           "z"
                         : head_;
    break;
  default:
    bytes = head_;
  }
  bytes.append(reinterpret_cast<const char*>(utf8_), utf8_have_);
  return bytes;
}

} // namespace roost::terminal
