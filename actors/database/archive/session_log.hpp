#pragma once

#include "actors/database/store/records.hpp"
#include "protocols/session_info.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace roost::database {

/// What happens to a session.
enum class session_moment : std::uint8_t { created, changed, exited, removed };

/// Turns what is told of sessions into records. What changes often (titles, sizes) is kept until it
/// is asked for, and only if the record would be another one. Pure; not thread-safe.
class session_log {
public:
  explicit session_log(std::string node_uuid) : node_(std::move(node_uuid)) {}

  /// @returns what is to be written at once.
  std::vector<record> on(session_moment what, const session_info& info, wall_time at);
  /// The sessions that have changed since they were written.
  std::vector<record> take_changed();
  [[nodiscard]] bool has_changed() const { return !changed_.empty(); }

private:
  [[nodiscard]] session_record record_of(const session_info& info) const;
  /// Whether it differs from what was written last; remembers it.
  bool is_news(const session_record& now);

  std::string node_;
  std::map<std::string, session_record> written_;
  std::map<std::string, session_record> changed_;
};

} // namespace roost::database
