#pragma once

#include "actors/connection/token_set.hpp"
#include "actors/database/store/records.hpp"

#include <optional>
#include <string>
#include <vector>

/// Tokens between a node's file, which it goes by, and the database, where all nodes' are. Pure.
namespace roost::connection {

/// A token as a node writes of it. @param revoked_at it took it away then.
database::token_record to_record(const token& row, const std::string& node,
                                 std::optional<wall_time> revoked_at = {});
/// Nothing: it says something that this version does not know.
std::optional<token> from_record(const database::token_record& row);

/// What a node's database does not have of its tokens yet: new ones, and that some are gone.
/// @param own what the node goes by. @param written what its database has.
std::vector<database::token_record>
missing_records(const std::vector<token>& own, const std::vector<database::token_record>& written,
                const std::string& node, wall_time now);

/// What the nodes that share a database say of their tokens.
struct shared_tokens {
  std::vector<token> of_others;     ///< made elsewhere; they hold
  std::vector<std::string> revoked; ///< ids of those that any node took away, sorted
};
/// @param node this one. What one node has taken away is gone, whatever others still say.
shared_tokens read_shared(const std::vector<database::token_record>& rows, const std::string& node);

} // namespace roost::connection
