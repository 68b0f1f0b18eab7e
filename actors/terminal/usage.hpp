#pragma once

#include "actors/runtime/clock.hpp"
#include "protocols/session_info.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

/// What a session's processes take, from what /proc says of all processes. Pure: no clock, no
/// files, no CAF. A session's processes are those below its warden.
namespace roost::terminal {

/// One line of /proc/PID/stat, as far as it is needed here. Times are in clock ticks.
struct process_stat {
  std::int64_t pid = 0;
  std::string name; ///< at most 15 bytes, chosen by the process
  char state = 0;   ///< 'Z': it has ended and its parent has not asked how
  std::int64_t parent = 0;
  std::int64_t group = 0;
  std::int64_t tty = 0;              ///< 0: it has none
  std::int64_t foreground_group = 0; ///< of its terminal; below 1: none
  std::uint64_t own_ticks = 0;
  std::uint64_t waited_ticks = 0; ///< of its ended children, and theirs
  std::uint64_t started = 0;      ///< ticks since the machine's start
  std::uint64_t resident_pages = 0;
};

/// Reads such a line; nothing if it is cut or is not one. A process's name may hold anything, also
/// parentheses, spaces and newlines.
std::optional<process_stat> parse_process_stat(std::string_view line);

/// The name of a command for people: `name` (of process_stat), and where the kernel had to cut that
/// one, the whole of it from `cmdline` (of /proc/PID/cmdline). At most 64 bytes.
std::string command_name(std::string_view name, std::string_view cmdline);

/// The sum over the processes of one session.
struct tree_sum {
  std::uint64_t ticks = 0; ///< CPU time, that of ended processes included unless nobody waited
  std::uint64_t resident_pages = 0;
  std::uint32_t processes = 0;
  const process_stat* foreground = nullptr; ///< into the table; null: nobody has the terminal
  std::uint64_t warden_started = 0;
};

/// All processes at one moment. Building it is linear in their number; each question is linear in
/// the processes of the session.
class process_table {
public:
  explicit process_table(std::vector<process_stat> all);

  /// What is below `warden`; nothing if that is no process. `program` is the one whose terminal
  /// counts: a session's processes may have made others.
  [[nodiscard]] std::optional<tree_sum> below(std::int64_t warden, std::int64_t program) const;

private:
  std::vector<process_stat> all_;
  std::unordered_map<std::int64_t, std::size_t> by_pid_;
  std::unordered_map<std::int64_t, std::vector<std::size_t>> children_;
};

/// CPU use between two samples in percent of one CPU. Never negative: time of processes that nobody
/// waited for is lost. Spans under 100 ms count as 100 ms, since ticks are coarse.
double cpu_percent(std::chrono::milliseconds cpu_before, std::chrono::milliseconds cpu_now,
                   std::chrono::nanoseconds elapsed);

/// How long to wait after a sample that took `cost`: a second, and so long that sampling takes 5 %
/// of the time at most.
std::chrono::nanoseconds pause_after_sample(std::chrono::nanoseconds cost);

} // namespace roost::terminal
