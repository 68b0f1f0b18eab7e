#pragma once

#include "actors/channel/channel.hpp"
#include "actors/channel/directory.hpp"
#include "actors/runtime/actor_base.hpp"
#include "actors/runtime/handle_slot.hpp"
#include "actors/runtime/log.hpp"
#include "protocols/channels.hpp"
#include "protocols/supervision.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <memory>
#include <set>
#include <string>
#include <vector>

namespace roost::channel {

struct channels_config {
  channel_context shared;
  runtime::handle_slot<supervisor_actor> supervisor; ///< of the channels
  /// What is wanted, as of the latest reload.
  runtime::handle_slot<std::shared_ptr<const std::vector<channel_config>>> wanted;
};

/// Sees to it that the channels are those of the configuration, at the start and after a reload:
/// new ones are started, gone ones end, and those whose helper is another one are started anew. The
/// others take over their configuration and lose no call. Owned by the node's supervisor; after a
/// crash it begins again from what is wanted.
class channels_state {
public:
  static inline constexpr const char* name = "channels";

  explicit channels_state(channels_actor::pointer self) : self_(self), timers_(self) {}

  void open(channels_config config);
  void reload(const std::vector<channel_config>& wanted);
  void fire(const timer_fired& x) { timers_.fire(x); }

private:
  enum timer_id : std::uint32_t { look_timer = 1 };

  void start(const std::string& name);
  void end(const std::string& name, bool is_replaced);
  void look();
  void look_later();

  channels_actor::pointer self_;
  channels_config config_;
  runtime::timers<std::remove_pointer_t<channels_actor::pointer>> timers_;
  log::logger log_{log::context{"channels", 0, {}, {}}};
  std::set<std::string> ending_; ///< of these, the earlier actor is not gone yet
};

channels_actor::behavior_type channels(channels_actor::stateful_pointer<channels_state> self,
                                       channels_config config);

} // namespace roost::channel
