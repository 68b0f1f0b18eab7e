#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "actors/terminal/terminal_size.hpp"
#include "protocols/session_types.hpp"

namespace roost::terminal {

/// Names a viewer inside one terminal. The owner picks it; never reused while attached.
using viewer_key = std::uint64_t;

/// Whether a control viewer that joins becomes the holder.
enum class hold : std::uint8_t { take, if_free };

/// What an operation changed. The owner sets the PTY's size only when `has_new_size`, so that a
/// resize that changes nothing sends no SIGWINCH, and tells the viewers of what is new.
struct size_outcome {
  terminal_size size;
  std::optional<viewer_key> holder;
  bool has_new_size = false;
  bool has_new_holder = false;
};

/// Who decides the terminal's size, and who holds the terminal: the one control viewer whose
/// terminal answers the program's queries. Rules:
///  - a viewer that attaches in control mode, or takes control, becomes the holder under any rule;
///    with `latest` so does one that types;
///  - when the holder leaves, the most recently active control viewer takes over;
///  - a viewer in view mode counts for neither; a viewer whose window has no usable size yet (a
///    hidden tab says 0x0) may hold but does not decide;
///  - without control viewers the size stays as it was;
///  - an explicit resize applies at once under any rule, and stands until the viewers' verdict
///    changes or somebody takes control, so that a client that repeats its size cannot fight it.
/// Pure: no clock, no I/O. Activity is ordered by the order of calls. Not thread-safe; owned by the
/// terminal actor. The number of viewers is bounded by the owner.
class size_policy {
public:
  /// Requires a valid `initial` size.
  explicit size_policy(terminal_size initial, size_policy_kind rule = size_policy_kind::latest);

  /// A viewer joins (or joins again: then its old entry is replaced). One that comes back after a
  /// lost connection joins with `hold::if_free`, so that it does not take the terminal from who
  /// types now.
  size_outcome attach(viewer_key id, viewer_mode mode, terminal_size window,
                      hold wanted = hold::take);
  /// A viewer leaves. Unknown ids change nothing.
  size_outcome detach(viewer_key id);
  /// A viewer's window has a new size. Unknown ids change nothing.
  size_outcome resize(viewer_key id, terminal_size window);
  /// A viewer typed. Constant work for the holder's own typing.
  size_outcome typed(viewer_key id);
  /// A viewer asks for the hold; one in view mode gets control mode with it. Unknown ids change
  /// nothing. Whether the caller *may* control is decided before.
  size_outcome take_control(viewer_key id);
  /// Somebody sets the size by command (HTTP, CLI). Requires a valid size.
  size_outcome resize_explicitly(terminal_size size);
  /// The rule changes; the viewers' sizes are weighed anew.
  size_outcome set_rule(size_policy_kind rule);

  [[nodiscard]] terminal_size size() const { return size_; }
  [[nodiscard]] size_policy_kind rule() const { return rule_; }
  [[nodiscard]] std::optional<viewer_key> holder() const { return holder_; }
  [[nodiscard]] std::size_t viewers() const { return viewers_.size(); }
  /// The mode of an attached viewer.
  [[nodiscard]] std::optional<viewer_mode> mode(viewer_key id) const;

private:
  struct viewer {
    viewer_key id = 0;
    viewer_mode mode = viewer_mode::view;
    terminal_size window;
    std::uint64_t activity = 0;
  };

  /// What the viewers want: kept to tell a new verdict from a repeated one.
  struct verdict {
    std::optional<viewer_key> by;
    std::optional<terminal_size> size;
    friend bool operator==(const verdict&, const verdict&) = default;
  };

  enum class apply : std::uint8_t { if_new, always };

  viewer* find(viewer_key id);
  [[nodiscard]] verdict weigh() const;
  size_outcome settle(terminal_size old_size, std::optional<viewer_key> old_holder, apply how);
  [[nodiscard]] size_outcome unchanged() const { return {size_, holder_, false, false}; }

  terminal_size size_;
  size_policy_kind rule_;
  std::optional<viewer_key> holder_;
  std::vector<viewer> viewers_;
  verdict last_;
  std::uint64_t activity_ = 0;
};

} // namespace roost::terminal
