#include "actors/connection/connection_log.hpp"

#include "protocols/ids.hpp"

#include <utility>

namespace roost::connection {

void connection_log::opened(std::uint64_t id, std::string who, std::string address, wall_time at,
                            std::shared_ptr<const connection_figures> figures) {
  if (begun_ >= settings_.most_new) {
    ++passed_over_;
    return;
  }
  ++begun_;
  database::connection_record made;
  made.node = settings_.node;
  made.boot = settings_.boot;
  made.id = to_string(connection_id{id});
  made.who = std::move(who);
  made.address = std::move(address);
  made.opened_at = at;
  changed_[id] = made;
  open_.emplace(id, entry{std::move(made), std::move(figures)});
}

void connection_log::closed(std::uint64_t id, wall_time at) {
  const auto found = open_.find(id);
  if (found == open_.end())
    return;
  auto& ended = found->second.what;
  const auto& figures = *found->second.figures;
  ended.closed_at = at;
  ended.close_code = figures.close_code.load(std::memory_order_relaxed);
  ended.bytes_in = figures.bytes_in.load(std::memory_order_relaxed);
  ended.bytes_out = figures.bytes_out.load(std::memory_order_relaxed);
  changed_[id] = std::move(ended);
  open_.erase(found);
}

std::vector<database::record> connection_log::take() {
  std::vector<database::record> out;
  out.reserve(changed_.size());
  for (auto& [id, each] : std::exchange(changed_, {}))
    out.emplace_back(std::move(each));
  begun_ = 0;
  return out;
}

} // namespace roost::connection
