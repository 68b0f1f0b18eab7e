#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace roost {

/// Whom sessions may run as, by the names of system users. Only for a server that runs as root.
struct run_as_config {
  std::string default_user; ///< who asks for nobody; empty: as the server itself
  std::vector<std::string> allowed;

  [[nodiscard]] bool is_set() const { return !default_user.empty() || !allowed.empty(); }
  /// Who a session runs as for which nobody was asked; `own` is the server's own user.
  [[nodiscard]] const std::string& otherwise(const std::string& own) const {
    return default_user.empty() ? own : default_user;
  }
  /// Whether a session may run as `name`.
  [[nodiscard]] bool allows(std::string_view name, const std::string& own) const {
    return name == otherwise(own) || std::ranges::find(allowed, name) != allowed.end();
  }

  friend bool operator==(const run_as_config&, const run_as_config&) = default;
};

} // namespace roost
