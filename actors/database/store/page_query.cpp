#include "actors/database/store/page_query.hpp"

#include "actors/database/store/hex.hpp"
#include "actors/database/store/record_sql.hpp"
#include "actors/runtime/text_escape.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace roost::database {

std::string storable(std::string_view text) {
  std::string out;
  append_storable(out, text);
  return out;
}

page_query::page_query(sql_engine& engine, std::string_view table, std::string columns,
                       std::vector<order_column> order, direction to)
    : engine_(engine), table_(table), columns_(std::move(columns)), order_(std::move(order)),
      to_(to) {}

void page_query::where(std::string_view column, const time_range& range) {
  if (range.from)
    where(fmt::format("{} >= {}", column, engine_.time_in(what_.value(to_micros(*range.from)))));
  if (range.before)
    where(fmt::format("{} < {}", column, engine_.time_in(what_.value(to_micros(*range.before)))));
}

void page_query::where(std::string_view column, const std::optional<std::string>& text) {
  if (text)
    where(fmt::format("{} = {}", column, what_.value(storable(*text))));
}

void page_query::where(std::string_view column, std::optional<std::int32_t> number) {
  if (number)
    where(fmt::format("{} = {}", column, what_.value(std::int64_t{*number})));
}

void page_query::where(std::string condition) { conditions_.push_back(std::move(condition)); }

std::string page_query::cursor_of(const sql_row& row) const {
  std::string out;
  for (std::size_t i = 0; i < order_.size(); ++i) {
    const auto cell = row[row.size() - order_.size() + i].value_or("");
    out += i == 0 ? "" : ".";
    if (order_[i].is == order_column::kind::text)
      append_hex(out, cell);
    else
      out += cell;
  }
  return out;
}

bool page_query::begin_after(std::string_view cursor) {
  std::string names;
  std::string values;
  for (std::size_t i = 0; i < order_.size(); ++i) {
    const bool is_last = i + 1 == order_.size();
    const auto end = cursor.find('.');
    if (is_last != (end == std::string_view::npos))
      return false;
    const std::string part(cursor.substr(0, end));
    cursor.remove_prefix(is_last ? cursor.size() : end + 1);
    sql_value value;
    if (order_[i].is == order_column::kind::text) {
      auto text = from_hex(part);
      if (!text)
        return false;
      value = storable(*text);
    } else {
      const auto number = read_number(part);
      if (!number)
        return false;
      value = *number;
    }
    auto shown = what_.value(std::move(value));
    if (order_[i].is == order_column::kind::time)
      shown = engine_.time_in(shown);
    names += fmt::format("{}{}", i == 0 ? "" : ", ", order_[i].name);
    values += fmt::format("{}{}", i == 0 ? "" : ", ", shown);
  }
  where(fmt::format("({}) {} ({})", names, to_ == direction::up ? ">" : "<", values));
  return true;
}

store_result<page<sql_row>> page_query::run(const paging& at, std::uint32_t most) {
  const auto refuse = [](std::string text) {
    return store_error{trouble::permanent, store_error::reason::bad_request, std::move(text), {}};
  };
  if (at.limit == 0 || at.limit > most)
    return refuse(fmt::format("a limit is a number from 1 to {}", most));
  if (!at.cursor.empty() && !begin_after(at.cursor))
    return refuse("this is not a cursor of an earlier answer");
  std::string seen;
  std::string sorted;
  for (const auto& each : order_) {
    seen += fmt::format(", {}", each.is == order_column::kind::time
                                    ? engine_.time_out(std::string(each.name))
                                    : std::string(each.name));
    sorted += fmt::format("{}{}{}", sorted.empty() ? "" : ", ", each.name,
                          to_ == direction::up ? "" : " DESC");
  }
  // One more tells whether something follows.
  const auto limit = what_.value(std::int64_t{at.limit} + 1);
  what_.sql =
      fmt::format("SELECT {}{} FROM {} WHERE {} ORDER BY {} LIMIT {}", columns_, seen, table_,
                  conditions_.empty() ? "1 = 1" : fmt::to_string(fmt::join(conditions_, " AND ")),
                  sorted, limit);
  page<sql_row> out;
  auto got = engine_.run(what_, &out.rows);
  if (!got)
    return got.error();
  if (out.rows.size() > at.limit) {
    out.rows.resize(at.limit);
    out.next = cursor_of(out.rows.back());
  }
  return out;
}

} // namespace roost::database
