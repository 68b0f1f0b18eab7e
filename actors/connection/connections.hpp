#pragma once

#include "actors/connection/connection.hpp"
#include "actors/runtime/random.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <set>

namespace roost::connection {

class connections_state;
using connections_pointer = connections_actor::stateful_pointer<connections_state>;

/// All WebSocket connections of a node: numbers them, spawns one actor for each and ends them
/// together when the node drains. All members run in the actor's context.
class connections_state {
public:
  static constexpr const char* name = "connections";

  explicit connections_state(connections_pointer self) : self_(self), timers_(self) {}
  ~connections_state();

  void start(connection_context context, std::shared_ptr<std::atomic<std::uint64_t>> count);
  void on_open(const open_connection& x);
  caf::result<connections_drained> on_drain(const drain_connections& x);
  void on_down(const caf::actor_addr& who);
  void on_timer(const timer_fired& x) { timers_.fire(x); }

private:
  void answer_drain();

  connections_pointer self_;
  connection_context context_;
  std::shared_ptr<std::atomic<std::uint64_t>> count_;
  std::uint64_t next_id_ = 1;
  std::set<connection_actor> open_;
  bool is_draining_ = false;
  runtime::promise_guard<connections_drained> drained_;
  runtime::timers<connections_actor::stateful_base<connections_state>> timers_;
};

/// @param count kept current for status pages; readable from any thread.
connections_actor::behavior_type connections(connections_pointer self, connection_context context,
                                             std::shared_ptr<std::atomic<std::uint64_t>> count);

} // namespace roost::connection
