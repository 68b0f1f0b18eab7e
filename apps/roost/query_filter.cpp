#include "apps/roost/query_filter.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace roost::cli {

namespace {

constexpr std::size_t csi_max = 256;          // bytes; the longest real ones (SGR) stay below 100
constexpr std::size_t string_head_max = 4096; // bytes held to judge an OSC, DCS or APC

constexpr char esc = '\x1b';
constexpr char enq = '\x05';
constexpr char bel = '\x07';
constexpr char can = '\x18';
constexpr char sub = '\x1a';

bool is_param(char c) { return c >= 0x30 && c <= 0x3F; }
bool is_intermediate(char c) { return c >= 0x20 && c <= 0x2F; }
bool is_final(char c) { return c >= 0x40 && c <= 0x7E; }
bool is_high(char c) { return (static_cast<unsigned char>(c) & 0x80U) != 0; }

int leading_number(std::string_view text) {
  int number = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end != text.data() ? number : -1;
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

} // namespace

void query_filter::reset() noexcept {
  state_ = state::ground;
  held_.clear();
  utf8_pending_ = 0;
  lead_is_c2_ = false;
  escape_in_string_ = false;
}

void query_filter::flush(std::string& out) {
  out += held_;
  held_.clear();
}

/// Follows UTF-8 and returns the C1 control that `c` completes (bare or as U+0080…U+009F), or 0.
unsigned char query_filter::utf8_step(unsigned char c) noexcept {
  if (utf8_pending_ > 0 && (c & 0xC0U) == 0x80) {
    --utf8_pending_;
    const bool is_control = lead_is_c2_ && c < 0xA0;
    lead_is_c2_ = false;
    return is_control ? c : 0;
  }
  lead_is_c2_ = c == 0xC2;
  utf8_pending_ = c >= 0xF0 && c <= 0xF4   ? 3
                  : (c & 0xF0U) == 0xE0    ? 2
                  : c >= 0xC2 && c <= 0xDF ? 1
                                           : 0;
  return c >= 0x80 && c < 0xA0 ? c : 0;
}

void query_filter::feed(std::string_view bytes, queries mode, std::string& out) {
  std::size_t i = 0;
  while (i < bytes.size()) {
    if (state_ == state::ground && held_.empty()) {
      // The common case, text without anything to look at, in one go.
      const auto plain = [](char c) { return !is_high(c) && c != esc && c != enq; };
      const auto* const begin = bytes.data() + i;
      const auto* const end = std::find_if_not(begin, bytes.data() + bytes.size(), plain);
      if (end != begin) {
        out.append(begin, end);
        utf8_pending_ = 0;
        lead_is_c2_ = false;
        i += static_cast<std::size_t>(end - begin);
        continue;
      }
    }
    const char c = bytes[i++];
    switch (state_) {
    case state::ground:
      ground_byte(c, mode, out);
      break;
    case state::escape:
      escape_byte(c, mode, out);
      break;
    case state::csi:
    case state::csi_rest:
      csi_byte(c, mode, out);
      break;
    case state::string_head:
    case state::string_rest:
      string_byte(c, mode, out);
      break;
    }
  }
}

void query_filter::ground_byte(char c, queries mode, std::string& out) {
  if (!is_high(c)) {
    flush(out); // a lone lead byte of UTF-8
    utf8_pending_ = 0;
    lead_is_c2_ = false;
    if (c == esc) {
      held_ += c;
      state_ = state::escape;
    } else if (c != enq || mode == queries::pass) {
      out += c;
    }
    return;
  }
  const bool was_held = !held_.empty();
  const auto control = utf8_step(static_cast<unsigned char>(c));
  if (control != 0) {
    held_ += c;
    begin_c1(control, mode, out);
    return;
  }
  if (was_held)
    flush(out);
  if (lead_is_c2_)
    held_ += c; // the next byte tells whether it is a control
  else
    out += c;
}

void query_filter::begin_c1(unsigned char c, queries mode, std::string& out) {
  switch (c) {
  case 0x90:
    begin_string(string_kind::dcs);
    return;
  case 0x9B:
    state_ = state::csi;
    content_at_ = held_.size();
    return;
  case 0x9D:
    begin_string(string_kind::osc);
    return;
  case 0x9F:
    begin_string(string_kind::apc);
    return;
  case 0x98:
  case 0x9E:
    begin_string(string_kind::other);
    return;
  case 0x9A: // DECID
    if (mode == queries::strip) {
      held_.clear();
      return;
    }
    break;
  default:
    break;
  }
  flush(out);
}

void query_filter::begin_string(string_kind kind) {
  kind_ = kind;
  state_ = state::string_head;
  content_at_ = held_.size();
  escape_in_string_ = false;
}

void query_filter::escape_byte(char c, queries mode, std::string& out) {
  if (c == esc || is_high(c)) {
    flush(out);
    state_ = state::ground;
    ground_byte(c, mode, out);
    return;
  }
  if (c == enq && mode == queries::strip)
    return;
  if (c == can || c == sub) {
    flush(out);
    out += c;
    state_ = state::ground;
    return;
  }
  if (!is_intermediate(c) && !is_param(c) && !is_final(c)) {
    out += c; // a control acts at once
    return;
  }
  const bool is_first = held_.size() == 1;
  held_ += c;
  if (is_intermediate(c)) {
    if (held_.size() > csi_max) {
      flush(out);
      state_ = state::ground;
    }
    return;
  }
  if (is_first) {
    switch (c) {
    case '[':
      state_ = state::csi;
      content_at_ = held_.size();
      return;
    case ']':
      return begin_string(string_kind::osc);
    case 'P':
      return begin_string(string_kind::dcs);
    case '_':
      return begin_string(string_kind::apc);
    case '^':
    case 'X':
      return begin_string(string_kind::other);
    case 'Z': // DECID
      if (mode == queries::strip)
        held_.clear();
      break;
    default:
      break;
    }
  }
  flush(out);
  state_ = state::ground;
}

void query_filter::csi_byte(char c, queries mode, std::string& out) {
  const bool is_long = state_ == state::csi_rest;
  const bool is_dropped = is_long && verdict_ == verdict::drop;
  if (c == esc || is_high(c)) {
    // The terminal forgets the unfinished sequence, and so may we.
    flush(out);
    state_ = state::ground;
    ground_byte(c, mode, out);
    return;
  }
  if (c == enq && mode == queries::strip)
    return;
  if (c == can || c == sub) {
    flush(out);
    out += c;
    state_ = state::ground;
    return;
  }
  if (!is_param(c) && !is_intermediate(c) && !is_final(c)) {
    out += c; // controls inside a sequence act at once, before the sequence
    return;
  }
  if (is_long) {
    if (!is_dropped)
      out += c;
    if (is_final(c))
      state_ = state::ground;
    return;
  }
  held_ += c;
  if (is_final(c)) {
    if (mode == queries::strip && is_csi_query())
      held_.clear();
    flush(out);
    state_ = state::ground;
  } else if (held_.size() > csi_max) {
    verdict_ = mode == queries::strip ? verdict::drop : verdict::pass;
    if (verdict_ == verdict::pass)
      flush(out);
    held_.clear();
    state_ = state::csi_rest;
  }
}

bool query_filter::is_csi_query() const {
  const auto content = std::string_view(held_).substr(content_at_);
  const char final = content.back();
  auto body = content.substr(0, content.size() - 1);
  const char prefix = !body.empty() && body[0] >= '<' && body[0] <= '?' ? body[0] : '\0';
  if (prefix != 0)
    body.remove_prefix(1);
  const auto split = std::ranges::find_if(body, is_intermediate);
  const auto params = body.substr(0, static_cast<std::size_t>(split - body.begin()));
  const auto inter = body.substr(params.size());
  if (inter.empty()) {
    switch (final) {
    case 'c': // DA; with '?' it sets the Linux console's cursor
      return prefix != '?';
    case 'n': // DSR; with '>' it switches key modifiers
      return prefix != '>';
    case 'x': // DECREQTPARM
      return prefix == 0;
    case 'q': // XTVERSION
      return prefix == '>';
    case 'u': // kitty keyboard flags
    case 'S': // XTSMGRAPHICS
    case 'm': // XTQMODKEYS
      return prefix == '?';
    case 't': { // XTWINOPS reports
      constexpr std::array reports = {11, 13, 14, 15, 16, 18, 19, 20, 21};
      return prefix == 0 && std::ranges::find(reports, leading_number(params)) != reports.end();
    }
    default:
      return false;
    }
  }
  constexpr std::array<std::string_view, 9> with_intermediate = {
      "$p",  // DECRQM
      "$w",  // DECRQPSR
      "$u",  // DECRQTSR
      "*y",  // DECRQCRA
      "&u",  // DECRQUPSS
      "\"v", // DECRQDE
      "'|",  // DECRQLP
      "#R",  // XTREPORTCOLORS
      "#|",  // XTREPORTSGR
  };
  const std::string key = std::string(inter) + final;
  return std::ranges::find(with_intermediate, key) != with_intermediate.end();
}

void query_filter::settle(verdict v, std::string& out) {
  verdict_ = v;
  if (v == verdict::pass)
    flush(out);
  held_.clear();
  state_ = state::string_rest;
}

void query_filter::string_byte(char c, queries mode, std::string& out) {
  if (escape_in_string_) {
    escape_in_string_ = false;
    if (c == '\\')
      return string_end("\x1b\\", mode, out);
    // Not a terminator: the string is broken off, and ESC begins something new.
    string_end({}, mode, out);
    held_.assign(1, esc);
    state_ = state::escape;
    return escape_byte(c, mode, out);
  }
  if (c == esc) {
    escape_in_string_ = true;
    utf8_pending_ = 0;
    return;
  }
  if (c == can || c == sub || (c == bel && kind_ == string_kind::osc)) {
    utf8_pending_ = 0;
    return string_end(std::string_view(&c, 1), mode, out);
  }
  if (is_high(c)) {
    if (utf8_step(static_cast<unsigned char>(c)) == 0x9C)
      return string_end(std::string_view(&c, 1), mode, out);
  } else {
    utf8_pending_ = 0;
    lead_is_c2_ = false;
  }
  if (state_ == state::string_rest) {
    if (verdict_ == verdict::pass)
      out += c;
    return;
  }
  held_ += c;
  auto v = judge_string(mode, false);
  if (v == verdict::undecided && held_.size() > string_head_max)
    v = mode == queries::strip ? verdict::drop : verdict::pass;
  if (v != verdict::undecided)
    settle(v, out);
}

void query_filter::string_end(std::string_view terminator, queries mode, std::string& out) {
  if (state_ == state::string_head)
    settle(judge_string(mode, true), out);
  if (verdict_ == verdict::pass)
    out += terminator;
  state_ = state::ground;
}

query_filter::verdict query_filter::judge_string(queries mode, bool is_complete) const {
  if (mode == queries::pass || kind_ == string_kind::other)
    return verdict::pass;
  const auto content = std::string_view(held_).substr(content_at_);
  const auto later = is_complete ? verdict::pass : verdict::undecided;
  const auto drop_if = [](bool answers) { return answers ? verdict::drop : verdict::pass; };

  if (kind_ == string_kind::dcs) {
    const auto final = std::ranges::find_if(content, is_final);
    if (final == content.end())
      return later;
    const auto head = content.substr(0, static_cast<std::size_t>(final - content.begin()));
    const bool asks = contains(head, "$") || contains(head, "+");
    // DECRQSS, XTGETTCAP, XTGETXRES; kitty's remote control; what tmux would pass through.
    return drop_if((asks && (*final == 'q' || *final == 'Q')) ||
                   (head.empty() && (*final == '@' || *final == 't')));
  }

  if (kind_ == string_kind::apc) {
    if (content.empty())
      return later;
    if (content[0] != 'G')
      return verdict::pass;
    const auto end = content.find(';');
    if (end == std::string_view::npos && !is_complete)
      return verdict::undecided;
    // kitty graphics: everything is answered unless q=2 says not to, and a=q is a question.
    const std::string control = "," + std::string(content.substr(1, end - 1)) + ",";
    return drop_if(!contains(control, ",q=2,") || contains(control, ",a=q,"));
  }

  const auto semicolon = content.find(';');
  if (semicolon == std::string_view::npos && !is_complete)
    return verdict::undecided;
  const int number = leading_number(content.substr(0, semicolon));
  const auto rest =
      semicolon == std::string_view::npos ? std::string_view() : content.substr(semicolon + 1);
  switch (number) {
  case 4: // palette and dynamic colours
  case 5:
  case 10:
  case 11:
  case 12:
  case 13:
  case 14:
  case 15:
  case 16:
  case 17:
  case 18:
  case 19:
  case 21: // kitty colours
  case 22: // pointer shape
  case 50: // font
    if (contains(rest, "?"))
      return verdict::drop;
    return later;
  case 52: { // clipboard: "c;?" asks, all else sets, and may be long
    const auto second = rest.find(';');
    if (second == std::string_view::npos || second + 1 >= rest.size())
      return later;
    return drop_if(rest[second + 1] == '?');
  }
  case 60: // xterm: allowed and disallowed features
  case 61:
  case 5522: // kitty clipboard
    return verdict::drop;
  case 99: // kitty notifications
    if (contains(rest, "p=?"))
      return verdict::drop;
    return later;
  case 1337: { // iTerm2
    constexpr std::array<std::string_view, 4> reports = {"ReportCellSize", "ReportVariable",
                                                         "RequestUpload", "Capabilities"};
    const auto equals = rest.find('=');
    if (equals == std::string_view::npos && !is_complete)
      return verdict::undecided;
    return drop_if(std::ranges::find(reports, rest.substr(0, equals)) != reports.end());
  }
  default:
    return verdict::pass;
  }
}

} // namespace roost::cli
