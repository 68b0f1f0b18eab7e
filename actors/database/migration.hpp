#pragma once

#include "actors/runtime/result.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace roost::database {

/// A file of the build: a numbered migration of one kind of database.
struct migration_file {
  std::string_view name; ///< "0001_sessions.sql"
  std::string_view text;
};
/// The migrations for PostgreSQL and for SQLite, in order. Made by the build from migrations/.
std::span<const migration_file> postgresql_migrations();
std::span<const migration_file> sqlite_migrations();

/// One change of the schema.
struct migration {
  /// What is done at once. Outside of a transaction each step has to bear being done again.
  struct step {
    std::string sql;
    /// Of a step that builds an index concurrently: its name. A build that was cut short leaves an
    /// invalid index, which is dropped before the step is done again.
    std::string index;
  };

  std::uint32_t version = 0;
  std::string name;     ///< "sessions"
  std::string checksum; ///< SHA-256 of the file's bytes, 64 hexadecimal digits
  /// One transaction with its row of the ledger, unless the file says `-- roost: no transaction`.
  bool is_transactional = true;
  /// The oldest program that can work with the schema after it (`-- roost: needs N`: one that knows
  /// migration N); 0: any.
  std::uint32_t needs = 0;
  std::vector<step> steps;
};

/// Reads the files. Their names count from 1 without a gap; a failure names the file and the line.
/// In a file without a transaction each step begins with a line `-- step`, or `-- step: index
/// NAME`.
result<std::vector<migration>> parse_migrations(std::span<const migration_file> files);

/// What the database's ledger says of one migration.
struct ledger_row {
  enum class state : std::uint8_t { started, applied };

  std::uint32_t version = 0;
  std::string name;
  std::string checksum;
  state is = state::applied;
  std::uint32_t needs = 0;
};

/// What has to be done to a database.
struct migration_plan {
  std::vector<std::uint32_t> pending; ///< versions, in order; the first may have been started
  /// Why nothing may be done: for people, with what to do. Empty: go ahead.
  std::string blocked;
  std::uint32_t schema_version = 0; ///< the last one that is applied
  bool is_newer = false;            ///< the schema is of a later build, and this one can use it
};

/// Compares what this build knows with what was done. @param rows by version.
migration_plan plan_migrations(std::span<const migration> known, std::span<const ledger_row> rows);

} // namespace roost::database
