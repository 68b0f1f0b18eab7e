#pragma once

#include "actors/terminal/fan_out.hpp"
#include "actors/terminal/history.hpp"
#include "actors/terminal/screen/screen.hpp"
#include "actors/terminal/terminal_size.hpp"

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace roost::terminal {

/// A size that a terminal has from an offset on.
struct size_change {
  std::uint64_t offset = 0;
  terminal_size size;
};

/// Where a screen_follower goes on that another process began.
struct screen_origin {
  /// The last checkpoint and its offset; empty: none, the screen begins empty.
  std::uint64_t offset = 0;
  std::string checkpoint;
  /// What sizes there were, see screen_follower::sizes.
  std::vector<size_change> sizes;
  /// Queries before this offset are not answered: an earlier process did, or the program has given
  /// up. Usually where the output ended.
  std::uint64_t answers_from = 0;
};

/// Limits of a checkpoint in bytes: cheap enough for each MiB of a flood, with a good part of the
/// scrollback, and with all that fits into a session's memory. The screen itself is always whole.
enum class checkpoint_depth : std::uint8_t { screen_only, some_scrollback, full };

/// The server-side screen of one terminal, parsed behind the byte path: output waits in the history
/// until somebody needs the screen or the terminal is quiet. What falls out of the history before
/// it was parsed is skipped, which keeps modes and titles right and loses text that nobody can see
/// any more. Sizes and the right to answer queries are bound to offsets, so parsing late gives the
/// same screen as parsing at once. The screen itself is made on first use. Pure; owned by the
/// terminal's actor.
class screen_follower {
public:
  screen_follower(const history& bytes, screen_config config);
  /// Goes on with a screen from `from`: the checkpoint is drawn and `bytes` are parsed from there
  /// when somebody looks, which gives the screen that was there, without a second answer to any
  /// query. If bytes between the checkpoint and the beginning of `bytes` are missing, the screen
  /// may differ in what they drew, until the program draws anew. `config`'s size counts if nothing
  /// else tells one.
  screen_follower(const history& bytes, screen_config config, screen_origin from);

  /// Bytes that are about to leave the history (see history::evict_handler).
  void on_evict(std::uint64_t offset, const slice& bytes);
  /// The terminal has a new size from the newest byte on.
  void resize(terminal_size size);
  /// Whether the server answers queries in bytes that come from now on.
  void answer_queries(bool on);

  /// Bytes that wait to be parsed.
  [[nodiscard]] std::uint64_t backlog() const { return bytes_.end() - parsed_; }
  /// Parses at most `limit` bytes.
  void advance(std::uint64_t limit);
  /// Parses everything, and gives the screen as it is now.
  terminal::screen& current();

  /// Whether a screen was made yet: an idle terminal that nobody looked at has none.
  [[nodiscard]] bool exists() const { return screen_ != nullptr; }
  /// Answers to queries, to be written to the program.
  std::string take_replies();
  /// Titles and marks that were parsed since the last call.
  std::vector<osc_event> take_events();

  /// The screen as bytes. Shared: made anew only when it is out of date.
  screen_shot take_snapshot(const snapshot_options& options);
  /// The snapshot made last, if output can still continue from it; for viewers that fell behind
  /// while output floods, to whom a slightly older one is as good. Empty otherwise.
  [[nodiscard]] screen_shot last_snapshot() const;
  /// Frees the snapshot made last.
  void forget_snapshot() { cached_ = {}; }

  /// The screen for session_memory::write_checkpoint, at the offset up to which it was parsed;
  /// parses nothing. After an eviction that is at least the history's begin. Events that were
  /// parsed must be in the session's note before this is written.
  [[nodiscard]] screen_shot take_checkpoint(checkpoint_depth depth);
  /// The sizes from the last checkpoint but one on, for the session's note: the newest is the
  /// present one. At most `max_sizes`.
  [[nodiscard]] const std::vector<size_change>& sizes() const { return sizes_; }
  static constexpr std::size_t max_sizes = 64;
  /// Bytes up to here were parsed.
  [[nodiscard]] std::uint64_t parsed() const { return parsed_; }

private:
  /// What takes effect at an offset of the stream.
  struct mark {
    std::uint64_t offset;
    std::variant<terminal_size, bool> what; ///< a size, or whether to answer
  };

  terminal::screen& screen();
  void apply_marks();
  void note(mark next);
  void remember_size(size_change next);
  void cross_gap();

  const history& bytes_;
  screen_config config_;
  bool answering_ = true;
  bool answers_at_first_ = true;
  std::string origin_; ///< the checkpoint that the screen begins with
  std::optional<osc_event> restored_title_;
  std::unique_ptr<terminal::screen> screen_;
  std::uint64_t parsed_ = 0;
  std::deque<mark> marks_;
  screen_shot cached_;
  std::size_t cached_limit_ = 0; ///< the max_bytes it was made with
  std::vector<size_change> sizes_;
  std::uint64_t checkpoint_at_ = 0;
};

} // namespace roost::terminal
