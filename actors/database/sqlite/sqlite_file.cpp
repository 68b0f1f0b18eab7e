#include "actors/database/sqlite/sqlite_file.hpp"

#include <sqlite3.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace roost::database {

namespace {

// Statements that are kept prepared. The program has fewer, so none of them is prepared twice.
constexpr std::size_t most_statements = 128;

trouble kind_of(int code) {
  switch (code & 0xff) {
  case SQLITE_BUSY:
  case SQLITE_LOCKED:
  case SQLITE_FULL: // somebody makes room
  case SQLITE_NOMEM:
  case SQLITE_INTERRUPT:
    return trouble::transient;
  case SQLITE_PERM:
  case SQLITE_READONLY:
  case SQLITE_IOERR:
  case SQLITE_CANTOPEN:
  case SQLITE_AUTH:
    return trouble::operator_needed;
  default:
    return trouble::permanent;
  }
}

int bind(sqlite3_stmt* to, int at, const sqlite_value& value) {
  struct {
    sqlite3_stmt* to;
    int at;
    int operator()(std::monostate) const { return sqlite3_bind_null(to, at); }
    int operator()(std::int64_t v) const { return sqlite3_bind_int64(to, at, v); }
    int operator()(double v) const { return sqlite3_bind_double(to, at, v); }
    int operator()(std::string_view v) const {
      // No pointer would be NULL, which an empty text is not.
      return sqlite3_bind_text64(to, at, v.data() != nullptr ? v.data() : "", v.size(),
                                 SQLITE_STATIC, SQLITE_UTF8);
    }
    int operator()(blob_view v) const {
      return sqlite3_bind_blob64(to, at, v.bytes.data() != nullptr ? v.bytes.data() : "",
                                 v.bytes.size(), SQLITE_STATIC);
    }
  } binder{to, at};
  return std::visit(binder, value);
}

/// Makes the file for its owner alone, or takes it away from others. SQLite gives its log the same
/// rights. A file that exists is never opened here: closing it would take this process's locks of
/// it away.
bool make_private(const std::string& path) {
  const int made = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (made >= 0)
    return ::close(made) == 0;
  struct stat found {};
  if (errno != EEXIST || ::stat(path.c_str(), &found) != 0)
    return false;
  return (found.st_mode & 077) == 0 || ::chmod(path.c_str(), 0600) == 0;
}

} // namespace

bool sqlite_error::is_full() const { return (code & 0xff) == SQLITE_FULL; }
bool sqlite_error::is_damaged() const {
  return (code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB;
}

bool sqlite_row::is_null(int column) const {
  return sqlite3_column_type(at_, column) == SQLITE_NULL;
}
std::int64_t sqlite_row::integer(int column) const { return sqlite3_column_int64(at_, column); }
double sqlite_row::real(int column) const { return sqlite3_column_double(at_, column); }
std::string_view sqlite_row::text(int column) const {
  const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(at_, column));
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(at_, column));
  return bytes == nullptr ? std::string_view{} : std::string_view(bytes, size);
}
std::string_view sqlite_row::blob(int column) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(at_, column));
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(at_, column));
  return bytes == nullptr ? std::string_view{} : std::string_view(bytes, size);
}
int sqlite_row::columns() const { return sqlite3_column_count(at_); }

sqlite_result<std::unique_ptr<sqlite_file>> sqlite_file::open(const settings& with) {
  const bool is_read_only = with.may == access::read_only;
  if (!is_read_only && with.path != ":memory:" && !make_private(with.path))
    return sqlite_error{trouble::operator_needed, SQLITE_CANTOPEN, std::strerror(errno)};
  sqlite3* db = nullptr;
  const int flags = (is_read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE) |
                    SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int code = sqlite3_open_v2(with.path.c_str(), &db, flags, nullptr);
  std::unique_ptr<sqlite_file> out(new sqlite_file(db));
  if (code != SQLITE_OK)
    return out->problem(code);
  if (auto ok = out->configure(with); !ok)
    return ok.error();
  return out;
}

