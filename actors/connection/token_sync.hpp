#pragma once

#include "actors/connection/token_store.hpp"
#include "actors/runtime/actor_base.hpp"
#include "actors/runtime/clock.hpp"
#include "actors/runtime/handle_slot.hpp"
#include "actors/runtime/log.hpp"
#include "protocols/archive.hpp"
#include "protocols/pools.hpp"
#include "protocols/tokens.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace roost::connection {

struct token_sync_config {
  std::string node;                          ///< uuid
  token_store* tokens = nullptr;             ///< outlives the actor
  bool is_shared = false;                    ///< other nodes' tokens hold here, too
  std::chrono::milliseconds interval{5'000}; ///< between looks at what others did
  std::chrono::milliseconds patience{5'000};
  const clock* time = &system_clock::instance(); ///< outlives the actor
  runtime::handle_slot<archive_actor> archive;
  std::function<pools_actor()> pools; ///< null answers: there is no shared database
};

/// Keeps the node's tokens and the database's in step: what the database lacks is written at the
/// start (afterwards each change writes itself), and, where the nodes share their tokens, what
/// others have made and taken away is looked for. While the database is away everything stays as it
/// is. Owned by the node's supervisor.
class token_sync_state {
public:
  static inline constexpr const char* name = "tokens";

  explicit token_sync_state(token_sync_actor::pointer self) : self_(self), timers_(self) {}

  void open(token_sync_config config);
  void fire(const timer_fired& x) { timers_.fire(x); }

private:
  using rows = std::vector<database::token_record>;
  enum timer_id : std::uint32_t { again_timer };

  void again();
  void look();
  void compare(const rows& local);
  void ask_others(rows local);

  token_sync_actor::pointer self_;
  token_sync_config config_;
  log::logger log_{log::context{"tokens", 0, {}, {}}};
  bool is_written_ = false; ///< the database has what the file has
  runtime::timers<std::remove_pointer_t<token_sync_actor::pointer>> timers_;
};

token_sync_actor::behavior_type
token_sync(token_sync_actor::stateful_pointer<token_sync_state> self, token_sync_config config);

} // namespace roost::connection
