#include "apps/keeper/terminal.hpp"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

namespace roost::keeper {
namespace {

/// Control characters and flags as a fresh Linux console has them, plus IUTF8, with which the
/// kernel erases whole characters in line mode.
bool set_line_discipline(int master) {
  termios settings{};
  if (::tcgetattr(master, &settings) != 0)
    return false;
  settings.c_iflag = ICRNL | IXON | IUTF8;
  settings.c_oflag = OPOST | ONLCR;
  settings.c_cflag = CS8 | CREAD | HUPCL;
  settings.c_lflag = ISIG | ICANON | IEXTEN | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE;
  ::cfsetispeed(&settings, B38400);
  ::cfsetospeed(&settings, B38400);
  settings.c_cc[VERASE] = 0x7f;
  return ::tcsetattr(master, TCSANOW, &settings) == 0;
}

bool give_to(const terminal_owner& owner, int program) {
  constexpr mode_t mode = S_IRUSR | S_IWUSR | S_IWGRP;
  const auto group = owner.group.value_or(static_cast<gid_t>(-1)); // -1: as it is
  return ::fchown(program, owner.user, group) == 0 &&
         (!owner.group || ::fchmod(program, mode) == 0);
}

} // namespace

std::optional<terminal> open_terminal(const winsize& size,
                                      const std::optional<terminal_owner>& owner) {
  terminal out;
  out.master = descriptor(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK));
  if (!out.master || ::grantpt(out.master.get()) != 0 || ::unlockpt(out.master.get()) != 0)
    return std::nullopt;
  // By the master rather than by name: the name may mean another file system's terminal.
  out.program = descriptor(::ioctl(out.master.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!out.program || !set_line_discipline(out.master.get()) ||
      ::ioctl(out.master.get(), TIOCSWINSZ, &size) != 0)
    return std::nullopt;
  if (owner && !give_to(*owner, out.program.get()))
    return std::nullopt;
  return out;
}

} // namespace roost::keeper
