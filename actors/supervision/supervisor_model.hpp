#pragma once

#include "actors/runtime/clock.hpp"
#include "actors/runtime/random.hpp"
#include "actors/runtime/result.hpp"
#include "actors/supervision/backoff.hpp"
#include "actors/supervision/restart_window.hpp"
#include "protocols/supervision_types.hpp"

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

namespace roost::supervision {

/// How a child ended.
enum class exit_kind : std::uint8_t {
  normal,
  abnormal,
  /// It left something running that it could not stop: starting another would make two of them.
  beyond_repair,
};

/// Why a supervisor ends.
enum class finish_reason : std::uint8_t {
  asked,
  significant_ended,
  start_failed, ///< a child could not be started at all
  intensity_exceeded,
  child_stuck, ///< something is still running
};

/// What the model wants done. `start` is answered with started() or start_failed() before the next
/// command is taken; `stop` and `kill` are answered by ended() whenever the child is gone.
struct start_command {
  std::string id;
  std::uint64_t generation = 0;
};
struct stop_command {
  std::string id;
  std::uint64_t generation = 0;
};
struct kill_command {
  std::string id;
  std::uint64_t generation = 0;
};
/// The child is forgotten: whoever waits for its removal can be answered.
struct forgotten_command {
  std::string id;
};
/// The child did not end even when killed.
struct stuck_command {
  std::string id;
  std::uint64_t generation = 0;
};
/// The last command of all.
struct finish_command {
  finish_reason reason = finish_reason::asked;
};
using command = std::variant<start_command, stop_command, kill_command, forgotten_command,
                             stuck_command, finish_command>;

/// What is known of one child.
struct child_view {
  std::string_view id;
  child_state state = child_state::starting;
  std::uint64_t generation = 0;
  std::uint64_t restarts = 0;
};

/// All decisions of an OTP-style supervisor, without actors, clock or threads: times and randomness
/// are passed in, and what should happen comes out as commands. After every call take commands with
/// next() until there is none, and come back with wake() at deadline().
///
/// Invariants (reference: OTP's supervisor; ids as in the tests): SUP-1 never more restarts in the
/// period than the intensity; SUP-2 never two live incarnations of an id; SUP-3 rest_for_one
/// restarts exactly the later ones, in order; SUP-4 a normal end restarts no transient child; SUP-5
/// stops are in reverse order and bounded; SUP-7 restarts keep to the backoff.
class supervisor_model {
public:
  /// @param next_generation gives a greater number on each call.
  /// @param random outlives the model.
  supervisor_model(supervisor_rules rules, std::function<std::uint64_t()> next_generation,
                   random_source& random);

  /// Adds a child to be started by begin(), in order.
  void declare(child_rules rules);
  /// Starts the declared children, the first first. One that cannot be started ends it all.
  void begin(steady_time now);

  void started(std::string_view id, std::uint64_t generation, steady_time now);
  void start_failed(std::string_view id, std::uint64_t generation, steady_time now);
  /// Any incarnation has ended; reports of ones that are not the latest are ignored.
  void ended(std::string_view id, std::uint64_t generation, exit_kind how, steady_time now);

  /// Starts one more child while running; if it cannot be started it is forgotten. Children added
  /// like this come after all declared ones and are stopped together, not one after the other.
  result<void> add(child_rules rules, steady_time now);
  /// Ends a child and forgets it (forgotten_command says when).
  result<void> remove(std::string_view id, steady_time now);

  /// Ends all children in reverse order, then finishes.
  void stop(steady_time now);

  void wake(steady_time now);
  /// When to call wake() at the latest.
  [[nodiscard]] std::optional<steady_time> deadline() const;

  [[nodiscard]] std::optional<command> next();

  [[nodiscard]] std::optional<child_view> find(std::string_view id) const;
  /// In the order of starting.
  [[nodiscard]] std::vector<child_view> children() const;
  [[nodiscard]] bool is_stopping() const { return phase_ == phase::stopping; }
  [[nodiscard]] bool is_finished() const { return phase_ == phase::finished; }

private:
  enum class phase : std::uint8_t { declared, starting, running, stopping, finished };
  enum class origin : std::uint8_t { declared, added };

  using position = std::uint64_t;

  struct child {
    child_rules rules;
    origin from = origin::declared;
    backoff delays;
    child_state state = child_state::starting;
    std::uint64_t generation = 0;
    std::uint64_t restarts = 0;
    bool must_start = false;
    bool must_stop = false;
    bool must_forget = false;
    bool is_asked = false; ///< start_command is out, its answer is not in
    bool is_killed = false;
    bool was_up = false;    ///< some incarnation has been started
    steady_time up_since{}; ///< running: when it was started
    steady_time gone_by{};  ///< stopping: when the next step against it is taken
    steady_time due{};      ///< waiting: when it may be started
  };

  [[nodiscard]] std::map<position, child>::iterator find_child(std::string_view id,
                                                               std::uint64_t generation);
  static bool is_up(const child& x) {
    return x.state == child_state::running || x.state == child_state::stopping;
  }
  position insert(child_rules rules, origin from);
  void forget(std::map<position, child>::iterator at);
  void left(std::map<position, child>::iterator at);
  void crashed(position at, std::chrono::steady_clock::duration lived, steady_time now);
  void involve(child& x, steady_time due);
  void begin_stopping(finish_reason why);
  /// Issues what can be done now.
  void advance(steady_time now);
  void advance_stops(steady_time now);
  void advance_starts(steady_time now);
  void advance_finish();
  void ask_to_stop(child& x, steady_time now);
  void start(child& x);
  [[nodiscard]] bool keeps_order() const;
  [[nodiscard]] bool has_pending_stops() const;

  supervisor_rules rules_;
  std::function<std::uint64_t()> next_generation_;
  random_source& random_;
  restart_window window_;
  phase phase_ = phase::declared;
  finish_reason reason_ = finish_reason::asked;
  bool has_leaked_ = false; ///< a child reported that it left something running
  std::map<position, child> children_;
  std::unordered_map<std::string, position> by_id_;
  position next_position_ = 0;
  std::deque<command> commands_;
};

} // namespace roost::supervision
