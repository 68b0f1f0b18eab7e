#pragma once

#include "actors/database/backend.hpp"
#include "actors/database/init_machine.hpp"
#include "actors/database/migration.hpp"
#include "actors/database/pg/pg_session.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace roost::database {

/// Brings the schema of a PostgreSQL database to what this build needs, however many nodes try it
/// at the same time, and whenever one of them dies (DB-1 to DB-5).
///
/// One session does everything: it holds an advisory lock, and every change of the schema is made
/// on it, so that losing the lock means losing the transaction. The lock is polled for: a session
/// that waits inside the server for a lock makes `CREATE INDEX CONCURRENTLY` of the holder
/// deadlock. As a second fence each migration moves the head of the ledger from the version before
/// it to its own, in its own transaction: two that run beside each other cannot both commit.
///
/// Blocks; one object per attempt, used by one thread.
class pg_schema {
public:
  struct settings {
    std::string application; ///< "roost/NODE"
    std::chrono::milliseconds connect_timeout{3'000};
    std::chrono::milliseconds statement_timeout{5'000}; ///< of everything but migrations
    std::chrono::milliseconds migration_timeout{600'000};
    /// After this long without a sign of life the server ends the session of a node that is
    /// stopped, and its lock with it.
    std::chrono::milliseconds session_timeout{60'000};
    std::chrono::milliseconds lock_wait{300'000}; ///< for all others together
  };

  /// What the caller gives. All functions are called on the thread of `bring_up`.
  struct surroundings {
    socket_cutter& cutter; ///< outlives the object and the session that it gives out
    random_source& random;
    /// Where the attempt has got to.
    std::function<void(database_state, std::uint32_t step, std::uint32_t steps)> on_progress;
    /// Waits. @returns false when the attempt is to end.
    std::function<bool(std::chrono::milliseconds)> wait;
  };

  /// A database that is as it should be.
  struct outcome {
    std::unique_ptr<pg_session> session; ///< holds no lock any more
    std::uint32_t schema_version = 0;
  };

  pg_schema(pg_target where, std::vector<migration> known, settings with, surroundings around);

  result<outcome, init_failure> bring_up();

  /// What is there, without changing anything.
  result<schema_look, init_failure> look();

private:
  using step_result = result<void, init_failure>;

  result<void, init_failure> connect();
  result<void, init_failure> refuse_pooler();
  /// true: this session has the lock. false: not, but there is nothing to do any more.
  result<bool, init_failure> lock_or_see_it_done();
  result<bool, init_failure> has_ledger();
  result<std::vector<ledger_row>, init_failure> read_ledger();
  step_result make_ledger();
  step_result apply(const migration& m);
  step_result apply_in_transaction(const migration& m);
  step_result apply_in_steps(const migration& m);
  step_result drop_invalid(const std::string& index, bool& is_done);
  step_result hold_lock();
  step_result move_head(const migration& m);
  result<schema_look, init_failure> inspect();
  result<std::uint32_t, init_failure> verify();

  result<pg_rows, init_failure> run(const std::string& sql);
  result<pg_rows, init_failure> run(const std::string& sql,
                                    const std::vector<std::optional<std::string>>& values);
  step_result change(const std::string& sql, const migration& m);
  /// Undoes what was begun, and passes the reason on.
  init_failure rolled_back(init_failure why);

  pg_target where_;
  std::vector<migration> known_;
  settings settings_;
  surroundings around_;
  std::unique_ptr<pg_session> session_;
  std::string backend_;
};

} // namespace roost::database
