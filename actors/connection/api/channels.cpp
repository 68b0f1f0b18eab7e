// Channels: their breakers, calls, and what administrators set by hand.
#include "actors/connection/api/api.hpp"
#include "actors/connection/api/call_request.hpp"
#include "actors/connection/api/render_channels.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <algorithm>

namespace roost::connection::api {

namespace {

// A channel answers from memory; one that does not within this is left out of lists.
constexpr std::chrono::milliseconds show_patience{1'000};
// On top of the call's own time, in which the channel answers whatever the helper does.
constexpr std::chrono::milliseconds answer_margin{5'000};

} // namespace

void api_state::with_channels(std::function<void(std::vector<channel_status>)> then) {
  struct gathering {
    std::vector<channel_status> found;
    std::size_t missing = 0;
    std::function<void(std::vector<channel_status>)> then;
    void one_less() {
      if (--missing > 0)
        return;
      std::sort(found.begin(), found.end(),
                [](const auto& a, const auto& b) { return a.name < b.name; });
      then(std::move(found));
    }
  };
  const auto all = config_.channels->all();
  const auto so_far = std::make_shared<gathering>();
  so_far->missing = all.size() + 1;
  so_far->then = std::move(then);
  for (const auto& [key, handle] : all)
    runtime::ask(self_, handle, show_patience, show_channel{})
        .then(
            [so_far](const channel_status& x) {
              so_far->found.push_back(x);
              so_far->one_less();
            },
            [so_far](const failure&) { so_far->one_less(); });
  so_far->one_less();
}

void api_state::list_channels(const exchange_ptr& x) {
  with_channels(
      [x](const std::vector<channel_status>& all) { send_json(x, 200, channel_list_json(all)); });
}

void api_state::with_channel(const exchange_ptr& x, const std::string& channel_name,
                             const std::function<void(const channel_actor&)>& then) {
  const auto handle = config_.channels->find(channel_name);
  if (handle)
    return then(handle);
  if (config_.channels->is_known(channel_name))
    return fail(x, supervision_error::child_restarting);
  fail(x, channel_error::no_such_channel);
}

void api_state::describe_channel(const exchange_ptr& x, const std::string& channel_name) {
  with_channel(x, channel_name, [this, x](const channel_actor& handle) {
    runtime::ask(self_, handle, config_.patience, show_channel{})
        .then([x](const channel_status& now) { send_json(x, 200, channel_json(now)); },
              [x](const failure& why) { fail(x, why); });
  });
}

void api_state::call_helper(const exchange_ptr& x, const std::string& channel_name) {
  const auto wanted = parse_call(x->request.body);
  if (!wanted)
    return fail(x, wanted.error());
  const auto answer = [x](const call_answer& a) {
    send(x, call_response(a, x->request.correlation));
  };
  const auto handle = config_.channels->find(channel_name);
  if (!handle)
    return answer(config_.channels->answer_without(channel_name));
  const auto patience =
      answer_margin + config_.channels->patience_of(channel_name, wanted->timeout);
  runtime::ask(
      self_, handle, patience,
      call_channel{0, wanted->method, wanted->params, wanted->timeout, x->request.correlation})
      .then([answer](const call_answer& a) { answer(a); },
            // It crashed meanwhile.
            [this, answer, channel_name](const failure&) {
              answer(config_.channels->answer_without(channel_name));
            });
}

void api_state::override_breaker(const exchange_ptr& x, const std::string& channel_name,
                                 bool is_set) {
  override_channel what;
  if (is_set) {
    const auto wanted = parse_override(x->request.body);
    if (!wanted)
      return fail(x, wanted.error());
    what.state = wanted->state;
    what.reason = wanted->reason;
    what.lasts = wanted->lasts;
  }
  what.who = x->request.who.label;
  with_channel(x, channel_name, [this, x, what](const channel_actor& handle) {
    runtime::ask(self_, handle, config_.patience, what)
        .then([x](const channel_status& now) { send_json(x, 200, channel_json(now)); },
              [x](const failure& why) { fail(x, why); });
  });
}

} // namespace roost::connection::api
