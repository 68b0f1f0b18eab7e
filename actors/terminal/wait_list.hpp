#pragma once

#include "actors/runtime/clock.hpp"
#include "actors/runtime/result.hpp"
#include "actors/terminal/history.hpp"
#include "protocols/terminal.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace roost::terminal {

/// What a condition is judged by. A view of the terminal's state at one moment.
struct wait_facts {
  steady_time now;
  steady_time last_output;
  const history& bytes;
  const shell_info& shell;
  bool is_integrated;      ///< the shell reports its commands
  bool is_command_pending; ///< something was entered at the prompt and has not ended yet
  bool has_ended;          ///< the program has exited and its output is complete
  std::optional<int> exit_status;
};

/// The conditions that callers wait for on one terminal: text or a pattern in the output, silence,
/// the end of a command, the end of the program. Text is judged as people see it, without escape
/// sequences, from an offset on; each wait remembers how far it has looked, so every byte is looked
/// at once. Bounded in number, memory and work per check. Pure: time and facts are passed in.
class wait_list {
public:
  using wait_id = std::uint64_t;

  explicit wait_list(std::size_t most);
  wait_list(wait_list&&) noexcept;
  wait_list& operator=(wait_list&&) noexcept;
  ~wait_list();

  /// Takes a wait on; `check` gives its result, possibly at once.
  /// Errors: too_many_waits, bad_pattern (with the reason).
  result<wait_id> add(const wait_for& what, const wait_facts& facts);
  /// The waits that are over now, with their results. Looks at a bounded amount of text.
  /// A wait for a command fails with no_shell_integration when the shell has not shown in time that
  /// it reports its commands.
  std::vector<std::pair<wait_id, result<wait_result>>> check(const wait_facts& facts);

  /// When to check again although nothing happens; nothing while no wait needs it.
  [[nodiscard]] std::optional<steady_time> next_check(steady_time now,
                                                      steady_time last_output) const;
  [[nodiscard]] bool is_empty() const { return waits_.empty(); }

private:
  struct wait;

  std::size_t most_;
  wait_id next_id_ = 1;
  std::vector<std::unique_ptr<wait>> waits_;
};

} // namespace roost::terminal
