#include "actors/database/store/record_sql.hpp"

#include "actors/database/store/record_codec.hpp"

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <limits>
#include <type_traits>

namespace roost::database {

namespace {

template <class T>
struct is_optional : std::false_type {};
template <class T>
struct is_optional<std::optional<T>> : std::true_type {};

template <class T>
constexpr bool is_time =
    std::is_same_v<T, wall_time> || std::is_same_v<T, std::optional<wall_time>>;

sql_value plain(const std::string& v) { return v; }
sql_value plain(const blob& v) { return v; }
sql_value plain(std::uint64_t v) { return static_cast<std::int64_t>(v); }
sql_value plain(std::uint32_t v) { return std::int64_t{v}; }
sql_value plain(std::int32_t v) { return std::int64_t{v}; }
sql_value plain(wall_time v) { return to_micros(v); }
template <class T>
sql_value plain(const std::optional<T>& v) {
  return v ? plain(*v) : sql_value{};
}

/// A cell into a field. False: it is not what the field holds.
bool take(const std::optional<std::string>& cell, std::string& field) {
  field = cell.value_or("");
  return cell.has_value();
}
template <class T>
bool take(const std::optional<std::string>& cell, T& field) {
  if constexpr (is_optional<T>::value) {
    field.reset();
    return !cell || take(cell, field.emplace());
  } else {
    const auto number = read_number(cell);
    if (!number)
      return false;
    if constexpr (std::is_same_v<T, wall_time>) {
      field = wall_time(std::chrono::microseconds(*number));
    } else {
      if (*number < static_cast<std::int64_t>(std::numeric_limits<T>::min()) ||
          (sizeof(T) < sizeof(std::int64_t) &&
           *number > static_cast<std::int64_t>(std::numeric_limits<T>::max())))
        return false;
      field = static_cast<T>(*number);
    }
    return true;
  }
}

} // namespace

const std::vector<table>& all_tables() {
  static const std::vector<table> all = {
      {record_kind::node, "node", "uuid", "last_seen"},
      // What is lost has not ended in front of anybody.
      {record_kind::session, "session", "id",
       "CASE WHEN state = 'lost' AND exited_at IS NULL THEN created_at ELSE exited_at END"},
      {record_kind::session_event, "session_event", "written", "at"},
      {record_kind::audit, "audit", "written", "at"},
      {record_kind::connection, "connection", "node, boot, id", "opened_at"},
      {record_kind::recording_chunk, "recording_chunk", "session, epoch, seq", "ended_at"},
      {record_kind::screen_text, "screen_text", "session, epoch, from_offset", "at"},
      {record_kind::token, "token", "id, node", "COALESCE(revoked_at, expires_at)"},
  };
  return all;
}

const table& table_of(record_kind kind) {
  for (const auto& each : all_tables())
    if (each.kind == kind)
      return each;
  return all_tables().front(); // the enum has no other
}

std::int64_t to_micros(wall_time at) {
  return std::chrono::floor<std::chrono::microseconds>(at.time_since_epoch()).count();
}

std::optional<std::int64_t> read_number(const std::optional<std::string>& cell) {
  if (!cell)
    return std::nullopt;
  std::int64_t value = 0;
  const auto* const end = cell->data() + cell->size();
  const auto [at, error] = std::from_chars(cell->data(), end, value);
  return error == std::errc{} && at == end ? std::optional(value) : std::nullopt;
}

statement insert(const sql_engine& engine, const record& what, const write_key& key) {
  const auto& to = table_of(kind_of(what));
  statement out;
  std::string names;
  std::string values;
  std::string newest; // every column of the greater key
  std::string merged; // the same, where some columns have a rule of their own
  bool has_rules = false;
  const auto add = [&](std::string_view name, const std::string& value, bool is_least) {
    names += fmt::format("{}, ", name);
    values += value + ", ";
    newest += fmt::format("{0} = excluded.{0}, ", name);
    merged += fmt::format("{0} = CASE WHEN excluded.{1} {2} {3}.{1} THEN excluded.{0} ELSE {3}.{0} "
                          "END, ",
                          name, is_least ? name : "written", is_least ? "<" : ">", to.name);
    has_rules |= is_least;
  };
  std::visit(
      [&](const auto& each) {
        using type = std::decay_t<decltype(each)>;
        each_field(each, [&](std::string_view name, const auto& field, field_rule rule) {
          auto value = out.value(plain(field));
          if constexpr (is_time<std::decay_t<decltype(field)>>)
            value = engine.time_in(value);
          add(name, value, rule.is == field_rule::kind::least);
        });
        if constexpr (std::is_same_v<type, screen_text>)
          add("words", engine.words_in(out, words_of(each.command + "\n" + each.text)), false);
      },
      what);
  add("bytes", out.value(static_cast<std::int64_t>(encode(what).size())), false);
  add("written", out.value(sortable(key)), false);
  const auto list = [](std::string& text) {
    return std::string_view(text).substr(0, text.size() - 2);
  };
  out.sql = fmt::format("INSERT INTO {} ({}) VALUES ({}) ON CONFLICT ({}) DO ", to.name,
                        list(names), list(values), to.key);
  if (to.key == "written")
    out.sql += "NOTHING";
  else if (has_rules)
    out.sql += fmt::format("UPDATE SET {}", list(merged));
  else
    out.sql +=
        fmt::format("UPDATE SET {} WHERE excluded.written > {}.written", list(newest), to.name);
  return out;
}

template <class T>
std::string columns(const sql_engine& engine) {
  std::string out;
  T example;
  each_field(example, [&](std::string_view name, auto& field, field_rule) {
    using type = std::decay_t<decltype(field)>;
    if constexpr (!std::is_same_v<type, blob>) {
      out += out.empty() ? "" : ", ";
      out += is_time<type> ? engine.time_out(std::string(name)) : std::string(name);
    }
  });
  return out;
}

template <class T>
std::optional<T> read(const sql_row& row) {
  T out;
  std::size_t at = 0;
  bool is_well = true;
  each_field(out, [&](std::string_view, auto& field, field_rule) {
    if constexpr (!std::is_same_v<std::decay_t<decltype(field)>, blob>) {
      is_well = is_well && at < row.size() && take(row[at], field);
      ++at;
    }
  });
  return is_well ? std::optional(std::move(out)) : std::nullopt;
}

#define ROOST_ROWS_OF(type)                                                                        \
  template std::string columns<type>(const sql_engine&);                                           \
  template std::optional<type> read<type>(const sql_row&);
ROOST_ROWS_OF(node_record)
ROOST_ROWS_OF(session_record)
ROOST_ROWS_OF(session_event)
ROOST_ROWS_OF(audit_record)
ROOST_ROWS_OF(connection_record)
ROOST_ROWS_OF(recording_chunk)
ROOST_ROWS_OF(screen_text)
ROOST_ROWS_OF(token_record)
#undef ROOST_ROWS_OF

} // namespace roost::database
