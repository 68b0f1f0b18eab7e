#include "actors/database/choose_backend.hpp"

#include "actors/database/pool/pg_link.hpp"
#include "actors/database/sqlite/sqlite_backend.hpp"
#include "actors/database/store/pg_store.hpp"

#include <utility>

namespace roost::database {

namespace {

// Of the archive's statements: each is a batch of some hundred records at most.
constexpr std::chrono::seconds statement_timeout{10};

// Of the questions that the pools answer.
constexpr std::chrono::seconds app_timeout{10};
constexpr std::chrono::seconds analytics_timeout{30};
// The shipper's connection, of the pool `app`.
constexpr std::uint32_t shippers = 1;

std::string own_file(const database_config& settings, const std::string& data_dir) {
  return settings.url == "memory:" ? ":memory:" : data_dir + "/roost.db";
}

} // namespace

database_backend backend_of(const database_config& settings) {
  if (is_postgresql_url(settings.url))
    return database_backend::postgresql;
  return settings.url == "memory:" ? database_backend::memory : database_backend::sqlite;
}

pg_schema::settings schema_settings(const database_config& settings, const std::string& node) {
  pg_schema::settings out;
  out.application = "roost/" + node;
  out.connect_timeout = settings.connect_timeout;
  out.migration_timeout = settings.migration_timeout;
  out.session_timeout = settings.session_timeout;
  out.lock_wait = settings.lock_wait;
  return out;
}

result<archive_files> choose_files(const database_config& settings, const std::string& data_dir,
                                   const std::string& node, std::shared_ptr<socket_cutter> cutter) {
  archive_files out;
  out.file.path = own_file(settings, data_dir);
  out.file.application = "roost/" + node;
  out.file.spool = settings.spool;
  if (backend_of(settings) != database_backend::postgresql)
    return out;
  ROOST_TRY(auto where, pg_target::parse(settings.url));
  out.file.has_shared = true;
  out.connect = [where, application = "roost/" + node, timeout = settings.connect_timeout,
                 cutter = std::move(cutter)]() -> store_result<std::unique_ptr<store>> {
    auto opened = pg_session::open(where, application, timeout, *cutter);
    if (!opened)
      return store_error{opened.error().kind, store_error::reason::store,
                         "the database cannot be reached", opened.error().text};
    return make_pg_store(std::move(*opened), statement_timeout);
  };
  return out;
}

result<std::optional<pools_config>> choose_pools(const database_config& settings,
                                                 const std::string& node,
                                                 std::shared_ptr<socket_cutter> cutter) {
  if (backend_of(settings) != database_backend::postgresql)
    return std::optional<pools_config>{};
  ROOST_TRY(auto where, pg_target::parse(settings.url));
  const auto links = [&](std::chrono::milliseconds statement_timeout) -> link_maker {
    pg_link::settings with;
    with.application = "roost/" + node;
    with.connect_timeout = settings.connect_timeout;
    with.statement_timeout = statement_timeout;
    return [where, with, cutter] { return std::make_shared<pg_link>(where, with, cutter); };
  };
  pools_config out;
  out.app.settings.size = settings.pools.app - shippers;
  out.app.make_link = links(app_timeout);
  out.app.others = shippers;
  out.analytics.settings.size = settings.pools.analytics;
  out.analytics.make_link = links(analytics_timeout);
  out.init = settings.pools.init;
  return std::optional(std::move(out));
}

result<std::shared_ptr<backend>> choose_backend(const database_config& settings,
                                                const std::string& data_dir, node_identity who,
                                                random_source& random) {
  if (backend_of(settings) == database_backend::postgresql) {
    ROOST_TRY(auto where,
              pg_target::parse(settings.init_url.empty() ? settings.url : settings.init_url));
    ROOST_TRY(auto known, parse_migrations(postgresql_migrations()));
    return std::shared_ptr<backend>(
        std::make_shared<pg_backend>(std::move(where), std::move(known),
                                     schema_settings(settings, who.name), std::move(who), random));
  }
  ROOST_TRY(auto known, parse_migrations(sqlite_migrations()));
  sqlite_schema::settings file;
  file.file.path = own_file(settings, data_dir);
  file.application = "roost/" + who.name;
  return std::shared_ptr<backend>(
      std::make_shared<sqlite_backend>(std::move(file), std::move(known)));
}

} // namespace roost::database
