#pragma once

#include "actors/channel/call_desk.hpp"
#include "actors/channel/directory.hpp"
#include "actors/channel/transport/transport.hpp"
#include "actors/runtime/actor_base.hpp"
#include "actors/runtime/clock.hpp"
#include "actors/runtime/handle_slot.hpp"
#include "actors/runtime/log.hpp"
#include "actors/runtime/random.hpp"
#include "protocols/channels.hpp"
#include "protocols/events.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace roost::channel {

/// What all channels of a node share.
struct channel_context {
  std::shared_ptr<directory> channels;
  runtime::handle_slot<events_actor> events;
  /// Makes the way to a channel's helper. @param seed of its jitter.
  std::function<std::shared_ptr<transport>(const channel_config&, std::uint64_t seed)> connect;
  const clock* time = &system_clock::instance(); ///< outlives the actors
  std::uint64_t seed = 0;                        ///< of the jitter; 0: from the system
};

/// One channel: the actor around call_desk, its breaker and its transport. Gives them time,
/// answers callers, tells of transitions. Lives in its actor's context; nothing in it blocks.
class channel_state : private desk_port {
public:
  static inline constexpr const char* name = "channel";

  explicit channel_state(channel_actor::pointer self) : self_(self), timers_(self) {}
  ~channel_state() override;
  channel_state(const channel_state&) = delete;
  channel_state& operator=(const channel_state&) = delete;

  void open(const std::string& name, channel_context context);
  caf::result<call_answer> call(call_channel& x);
  void cancel(const cancel_call& x);
  [[nodiscard]] channel_status show() const;
  caf::result<channel_status> set_override(const override_channel& x);
  void configure(const configure_channel& x);
  void replied(const helper_replied& x);
  void told_to_exit(const caf::error& reason);
  void stopped();
  void fire(const timer_fired& x) { timers_.fire(x); }

private:
  enum timer_id : std::uint32_t { due_timer = 1 };
  // So many rounds of probes without a word from it: the helper hangs for good.
  static constexpr std::uint32_t silent_probes_before_restart = 2;
  static constexpr std::size_t most_transitions = 64;

  struct asked {
    runtime::promise_guard<call_answer> promise;
    std::uint64_t key = 0;
  };

  // What the desk has done.
  void send(request what) override;
  void withdraw(std::uint64_t request_id) override;
  void answer(std::uint64_t call_id, call_answer what) override;
  void ask_other(std::uint64_t call_id, const std::string& channel, const std::string& method,
                 const std::string& params, milliseconds patience) override;

  void settle();
  void tell(const breaker_event& what);
  void note_silence(const breaker_event& what);
  void arm_timer();
  void apply_kept_override();
  [[nodiscard]] wall_time to_wall(steady_time at) const;
  [[nodiscard]] steady_time now() const { return context_.time->now(); }

  channel_actor::pointer self_;
  channel_context context_;
  log::logger log_;
  runtime::timers<std::remove_pointer_t<channel_actor::pointer>> timers_;
  std::shared_ptr<const channel_config> config_;
  std::optional<seeded_random> random_;
  std::shared_ptr<transport> transport_;
  std::optional<call_desk> desk_;
  std::unordered_map<std::uint64_t, asked> asked_;          ///< by call
  std::unordered_map<std::uint64_t, std::uint64_t> by_key_; ///< key → call
  std::uint64_t last_call_ = 0;
  std::deque<channel_transition> transitions_;
  std::optional<steady_time> armed_for_;
  std::vector<std::uint64_t> alone_; ///< calls whose other channel is not there
  std::uint32_t silent_probes_ = 0;
  std::uint64_t unknown_before_ = 0;
  bool has_heard_ = false; ///< something came from the helper since the latest probe
  bool is_closing_ = false;
  caf::error exit_reason_;
};

/// The actor's function. The directory knows its configuration.
channel_actor::behavior_type channel(channel_actor::stateful_pointer<channel_state> self,
                                     const std::string& name, channel_context context);

} // namespace roost::channel