sqlite_result<void> sqlite_file::configure(const settings& with) {
  sqlite3_busy_timeout(db_, static_cast<int>(with.busy_timeout.count()));
  sqlite3_db_config(db_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(db_, SQLITE_DBCONFIG_ENABLE_FKEY, 1, nullptr);
  if (auto ok = script("PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY"); !ok)
    return ok;
  if (with.may == access::read_only)
    return {};
  std::string mode;
  auto asked =
      query("PRAGMA journal_mode = WAL", {}, [&](const sqlite_row& row) { mode = row.text(0); });
  if (!asked)
    return asked.error();
  if (mode != "wal" && with.path != ":memory:")
    return sqlite_error{trouble::operator_needed, SQLITE_CANTOPEN,
                        "the file system cannot hold a write-ahead log"};
  // The log gives room back after a large transaction.
  return script(std::string("PRAGMA synchronous = ") +
                (with.survives == durability::power_loss ? "FULL" : "NORMAL") +
                "; PRAGMA journal_size_limit = 16777216");
}

sqlite_file::~sqlite_file() {
  for (const auto& [sql, statement] : statements_)
    sqlite3_finalize(statement.first);
  sqlite3_close(db_);
}

sqlite_error sqlite_file::problem(int code) const {
  sqlite_error out{kind_of(code), code, db_ != nullptr ? sqlite3_errmsg(db_) : "out of memory"};
  if (out.is_damaged())
    sqlite3_db_config(db_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  return out;
}

sqlite_result<void> sqlite_file::check() {
  std::string found;
  auto asked =
      query("PRAGMA quick_check(1)", {}, [&](const sqlite_row& row) { found = row.text(0); });
  if (!asked)
    return asked.error();
  if (found == "ok")
    return {};
  auto out = problem(SQLITE_CORRUPT);
  out.text = found;
  return out;
}

sqlite_result<std::uint64_t> sqlite_file::size() {
  std::uint64_t bytes = 0;
  auto asked =
      query("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size", {},
            [&](const sqlite_row& row) { bytes = static_cast<std::uint64_t>(row.integer(0)); });
  if (!asked)
    return asked.error();
  return bytes;
}

sqlite_result<void> sqlite_file::script(const std::string& sql) {
  const int code = sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK)
    return problem(code);
  return {};
}

sqlite_result<sqlite3_stmt*> sqlite_file::prepared(std::string_view sql) {
  if (const auto found = statements_.find(sql); found != statements_.end()) {
    found->second.second = ++uses_;
    return found->second.first;
  }
  if (statements_.size() >= most_statements) {
    const auto oldest =
        std::min_element(statements_.begin(), statements_.end(), [](const auto& a, const auto& b) {
          return a.second.second < b.second.second;
        });
    sqlite3_finalize(oldest->second.first);
    statements_.erase(oldest);
  }
  sqlite3_stmt* made = nullptr;
  const char* rest = nullptr;
  const int code = sqlite3_prepare_v3(db_, sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &made, &rest);
  if (code != SQLITE_OK)
    return problem(code);
  if (made == nullptr || rest != sql.data() + sql.size()) {
    sqlite3_finalize(made);
    return sqlite_error{trouble::permanent, SQLITE_MISUSE, "not one statement"};
  }
  statements_.emplace(sql, std::pair(made, ++uses_));
  return made;
}

sqlite_result<std::size_t> sqlite_file::run(std::string_view sql,
                                            std::span<const sqlite_value> values) {
  return query(sql, values, [](const sqlite_row&) {});
}

sqlite_result<std::size_t>
sqlite_file::query(std::string_view sql, std::span<const sqlite_value> values,
                   const std::function<void(const sqlite_row&)>& on_row) {
  ROOST_TRY(auto* const statement, prepared(sql));
  // Whatever happens, the next use finds it as new, and no value is referred to any more.
  struct rewinder {
    sqlite3_stmt* statement;
    ~rewinder() {
      sqlite3_reset(statement);
      sqlite3_clear_bindings(statement);
    }
  } const rewind{statement};
  for (std::size_t i = 0; i < values.size(); ++i) {
    // `$1` is a name to SQLite.
    const auto name = "$" + std::to_string(i + 1);
    const int named = sqlite3_bind_parameter_index(statement, name.c_str());
    const int at = named != 0 ? named : static_cast<int>(i + 1);
    if (const int code = bind(statement, at, values[i]); code != SQLITE_OK)
      return problem(code);
  }
  const auto before = sqlite3_total_changes64(db_);
  for (;;) {
    const int code = sqlite3_step(statement);
    if (code == SQLITE_DONE)
      break;
    if (code != SQLITE_ROW)
      return problem(code);
    on_row(sqlite_row(statement));
  }
  // sqlite3_changes would still tell of the statement before, if this one changes nothing.
  if (sqlite3_total_changes64(db_) == before)
    return std::size_t{0};
  return static_cast<std::size_t>(sqlite3_changes64(db_));
}

bool sqlite_file::is_in_transaction() const { return sqlite3_get_autocommit(db_) == 0; }

sqlite_result<sqlite_transaction> sqlite_transaction::begin(sqlite_file& file) {
  const bool is_inner = file.is_in_transaction();
  if (auto begun = file.run(is_inner ? "SAVEPOINT inner" : "BEGIN IMMEDIATE"); !begun)
    return begun.error();
  return sqlite_transaction(file, is_inner);
}

sqlite_transaction::~sqlite_transaction() {
  // Some errors (a full disk) have undone the whole transaction already.
  if (file_ == nullptr || !file_->is_in_transaction())
    return;
  (void)file_->script(is_inner_ ? "ROLLBACK TO inner; RELEASE inner" : "ROLLBACK");
}

sqlite_result<void> sqlite_transaction::commit() {
  // An inner one whose outer one was undone has nothing to commit, and the statement says so.
  if (auto done = file_->run(is_inner_ ? "RELEASE inner" : "COMMIT"); !done)
    return done.error();
  file_ = nullptr;
  return {};
}

} // namespace roost::database
