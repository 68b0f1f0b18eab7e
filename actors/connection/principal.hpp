#pragma once

#include "protocols/ids.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace roost::connection {

/// What a credential may do. Each role may do all that the ones before it may.
enum class role : std::uint8_t {
  viewer,  ///< reads: lists, screens, output, attaches in view mode
  operate, ///< also drives: creates, types, resizes, kills
  admin,   ///< also tokens, connections, draining
};

/// Who is asking, once the credential was checked. A plain value; safe on any thread.
struct principal {
  std::string token_id; ///< empty for the Unix socket's peer
  std::string label;    ///< for people: the token's label, or `uid 1000`
  role may = role::viewer;
  std::optional<session_id> only; ///< the one session it is limited to
  std::string run_as; ///< the system user of all its new sessions; empty: as the server chooses

  [[nodiscard]] bool is_at_least(role needed) const { return may >= needed; }
  /// Whether the scope lets it touch this session at all.
  [[nodiscard]] bool may_see(const session_id& session) const { return !only || *only == session; }
};

} // namespace roost::connection
