#include "actors/database/sqlite/sqlite_schema.hpp"

#include "actors/runtime/log.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <mutex>
#include <utility>

namespace roost::database {

namespace {

const log::logger& logger() {
  static const log::logger shared{log::context{"database", 0, {}, {}}};
  return shared;
}

std::string damage(const std::string& name) {
  return fmt::format(
      "the database file {0} is damaged; it was left as it is. Stop the server and keep copies of "
      "{0} and {0}-wal. Then restore {0} from a backup, or save what can be read with "
      "`sqlite3 {0} .recover | sqlite3 recovered.db` and put that in its place, or move both files "
      "away to begin with an empty database",
      name);
}

} // namespace

sqlite_schema::sqlite_schema(settings with, std::vector<migration> known, progress on_progress)
    : settings_(std::move(with)), known_(std::move(known)), on_progress_(std::move(on_progress)) {}

init_failure sqlite_schema::explain(const sqlite_error& why, std::string what) const {
  logger().warn("the database file refused something", log::kv("what", what),
                log::kv("file", settings_.file.path), log::kv("code", why.code),
                log::kv("text", why.text));
  // People hear the file's name, the log has its path.
  const auto name = std::filesystem::path(settings_.file.path).filename().string();
  if (why.is_damaged())
    return {why.kind, damage(name)};
  if (why.is_full())
    return {why.kind, fmt::format("there is no room on the disk of the database file {}", name)};
  if (why.kind == trouble::operator_needed)
    what = fmt::format("{} (SQLite's code {}): look at the rights of {}, of the folder that it is "
                       "in and at the disk",
                       what, why.code, name);
  return {why.kind, std::move(what)};
}

sqlite_schema::step_result sqlite_schema::check() {
  auto size = file_->size();
  if (!size)
    return explain(size.error(), "the database file cannot be read");
  if (*size > settings_.check_up_to)
    return {};
  if (auto sound = file_->check(); !sound)
    return explain(sound.error(), "the database file cannot be read");
  return {};
}

result<std::vector<ledger_row>, init_failure> sqlite_schema::read_ledger() {
  bool is_there = false;
  auto asked = file_->query("SELECT 1 FROM sqlite_schema WHERE name = 'schema_migration'", {},
                            [&](const sqlite_row&) { is_there = true; });
  if (!asked)
    return explain(asked.error(), "the database file cannot be read");
  std::vector<ledger_row> out;
  if (!is_there)
    return out;
  auto rows = file_->query(
      "SELECT version, name, checksum, state, needs FROM schema_migration ORDER BY version", {},
      [&](const sqlite_row& row) {
        out.push_back(
            {static_cast<std::uint32_t>(row.integer(0)), std::string(row.text(1)),
             std::string(row.text(2)),
             row.text(3) == "applied" ? ledger_row::state::applied : ledger_row::state::started,
             static_cast<std::uint32_t>(row.integer(4))});
      });
  if (!rows)
    return explain(rows.error(), "the ledger of the schema cannot be read");
  return out;
}

sqlite_schema::step_result sqlite_schema::make_ledger() {
  auto transaction = sqlite_transaction::begin(*file_);
  if (!transaction)
    return explain(transaction.error(), "the database file cannot be locked");
  auto made = file_->script(
      "CREATE TABLE IF NOT EXISTS schema_migration ("
      "version INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL,"
      "state TEXT NOT NULL CHECK (state IN ('started', 'applied')), needs INTEGER NOT NULL,"
      "finished_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),"
      "applied_by TEXT NOT NULL);"
      "CREATE TABLE IF NOT EXISTS schema_head ("
      "only_one INTEGER PRIMARY KEY CHECK (only_one = 1), version INTEGER NOT NULL);"
      "INSERT INTO schema_head VALUES (1, 0) ON CONFLICT DO NOTHING");
  if (!made)
    return explain(made.error(), "the ledger of the schema cannot be made");
  if (auto done = transaction->commit(); !done)
    return explain(done.error(), "the ledger of the schema cannot be made");
  return {};
}

sqlite_schema::step_result sqlite_schema::apply(const migration& m) {
  logger().info("changing the schema", log::kv("version", m.version), log::kv("name", m.name));
  const auto failed = [&](const sqlite_error& why) {
    return explain(why, fmt::format("migration {} ({}) failed; the log has SQLite's own words",
                                    m.version, m.name));
  };
  // SQLite does everything in a transaction, so nothing needs another way.
  if (!m.is_transactional)
    return init_failure{trouble::permanent,
                        fmt::format("migration {} ({}) of SQLite has steps without a transaction",
                                    m.version, m.name)};
  auto transaction = sqlite_transaction::begin(*file_);
  if (!transaction)
    return failed(transaction.error());
  const std::int64_t version = m.version;
  const sqlite_value head[] = {version, version - 1};
  auto moved = file_->run("UPDATE schema_head SET version = ?1 WHERE version = ?2", head);
  if (!moved)
    return failed(moved.error());
  if (*moved != 1)
    return init_failure{trouble::transient, "another process has changed the schema meanwhile"};
  for (const auto& step : m.steps)
    if (auto done = file_->script(step.sql); !done)
      return failed(done.error());
  const sqlite_value row[] = {version, std::string_view(m.name), std::string_view(m.checksum),
                              std::int64_t{m.needs}, std::string_view(settings_.application)};
  auto noted = file_->run("INSERT INTO schema_migration (version, name, checksum, state, needs, "
                          "applied_by) VALUES (?1, ?2, ?3, 'applied', ?4, ?5)",
                          row);
  if (!noted)
    return failed(noted.error());
  if (auto done = transaction->commit(); !done)
    return failed(done.error());
  return {};
}

sqlite_schema::step_result sqlite_schema::verify(std::uint32_t& version) {
  on_progress_(database_state::verifying, 0, 0);
  auto rows = read_ledger();
  if (!rows)
    return rows.error();
  const auto plan = plan_migrations(known_, *rows);
  if (!plan.blocked.empty())
    return init_failure{trouble::permanent, plan.blocked};
  std::int64_t head = -1;
  auto asked = file_->query("SELECT version FROM schema_head", {},
                            [&](const sqlite_row& row) { head = row.integer(0); });
  if (!asked)
    return explain(asked.error(), "the ledger of the schema cannot be read");
  if (!plan.pending.empty() || head != plan.schema_version)
    return init_failure{trouble::permanent,
                        fmt::format("the ledger of the schema contradicts itself: its head is at "
                                    "{}, its rows at {}. Restore the database from a backup",
                                    head, plan.schema_version)};
  version = plan.schema_version;
  return {};
}

result<sqlite_schema::outcome, init_failure> sqlite_schema::bring_up() {
  // Several threads of this process open the same file when it starts, and nobody else does. The
  // first one may have to recover its log, which the others do not wait for by themselves.
  static std::mutex one_at_a_time;
  const std::lock_guard lock(one_at_a_time);
  on_progress_(database_state::connecting, 0, 0);
  auto opened = sqlite_file::open(settings_.file);
  if (!opened)
    return explain(opened.error(), "the database file cannot be opened");
  file_ = std::move(*opened);
  on_progress_(database_state::inspecting, 0, 0);
  // Before anything is written to it.
  if (auto ok = check(); !ok)
    return ok.error();
  auto rows = read_ledger();
  if (!rows)
    return rows.error();
  const auto plan = plan_migrations(known_, *rows);
  if (!plan.blocked.empty())
    return init_failure{trouble::permanent, plan.blocked};
  if (auto ok = make_ledger(); !ok)
    return ok.error();
  const auto steps = static_cast<std::uint32_t>(plan.pending.size());
  for (std::uint32_t i = 0; i < steps; ++i) {
    on_progress_(database_state::migrating, i + 1, steps);
    if (auto ok = apply(known_[plan.pending[i] - 1]); !ok)
      return ok.error();
  }
  outcome out;
  if (auto ok = verify(out.schema_version); !ok)
    return ok.error();
  out.file = std::move(file_);
  return out;
}

result<schema_look, init_failure> sqlite_schema::look() {
  auto where = settings_.file;
  std::error_code ignored; // what cannot be looked at cannot be opened either
  if (where.path == ":memory:" || !std::filesystem::exists(where.path, ignored))
    return schema_look{{}, plan_migrations(known_, {})};
  where.may = sqlite_file::access::read_only;
  auto opened = sqlite_file::open(where);
  if (!opened)
    return explain(opened.error(), "the database file cannot be opened");
  file_ = std::move(*opened);
  auto rows = read_ledger();
  if (!rows)
    return rows.error();
  auto plan = plan_migrations(known_, *rows);
  return schema_look{std::move(*rows), std::move(plan)};
}

} // namespace roost::database
