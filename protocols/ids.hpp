#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <string>

namespace roost {

/// Names a session for ever; never reused. Lower-case letters and digits, 1 to 32 characters.
struct session_id {
  std::string value;
  auto operator<=>(const session_id&) const = default;
};

/// Names a connection of this node; shown to people as `c<number>`. Never reused while the node
/// runs.
struct connection_id {
  std::uint64_t value = 0;
  auto operator<=>(const connection_id&) const = default;
};

/// One viewer of one session: the connection, and the stream number that its client picked.
struct viewer_id {
  connection_id connection;
  std::uint32_t stream = 0;
  auto operator<=>(const viewer_id&) const = default;
};

/// `c17`: the text form in JSON and logs.
inline std::string to_string(connection_id id) { return "c" + std::to_string(id.value); }

} // namespace roost

template <>
struct std::hash<roost::session_id> {
  std::size_t operator()(const roost::session_id& x) const noexcept {
    return std::hash<std::string>{}(x.value);
  }
};
