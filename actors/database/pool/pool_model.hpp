#pragma once

#include "actors/database/retry_pace.hpp"
#include "actors/database/sqlstate.hpp"
#include "actors/runtime/clock.hpp"
#include "actors/runtime/random.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

namespace roost::database {

/// What became of a question.
enum class question_end : std::uint8_t {
  answered,
  timed_out, ///< its deadline passed, while it waited or was being worked on
  refused,   ///< too many wait already
  away,      ///< the database is not there
  cancelled,
};

/// One pool of workers: who works on which question, who waits, and for how long. A question that
/// has ended keeps its worker until that comes back. Pure: times and chance are passed in. Not
/// thread-safe.
class pool_model {
public:
  using question_id = std::uint64_t;
  using worker_id = std::size_t; ///< 0 to `size` - 1

  struct settings {
    std::size_t size = 2;                   ///< 1 or more
    std::size_t most_waiting = 32;          ///< questions without a worker
    std::chrono::milliseconds idle{60'000}; ///< after which a worker without work ends
    /// After a connection that could not be made nothing is tried for a while.
    retry_pace::settings retry{std::chrono::milliseconds(100), std::chrono::milliseconds(5'000),
                               std::chrono::milliseconds(5'000), std::chrono::milliseconds(60'000)};
  };

  /// What the owner has to do now, in this order.
  struct steps {
    struct ended {
      question_id question;
      question_end how;
      friend bool operator==(const ended&, const ended&) = default;
    };
    struct started {
      question_id question;
      worker_id worker;
      bool is_new; ///< the worker is to be made first
      friend bool operator==(const started&, const started&) = default;
    };
    std::vector<ended> ends;       ///< questions that are over: each is named once in its life
    std::vector<worker_id> cuts;   ///< workers whose work is to be cancelled
    std::vector<worker_id> leaves; ///< workers that are to end
    std::vector<started> starts;
    friend bool operator==(const steps&, const steps&) = default;
  };

  struct counts {
    std::uint64_t asked = 0;
    std::uint64_t answered = 0;
    std::uint64_t timeouts = 0;
    std::uint64_t refused = 0;
    std::uint64_t away = 0;
    std::uint64_t cancelled = 0;
    std::uint64_t started = 0;               ///< that got a worker: those that `waited` sums up
    std::chrono::nanoseconds waited{};       ///< all of them together, until they had a worker
    std::chrono::nanoseconds longest_wait{}; ///< of one of them
    friend bool operator==(const counts&, const counts&) = default;
  };

  explicit pool_model(settings with) : settings_(with), pace_(with.retry), workers_(with.size) {}

  /// A question comes. @param id that none has had before.
  steps ask(question_id id, steady_time deadline, steady_time now);
  /// A question comes while the database is known to be away.
  steps turn_away(question_id id);
  /// A worker has finished its work.
  steps finish(worker_id id, steady_time now);
  /// A worker could not reach the database; it stays. Nobody waits for what is away.
  steps lose(worker_id id, trouble kind, steady_time now, random_source& random);
  /// A worker has died.
  steps bury(worker_id id, steady_time now, random_source& random);
  /// Whoever asked does not want to know any more. An unknown id is over already.
  steps cancel(question_id id, steady_time now);
  /// The database is known to be away: nobody waits any longer.
  steps give_up_waiting();
  /// What time brings. Call at `next_tick`.
  steps tick(steady_time now);

  [[nodiscard]] std::optional<steady_time> next_tick() const;
  [[nodiscard]] std::size_t size() const { return settings_.size; }
  [[nodiscard]] std::size_t busy() const;
  [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }
  [[nodiscard]] const counts& totals() const { return counts_; }

private:
  enum class state : std::uint8_t { absent, idle, busy };
  struct worker {
    state is = state::absent;
    std::optional<question_id> question; ///< of a busy one: nothing when that is over
    steady_time deadline{};              ///< of the question
    steady_time idle_since{};
  };
  struct waiter {
    question_id id;
    steady_time deadline;
    steady_time since;
  };

  void end(steps& out, question_id id, question_end how);
  void start(steps& out, const waiter& what, worker_id on, steady_time now);
  void start_waiting(steps& out, steady_time now);
  void fail(steps& out, worker& w, trouble kind, steady_time now, random_source& random);
  [[nodiscard]] std::optional<worker_id> free_worker() const;

  settings settings_;
  retry_pace pace_;
  std::optional<steady_time> away_until_;
  std::vector<worker> workers_;
  std::deque<waiter> waiting_; ///< the first one is next
  counts counts_;
};

} // namespace roost::database
