#include "actors/terminal/pty/pty.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cassert>
#include <cerrno>

namespace roost::terminal {

std::optional<terminal_size> get_size(int master) {
  winsize window{};
  if (::ioctl(master, TIOCGWINSZ, &window) != 0)
    return std::nullopt;
  return terminal_size{window.ws_col, window.ws_row};
}

result<resize_outcome> set_size(int master, terminal_size size) {
  assert(size.is_valid());
  if (get_size(master) == size)
    return resize_outcome::unchanged;
  winsize window{};
  window.ws_col = size.cols;
  window.ws_row = size.rows;
  if (::ioctl(master, TIOCSWINSZ, &window) != 0)
    return failure{terminal_error::spawn_failed, "the terminal is gone"};
  return resize_outcome::applied;
}

pty_transfer read_some(int master, std::span<char> into) {
  for (;;) {
    const auto size = ::read(master, into.data(), into.size());
    if (size > 0)
      return {static_cast<std::size_t>(size), pty_state::open};
    if (size < 0 && errno == EINTR)
      continue;
    if (size < 0 && errno == EAGAIN)
      return {0, pty_state::again};
    // EIO is how Linux says that the other side is closed; 0 is how others say it.
    return {0, pty_state::ended};
  }
}

pty_transfer write_some(int master, std::string_view input) {
  for (;;) {
    const auto size = ::write(master, input.data(), input.size());
    if (size >= 0)
      return {static_cast<std::size_t>(size), pty_state::open};
    if (errno == EINTR)
      continue;
    return {0, errno == EAGAIN ? pty_state::again : pty_state::ended};
  }
}

} // namespace roost::terminal
