#include "actors/database/pg/pg_backend.hpp"

#include <utility>

namespace roost::database {

namespace {

using std::chrono::milliseconds;

// How long a look at a server that is in health may take.
constexpr milliseconds check_timeout{2'000};
// The table of nodes says once in so many looks that this one is alive.
constexpr std::uint32_t checks_per_sign = 30;

} // namespace

pg_backend::pg_backend(pg_target where, std::vector<migration> known, pg_schema::settings with,
                       node_identity who, random_source& random)
    : where_(std::move(where)), known_(std::move(known)), settings_(std::move(with)),
      who_(std::move(who)), random_(random) {}

bool pg_backend::wait(milliseconds time) {
  std::unique_lock lock(mutex_);
  return !stopped_.wait_for(lock, time, [this] { return is_stopped_; });
}

void pg_backend::stop() {
  {
    const std::lock_guard lock(mutex_);
    is_stopped_ = true;
  }
  stopped_.notify_all();
  cutter_.cut_all();
}

result<void, init_failure> pg_backend::sign_in() {
  if (who_.uuid.empty())
    return {};
  const auto done = session_->run(
      "INSERT INTO roost.node (uuid, name, version) VALUES ($1::uuid, $2, $3) ON CONFLICT (uuid) "
      "DO "
      "UPDATE SET name = excluded.name, version = excluded.version, last_seen = now()",
      {who_.uuid, who_.name, who_.version}, check_timeout);
  if (!done)
    return init_failure{done.error().kind, "the database does not take this node's row"};
  return {};
}

pg_schema pg_backend::schema(const progress& tell) {
  return {where_, known_, settings_, {cutter_, random_, tell, [this](milliseconds time) {
                                        return wait(time);
                                      }}};
}

result<schema_look, init_failure> pg_backend::look() {
  return schema([](database_state, std::uint32_t, std::uint32_t) {}).look();
}

result<std::uint32_t, init_failure> pg_backend::bring_up(const progress& tell) {
  session_.reset();
  auto up = schema(tell).bring_up();
  if (!up)
    return up.error();
  session_ = std::move(up->session);
  if (auto ok = sign_in(); !ok)
    return ok.error();
  return up->schema_version;
}

result<void, init_failure> pg_backend::check() {
  if (!session_)
    return init_failure{trouble::transient, "the connection to the database was lost"};
  if (++checks_ % checks_per_sign == 0)
    return sign_in();
  // A server that is a standby now, after a failover, cannot be written to.
  const auto got = session_->run("SELECT pg_catalog.pg_is_in_recovery()", check_timeout);
  if (!got)
    return init_failure{got.error().kind, "the connection to the database was lost"};
  if (got->first() != "f")
    return init_failure{trouble::transient, "the database takes no writes: it is a standby now"};
  return {};
}

} // namespace roost::database
