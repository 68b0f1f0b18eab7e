#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace roost {

/// Connections to PostgreSQL that a node has at most.
struct database_pools_config {
  std::uint32_t app = 6; ///< one of them brings what the node has written down
  std::uint32_t init = 1;
  std::uint32_t analytics = 2;
};

/// Where a node keeps what outlives its sessions, and how patient it is with it.
struct database_config {
  std::string url;           ///< "": SQLite in the data dir; "memory:"; "postgresql://…"
  std::string init_url;      ///< a way past a connection pooler; empty: as `url`
  bool share_tokens = false; ///< tokens of all nodes of the same PostgreSQL hold on each
  std::chrono::milliseconds connect_timeout{3'000};
  std::chrono::milliseconds check_interval{1'000};
  std::chrono::milliseconds lock_wait{300'000};
  std::chrono::milliseconds session_timeout{60'000};
  std::chrono::milliseconds migration_timeout{600'000};
  std::chrono::milliseconds retry_longest{30'000};
  std::chrono::milliseconds grace{5'000};
  std::uint64_t memory = std::uint64_t{16} << 20; ///< what waits to be written to the node's file
  std::uint64_t spool = std::uint64_t{1} << 30;   ///< what waits there for PostgreSQL
  database_pools_config pools;
  std::chrono::milliseconds retention = std::chrono::hours(90 * 24);
  std::chrono::milliseconds audit_retention = std::chrono::hours(365 * 24);
};

/// Whether `url` names a PostgreSQL server.
bool is_postgresql_url(std::string_view url);

/// Says what is wrong with a value of database.url. Never repeats it: it may hold a password.
std::optional<std::string> check_database_url(std::string_view url);
/// The same of database.init_url.
std::optional<std::string> check_init_url(std::string_view url);

} // namespace roost
