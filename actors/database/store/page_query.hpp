#pragma once

#include "actors/database/store/sql_engine.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace roost::database {

/// A question that is answered page by page: the rows in an order that no two share, and a cursor
/// that says where the next page begins, so that rows which come or go meanwhile move nothing.
class page_query {
public:
  /// What the rows are ordered by; together the columns differ for each row.
  struct order_column {
    enum class kind : std::uint8_t { time, number, text };
    std::string_view name;
    kind is = kind::text;
  };
  enum class direction : std::uint8_t { up, down };

  page_query(sql_engine& engine, std::string_view table, std::string columns,
             std::vector<order_column> order, direction to);

  void where(std::string_view column, const time_range& range);
  void where(std::string_view column, const std::optional<std::string>& text);
  void where(std::string_view column, std::optional<std::int32_t> number);
  /// Another condition; its values are added to `values()`.
  void where(std::string condition);
  statement& values() { return what_; }

  /// @param most the largest limit that is taken.
  store_result<page<sql_row>> run(const paging& at, std::uint32_t most = store::most_rows);

private:
  [[nodiscard]] std::string cursor_of(const sql_row& row) const;
  bool begin_after(std::string_view cursor);

  sql_engine& engine_;
  std::string_view table_;
  std::string columns_;
  std::vector<order_column> order_;
  direction to_;
  std::vector<std::string> conditions_;
  statement what_;
};

/// A text as the stores keep it: what is asked for is made the same as what was written.
std::string storable(std::string_view text);

} // namespace roost::database
