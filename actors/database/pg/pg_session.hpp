#pragma once

#include "actors/database/pg/pg_target.hpp"
#include "actors/database/pg/socket_cutter.hpp"
#include "actors/database/sqlstate.hpp"
#include "actors/runtime/result.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace roost::database {

/// Why PostgreSQL did not do something.
struct pg_error {
  trouble kind = trouble::transient;
  std::string sqlstate; ///< empty: the connection is lost, or never was
  std::string text;     ///< PostgreSQL's own words: for the log only
};

template <class T>
using pg_result = result<T, pg_error>;

/// What a statement gave: rows of texts.
class pg_rows {
public:
  using row = std::vector<std::optional<std::string>>;

  explicit pg_rows(std::vector<row> rows, std::size_t affected = 0)
      : rows_(std::move(rows)), affected_(affected) {}
  [[nodiscard]] const std::vector<row>& all() const { return rows_; }
  [[nodiscard]] bool is_empty() const { return rows_.empty(); }
  /// The text in the first row; empty if there is none, or NULL.
  [[nodiscard]] std::string first(std::size_t column = 0) const;
  /// Rows that a statement has changed.
  [[nodiscard]] std::size_t affected() const { return affected_; }

private:
  std::vector<row> rows_;
  std::size_t affected_;
};

/// One connection to PostgreSQL. Blocks: only for threads of its own (detached actors). Nothing
/// throws. A lost connection is never opened again behind the caller's back: whatever belonged to
/// the session (a lock, a transaction, a setting) went with it, and so does this object.
class pg_session {
public:
  /// @param application for pg_stat_activity: "roost/NODE". @param cutter outlives the session.
  static pg_result<std::unique_ptr<pg_session>> open(const pg_target& where,
                                                     std::string_view application,
                                                     std::chrono::milliseconds connect_timeout,
                                                     socket_cutter& cutter);
  ~pg_session();
  pg_session(const pg_session&) = delete;
  pg_session& operator=(const pg_session&) = delete;

  /// Carries out a statement (or several without parameters). @param timeout after which the
  /// connection is cut; the server's own statement_timeout should be shorter.
  pg_result<pg_rows> run(const std::string& sql, std::chrono::milliseconds timeout);
  /// With `$1`, `$2`, …
  pg_result<pg_rows> run(const std::string& sql,
                         const std::vector<std::optional<std::string>>& values,
                         std::chrono::milliseconds timeout);

  /// What asks the server to cancel the statement that runs: for another thread than the session's,
  /// and good for as long as it is kept. Blocks, on a frozen server for ever. A statement that came
  /// later may be hit instead: afterwards the session is of no more use.
  [[nodiscard]] std::function<void()> canceller() const;
  /// The socket to the server, for a guard.
  [[nodiscard]] int socket() const;
  /// The server's process that serves this connection.
  [[nodiscard]] int backend() const;
  [[nodiscard]] bool is_open() const;

private:
  struct connection;
  pg_session(std::shared_ptr<connection> made, socket_cutter& cutter);

  std::shared_ptr<connection> connection_; ///< shared with cancellers only
  socket_cutter& cutter_;
};

} // namespace roost::database
