#pragma once

#include "actors/database/pool/pool_model.hpp"
#include "actors/database/pool/shared_link.hpp"
#include "actors/runtime/actor_base.hpp"
#include "actors/runtime/clock.hpp"
#include "actors/runtime/log.hpp"
#include "actors/runtime/random.hpp"
#include "protocols/database_types.hpp"
#include "protocols/pools.hpp"

#include <caf/local_actor.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

namespace roost::database {

/// A question on its way to a worker.
struct pool_question {
  store_look look;
  steady_time deadline{};
  mutable std::atomic<bool> is_over{false}; ///< nobody waits for it any more
};

/// Starts a worker with its way to the database.
using pool_worker_spawner =
    std::function<pool_worker_actor(caf::local_actor& parent, std::shared_ptr<shared_link> link)>;
/// On a thread of its own.
pool_worker_actor spawn_pool_worker(caf::local_actor& parent, std::shared_ptr<shared_link> link);

struct pools_config {
  struct pool {
    pool_model::settings settings;
    link_maker make_link;
    std::uint64_t others = 0; ///< connections of the pool that answer no questions
  };
  pool app;
  pool analytics;
  std::uint64_t init = 1; ///< connections of the initializer
  /// While questions wait: how often to look whether the database is still there.
  std::chrono::milliseconds look_interval{250};
  const clock* time = &system_clock::instance();  ///< outlives the actor
  random_source* random = &os_random::instance(); ///< likewise
  std::shared_ptr<const database_board> database; ///< whether asking makes sense
  std::shared_ptr<database_pools_board> board;
  pool_worker_spawner spawn_worker = spawn_pool_worker;
};

/// The pools of workers that ask the shared PostgreSQL, which share nothing, so that one of them
/// may be full of slow questions while another one answers at once (DB-10). All decisions are
/// pool_model's; whatever blocks is done by workers on threads of their own, which are started when
/// they are needed. Whoever asks has an answer at the deadline, whatever a worker is waiting for,
/// and at once while the database is away. Owned by the node's supervisor.
///
/// `init` is the initializer's own connection (initializer.hpp), and answers no questions.
class pools_state {
public:
  static inline constexpr const char* name = "pools";

  explicit pools_state(pools_actor::pointer self) : self_(self), timers_(self) {}
  ~pools_state();
  pools_state(const pools_state&) = delete;
  pools_state& operator=(const pools_state&) = delete;

  void open(pools_config config);
  caf::result<shared_answered> ask(const ask_shared& x);
  void cancel(const cancel_shared& x);
  void fire(const timer_fired& x) { timers_.fire(x); }

private:
  enum timer_id : std::uint32_t { tick_timer };

  struct worker {
    pool_worker_actor actor;
    std::shared_ptr<shared_link> link;
  };
  struct pool {
    pool(database_pool is, const pools_config::pool& with)
        : name(is), make_link(with.make_link), others(with.others), model(with.settings),
          workers(with.settings.size) {}
    database_pool name;
    link_maker make_link;
    std::uint64_t others;
    pool_model model;
    std::vector<worker> workers;
  };
  struct asked {
    runtime::promise_guard<shared_answered> promise;
    std::shared_ptr<const pool_question> what;
    std::uint64_t key = 0;
    pool* of = nullptr;
  };

  /// Does what the model says, and tells the board.
  void carry_out(pool& p, const pool_model::steps& steps);
  void end(const pool_model::steps::ended& x);
  void start(pool& p, const pool_model::steps::started& x);
  static void dismiss(worker& w);
  void tick();
  void arm();
  [[nodiscard]] bool is_database_there() const;

  pools_actor::pointer self_;
  pools_config config_;
  log::logger log_{log::context{"pools", 0, {}, {}}};
  std::vector<std::unique_ptr<pool>> pools_;
  std::map<pool_model::question_id, asked> questions_;
  pool_model::question_id last_id_ = 0;
  steady_time tick_at_{};
  runtime::timers<std::remove_pointer_t<pools_actor::pointer>> timers_;
};

pools_actor::behavior_type pools(pools_actor::stateful_pointer<pools_state> self,
                                 pools_config config);

} // namespace roost::database
