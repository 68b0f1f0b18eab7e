#pragma once

#include "actors/database/backend.hpp"
#include "actors/database/init_machine.hpp"
#include "actors/database/migration.hpp"
#include "actors/database/sqlite/sqlite_file.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace roost::database {

/// Brings the schema of a SQLite file to what this build needs, whenever the program dies: each
/// migration is one transaction with its row of the ledger, and moves the head of the ledger from
/// the version before it. A file that is damaged, or of a newer build, is left as it is.
///
/// Blocks; one object per attempt, used by one thread.
class sqlite_schema {
public:
  struct settings {
    sqlite_file::settings file;
    std::string application; ///< "roost/NODE": who applied a migration
    /// A larger file is not read through at each start: its pages are checked as they are used.
    std::uint64_t check_up_to = std::uint64_t{256} << 20;
  };
  /// Where the attempt has got to; called on the thread of `bring_up`.
  using progress = std::function<void(database_state, std::uint32_t step, std::uint32_t steps)>;

  /// A database that is as it should be.
  struct outcome {
    std::unique_ptr<sqlite_file> file;
    std::uint32_t schema_version = 0;
  };

  sqlite_schema(settings with, std::vector<migration> known, progress on_progress);

  result<outcome, init_failure> bring_up();

  /// What is there, without changing anything; a file that does not exist is empty.
  result<schema_look, init_failure> look();

private:
  using step_result = result<void, init_failure>;

  [[nodiscard]] init_failure explain(const sqlite_error& why, std::string what) const;
  step_result check();
  result<std::vector<ledger_row>, init_failure> read_ledger();
  step_result make_ledger();
  step_result apply(const migration& m);
  step_result verify(std::uint32_t& version);

  settings settings_;
  std::vector<migration> known_;
  progress on_progress_;
  std::unique_ptr<sqlite_file> file_;
};

} // namespace roost::database
