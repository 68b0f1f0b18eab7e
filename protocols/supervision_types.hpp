#pragma once

#include <chrono>
#include <cstdint>
#include <string>

/// The words of supervision that models and messages share. No CAF.
namespace roost {

/// What happens when a child ends by itself.
enum class restart_kind : std::uint8_t {
  permanent, ///< always started again
  transient, ///< started again unless it ended normally
  temporary, ///< never started again, and forgotten
};

/// Who is restarted with a child that crashed.
enum class restart_strategy : std::uint8_t {
  one_for_one,  ///< that child alone
  one_for_all,  ///< every child
  rest_for_one, ///< that child and those started after it
};

/// Whether the end of a child that is not started again is the end of its supervisor's work.
enum class significance : std::uint8_t { ordinary, significant };

/// The delay before the n-th restart in a row: first * 2^(n-1), at most `most`, of which a random
/// half is left out so that children do not come back in step. A child that ran for `most` starts
/// over.
struct backoff_policy {
  std::chrono::milliseconds first{100};
  std::chrono::milliseconds most{10'000};
};

/// More than `restarts` within `period` are given up: the supervisor ends, and its own decides.
struct restart_intensity {
  std::uint32_t restarts = 5;
  std::chrono::milliseconds period{30'000};
};

/// Everything about a child but how to make it.
struct child_rules {
  std::string id{}; ///< unique among its siblings; callers know children by it
  restart_kind restart = restart_kind::permanent;
  significance weight = significance::ordinary;
  /// How long it may take to end when told to, before it is killed.
  std::chrono::milliseconds shutdown{5'000};
  backoff_policy backoff{};
};

struct supervisor_rules {
  restart_strategy strategy = restart_strategy::one_for_one;
  restart_intensity intensity{};
  /// How long a killed child may take to be gone, before it counts as stuck.
  std::chrono::milliseconds kill_grace{1'000};
  /// Children at a time, those added while running included.
  std::uint32_t max_children = 10'000;
};

enum class child_state : std::uint8_t {
  starting, ///< its turn to be started has not come
  running,
  waiting,  ///< crashed, and waits for its restart
  stopping, ///< was told to end
  ended,    ///< ended normally and is not started again
  stuck,    ///< did not end even when killed
};

} // namespace roost
