#include "actors/database/sqlstate.hpp"

#include <algorithm>
#include <array>

namespace roost::database {

namespace {

// Whole states, or classes by their first two characters.
constexpr std::array<std::string_view, 11> transient_states = {
    "08",    // connection exceptions
    "57P01", // admin_shutdown
    "57P02", // crash_shutdown
    "57P03", // cannot_connect_now
    "57P05", // idle_session_timeout
    "57014", // query_canceled: a time-out of ours
    "53",    // insufficient resources: connections, memory, room on the disk
    "55P03", // lock_not_available
    "25P03", // idle_in_transaction_session_timeout
    "40",    // transaction rollback: serialization failures, deadlocks
    "25006", // read_only_sql_transaction: a standby that becomes the primary
};
constexpr std::array<std::string_view, 3> operator_states = {
    "28",    // invalid authorization
    "3D000", // invalid_catalog_name: there is no such database
    "42501", // insufficient_privilege
};

bool is_one_of(std::string_view sqlstate, const auto& states) {
  return std::any_of(states.begin(), states.end(),
                     [&](std::string_view s) { return sqlstate.starts_with(s); });
}

} // namespace

trouble classify(std::string_view sqlstate) {
  if (sqlstate.empty() || is_one_of(sqlstate, transient_states))
    return trouble::transient;
  return is_one_of(sqlstate, operator_states) ? trouble::operator_needed : trouble::permanent;
}

} // namespace roost::database
