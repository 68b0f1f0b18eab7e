#pragma once

#include "actors/terminal/fan_out.hpp"
#include "actors/terminal/history.hpp"
#include "actors/terminal/screen/screen.hpp"
#include "actors/terminal/terminal_size.hpp"

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <variant>

namespace roost::terminal {

/// The server-side screen of one terminal, parsed behind the byte path: output waits in the history
/// until somebody needs the screen or the terminal is quiet. What falls out of the history before
/// it was parsed is skipped, which keeps modes and titles right and loses text that nobody can see
/// any more. Sizes and the right to answer queries are bound to offsets, so parsing late gives the
/// same screen as parsing at once. The screen itself is made on first use. Pure; owned by the
/// terminal's actor.
class screen_follower {
public:
  screen_follower(const history& bytes, screen_config config);

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

private:
  /// What takes effect at an offset of the stream.
  struct mark {
    std::uint64_t offset;
    std::variant<terminal_size, bool> what; ///< a size, or whether to answer
  };

  terminal::screen& screen();
  void apply_marks();
  void note(mark next);

  const history& bytes_;
  screen_config config_;
  bool answering_ = true;
  std::unique_ptr<terminal::screen> screen_;
  std::uint64_t parsed_ = 0;
  std::deque<mark> marks_;
  screen_shot cached_;
  std::size_t cached_limit_ = 0; ///< the max_bytes it was made with
};

} // namespace roost::terminal
