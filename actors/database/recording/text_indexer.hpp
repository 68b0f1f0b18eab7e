#pragma once

#include "actors/database/recording/byte_scanner.hpp"
#include "actors/database/recording/chunk_sequence.hpp"
#include "actors/database/recording/joined_lines.hpp"
#include "actors/runtime/clock.hpp"
#include "actors/runtime/result.hpp"
#include "actors/terminal/screen/screen.hpp"
#include "actors/terminal/screen/shell_marks.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace roost::recording {

/// A part of what a session printed, as text. Of those with one `from_offset` the last one counts.
struct text_piece {
  std::uint64_t from_offset = 0; ///< in the session's output
  std::uint64_t to_offset = 0;
  wall_micros at; ///< when the command began, or else the first of its output came
  std::string command;
  std::optional<int> exit_status;
  std::string text; ///< lines, each with its newline
  friend bool operator==(const text_piece&, const text_piece&) = default;
};

/// Where an indexer begins, or goes on.
struct text_position {
  std::uint64_t offset = 0;  ///< where the piece begins that comes first
  std::string command;       ///< of which this piece is, as far as that is known
  std::uint64_t written = 0; ///< bytes of text of the pieces before
};

/// Makes pieces of text for a search from the chunks of a recording: so it sees what is recorded
/// and nothing else, redacted as it is. Lines are as text_export writes them, without its remarks.
///
/// A shell that tells where its commands begin and end (OSC 133) gives a piece for each of them,
/// with the prompt before it, its command line and its status; other output is parted where it
/// paused, at the next line's end. A piece is cut where a line ends when it has nearly `max_text`
/// bytes; further ones of a command carry the same command line, and get its status (the last
/// `max_kept` of them) when it is known. A line is in one piece. Pieces begin and end with bytes of
/// the output, not with chunks: what comes again gives the same ones.
///
/// The piece that is not finished is given, too, so that it can be found: at the end of a chunk,
/// then every `show_interval`; not while only a prompt is waiting.
///
/// Bounded: a screen, a piece, and those that are kept. Pieces wait until they are taken: take them
/// after each call. Pure; not thread-safe; owned by one actor.
class text_indexer {
public:
  static constexpr std::size_t max_text = std::size_t{24} << 10;
  static constexpr std::size_t max_kept = 4;
  static constexpr std::chrono::seconds pause{10};
  static constexpr std::chrono::seconds show_interval{30};

  /// @param most bytes of text of all pieces together: what comes then is skipped.
  text_indexer(text_position from, std::uint64_t most);

  /// Chunks come in order; output before the position is passed over, missing ones are a gap.
  /// Errors: as chunk_sequence::open; the chunk is left out.
  result<void> add(const chunk& next, steady_time now);
  /// Gives the unfinished piece if that is due.
  void tick(steady_time now);
  /// When to call `tick`; nothing when nothing waits.
  [[nodiscard]] std::optional<steady_time> next_tick() const;
  /// Gives what there is. Nothing may be added behind it.
  void finish();

  /// The pieces since the last call, oldest first.
  std::vector<text_piece> take();
  /// Bytes of text that were left out: too much in one piece, or of all.
  [[nodiscard]] std::uint64_t skipped() const { return skipped_; }

private:
  /// Of which command a piece is, and how that ended.
  struct command_end {
    std::string command;
    std::optional<int> exit_status;
  };

  void on_output(const event& x, std::string_view bytes);
  void on_gap(std::uint64_t bytes);
  void feed(std::string_view bytes);
  void feed_screen(std::string_view bytes);
  void cancel_sequence();
  void look_at_events();
  void end_command();
  void look_whether_full();
  /// @returns the piece, if there is one.
  std::optional<text_piece> end_piece(command_end of);
  void cut_piece();
  void begin_piece();
  void show(steady_time now);
  [[nodiscard]] bool may_show() const;
  [[nodiscard]] bool is_begun() const { return screen_.has_value(); }
  [[nodiscard]] text_piece make(joined_lines lines, command_end of) const;
  [[nodiscard]] command_end running() const;

  chunk_sequence chunks_;
  std::uint64_t most_;
  std::optional<terminal::screen> screen_; ///< since the first chunk
  terminal::terminal_size size_;
  terminal::shell_marks marks_;
  bool is_assumed_ = false; ///< the running command is what was known before
  byte_scanner scanner_;
  std::optional<command_end> ended_; ///< and the piece ends with the sequence that told it
  bool has_paused_ = false;
  wall_micros now_{};     ///< of the event
  wall_micros last_at_{}; ///< of the last output

  joined_lines lines_{max_text};
  std::uint64_t from_ = 0;
  std::uint64_t offset_ = 0;
  std::uint64_t check_at_ = 0; ///< the offset from which on to see whether the piece is full
  std::optional<wall_micros> at_;
  bool is_shown_ = false;
  std::uint64_t shown_to_ = 0;
  steady_time shown_at_{};

  std::deque<text_piece> kept_; ///< earlier ones of the running command
  std::uint64_t written_;
  std::uint64_t skipped_ = 0;
  std::vector<text_piece> made_;
};

} // namespace roost::recording
