#pragma once

#include <cstdint>
#include <string_view>

namespace roost::database {

/// What an error of the database means for whoever tries again.
enum class trouble : std::uint8_t {
  transient, ///< try again soon: the server is away, restarts, is full, or somebody was in the way
  operator_needed, ///< try again slowly: a password, a right or the database itself is missing
  permanent,       ///< trying again changes nothing: the statement is wrong for what is there
};

/// The class of a SQLSTATE (PostgreSQL manual, appendix A: five characters). An empty one is a lost
/// connection.
trouble classify(std::string_view sqlstate);

} // namespace roost::database
