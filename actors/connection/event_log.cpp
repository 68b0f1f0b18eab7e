#include "actors/connection/event_log.hpp"

#include <algorithm>

namespace roost::connection {

namespace {

std::size_t size_of(const logged_event& event) {
  return (event.frame ? event.frame->size() : 0) + (event.stream ? event.stream->size() : 0);
}

} // namespace

bool wants(const event_filter& what, const logged_event& event) {
  return (!what.only || *what.only == event.session) &&
         std::find(what.topics.begin(), what.topics.end(), event.topic) != what.topics.end();
}

event_log::event_log(std::uint64_t first_id, limits bounds) : limits_(bounds), next_id_(first_id) {}

void event_log::add(logged_event event) {
  next_id_ = event.id + 1;
  bytes_ += size_of(event);
  events_.push_back(std::move(event));
  while (events_.size() > 1 && (events_.size() > limits_.events || bytes_ > limits_.bytes)) {
    bytes_ -= size_of(events_.front());
    events_.pop_front();
  }
}

const logged_event* event_log::at_or_after(std::uint64_t id) const {
  if (id >= next_id_ || events_.empty())
    return nullptr;
  if (id <= events_.front().id)
    return &events_.front();
  return &events_[static_cast<std::size_t>(id - events_.front().id)];
}

event_log::start event_log::resume(const std::optional<std::uint64_t>& since) const {
  if (!since)
    return {next_id_, false};
  // An id of the future was given out by nobody: perhaps the calendar was set back between two
  // runs.
  if (*since >= next_id_)
    return {next_id_, *since != next_id_ - 1};
  const auto next = *since + 1;
  if (next < oldest_id())
    return {oldest_id(), true};
  return {next, false};
}

} // namespace roost::connection
