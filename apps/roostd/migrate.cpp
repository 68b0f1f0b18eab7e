#include "apps/roostd/migrate.hpp"

#include "actors/connection/data_dir.hpp"
#include "actors/database/choose_backend.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>

namespace roost {

namespace {

constexpr int exit_no = 1;
constexpr int exit_unavailable = 69;

int say_why(std::string_view reason, int status) {
  fmt::print(stderr, "roostd: {}\n", reason);
  return status;
}

int refused(const database::init_failure& why) {
  return say_why(why.reason, why.kind == database::trouble::permanent ? exit_no : exit_unavailable);
}

int say_status(const database::backend& what, const database::schema_look& found) {
  fmt::print("{:>7}  {:<8}  {}\n", "VERSION", "STATE", "NAME");
  for (const auto& row : found.rows)
    fmt::print("{:>7}  {:<8}  {}\n", row.version,
               row.is == database::ledger_row::state::applied ? "applied" : "started", row.name);
  for (const auto version : found.plan.pending) {
    const bool is_begun = std::any_of(found.rows.begin(), found.rows.end(),
                                      [&](const auto& row) { return row.version == version; });
    if (!is_begun)
      fmt::print("{:>7}  {:<8}  {}\n", version, "pending", what.known()[version - 1].name);
  }
  return found.plan.blocked.empty() ? 0 : say_why(found.plan.blocked, exit_no);
}

int say_verdict(const database::schema_look& found) {
  if (!found.plan.blocked.empty())
    return say_why(found.plan.blocked, exit_no);
  if (!found.plan.pending.empty())
    return say_why(fmt::format("{} changes of the schema are pending: roostd migrate up",
                               found.plan.pending.size()),
                   exit_no);
  fmt::print("the schema is at version {}, {}\n", found.plan.schema_version,
             found.plan.is_newer ? "of a newer version of Roost, which this one can work with"
                                 : "as it should be");
  return 0;
}

int bring_up(database::backend& what) {
  std::uint32_t changes = 0;
  const auto up = what.bring_up([&](database_state to, std::uint32_t, std::uint32_t steps) {
    if (to == database_state::migrating)
      changes = steps;
  });
  if (!up)
    return refused(up.error());
  fmt::print("the schema is at version {}: {} changes made\n", *up, changes);
  return 0;
}

} // namespace

std::optional<migrate_action> find_migrate_action(std::string_view name) {
  if (name == "status")
    return migrate_action::status;
  if (name == "up")
    return migrate_action::up;
  if (name == "verify")
    return migrate_action::verify;
  return std::nullopt;
}

int migrate(const config& settings, migrate_action what) {
  // A file is not changed beside a server that uses it; PostgreSQL has its own lock.
  std::unique_ptr<connection::data_dir> data;
  if (database::backend_of(settings.database) == database_backend::sqlite) {
    auto opened = connection::data_dir::open(settings.data_dir);
    if (!opened)
      return say_why(opened.error().detail, describe(opened.error()).cli_exit);
    data = std::move(*opened);
  }
  const auto made =
      database::choose_backend(settings.database, data ? data->path() : "",
                               {{}, settings.node_name, ROOST_VERSION}, os_random::instance());
  if (!made)
    return say_why(made.error().detail, describe(made.error()).cli_exit);
  auto& where = **made;
  if (what == migrate_action::up)
    return bring_up(where);
  const auto found = where.look();
  if (!found)
    return refused(found.error());
  return what == migrate_action::status ? say_status(where, *found) : say_verdict(*found);
}

} // namespace roost
