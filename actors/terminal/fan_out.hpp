#pragma once

#include "actors/runtime/clock.hpp"
#include "actors/runtime/token_bucket.hpp"
#include "actors/terminal/history.hpp"
#include "actors/terminal/size_policy.hpp"
#include "actors/terminal/viewer_cursor.hpp"
#include "protocols/wire/roost_v1.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace roost::terminal {

/// A screen as bytes, and the offset at which output continues.
struct screen_shot {
  std::shared_ptr<const std::string> bytes;
  std::uint64_t offset = 0;
};

/// What the fan-out needs done. The terminal's actor turns these into messages; tests write them
/// down.
class fan_out_sink {
public:
  virtual ~fan_out_sink() = default;
  virtual void send_output(viewer_key to, std::uint64_t offset, slice bytes) = 0;
  virtual void send_snapshot(viewer_key to, wire::snapshot_reason reason,
                             const screen_shot& shot) = 0;
  /// The viewer is this far behind and gets nothing until it acks; 0: it has caught up.
  virtual void send_lag(viewer_key to, std::uint64_t bytes) = 0;
  /// Everything was sent, and there will be no more.
  virtual void send_end(viewer_key to) = 0;
  /// The screen at an offset that the history still holds; for a viewer that fell behind, one that
  /// is a little old will do.
  virtual screen_shot take_shot(wire::snapshot_reason why) = 0;
  /// From when on viewers that fell behind may have one: making it takes time from the program.
  virtual steady_time next_shot_at() = 0;
};

/// Gives one terminal's output to its viewers, each at its own pace: a gap-free run of offsets, or
/// an explicit snapshot after which offsets go on from there (WS-7). A viewer is owed nothing
/// beyond its window; it never makes another one, or the program, wait, except that a lone person
/// may hold the program up for a moment. The holder gets all it can take; the others share a rate,
/// so that fifty of them do not take the machine from the program: who falls behind for it gets
/// snapshots. Pure: time is passed in, effects go to the sink. Owned by the terminal's actor.
class fan_out {
public:
  /// @param bytes and @param sink outlive the fan-out. @param window bytes a viewer may have
  /// unacked. @param rate bytes per second for all viewers but the holder; 0: no limit.
  fan_out(const history& bytes, std::uint64_t window, std::uint64_t rate, fan_out_sink& sink)
      : bytes_(bytes), window_(window), pace_(rate, rate / 64 + 1), sink_(sink) {}

  /// A viewer joins with the bytes from `offset` on, which must be held.
  void add_with_delta(viewer_key id, viewer_mode mode, std::uint64_t offset, steady_time now);
  /// A viewer joins with a snapshot.
  void add_with_snapshot(viewer_key id, viewer_mode mode, wire::snapshot_reason reason,
                         steady_time now);
  void remove(viewer_key id);
  void set_mode(viewer_key id, viewer_mode mode);
  /// Who is not paced; 0: nobody.
  void set_holder(viewer_key id) { holder_ = id; }

  /// Sends the viewer what it may have now. Called once after it was added: its caller has to tell
  /// the viewer first where its stream starts.
  void start(viewer_key id, steady_time now);
  /// The viewer has parsed everything before `offset`.
  void ack(viewer_key id, std::uint64_t offset, steady_time now);
  /// The viewer asks for a snapshot.
  void refresh(viewer_key id, steady_time now);
  /// What was sent to the viewer and waits there was dropped: it gets a snapshot after a while, so
  /// that it does not fill the same memory again at once.
  void shed(viewer_key id, steady_time now);
  /// There is new output, or it is time to go on.
  void publish(steady_time now);
  /// There will be no more output.
  void end(steady_time now);
  /// When `publish` should be called even without new output, because viewers wait for their pace.
  [[nodiscard]] std::optional<steady_time> resume_at(steady_time now);

  /// Whether reading the program's output should wait, and until when at most: a lone viewer in
  /// control mode whose window is full, and that made progress within `limit`.
  [[nodiscard]] std::optional<steady_time> pause_until(steady_time now,
                                                       std::chrono::milliseconds limit) const;
  [[nodiscard]] std::size_t size() const { return viewers_.size(); }

private:
  struct viewer {
    viewer_key id = 0;
    viewer_mode mode = viewer_mode::control;
    viewer_cursor cursor;
    steady_time last_progress;
    std::optional<wire::snapshot_reason> wants_snapshot;
    steady_time fell_behind_at{};
    steady_time refreshed_at{}; ///< the last snapshot that it asked for
    bool was_told_of_lag = false;
    bool was_told_of_end = false;
  };

  /// A viewer that fell behind has just had output: it gets its snapshot this much later, which for
  /// most floods is after their end, and then serves for good.
  static constexpr std::chrono::milliseconds patience{250};
  /// So much later one whose queue was dropped gets its snapshot.
  static constexpr std::chrono::milliseconds shed_patience{2'000};
  /// Whoever asks for snapshots all the time gets one so often: each takes time from the program.
  static constexpr std::chrono::milliseconds refresh_interval{50};

  viewer* find(viewer_key id);
  [[nodiscard]] bool is_paced(const viewer& v) const { return v.id != holder_; }
  [[nodiscard]] bool has_credit_for_shot(const viewer& v) const;
  [[nodiscard]] std::optional<steady_time> served_at(const viewer& v, steady_time now);
  void serve(viewer& v, steady_time now);
  void pump(viewer& v, steady_time now);
  void resync(viewer& v, steady_time now);
  void send_piece(viewer& v);
  void tell(viewer& v);

  const history& bytes_;
  std::uint64_t window_;
  token_bucket pace_;
  viewer_key holder_ = 0;
  std::size_t turn_ = 0; ///< whose turn it is, when not everybody can have one
  bool is_contended_ = false;
  fan_out_sink& sink_;
  std::vector<viewer> viewers_;
  bool has_ended_ = false;
};

} // namespace roost::terminal
