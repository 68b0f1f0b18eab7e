#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace roost::terminal {

/// Size and limits of a screen, fixed at its beginning except for the size.
struct screen_config {
  int cols = 80; ///< at least 2, as in xterm.js; smaller is taken as 2
  int rows = 24; ///< at least 1
  std::size_t scrollback_lines = 1000;
};

/// How much a snapshot may hold.
struct snapshot_options {
  std::size_t max_scrollback_lines = 1000;
  /// The scrollback is cut to stay within this; the screen itself is always whole.
  std::size_t max_bytes = std::size_t{1} << 20;
};

enum class osc_kind : std::uint8_t {
  title,    ///< OSC 0 and 2
  icon,     ///< OSC 1
  cwd,      ///< OSC 7: a file URL
  mark_133, ///< data is what follows `133;`
  mark_633, ///< data is what follows `633;`
  notify,   ///< OSC 9 and 777: a notification's text
  bell,     ///< BEL
};

/// Something that a program said to the terminal, rather than drew.
struct osc_event {
  /// Where it ended: bytes fed or skipped up to and including it, counted from the offset that the
  /// screen was given.
  std::uint64_t offset = 0;
  osc_kind kind = osc_kind::bell;
  std::string data; ///< at most `screen::max_event_data` bytes
};

enum class cursor_style : std::uint8_t { unset, block, underline, bar };

struct screen_cursor {
  int row = 0; ///< from 0
  int col = 0; ///< from 0; equal to the number of columns while the next character will wrap
  bool visible = true;
  cursor_style style = cursor_style::unset;
};

/// A row as it was printed, with the blanks that a program wrote at its end.
struct printed_line {
  std::string text;
  bool is_wrapped = false; ///< continues the row before
};

struct vt_state;

/// A terminal's screen as xterm.js with default options would show it: what a program's output, fed
/// byte for byte, leaves behind. Gives it back as text, and as a snapshot that brings a fresh
/// terminal to the same state. Pure: no clock, no I/O; not thread-safe; owned by one actor.
///
/// Bounded: the scrollback by the configuration; tables of styles, clusters and links are swept;
/// titles, events, replies and unfinished strings have limits of their own.
class screen {
public:
  static constexpr std::size_t max_events = 1024;
  static constexpr std::size_t max_event_data = 8192;
  static constexpr std::size_t max_replies = 4096; ///< bytes

  explicit screen(screen_config config);
  screen(screen&&) noexcept;
  screen& operator=(screen&&) noexcept;
  ~screen();

  /// Takes output. May be cut anywhere, inside a sequence or a character too.
  void feed(std::string_view bytes);
  /// Takes output that nobody can see any more: modes, titles, events, colours, character sets and
  /// the choice of screen stay right, text is not drawn. Queries in it are answered as in `feed`.
  void skip(std::string_view bytes);
  /// The terminal has a new size. Like xterm.js: wrapped lines of the normal screen are wrapped
  /// anew, margins are reset.
  void resize(int cols, int rows);
  /// Sets the offset of the next byte, for the events.
  void set_offset(std::uint64_t offset);
  [[nodiscard]] std::uint64_t offset() const;

  /// Whether queries in what is fed from now on are answered. Off at the beginning. @returns what
  /// it was before.
  bool answer_queries(bool on);
  /// The answers since the last call, in xterm.js' words; at most `max_replies` bytes are kept.
  std::string take_replies();

  /// What was said since the last call, oldest first.
  std::vector<osc_event> take_events();
  /// Events that were dropped because nobody took them.
  [[nodiscard]] std::uint64_t dropped_events() const;

  /// Bytes that bring a terminal of this size to this state: they begin with a full reset, draw the
  /// scrollback's end and both screens, set modes, titles and colours, and end with the unfinished
  /// sequence, if output stopped inside one, so that output may simply continue. Contain no query.
  [[nodiscard]] std::string snapshot(const snapshot_options& options) const;

  [[nodiscard]] int cols() const;
  [[nodiscard]] int rows() const;
  [[nodiscard]] screen_cursor cursor() const;
  [[nodiscard]] const std::string& title() const;
  [[nodiscard]] const std::string& icon_title() const;
  /// Whether the alternate screen is shown.
  [[nodiscard]] bool alternate() const;
  [[nodiscard]] bool application_cursor_keys() const;
  [[nodiscard]] bool bracketed_paste() const;

  /// The text of a row, without blanks at its end; empty outside of the screen.
  [[nodiscard]] std::string line_text(int row) const;
  /// The rows' text, each ended by a newline.
  [[nodiscard]] std::string screen_text() const;
  /// The rows with their colours as SGR sequences, each ended by a newline. Every row stands alone.
  [[nodiscard]] std::string screen_ansi() const;
  [[nodiscard]] std::size_t scrollback_size() const;
  /// The text of a line of the scrollback, 0 being the oldest; empty past the end.
  [[nodiscard]] std::string scrollback_line_text(std::size_t index) const;

  /// Takes the lines out of the scrollback of the normal screen, oldest first: for who writes down
  /// what scrolls by. They are gone from the screen then, also when it becomes wider.
  std::vector<printed_line> take_scrollback();
  /// The rows of the screen that is shown, from the top down to the last one with text.
  [[nodiscard]] std::vector<printed_line> printed_lines() const;

  /// Everything that decides about what comes next, in readable form: two screens with equal dumps
  /// behave equally. For tests and for bug reports; it contains what the terminal shows.
  [[nodiscard]] std::string dump() const;

  /// Memory held, approximately.
  [[nodiscard]] std::size_t memory_bytes() const;

private:
  std::unique_ptr<vt_state> state_;
};

} // namespace roost::terminal
