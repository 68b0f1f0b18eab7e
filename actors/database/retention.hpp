#pragma once

#include "actors/database/archive/archive_board.hpp"
#include "actors/database/retention_board.hpp"
#include "actors/database/store/store.hpp"
#include "actors/runtime/actor_base.hpp"
#include "actors/runtime/clock.hpp"
#include "actors/runtime/handle_slot.hpp"
#include "actors/runtime/log.hpp"
#include "protocols/archive.hpp"
#include "protocols/pools.hpp"
#include "protocols/retention.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace roost::database {

/// How long records are kept.
struct retention_times {
  std::chrono::milliseconds metadata = std::chrono::hours(90 * 24);  ///< sessions, connections
  std::chrono::milliseconds audit = std::chrono::hours(365 * 24);    ///< who did what
  std::chrono::milliseconds recording = std::chrono::hours(30 * 24); ///< what sessions showed
};

/// One kind of record, and how long it is kept; kinds that are kept for ever have none.
struct retention_rule {
  record_kind kind = record_kind::session;
  std::chrono::milliseconds keep{};
};
std::vector<retention_rule> rules_of(const retention_times& times);

struct retention_config {
  retention_times times;
  std::string node_uuid;
  std::uint64_t boot_epoch = 0;                  ///< this start of the node
  std::chrono::milliseconds interval{3'600'000}; ///< between rounds
  std::chrono::milliseconds pause{50};           ///< between batches: others come first
  std::chrono::milliseconds retry{5'000};        ///< while the shared database is away
  const clock* time = &system_clock::instance(); ///< outlives the actor
  runtime::handle_slot<archive_actor> archive;
  std::function<pools_actor()> pools; ///< empty: there is no shared database
  std::shared_ptr<const archive_board> written;
  std::shared_ptr<retention_board> board;
};

/// Removes what is older than it is to be kept, once an hour and at the start: from the node's own
/// file, and from the shared database through the pool `analytics`, where one node at a time does
/// it. In small batches with pauses, so that nobody waits for it. Also forgets how far the writes
/// of this node's earlier starts were applied, once none of them can come any more. Owned by the
/// node's supervisor.
class retention_state {
public:
  static inline constexpr const char* name = "retention";

  explicit retention_state(retention_actor::pointer self) : self_(self), timers_(self) {}

  void open(retention_config config);
  void fire(const timer_fired& x) { timers_.fire(x); }

private:
  enum timer_id : std::uint32_t { round_timer, own_timer, shared_timer };
  enum class place : std::uint8_t { own, shared };
  /// How far the round is in one of the two: they do not wait for each other.
  struct progress {
    std::size_t next = 0; ///< rule; after the last one: the marks
    bool is_running = false;
  };

  void begin_round();
  void step(place where);
  /// Asks a store; `done` gets what `work` said, nothing if it failed.
  void ask(place where, std::function<store_result<std::size_t>(store&)> work);
  void on_done(place where, std::optional<std::size_t> removed);
  void later(place where, std::chrono::milliseconds wait);
  [[nodiscard]] progress& of(place where) { return where == place::own ? own_ : shared_; }

  retention_actor::pointer self_;
  retention_config config_;
  log::logger log_{log::context{"retention", 0, {}, {}}};
  std::vector<retention_rule> rules_;
  progress own_;
  progress shared_;
  runtime::timers<std::remove_pointer_t<retention_actor::pointer>> timers_;
};

retention_actor::behavior_type retention(retention_actor::stateful_pointer<retention_state> self,
                                         retention_config config);

} // namespace roost::database
