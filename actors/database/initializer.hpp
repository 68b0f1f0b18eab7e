#pragma once

#include "actors/database/backend.hpp"
#include "actors/database/init_machine.hpp"
#include "actors/runtime/actor_base.hpp"
#include "actors/runtime/clock.hpp"
#include "actors/runtime/handle_slot.hpp"
#include "actors/runtime/log.hpp"
#include "actors/runtime/random.hpp"
#include "protocols/database.hpp"
#include "protocols/events.hpp"

#include <caf/local_actor.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

namespace roost::database {

/// Starts what does the blocking work.
using worker_spawner = std::function<database_worker_actor(
    caf::local_actor& parent, std::shared_ptr<backend> what, const database_actor& owner)>;
/// On a thread of its own.
database_worker_actor spawn_detached_worker(caf::local_actor& parent, std::shared_ptr<backend> what,
                                            const database_actor& owner);

struct initializer_config {
  init_machine::settings machine;
  std::chrono::milliseconds check_interval{1'000}; ///< of a database that is ready
  const clock* time = &system_clock::instance();   ///< outlives the actor
  random_source* random = &os_random::instance();  ///< likewise
  std::shared_ptr<backend> what;
  worker_spawner spawn_worker = spawn_detached_worker;
  std::shared_ptr<database_board> board;
  runtime::handle_slot<events_actor> events;
};

/// Brings the database up, watches it, and brings it up again when it was lost. All decisions are
/// init_machine's; whatever blocks is done by a worker on a thread of its own, which this actor
/// starts and ends. Every transition is an event, a log line, a count on the board and a row in
/// `GET /database`. Owned by the node's supervisor.
class initializer_state {
public:
  static inline constexpr const char* name = "database";

  explicit initializer_state(database_actor::pointer self) : self_(self), timers_(self) {}
  ~initializer_state();
  initializer_state(const initializer_state&) = delete;
  initializer_state& operator=(const initializer_state&) = delete;

  void open(initializer_config config);
  void on_progress(const init_progress& x);
  void on_depth(const outbox_depth& x);
  void fire(const timer_fired& x) { timers_.fire(x); }

private:
  enum timer_id : std::uint32_t { attempt_timer, grace_timer, check_timer };

  void attempt();
  void check();
  void check_later();
  void lose(const init_failure& why);
  /// After each change of the machine: tells everybody what is new.
  void tell();
  void watch_grace();

  database_actor::pointer self_;
  initializer_config config_;
  log::logger log_{log::context{"database", 0, {}, {}}};
  std::optional<init_machine> machine_;
  std::uint64_t told_ = 0;  ///< transitions
  std::uint64_t depth_ = 0; ///< of the outbox
  database_worker_actor worker_;
  runtime::timers<std::remove_pointer_t<database_actor::pointer>> timers_;
};

/// What a worker does; its handlers block.
class database_worker_state {
public:
  static inline constexpr const char* name = "database-worker";
  explicit database_worker_state(database_worker_actor::pointer) {}
};
database_worker_actor::behavior_type
database_worker(database_worker_actor::stateful_pointer<database_worker_state> self,
                std::shared_ptr<backend> what, const database_actor& owner);

database_actor::behavior_type initializer(database_actor::stateful_pointer<initializer_state> self,
                                          initializer_config config);

} // namespace roost::database
