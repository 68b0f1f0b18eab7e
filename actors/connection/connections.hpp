#pragma once

#include "actors/connection/connection.hpp"
#include "actors/connection/connection_log.hpp"
#include "actors/connection/pool_watch.hpp"
#include "actors/runtime/random.hpp"
#include "protocols/archive.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

namespace roost::connection {

/// What SIGHUP may change while connections are open.
struct pool_settings {
  pool_limits limits;
  watch_settings watch;
};

/// What the pool needs.
struct pool_context {
  connection_context connection;
  std::shared_ptr<pool_desk> desk;
  pool_settings settings;
  std::shared_ptr<const std::atomic<std::uint64_t>> histories; ///< bytes of terminals' histories
  connection_log::settings log;                                ///< what is written down
  runtime::handle_slot<archive_actor> archive;                 ///< where
  std::shared_ptr<std::atomic<std::uint64_t>> unlogged =
      std::make_shared<std::atomic<std::uint64_t>>(0); ///< connections that were not
  const clock* time = &system_clock::instance();       ///< outlives the actor
  random_source* random = &os_random::instance();      ///< outlives the actor
};

class connections_state;
using connections_pointer = connections_actor::stateful_pointer<connections_state>;

/// All WebSocket connections of a node: numbers them, spawns one actor for each, watches over them
/// with a `pool_watch` and does what that decides, and ends them together when the node drains.
/// Who may come in at all is the desk's business, which the listeners ask themselves. All members
/// run in the actor's context.
class connections_state {
public:
  static constexpr const char* name = "connections";

  explicit connections_state(connections_pointer self) : self_(self), timers_(self) {}
  ~connections_state();

  void start(pool_context context);
  void on_open(const open_connection& x);
  caf::result<connection_ending> on_end(const end_connection& x);
  pool_seen on_look(const look_at_pool& x);
  void on_reload(const reload_pool& x);
  caf::result<connections_drained> on_drain(const drain_connections& x);
  void on_down(const caf::actor_addr& who);
  void on_timer(const timer_fired& x) { timers_.fire(x); }

private:
  void look();
  void act(const pool_watch::order& what);
  void announce(const pressure_state& now);
  void log_refusals();
  void write_down();
  void answer_drain();
  [[nodiscard]] const connection_actor* find(std::uint64_t id) const;

  connections_pointer self_;
  pool_context context_;
  std::shared_ptr<const connection_context> shared_;
  std::unique_ptr<pool_watch> watch_;
  std::optional<connection_log> diary_;
  log::logger log_;
  std::uint64_t next_id_ = 1;
  std::unordered_map<caf::actor_id, std::uint64_t> ids_; ///< of members, by their actor
  std::unordered_map<std::uint64_t, connection_actor> open_;
  std::uint64_t refused_ = 0; ///< as of the last log line
  steady_time refusals_logged_{};
  bool is_draining_ = false;
  runtime::promise_guard<connections_drained> drained_;
  runtime::timers<connections_actor::stateful_base<connections_state>> timers_;
};

connections_actor::behavior_type connections(connections_pointer self, pool_context context);

} // namespace roost::connection
