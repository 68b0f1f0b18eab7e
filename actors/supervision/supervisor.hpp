#pragma once

#include "actors/runtime/actor_base.hpp"
#include "actors/runtime/log.hpp"
#include "actors/runtime/random.hpp"
#include "actors/supervision/supervisor_model.hpp"
#include "protocols/supervision.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace roost::supervision {

struct supervisor_config {
  std::string name{}; ///< for logs: "terminals"
  supervisor_rules rules{};
  std::vector<child_spec> children{}; ///< in the order in which they are started
  std::uint64_t seed = 0;             ///< of the restart jitter; 0: from the system
};

/// The actor around supervisor_model: starts, monitors (never links), stops and kills children, and
/// answers callers. Lives in its actor's context.
///
/// It ends with `normal` when a significant child is done, with the reason it was told when it was
/// told to exit, with the factory's failure when a child could not be started at all, else with
/// supervision_error::intensity_exceeded or child_stuck; its own supervisor sees that as a crash.
/// However it ends, be it killed or by an exception, it kills what is left of its children (SUP-8).
class supervisor_state {
public:
  static inline constexpr const char* name = "supervisor";

  explicit supervisor_state(supervisor_actor::pointer self);
  ~supervisor_state();
  supervisor_state(const supervisor_state&) = delete;
  supervisor_state& operator=(const supervisor_state&) = delete;

  void open(supervisor_config config);
  void told_to_exit(const caf::error& reason);
  void child_down(const caf::actor_addr& source, const caf::error& reason);

  caf::result<child_handle> resolve(const resolve_child& x);
  caf::result<child_handle> add(const add_child& x);
  caf::result<child_removed> remove(const remove_child& x);
  child_list list() const;
  void fire(const timer_fired& x);

private:
  /// A child that is up.
  struct incarnation {
    caf::strong_actor_ptr actor;
    std::uint64_t generation = 0;
  };
  struct known_child {
    child_factory make;
    std::optional<incarnation> up;
  };
  struct tracked {
    std::string id;
    std::uint64_t generation = 0;
  };

  [[nodiscard]] steady_time now() const;
  void carry_out();
  void perform(const start_command& x);
  void perform(const stop_command& x);
  void perform(const kill_command& x);
  void perform(const forgotten_command& x);
  void perform(const stuck_command& x);
  void perform(const finish_command& x);
  void started(const std::string& id, known_child& child, caf::strong_actor_ptr actor,
               std::uint64_t generation);
  void could_not_start(const std::string& id, std::uint64_t generation, const failure& why);
  void arm_timer();

  supervisor_actor::pointer self_;
  log::logger log_;
  std::optional<seeded_random> random_;
  std::optional<supervisor_model> model_;
  runtime::timers<supervisor_actor::base> timers_;
  std::unordered_map<std::string, known_child> children_;
  std::unordered_map<caf::actor_id, tracked> by_actor_;
  std::unordered_map<std::string, runtime::promise_guard<child_handle>> pending_adds_;
  std::unordered_multimap<std::string, runtime::promise_guard<child_removed>> pending_removes_;
  caf::error exit_reason_;
  failure start_failure_{supervision_error::start_failed};
  std::optional<steady_time> armed_for_;
};

/// The actor's function: `system.spawn(supervisor, config)`. Children are started before the first
/// message is handled.
supervisor_actor::behavior_type
supervisor(supervisor_actor::stateful_pointer<supervisor_state> self, supervisor_config config);

} // namespace roost::supervision
