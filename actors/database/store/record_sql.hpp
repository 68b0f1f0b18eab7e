#pragma once

#include "actors/database/store/sql_engine.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Records as rows: the statements that are made from their fields.
namespace roost::database {

/// Where the records of a kind are.
struct table {
  record_kind kind = record_kind::node;
  std::string_view name;
  /// The columns that name an object. "written": each write is one of its own.
  std::string_view key;
  /// What tells how old a row is; NULL: it is not to be removed.
  std::string_view age;
};

const table& table_of(record_kind kind);
const std::vector<table>& all_tables();

/// Whole microseconds since 1970; rounded down.
std::int64_t to_micros(wall_time at);

/// Writes a fitted record. Of the same object the greater key wins.
statement insert(const sql_engine& engine, const record& what, const write_key& key);

/// The columns of a record type in a SELECT. A blob is left out.
template <class T>
std::string columns(const sql_engine& engine);

/// A record from its row; nothing if the row is none. Columns beyond its own are passed over.
template <class T>
std::optional<T> read(const sql_row& row);

/// A cell as a number.
std::optional<std::int64_t> read_number(const std::optional<std::string>& cell);

} // namespace roost::database
