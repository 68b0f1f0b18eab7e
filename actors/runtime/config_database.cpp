#include "actors/runtime/config_database.hpp"

namespace roost {

bool is_postgresql_url(std::string_view url) {
  return url.starts_with("postgresql://") || url.starts_with("postgres://");
}

std::optional<std::string> check_database_url(std::string_view url) {
  if (url.empty() || url == "sqlite:" || url == "memory:" || is_postgresql_url(url))
    return std::nullopt;
  return "not a database that Roost knows";
}

std::optional<std::string> check_init_url(std::string_view url) {
  if (url.empty() || is_postgresql_url(url))
    return std::nullopt;
  return "not the URL of a PostgreSQL server";
}

} // namespace roost
