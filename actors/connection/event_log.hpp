#pragma once

#include "protocols/events.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>

namespace roost::connection {

/// One event as it was told, in both forms in which sinks take it.
struct logged_event {
  std::uint64_t id = 0;
  event_topic topic = event_topic::session_changed;
  session_id session;
  std::shared_ptr<const std::string> frame;  ///< a WebSocket text frame
  std::shared_ptr<const std::string> stream; ///< a piece of a Server-Sent Events stream
};

/// Whether the filter lets the event through (`since` aside).
bool wants(const event_filter& what, const logged_event& event);

/// The last events, so that watchers can resume after a break. Bounded in number and in bytes. Ids
/// grow by one from `first_id`. Pure; not thread-safe.
class event_log {
public:
  struct limits {
    std::size_t events = 1024;
    std::size_t bytes = 1024 * 1024; ///< of text, both forms together
  };

  /// @param first_id larger than every id that an earlier run of the node gave out.
  event_log(std::uint64_t first_id, limits bounds);

  /// The id that the next event will have.
  [[nodiscard]] std::uint64_t next_id() const { return next_id_; }
  /// The id of the oldest event held; `next_id()` when there is none.
  [[nodiscard]] std::uint64_t oldest_id() const {
    return events_.empty() ? next_id_ : events_.front().id;
  }

  /// Adds an event, whose id must be `next_id()`, and forgets the oldest beyond the limits. The
  /// newest one is kept however large it is.
  void add(logged_event event);

  /// The first event with this id or a later one, or nullptr. Valid until the next `add`.
  [[nodiscard]] const logged_event* at_or_after(std::uint64_t id) const;

  /// Where somebody continues who has seen everything up to `since`.
  struct start {
    std::uint64_t next_id = 0;
    bool gap = false; ///< events between are gone, or `since` was never given out
  };
  [[nodiscard]] start resume(const std::optional<std::uint64_t>& since) const;

private:
  limits limits_;
  std::uint64_t next_id_;
  std::size_t bytes_ = 0;
  std::deque<logged_event> events_;
};

} // namespace roost::connection
