#pragma once

#include <termios.h>

#include <memory>
#include <string_view>

#include "apps/roost/outcome.hpp"
#include "apps/roost/terminal_sequences.hpp"

namespace roost::cli {

/// The user's terminal in raw mode, and a promise to give it back: by `leave()`, by the destructor,
/// at exit, and from the handlers of fatal signals, which come with the first `enter()`. Reads and
/// writes go over descriptors of its own, so that making them non-blocking does not change the ones
/// that the user's shell shares. At most one exists at a time; single thread.
class raw_terminal {
public:
  /// Opens the terminal of standard input and output. Exit status 2 if one of them is none.
  static outcome<std::unique_ptr<raw_terminal>> open();

  ~raw_terminal();
  raw_terminal(const raw_terminal&) = delete;
  raw_terminal& operator=(const raw_terminal&) = delete;

  /// Raw mode: every key is for the session. May be called again, also
  /// without a `leave()` in between (a shell changed the settings while this program was stopped).
  void enter();
  /// Puts modes and settings back as they were. Waits at most a second for a terminal that does not
  /// take bytes. Does nothing when already left.
  void leave();

  /// Writes `text` and waits at most a second for a terminal that does not take bytes.
  void say(std::string_view text);

  /// The window's size now; 80x24 if the terminal does not know it.
  [[nodiscard]] terminal_size size() const;
  /// Non-blocking descriptors; owned by this object.
  [[nodiscard]] int input_fd() const noexcept { return input_; }
  [[nodiscard]] int output_fd() const noexcept { return output_; }

private:
  raw_terminal(int input, int output, const termios& saved)
      : input_(input), output_(output), saved_(saved) {}

  int input_;
  int output_;
  termios saved_;
};

} // namespace roost::cli
