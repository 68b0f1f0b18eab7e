#include "actors/channel/breaker/breaker_types.hpp"

namespace roost::channel {

std::string_view to_string(breaker_state state) {
  switch (state) {
  case breaker_state::closed:
    return "closed";
  case breaker_state::open:
    return "open";
  case breaker_state::half_open:
    return "half-open";
  case breaker_state::forced_open:
    return "forced-open";
  case breaker_state::disabled:
    return "disabled";
  case breaker_state::metrics_only:
    return "metrics-only";
  }
  return "";
}

std::string_view to_string(refusal why) {
  switch (why) {
  case refusal::open:
    return "open";
  case refusal::probing:
    return "probing";
  case refusal::forced_open:
    return "forced-open";
  case refusal::limit:
    return "limit";
  }
  return "";
}

std::string_view to_string(breaker_change what) {
  switch (what) {
  case breaker_change::state_changed:
    return "state_changed";
  case breaker_change::would_trip:
    return "would_trip";
  case breaker_change::override_set:
    return "override_set";
  case breaker_change::override_cleared:
    return "override_cleared";
  case breaker_change::override_expired:
    return "override_expired";
  case breaker_change::config_changed:
    return "config_changed";
  }
  return "";
}

} // namespace roost::channel
