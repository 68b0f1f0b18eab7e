#include "actors/supervision/restart_window.hpp"

namespace roost::supervision {

bool restart_window::admit(steady_time now) {
  while (!admitted_.empty() && now - admitted_.front() >= limit_.period)
    admitted_.pop_front();
  if (admitted_.size() >= limit_.restarts)
    return false;
  admitted_.push_back(now);
  return true;
}

} // namespace roost::supervision
