#include "actors/runtime/actor_clock.hpp"

#include <algorithm>
#include <utility>

namespace roost::runtime {

actor_clock::actor_clock(io_place place)
    : place_(std::move(place)), life_(std::make_shared<lifeline>()) {
  life_->clock = this;
}

actor_clock::~actor_clock() { stop(); }

void actor_clock::stop() {
  const guard lock{life_->mutex};
  life_->clock = nullptr;
  wake_ups_.clear();
}

void actor_clock::set_ordinary_timeout(time_point t, caf::abstract_actor* self,
                                       caf::atom_value type, std::uint64_t id) {
  const guard lock{life_->mutex};
  simple_actor_clock::set_ordinary_timeout(t, self, type, id);
  arm_for(t);
}

void actor_clock::set_multi_timeout(time_point t, caf::abstract_actor* self, caf::atom_value type,
                                    std::uint64_t id) {
  const guard lock{life_->mutex};
  simple_actor_clock::set_multi_timeout(t, self, type, id);
  arm_for(t);
}

void actor_clock::set_request_timeout(time_point t, caf::abstract_actor* self, caf::message_id id) {
  const guard lock{life_->mutex};
  simple_actor_clock::set_request_timeout(t, self, id);
  arm_for(t);
}

void actor_clock::cancel_ordinary_timeout(caf::abstract_actor* self, caf::atom_value type) {
  const guard lock{life_->mutex};
  simple_actor_clock::cancel_ordinary_timeout(self, type);
}

void actor_clock::cancel_request_timeout(caf::abstract_actor* self, caf::message_id id) {
  const guard lock{life_->mutex};
  simple_actor_clock::cancel_request_timeout(self, id);
}

void actor_clock::cancel_timeouts(caf::abstract_actor* self) {
  const guard lock{life_->mutex};
  simple_actor_clock::cancel_timeouts(self);
}

void actor_clock::schedule_message(time_point t, caf::strong_actor_ptr receiver,
                                   caf::mailbox_element_ptr content) {
  const guard lock{life_->mutex};
  simple_actor_clock::schedule_message(t, std::move(receiver), std::move(content));
  arm_for(t);
}

void actor_clock::schedule_message(time_point t, caf::group target, caf::strong_actor_ptr sender,
                                   caf::message content) {
  const guard lock{life_->mutex};
  simple_actor_clock::schedule_message(t, std::move(target), std::move(sender), std::move(content));
  arm_for(t);
}

void actor_clock::cancel_all() {
  const guard lock{life_->mutex};
  simple_actor_clock::cancel_all();
}

bool actor_clock::is_armed_before(time_point t) const {
  return std::any_of(wake_ups_.begin(), wake_ups_.end(), [t](const auto& w) { return w->at <= t; });
}

void actor_clock::arm_for(time_point t) {
  if (life_->clock == nullptr || is_armed_before(t))
    return;
  auto& here = place_();
  const auto known = std::find_if(wake_ups_.begin(), wake_ups_.end(),
                                  [&here](const auto& w) { return w->context == &here; });
  if (known != wake_ups_.end()) {
    arm(**known, t);
    return;
  }
  wake_ups_.push_back(std::make_unique<wake_up>(here));
  arm(*wake_ups_.back(), t);
}

void actor_clock::arm(wake_up& w, time_point t) {
  w.at = t;
  w.timer.expires_at(t); // an earlier wait of this timer ends without a word
  w.timer.async_wait([life = life_, &w](boost::system::error_code ec) {
    if (ec)
      return;
    const guard lock{life->mutex};
    if (life->clock != nullptr)
      life->clock->on_wake_up(w);
  });
}

void actor_clock::on_wake_up(wake_up& w) {
  w.at = time_point::max();
  trigger_expired_timeouts();
  if (!schedule().empty() && !is_armed_before(schedule().begin()->first))
    arm(w, schedule().begin()->first);
}

} // namespace roost::runtime
