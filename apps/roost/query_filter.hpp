#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace roost::cli {

/// What happens to a terminal query in the output (a sequence that makes a terminal answer).
enum class queries : std::uint8_t { pass, strip };

/// Takes terminal queries out of a stream of output. The answers of a terminal that is not the
/// holder's, or to bytes that are only replayed, would be typed into the session's program a second
/// time. Known: ENQ, DECID, DA, DSR, DECRQM, DECREQTPARM, DECRQPSR, DECRQCRA, DECRQTSR, DECRQUPSS,
/// DECRQDE, DECRQLP, XTVERSION, XTWINOPS reports, XTSMGRAPHICS, XTQMODKEYS, XTREPORTSGR/COLORS,
/// DECRQSS, XTGETTCAP, XTGETXRES, colour, font and clipboard queries in OSC, iTerm2 reports, the
/// keyboard and graphics queries of kitty, its remote control, and tmux' pass-through.
///
/// Incremental: a sequence may be cut anywhere; what is not decidable yet is held back (at most
/// 4 KiB) until the next bytes. All else passes unchanged and in order, whatever it is. Both the
/// 7-bit and the 8-bit (also as UTF-8) introducers are understood. Pure; not thread-safe.
class query_filter {
public:
  /// Appends to `out` what may reach the terminal. A sequence is judged by the `mode` of the call
  /// in which it becomes decidable.
  void feed(std::string_view bytes, queries mode, std::string& out);

  /// True if what was let through ends between two characters or sequences, so that other bytes may
  /// be put in between. What is held back has not reached the terminal and does not count.
  [[nodiscard]] bool may_interleave() const noexcept {
    const bool is_inside = state_ == state::csi_rest || state_ == state::string_rest;
    return !(is_inside && verdict_ == verdict::pass) && (utf8_pending_ == 0 || !held_.empty());
  }

  /// Forgets what is held back: the stream starts over (a snapshot).
  void reset() noexcept;

private:
  enum class state : std::uint8_t {
    ground,
    escape,      ///< after ESC and its intermediates
    csi,         ///< parameters and intermediates, held back
    csi_rest,    ///< too long to hold; verdict_ is taken
    string_head, ///< OSC, DCS, APC, … not decided yet, held back
    string_rest, ///< verdict_ is taken
  };
  enum class verdict : std::uint8_t { pass, drop, undecided };
  enum class string_kind : std::uint8_t { osc, dcs, apc, other };

  void ground_byte(char c, queries mode, std::string& out);
  void escape_byte(char c, queries mode, std::string& out);
  void csi_byte(char c, queries mode, std::string& out);
  void string_byte(char c, queries mode, std::string& out);
  void string_end(std::string_view terminator, queries mode, std::string& out);
  void begin_c1(unsigned char c, queries mode, std::string& out);
  void begin_string(string_kind kind);
  void flush(std::string& out);
  void settle(verdict v, std::string& out);
  unsigned char utf8_step(unsigned char c) noexcept;
  [[nodiscard]] bool is_csi_query() const;
  [[nodiscard]] verdict judge_string(queries mode, bool is_complete) const;

  state state_ = state::ground;
  verdict verdict_ = verdict::pass;
  string_kind kind_ = string_kind::other;
  bool escape_in_string_ = false;
  bool lead_is_c2_ = false;
  std::uint8_t utf8_pending_ = 0;
  std::size_t content_at_ = 0; ///< where in held_ the content of a CSI or string starts
  std::string held_;
};

} // namespace roost::cli
