#include "actors/connection/change_gate.hpp"

#include <algorithm>

namespace roost::connection {

std::optional<session_info> change_gate::offer(session_info info, steady_time now) {
  auto& gate = entries_[info.id];
  if (!gate.held && now >= gate.open_at) {
    gate.open_at = now + interval_;
    return info;
  }
  gate.held = std::move(info);
  return std::nullopt;
}

void change_gate::forget(const session_id& session) { entries_.erase(session); }

std::vector<session_info> change_gate::due(steady_time now) {
  std::vector<session_info> out;
  for (auto at = entries_.begin(); at != entries_.end();) {
    auto& gate = at->second;
    if (now < gate.open_at) {
      ++at;
    } else if (gate.held) {
      out.push_back(std::move(*gate.held));
      gate.held.reset();
      gate.open_at = now + interval_;
      ++at;
    } else {
      at = entries_.erase(at);
    }
  }
  return out;
}

std::optional<steady_time> change_gate::next_due() const {
  std::optional<steady_time> out;
  for (const auto& [id, gate] : entries_)
    if (!out || gate.open_at < *out)
      out = gate.open_at;
  return out;
}

} // namespace roost::connection
