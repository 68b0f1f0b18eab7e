#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "actors/runtime/result.hpp"
#include "actors/terminal/terminal_size.hpp"

/// Operations on a running terminal. All are plain system calls that do not block (unless said),
/// keep no state, and may be called from any thread; the owner orders them.
namespace roost::terminal {

enum class resize_outcome : std::uint8_t { unchanged, applied };

/// Sets the terminal's size. If it is already that, does nothing, so that no SIGWINCH is sent.
/// Requires a valid size. Error: spawn_failed (the descriptor is not a terminal any more).
result<resize_outcome> set_size(int master, terminal_size size);

/// The size the kernel holds now; nothing if `master` is not a terminal any more.
std::optional<terminal_size> get_size(int master);

enum class pty_state : std::uint8_t {
  open,  ///< go on
  again, ///< nothing can be moved now: wait until the descriptor is ready
  ended  ///< nobody has the program's side open: no more output will come
};

/// `bytes` were moved; `state` says how to go on.
struct pty_transfer {
  std::size_t bytes = 0;
  pty_state state = pty_state::open;
};

/// Reads what is there, at most `into.size()` bytes (the kernel hands out at most 4 KiB at once).
pty_transfer read_some(int master, std::span<char> into);

/// Writes the first bytes of `input`, as many as the line discipline takes: often fewer than given,
/// none (`again`) when the program does not read. The caller keeps the rest, in order, under a cap
/// of its own. In line mode the kernel holds 4095 bytes of a line and *drops* what comes after them
/// until Enter; that is the terminal's behaviour everywhere, so it is not hidden here.
pty_transfer write_some(int master, std::string_view input);

} // namespace roost::terminal
