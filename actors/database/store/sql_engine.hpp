#pragma once

#include "actors/database/store/store.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace roost::database {

using sql_value = std::variant<std::monostate, std::int64_t, std::string, blob>;
/// A row as texts; NULL is nothing.
using sql_row = std::vector<std::optional<std::string>>;

/// A statement with its values: the only way in which a value gets to a database.
struct statement {
  std::string sql;
  std::vector<sql_value> values;

  /// Adds a value; returns what stands for it in the text.
  std::string value(sql_value v) {
    values.push_back(std::move(v));
    return "$" + std::to_string(values.size());
  }
};

/// A database that carries out statements, and what differs in its SQL. Blocks, nothing throws.
class sql_engine {
public:
  sql_engine() = default;
  virtual ~sql_engine() = default;
  sql_engine(const sql_engine&) = delete;
  sql_engine& operator=(const sql_engine&) = delete;

  /// @param rows gets what the statement returns. @returns how many rows it changed.
  virtual store_result<std::size_t> run(const statement& what, std::vector<sql_row>* rows) = 0;

  virtual store_result<void> begin() = 0;
  virtual store_result<void> commit() = 0;
  /// Undoes what was begun, as far as the database has not done that itself.
  virtual void rollback() = 0;

  /// Whether nobody else removes anything now, and will not until the end of the transaction.
  virtual store_result<bool> remove_alone() = 0;

  /// Microseconds as the database's time, and back.
  [[nodiscard]] virtual std::string time_in(std::string value) const = 0;
  [[nodiscard]] virtual std::string time_out(std::string column) const = 0;
  /// A blob as it is in a row.
  [[nodiscard]] virtual std::string blob_out(std::string cell) const = 0;
  /// What names a row of any table.
  [[nodiscard]] virtual std::string_view row_id() const = 0;
  /// The function that finds the second text in the first; 0: it is not there.
  [[nodiscard]] virtual std::string_view position() const = 0;
  /// Words for the column `words` of screen_text: adds their value, returns its expression.
  virtual std::string words_in(statement& to, const std::vector<word>& words) const = 0;
  /// The condition that a row of screen_text matches.
  virtual std::string matches(statement& to, const search_query& query) const = 0;
};

} // namespace roost::database
