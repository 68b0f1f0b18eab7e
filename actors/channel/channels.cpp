#include "actors/channel/channels.hpp"

#include <algorithm>
#include <utility>

namespace roost::channel {

namespace {

// A helper has 3 s to end.
constexpr std::chrono::milliseconds shutdown{4'000};
constexpr std::chrono::milliseconds patience{10'000};
constexpr std::chrono::milliseconds look_interval{2'000};

bool has_same_helper(const channel_config& a, const channel_config& b) {
  return a.transport == b.transport && a.max_answer == b.max_answer;
}

} // namespace

void channels_state::open(channels_config config) {
  config_ = std::move(config);
  if (const auto wanted = config_.wanted.get())
    reload(*wanted);
  look_later();
}

void channels_state::reload(const std::vector<channel_config>& wanted) {
  auto& known = *config_.shared.channels;
  for (const auto& old : known.configs()) {
    const bool is_wanted = std::any_of(wanted.begin(), wanted.end(),
                                       [&](const auto& c) { return c.name == old->name; });
    if (!is_wanted) {
      known.forget(old->name);
      end(old->name, false);
    }
  }
  for (const auto& fresh : wanted) {
    const auto old = known.config_of(fresh.name);
    auto next = std::make_shared<const channel_config>(fresh);
    known.configure(next);
    const auto actor = known.find(fresh.name);
    if (old && actor && has_same_helper(*old, fresh)) {
      if (!(*old == fresh))
        self_->send(actor, configure_channel{std::move(next)});
    } else if (old && actor) {
      end(fresh.name, true);
    } else if (ending_.count(fresh.name) == 0) {
      start(fresh.name);
    }
  }
}

void channels_state::start(const std::string& channel_name) {
  child_rules rules;
  rules.id = channel_name;
  rules.shutdown = shutdown;
  runtime::ask(self_, config_.supervisor.get(), patience,
               add_child{supervised(std::move(rules),
                                    [shared = config_.shared](const child_start& s) {
                                      return s.system.spawn(channel, s.id, shared);
                                    })})
      .then([](const child_handle&) {},
            [this, channel_name](const failure& why) {
              // After a crash of this actor its channels are still there.
              const failure there{supervision_error::child_exists};
              if (why.domain == there.domain && why.code == there.code)
                return;
              log_.error("a channel could not be started", log::kv("channel", channel_name),
                         log::kv("why", describe(why).name));
            });
}

void channels_state::end(const std::string& channel_name, bool is_replaced) {
  ending_.insert(channel_name);
  const auto gone = [this, channel_name] {
    ending_.erase(channel_name);
    // It may be wanted again by now.
    if (config_.shared.channels->is_known(channel_name))
      start(channel_name);
  };
  log_.info(is_replaced ? "a channel gets another helper" : "a channel ends",
            log::kv("channel", channel_name));
  runtime::ask(self_, config_.supervisor.get(), patience, remove_child{channel_name})
      .then([gone](const child_removed&) { gone(); }, [gone](const failure&) { gone(); });
}

/// Whatever could not be started, or went with a supervisor that crashed, is started again.
void channels_state::look() {
  runtime::ask(self_, config_.supervisor.get(), patience, list_children{})
      .then(
          [this](const child_list& all) {
            for (const auto& wanted : config_.shared.channels->configs()) {
              const bool is_there =
                  std::any_of(all.children.begin(), all.children.end(),
                              [&](const child_info& c) { return c.id == wanted->name; });
              if (!is_there && ending_.count(wanted->name) == 0)
                start(wanted->name);
            }
            look_later();
          },
          [this](const failure&) { look_later(); });
}

void channels_state::look_later() {
  timers_.after(look_timer, look_interval, [this] { look(); });
}

channels_actor::behavior_type channels(channels_actor::stateful_pointer<channels_state> self,
                                       channels_config config) {
  runtime::arm(self);
  self->state.open(std::move(config));
  return {
      [self](const reload_channels& x) { self->state.reload(*x.what); },
      [self](const timer_fired& x) { self->state.fire(x); },
  };
}

} // namespace roost::channel
