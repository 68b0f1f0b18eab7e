#include "actors/database/pg/pg_schema.hpp"

#include "actors/runtime/log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace roost::database {

namespace {

using std::chrono::milliseconds;

// The two halves of the advisory lock's key: "roos", and what is locked.
constexpr std::string_view lock_key = "1919905651, 1";
// How often the lock is asked for: at random between these.
constexpr milliseconds shortest_poll{50};
constexpr milliseconds longest_poll{250};
// insufficient_privilege
constexpr std::string_view no_right = "42501";
// Beyond the server's own time-out, before the connection is cut.
constexpr milliseconds margin{2'000};

const log::logger& logger() {
  static const log::logger shared{log::context{"database", 0, {}, {}}};
  return shared;
}

/// The log gets PostgreSQL's words, the reason for people does not: they may hold names and values.
init_failure explain(const pg_error& why, std::string reason) {
  logger().warn("the database refused something", log::kv("what", reason),
                log::kv("sqlstate", why.sqlstate), log::kv("text", why.text));
  if (!why.sqlstate.empty())
    reason += fmt::format(" (SQLSTATE {})", why.sqlstate);
  return {why.kind, std::move(reason)};
}

/// What to say of a statement that failed.
std::string refusal(const pg_error& why) {
  return why.sqlstate.empty() ? "the connection to the database was lost"
                              : "the database refused a statement about its schema";
}

std::string millis(milliseconds time) { return std::to_string(time.count()) + "ms"; }

} // namespace

pg_schema::pg_schema(pg_target where, std::vector<migration> known, settings with,
                     surroundings around)
    : where_(std::move(where)), known_(std::move(known)), settings_(std::move(with)),
      around_(std::move(around)) {}

result<pg_rows, init_failure> pg_schema::run(const std::string& sql) { return run(sql, {}); }

result<pg_rows, init_failure>
pg_schema::run(const std::string& sql, const std::vector<std::optional<std::string>>& values) {
  auto got = session_->run(sql, values, settings_.statement_timeout + margin);
  if (got)
    return std::move(*got);
  return explain(got.error(), refusal(got.error()));
}

result<void, init_failure> pg_schema::connect() {
  auto opened =
      pg_session::open(where_, settings_.application, settings_.connect_timeout, around_.cutter);
  if (!opened)
    return explain(opened.error(), opened.error().kind == trouble::operator_needed
                                       ? "the database refuses the connection: look at the user, "
                                         "the password and the name of the database in database.url"
                                       : "the database cannot be reached");
  session_ = std::move(*opened);
  // First of all: what is set through a pooler stays set for whoever is given the connection next.
  if (auto ok = refuse_pooler(); !ok)
    return ok;
  // Names that a server does not know (PostgreSQL 13 and older) are left out.
  const auto set = fmt::format(
      "SELECT set_config(s.name, s.value, false) FROM (VALUES "
      "('lock_timeout', '5s'), ('statement_timeout', '{}'), ('idle_session_timeout', '{}'), "
      "('idle_in_transaction_session_timeout', '{}'), ('client_connection_check_interval', '5s'), "
      "('search_path', 'roost'), ('client_min_messages', 'warning')) AS s(name, value) "
      "JOIN pg_catalog.pg_settings USING (name)",
      millis(settings_.statement_timeout), millis(settings_.session_timeout),
      millis(settings_.session_timeout));
  if (auto done = run(set); !done)
    return done.error();
  return {};
}

result<void, init_failure> pg_schema::refuse_pooler() {
  auto got = run("SELECT pg_catalog.pg_backend_pid()");
  if (!got)
    return got.error();
  const auto first = std::exchange(backend_, got->first());
  // A pooler tells its clients a process of its own invention. A lock that is taken through it
  // stays with a connection that somebody else is given next.
  if (backend_ != std::to_string(session_->backend()) || (!first.empty() && first != backend_))
    return init_failure{
        trouble::operator_needed,
        "database.url leads through a connection pooler, where no lock can be held: "
        "set database.init_url to the server itself"};
  return {};
}

result<bool, init_failure> pg_schema::has_ledger() {
  auto exists = run("SELECT to_regclass('roost.schema_migration') IS NOT NULL");
  if (!exists)
    return exists.error();
  return exists->first() == "t";
}

result<std::vector<ledger_row>, init_failure> pg_schema::read_ledger() {
  auto exists = has_ledger();
  if (!exists)
    return exists.error();
  std::vector<ledger_row> out;
  if (!*exists)
    return out;
  auto rows = run("SELECT version, name, checksum, state, needs FROM roost.schema_migration "
                  "ORDER BY version");
  if (!rows)
    return rows.error();
  for (const auto& row : rows->all())
    out.push_back({static_cast<std::uint32_t>(std::stoul(row[0].value_or("0"))),
                   row[1].value_or(""), row[2].value_or(""),
                   row[3] == "applied" ? ledger_row::state::applied : ledger_row::state::started,
                   static_cast<std::uint32_t>(std::stoul(row[4].value_or("0")))});
  return out;
}

result<bool, init_failure> pg_schema::lock_or_see_it_done() {
  around_.on_progress(database_state::locking, 0, 0);
  const auto give_up = std::chrono::steady_clock::now() + settings_.lock_wait;
  for (;;) {
    auto got = run(fmt::format("SELECT pg_catalog.pg_try_advisory_lock({})", lock_key));
    if (!got)
      return got.error();
    if (got->first() == "t")
      return true;
    // Whoever holds it may have done already what we came for.
    auto rows = read_ledger();
    if (!rows)
      return rows.error();
    const auto plan = plan_migrations(known_, *rows);
    if (plan.blocked.empty() && plan.pending.empty())
      return false;
    if (std::chrono::steady_clock::now() >= give_up)
      return init_failure{trouble::transient,
                          "another node holds the lock of the schema and does not get done"};
    const auto pause = around_.random.between(static_cast<std::uint64_t>(shortest_poll.count()),
                                              static_cast<std::uint64_t>(longest_poll.count()));
    if (!around_.wait(milliseconds(pause)))
      return init_failure{trouble::transient, "the server is shutting down"};
  }
}

result<void, init_failure> pg_schema::hold_lock() {
  auto held = run("SELECT count(*) FROM pg_catalog.pg_locks WHERE locktype = 'advisory' AND "
                  "(classid::bigint, objid::bigint) = (" +
                  std::string(lock_key) +
                  ") AND granted AND pid = pg_catalog.pg_backend_pid() AND database = (SELECT oid "
                  "FROM pg_catalog.pg_database WHERE datname = current_database())");
  if (!held)
    return held.error();
  if (held->first() != "1")
    return init_failure{trouble::transient, "the lock of the schema was lost"};
  return refuse_pooler();
}

result<void, init_failure> pg_schema::make_ledger() {
  auto there = run("SELECT to_regclass('roost.schema_head') IS NOT NULL, "
                   "to_regnamespace('roost') IS NOT NULL");
  if (!there)
    return there.error();
  if (there->first() == "t")
    return {};
  // One statement to the server, hence one transaction. To make a schema that exists takes a right
  // that is not needed to use it.
  const bool has_schema = there->first(1) == "t";
  auto made = session_->run(
      std::string(has_schema ? "" : "CREATE SCHEMA roost;") +
          "CREATE TABLE roost.schema_migration ("
          "version integer PRIMARY KEY, name text NOT NULL, checksum text NOT NULL,"
          "state text NOT NULL CHECK (state IN ('started', 'applied')), needs integer NOT NULL,"
          "steps_done integer NOT NULL DEFAULT 0, started_at timestamptz NOT NULL DEFAULT now(),"
          "finished_at timestamptz, applied_by text NOT NULL);"
          "CREATE TABLE roost.schema_head ("
          "is_one boolean PRIMARY KEY DEFAULT true CHECK (is_one), version integer NOT NULL);"
          "INSERT INTO roost.schema_head (version) VALUES (0)",
      settings_.statement_timeout + margin);
  if (made)
    return {};
  return explain(made.error(),
                 made.error().sqlstate != no_right ? refusal(made.error())
                 : has_schema ? "the user of the database may not make tables in the schema roost: "
                                "ALTER SCHEMA roost OWNER TO that user"
                              : "the user of the database may not make a schema in it: CREATE "
                                "SCHEMA roost AUTHORIZATION that user");
}

init_failure pg_schema::rolled_back(init_failure why) {
  if (session_->is_open())
    (void)session_->run("ROLLBACK", settings_.statement_timeout + margin);
  return why;
}

result<void, init_failure> pg_schema::change(const std::string& sql, const migration& m) {
  auto done = session_->run(sql, settings_.migration_timeout + margin);
  if (done)
    return {};
  auto why = explain(done.error(), done.error().sqlstate.empty()
                                       ? "the connection to the database was lost"
                                       : fmt::format("migration {} ({}) failed; the log has "
                                                     "PostgreSQL's own words",
                                                     m.version, m.name));
  return why;
}

result<void, init_failure> pg_schema::move_head(const migration& m) {
  auto moved = run("UPDATE roost.schema_head SET version = $1::integer WHERE version = $2::integer",
                   {std::to_string(m.version), std::to_string(m.version - 1)});
  if (!moved)
    return moved.error();
  if (moved->affected() != 1)
    return init_failure{trouble::transient, "another node has changed the schema meanwhile"};
  return {};
}

result<void, init_failure> pg_schema::apply_in_transaction(const migration& m) {
  if (auto begun = run("BEGIN"); !begun)
    return begun.error();
  const auto steps = [&]() -> step_result {
    if (auto ok = hold_lock(); !ok)
      return ok;
    if (auto ok = move_head(m); !ok)
      return ok;
    if (auto ok =
            run("SET LOCAL statement_timeout = '" + millis(settings_.migration_timeout) + "'");
        !ok)
      return ok.error();
    for (const auto& step : m.steps)
      if (auto ok = change(step.sql, m); !ok)
        return ok;
    auto noted = run("INSERT INTO roost.schema_migration (version, name, checksum, state, needs, "
                     "steps_done, finished_at, applied_by) VALUES ($1::integer, $2, $3, 'applied', "
                     "$4::integer, 1, clock_timestamp(), $5)",
                     {std::to_string(m.version), m.name, m.checksum, std::to_string(m.needs),
                      settings_.application});
    if (!noted)
      return noted.error();
    return {};
  }();
  if (!steps)
    return rolled_back(steps.error());
  // If the answer is lost, the next attempt reads in the ledger what came of it.
  if (auto done = run("COMMIT"); !done)
    return done.error();
  return {};
}

result<void, init_failure> pg_schema::drop_invalid(const std::string& index, bool& is_done) {
  auto found = run("SELECT i.indisvalid FROM pg_catalog.pg_index i WHERE i.indexrelid = "
                   "to_regclass('roost.' || $1)",
                   {index});
  if (!found)
    return found.error();
  is_done = found->first() == "t";
  if (found->first() != "f")
    return {};
  auto dropped = run("DROP INDEX CONCURRENTLY roost." + index);
  if (!dropped)
    return dropped.error();
  return {};
}

result<void, init_failure> pg_schema::apply_in_steps(const migration& m) {
  if (auto ok = hold_lock(); !ok)
    return ok;
  auto noted = run("INSERT INTO roost.schema_migration (version, name, checksum, state, needs, "
                   "applied_by) VALUES ($1::integer, $2, $3, 'started', $4::integer, $5) "
                   "ON CONFLICT (version) DO NOTHING",
                   {std::to_string(m.version), m.name, m.checksum, std::to_string(m.needs),
                    settings_.application});
  if (!noted)
    return noted.error();
  // Waits for transactions of others, which may take longer than a lock should.
  if (auto ok = run("SET lock_timeout = 0; SET statement_timeout = '" +
                    millis(settings_.migration_timeout) + "'");
      !ok)
    return ok.error();
  for (std::size_t i = 0; i < m.steps.size(); ++i) {
    if (auto ok = hold_lock(); !ok)
      return ok;
    bool is_done = false;
    if (!m.steps[i].index.empty())
      if (auto ok = drop_invalid(m.steps[i].index, is_done); !ok)
        return ok;
    if (!is_done)
      if (auto ok = change(m.steps[i].sql, m); !ok)
        return ok;
    if (auto ok = run("UPDATE roost.schema_migration SET steps_done = $1::integer WHERE version = "
                      "$2::integer",
                      {std::to_string(i + 1), std::to_string(m.version)});
        !ok)
      return ok.error();
  }
  if (auto ok = run("SET lock_timeout = '5s'; SET statement_timeout = '" +
                    millis(settings_.statement_timeout) + "'");
      !ok)
    return ok.error();
  if (auto ok = run("BEGIN"); !ok)
    return ok.error();
  const auto finish = [&]() -> step_result {
    if (auto ok = hold_lock(); !ok)
      return ok;
    if (auto ok = move_head(m); !ok)
      return ok;
    auto done = run("UPDATE roost.schema_migration SET state = 'applied', finished_at = "
                    "clock_timestamp() WHERE version = $1::integer AND state = 'started'",
                    {std::to_string(m.version)});
    if (!done)
      return done.error();
    return {};
  }();
  if (!finish)
    return rolled_back(finish.error());
  if (auto ok = run("COMMIT"); !ok)
    return ok.error();
  return {};
}

result<void, init_failure> pg_schema::apply(const migration& m) {
  logger().info("changing the schema", log::kv("version", m.version), log::kv("name", m.name),
                log::kv("database", where_.shown()));
  return m.is_transactional ? apply_in_transaction(m) : apply_in_steps(m);
}

result<schema_look, init_failure> pg_schema::inspect() {
  auto rows = read_ledger();
  if (!rows)
    return rows.error();
  schema_look out{std::move(*rows), {}};
  out.plan = plan_migrations(known_, out.rows);
  if (!out.plan.blocked.empty())
    return out;
  if (out.rows.empty()) {
    auto exists = has_ledger();
    if (!exists)
      return exists.error();
    if (!*exists)
      return out;
  }
  // One statement sees one state, also while another node changes it.
  auto found = run("SELECT (SELECT version FROM roost.schema_head), "
                   "(SELECT coalesce(max(version), 0) FROM roost.schema_migration "
                   "WHERE state = 'applied'), "
                   "(SELECT string_agg(c.relname, ', ' ORDER BY c.relname) FROM "
                   "pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid WHERE "
                   "c.relnamespace = 'roost'::regnamespace AND NOT i.indisvalid)");
  if (!found)
    return found.error();
  const auto head = found->first(0);
  const auto last = found->first(1);
  const auto invalid = found->first(2);
  if (head != last)
    out.plan.blocked = fmt::format("the ledger of the schema contradicts itself: its head is at "
                                   "{}, its rows at {}. Restore the database from a backup",
                                   head.empty() ? "nothing" : head, last);
  // One that is pending may be about to be made again.
  else if (out.plan.pending.empty() && !invalid.empty())
    out.plan.blocked = fmt::format("these indexes of the schema roost are invalid: {}. Make each "
                                   "again with REINDEX INDEX CONCURRENTLY",
                                   invalid);
  return out;
}

result<std::uint32_t, init_failure> pg_schema::verify() {
  around_.on_progress(database_state::verifying, 0, 0);
  auto found = inspect();
  if (!found)
    return found.error();
  if (!found->plan.blocked.empty())
    return init_failure{trouble::permanent, found->plan.blocked};
  if (!found->plan.pending.empty())
    return init_failure{trouble::transient, "another node has changed the schema meanwhile"};
  return found->plan.schema_version;
}

result<pg_schema::outcome, init_failure> pg_schema::bring_up() {
  around_.on_progress(database_state::connecting, 0, 0);
  if (auto ok = connect(); !ok)
    return ok.error();
  auto locked = lock_or_see_it_done();
  if (!locked)
    return locked.error();
  around_.on_progress(database_state::inspecting, 0, 0);
  if (*locked) {
    const auto found = inspect();
    if (!found)
      return found.error();
    const auto& plan = found->plan;
    if (!plan.blocked.empty())
      return init_failure{trouble::permanent, plan.blocked};
    if (auto ok = make_ledger(); !ok)
      return ok.error();
    const auto steps = static_cast<std::uint32_t>(plan.pending.size());
    for (std::uint32_t i = 0; i < steps; ++i) {
      around_.on_progress(database_state::migrating, i + 1, steps);
      if (auto ok = apply(known_[plan.pending[i] - 1]); !ok)
        return ok.error();
    }
  }
  auto version = verify();
  if (!version)
    return version.error();
  if (*locked)
    if (auto ok = run(fmt::format("SELECT pg_catalog.pg_advisory_unlock({})", lock_key)); !ok)
      return ok.error();
  // Without the lock nobody waits for this session: it may be idle for longer than between two
  // statements of a change.
  if (auto ok = run("SELECT set_config(name, '0', false) FROM pg_catalog.pg_settings WHERE name = "
                    "'idle_session_timeout'");
      !ok)
    return ok.error();
  return outcome{std::move(session_), *version};
}

result<schema_look, init_failure> pg_schema::look() {
  if (auto ok = connect(); !ok)
    return ok.error();
  return inspect();
}

} // namespace roost::database
