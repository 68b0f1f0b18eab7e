#pragma once

#include "actors/runtime/clock.hpp"
#include "protocols/ids.hpp"
#include "protocols/terminal.hpp"

#include <chrono>
#include <optional>
#include <unordered_map>
#include <vector>

namespace roost::connection {

/// Keeps a busy session from flooding those who watch: lets a change through at most once in an
/// interval per session, and holds back only the newest of those that come earlier. Pure: times
/// come in. Not thread-safe. Holds an entry per session that changed within the last interval.
class change_gate {
public:
  explicit change_gate(std::chrono::milliseconds interval) : interval_(interval) {}

  /// A session has changed. Returns the change when it may pass now, else keeps it for `due`.
  std::optional<session_info> offer(session_info info, steady_time now);

  /// The session's story goes on with something more important (it exited, was removed): a change
  /// that was held back is old news.
  void forget(const session_id& session);

  /// The changes whose time has come, and drops what is no longer needed.
  std::vector<session_info> due(steady_time now);

  /// When `due` has something to do next.
  [[nodiscard]] std::optional<steady_time> next_due() const;

private:
  struct entry {
    steady_time open_at; ///< from then on a change passes again
    std::optional<session_info> held;
  };
  std::chrono::milliseconds interval_;
  std::unordered_map<session_id, entry> entries_;
};

} // namespace roost::connection
