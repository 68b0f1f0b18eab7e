#pragma once

#include "actors/runtime/clock.hpp"
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
  /// The screen at an offset that the history still holds. One that is a little old will do when
  /// `may_be_old`: a viewer in a flood is not helped by a fresher one.
  virtual screen_shot take_shot(bool may_be_old) = 0;
};

/// Gives one terminal's output to its viewers, each at its own pace: a gap-free run of offsets, or
/// an explicit snapshot after which offsets go on from there (WS-7). A viewer is owed nothing
/// beyond its window; it never makes another one, or the program, wait, except that a lone person
/// may hold the program up for a moment. Pure: time is passed in, effects go to the sink. Owned by
/// the terminal's actor.
class fan_out {
public:
  /// @param bytes and @param sink outlive the fan-out. @param window bytes a viewer may have
  /// unacked.
  fan_out(const history& bytes, std::uint64_t window, fan_out_sink& sink)
      : bytes_(bytes), window_(window), sink_(sink) {}

  /// A viewer joins with the bytes from `offset` on, which must be held.
  void add_with_delta(viewer_key id, viewer_mode mode, std::uint64_t offset, steady_time now);
  /// A viewer joins with a snapshot.
  void add_with_snapshot(viewer_key id, viewer_mode mode, wire::snapshot_reason reason,
                         steady_time now);
  void remove(viewer_key id);
  void set_mode(viewer_key id, viewer_mode mode);

  /// Sends the viewer what it may have now. Called once after it was added: its caller has to tell
  /// the viewer first where its stream starts.
  void start(viewer_key id);
  /// The viewer has parsed everything before `offset`.
  void ack(viewer_key id, std::uint64_t offset, steady_time now);
  /// The viewer asks for a snapshot.
  void refresh(viewer_key id);
  /// There is new output.
  void publish();
  /// There will be no more output.
  void end();

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
    bool was_told_of_lag = false;
    bool was_told_of_end = false;
  };

  viewer* find(viewer_key id);
  void pump(viewer& v);

  const history& bytes_;
  std::uint64_t window_;
  fan_out_sink& sink_;
  std::vector<viewer> viewers_;
  bool has_ended_ = false;
};

} // namespace roost::terminal
