#include "actors/channel/last_good.hpp"

#include <iterator>

namespace roost::channel {

void last_good::keep(std::string_view question, std::string_view json, steady_time now) {
  if (const auto at = by_question_.find(question); at != by_question_.end())
    forget(at->second);
  if (oldest_.count() == 0 || question.size() + json.size() > most_bytes / 4)
    return;
  order_.push_back({std::string(question), std::string(json), now});
  const auto fresh = std::prev(order_.end());
  by_question_.emplace(fresh->question, fresh);
  bytes_ += size_of(*fresh);
  while (order_.size() > most_values || bytes_ > most_bytes)
    forget(order_.begin());
}

std::optional<last_good::value> last_good::find(std::string_view question, steady_time now) {
  const auto at = by_question_.find(question);
  if (at == by_question_.end())
    return std::nullopt;
  const auto found = at->second;
  if (now - found->at > oldest_) {
    forget(found);
    return std::nullopt;
  }
  order_.splice(order_.end(), order_, found);
  return value{found->json, std::chrono::duration_cast<std::chrono::milliseconds>(now - found->at)};
}

void last_good::set_oldest(std::chrono::milliseconds oldest) {
  oldest_ = oldest;
  if (oldest_.count() == 0)
    while (!order_.empty())
      forget(order_.begin());
}

void last_good::forget(place at) {
  bytes_ -= size_of(*at);
  by_question_.erase(at->question);
  order_.erase(at);
}

} // namespace roost::channel
