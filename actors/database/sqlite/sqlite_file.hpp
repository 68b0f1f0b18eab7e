#pragma once

#include "actors/database/sqlstate.hpp"
#include "actors/runtime/result.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

struct sqlite3;
struct sqlite3_stmt;

namespace roost::database {

/// Why SQLite did not do something.
struct sqlite_error {
  trouble kind = trouble::transient;
  int code = 0;     ///< SQLite's extended result code
  std::string text; ///< SQLite's own words: for the log only

  /// There is no room on the disk (or no page left below a limit): nothing is lost, and it works
  /// again when there is.
  [[nodiscard]] bool is_full() const;
  /// The file is not a database, or is one that is broken: no retry mends it.
  [[nodiscard]] bool is_damaged() const;
};

template <class T>
using sqlite_result = result<T, sqlite_error>;

/// Bytes that are no text.
struct blob_view {
  std::string_view bytes;
};

/// What a `?1` or `$1` stands for. Texts and blobs are only looked at.
using sqlite_value =
    std::variant<std::monostate, std::int64_t, double, std::string_view, blob_view>;

/// The row that a statement stands at: only for the duration of a callback. A column of another
/// type is converted as SQLite does.
class sqlite_row {
public:
  explicit sqlite_row(sqlite3_stmt* at) : at_(at) {}
  [[nodiscard]] bool is_null(int column) const;
  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] double real(int column) const;
  [[nodiscard]] std::string_view text(int column) const;
  [[nodiscard]] std::string_view blob(int column) const;
  [[nodiscard]] int columns() const;

private:
  sqlite3_stmt* at_;
};

/// One SQLite database: a file that only its owner can read, with a write-ahead log, or memory.
/// Blocks: for one thread that may. Nothing throws. Once something was found to be damaged, the log
/// is not moved into the file any more: what there is stays as it is.
class sqlite_file {
public:
  /// What a commit that returned survives.
  enum class durability : std::uint8_t {
    power_loss,    ///< synchronous=FULL: one fsync per commit
    process_crash, ///< synchronous=NORMAL: a power failure takes the last commits, in order
  };
  enum class access : std::uint8_t { create, read_only };

  struct settings {
    std::string path; ///< ":memory:" for none
    durability survives = durability::power_loss;
    /// How long another process's lock is waited for.
    std::chrono::milliseconds busy_timeout{5'000};
    access may = access::create;
  };

  static sqlite_result<std::unique_ptr<sqlite_file>> open(const settings& with);
  ~sqlite_file();
  sqlite_file(const sqlite_file&) = delete;
  sqlite_file& operator=(const sqlite_file&) = delete;

  /// Carries out statements that are part of the program (a migration, a pragma).
  sqlite_result<void> script(const std::string& sql);
  /// Carries out one statement. @returns how many rows it changed.
  sqlite_result<std::size_t> run(std::string_view sql, std::span<const sqlite_value> values = {});
  /// Carries out one statement and shows each of its rows. `on_row` must not use this object.
  sqlite_result<std::size_t> query(std::string_view sql, std::span<const sqlite_value> values,
                                   const std::function<void(const sqlite_row&)>& on_row);

  /// Reads the whole file and checks its structure (but not that indexes agree with their tables).
  /// A failure that `is_damaged` says what was found.
  sqlite_result<void> check();
  /// Of the database with what is in its log, in bytes.
  sqlite_result<std::uint64_t> size();

  [[nodiscard]] bool is_in_transaction() const;

private:
  explicit sqlite_file(sqlite3* opened) : db_(opened) {}
  [[nodiscard]] sqlite_error problem(int code) const;
  sqlite_result<void> configure(const settings& with);
  sqlite_result<sqlite3_stmt*> prepared(std::string_view sql);

  sqlite3* db_;
  // Statements by their text, and when each was used.
  std::map<std::string, std::pair<sqlite3_stmt*, std::uint64_t>, std::less<>> statements_;
  std::uint64_t uses_ = 0;
};

/// All or nothing: what is done between its begin and its commit. Within another one it is a part
/// of that one, which can be undone alone. Undoes itself unless it was committed.
class sqlite_transaction {
public:
  /// Takes the lock for writing at once, so that nothing in it fails for a lock later.
  static sqlite_result<sqlite_transaction> begin(sqlite_file& file);
  ~sqlite_transaction();
  sqlite_transaction(sqlite_transaction&& other) noexcept
      : file_(std::exchange(other.file_, nullptr)), is_inner_(other.is_inner_) {}
  sqlite_transaction& operator=(sqlite_transaction&&) = delete;

  /// After a failure nothing of it is there.
  sqlite_result<void> commit();

private:
  sqlite_transaction(sqlite_file& file, bool is_inner) : file_(&file), is_inner_(is_inner) {}

  sqlite_file* file_;
  bool is_inner_;
};

} // namespace roost::database
