#include "actors/database/store/sql_store.hpp"

#include "actors/database/store/page_query.hpp"
#include "actors/database/store/record_codec.hpp"
#include "actors/database/store/record_sql.hpp"

#include <fmt/format.h>

#include <iterator>
#include <map>
#include <tuple>
#include <utility>

namespace roost::database {

namespace {

using kind = page_query::order_column::kind;
using direction = page_query::direction;

// Texts are large: a page of them is made in memory.
constexpr std::uint32_t most_hits = 200;

store_error refused(std::string text) {
  return {trouble::permanent, store_error::reason::bad_request, std::move(text), {}};
}
store_error unreadable() {
  return {
      trouble::permanent, store_error::reason::store, "the database holds what is no record", {}};
}

template <class T>
store_result<page<T>> as_records(store_result<page<sql_row>> rows) {
  if (!rows)
    return rows.error();
  page<T> out;
  out.next = std::move(rows->next);
  for (const auto& row : rows->rows) {
    auto made = read<T>(row);
    if (!made)
      return unreadable();
    out.rows.push_back(std::move(*made));
  }
  return out;
}

} // namespace

template <class Work>
auto sql_store::in_transaction(Work work) -> decltype(work()) {
  if (auto begun = engine_->begin(); !begun)
    return begun.error();
  auto out = work();
  if (!out) {
    engine_->rollback();
    return out;
  }
  if (auto done = engine_->commit(); !done) {
    engine_->rollback();
    return done.error();
  }
  return out;
}

store_result<applied_count> sql_store::apply(std::span<const keyed_record> records) {
  if (records.size() > most_records)
    return refused(fmt::format("a batch has at most {} records", most_records));
  std::vector<keyed_record> fitted(records.begin(), records.end());
  for (auto& each : fitted) {
    auto ok = check(each.key);
    if (ok)
      ok = fit(each.what);
    if (!ok)
      return store_error{trouble::permanent, store_error::reason::bad_request,
                         "a record is not one that can be kept", ok.error().text};
  }
  return in_transaction([&] { return apply_all(fitted); });
}

store_result<applied_count> sql_store::apply_all(const std::vector<keyed_record>& records) {
  // In one order, so that two that apply at the same time do not wait for each other.
  std::map<std::tuple<std::string, std::uint64_t, std::uint32_t>, write_key> marks;
  for (const auto& each : records)
    marks.try_emplace({each.key.node_uuid, each.key.boot_epoch, each.key.partition}, each.key);
  for (auto& [partition, mark] : marks) {
    auto held = hold_mark(mark);
    if (!held)
      return held.error();
    mark.seq = *held;
  }
  applied_count out;
  for (const auto& each : records) {
    auto& mark = marks.at({each.key.node_uuid, each.key.boot_epoch, each.key.partition});
    if (each.key.seq <= mark.seq) {
      ++out.skipped;
      continue;
    }
    if (each.follows > mark.seq)
      return store_error{trouble::permanent, store_error::reason::gap,
                         "writes are missing before those that shall be applied",
                         fmt::format("{} follows {}, and {} is the last one", sortable(each.key),
                                     each.follows, mark.seq)};
    if (auto done = engine_->run(insert(*engine_, each.what, each.key), nullptr); !done)
      return done.error();
    mark.seq = each.key.seq;
    ++out.applied;
  }
  if (out.applied > 0)
    for (const auto& [partition, mark] : marks)
      if (auto done = set_mark(mark); !done)
        return done.error();
  return out;
}

store_result<std::uint64_t> sql_store::hold_mark(const write_key& of) {
  const auto where = [&](statement& s) {
    const auto node = s.value(of.node_uuid);
    const auto epoch = s.value(static_cast<std::int64_t>(of.boot_epoch));
    return std::tuple(node, epoch, s.value(std::int64_t{of.partition}));
  };
  statement make;
  std::apply(
      [&](const auto&... v) {
        make.sql = fmt::format("INSERT INTO outbox_mark (node, epoch, partition, seq) VALUES ({}, "
                               "{}, {}, 0) ON CONFLICT (node, epoch, partition) DO NOTHING",
                               v...);
      },
      where(make));
  if (auto made = engine_->run(make, nullptr); !made)
    return made.error();
  statement hold;
  std::apply(
      [&](const auto&... v) {
        hold.sql = fmt::format("UPDATE outbox_mark SET seq = seq WHERE node = {} AND epoch = {} "
                               "AND partition = {} RETURNING seq",
                               v...);
      },
      where(hold));
  std::vector<sql_row> rows;
  if (auto held = engine_->run(hold, &rows); !held)
    return held.error();
  const auto seq = rows.empty() ? std::nullopt : read_number(rows[0][0]);
  if (!seq || *seq < 0)
    return unreadable();
  return static_cast<std::uint64_t>(*seq);
}

store_result<void> sql_store::set_mark(const write_key& to) {
  statement s;
  const auto seq = s.value(static_cast<std::int64_t>(to.seq));
  const auto node = s.value(to.node_uuid);
  const auto epoch = s.value(static_cast<std::int64_t>(to.boot_epoch));
  const auto partition = s.value(std::int64_t{to.partition});
  s.sql = fmt::format("UPDATE outbox_mark SET seq = {0} WHERE node = {1} AND epoch = {2} AND "
                      "partition = {3} AND seq < {0}",
                      seq, node, epoch, partition);
  if (auto done = engine_->run(s, nullptr); !done)
    return done.error();
  return {};
}

store_result<std::uint64_t> sql_store::mark(const std::string& node_uuid, std::uint64_t boot_epoch,
                                            std::uint32_t partition) {
  statement s;
  const auto node = s.value(storable(node_uuid));
  const auto epoch = s.value(static_cast<std::int64_t>(boot_epoch));
  s.sql =
      fmt::format("SELECT seq FROM outbox_mark WHERE node = {} AND epoch = {} AND partition = {}",
                  node, epoch, s.value(std::int64_t{partition}));
  std::vector<sql_row> rows;
  if (auto got = engine_->run(s, &rows); !got)
    return got.error();
  return rows.empty() ? 0 : static_cast<std::uint64_t>(read_number(rows[0][0]).value_or(0));
}

store_result<void> sql_store::skip_to(const write_key& key) {
  if (auto ok = check(key); !ok)
    return refused("this is no key of a write");
  return in_transaction([&]() -> store_result<void> {
    if (auto held = hold_mark(key); !held)
      return held.error();
    return set_mark(key);
  });
}

store_result<void> sql_store::forget_marks(const std::string& node_uuid,
                                           std::uint64_t before_epoch) {
  statement s;
  const auto node = s.value(storable(node_uuid));
  s.sql = fmt::format("DELETE FROM outbox_mark WHERE node = {} AND epoch < {}", node,
                      s.value(static_cast<std::int64_t>(before_epoch)));
  if (auto done = engine_->run(s, nullptr); !done)
    return done.error();
  return {};
}

store_result<std::vector<node_record>> sql_store::nodes() {
  page_query query(*engine_, "node", columns<node_record>(*engine_), {{"uuid", kind::text}},
                   direction::up);
  auto got = as_records<node_record>(query.run({.limit = most_rows, .cursor = {}}));
  if (!got)
    return got.error();
  return std::move(got->rows);
}

store_result<std::vector<token_record>> sql_store::tokens() {
  std::vector<token_record> out;
  for (paging at{.limit = most_rows, .cursor = {}};;) {
    page_query query(*engine_, "token", columns<token_record>(*engine_),
                     {{"id", kind::text}, {"node", kind::text}}, direction::up);
    auto got = as_records<token_record>(query.run(at));
    if (!got)
      return got.error();
    std::move(got->rows.begin(), got->rows.end(), std::back_inserter(out));
    if (got->next.empty() || out.size() >= most_token_rows)
      return out;
    at.cursor = std::move(got->next);
  }
}

store_result<page<session_record>> sql_store::sessions(const session_query& q) {
  page_query query(*engine_, "session", columns<session_record>(*engine_),
                   {{"created_at", kind::time}, {"id", kind::text}}, direction::down);
  query.where("created_at", q.created);
  query.where("state", q.state);
  query.where("owner", q.owner);
  query.where("node", q.node);
  return as_records<session_record>(query.run(q.at));
}

store_result<std::optional<session_record>> sql_store::session(const std::string& id) {
  page_query query(*engine_, "session", columns<session_record>(*engine_), {{"id", kind::text}},
                   direction::up);
  query.where("id", std::optional(id));
  auto got = as_records<session_record>(query.run({.limit = 1, .cursor = {}}));
  if (!got)
    return got.error();
  return got->rows.empty() ? std::nullopt : std::optional(std::move(got->rows[0]));
}

store_result<page<session_event>> sql_store::events(const std::string& session, const paging& at) {
  page_query query(*engine_, "session_event", columns<session_event>(*engine_),
                   {{"at", kind::time}, {"written", kind::text}}, direction::up);
  query.where("session", std::optional(session));
  return as_records<session_event>(query.run(at));
}

store_result<page<audit_record>> sql_store::audit(const audit_query& q) {
  page_query query(*engine_, "audit", columns<audit_record>(*engine_),
                   {{"at", kind::time}, {"written", kind::text}}, direction::down);
  query.where("at", q.when);
  query.where("who", q.who);
  query.where("action", q.action);
  return as_records<audit_record>(query.run(q.at));
}

store_result<page<connection_record>> sql_store::connections(const connection_query& q) {
  page_query query(
      *engine_, "connection", columns<connection_record>(*engine_),
      {{"opened_at", kind::time}, {"node", kind::text}, {"boot", kind::number}, {"id", kind::text}},
      direction::down);
  query.where("opened_at", q.opened);
  query.where("who", q.who);
  return as_records<connection_record>(query.run(q.at));
}

store_result<page<recording_chunk>> sql_store::chunks(const std::string& session,
                                                      const paging& at) {
  page_query query(*engine_, "recording_chunk", columns<recording_chunk>(*engine_),
                   {{"began_at", kind::time}, {"epoch", kind::text}, {"seq", kind::number}},
                   direction::up);
  query.where("session", std::optional(session));
  return as_records<recording_chunk>(query.run(at));
}

store_result<std::vector<recording_chunk>> sql_store::chunks_from(const std::string& session,
                                                                  const std::string& epoch,
                                                                  std::uint64_t seq,
                                                                  std::uint32_t most) {
  page_query query(*engine_, "recording_chunk", columns<recording_chunk>(*engine_),
                   {{"seq", kind::number}}, direction::up);
  query.where("session", std::optional(session));
  query.where("epoch", std::optional(epoch));
  query.where(fmt::format("seq >= {}", query.values().value(static_cast<std::int64_t>(seq))));
  auto got = as_records<recording_chunk>(query.run({.limit = most, .cursor = {}}));
  if (!got)
    return got.error();
  return std::move(got->rows);
}

store_result<std::vector<recording_total>> sql_store::recordings(const std::string& session) {
  statement s;
  s.sql = fmt::format("SELECT epoch, min(seq), max(seq), max(end_offset), sum(length(data)) FROM "
                      "recording_chunk WHERE session = {} GROUP BY epoch ORDER BY min(began_at), "
                      "epoch",
                      s.value(storable(session)));
  std::vector<sql_row> rows;
  if (auto got = engine_->run(s, &rows); !got)
    return got.error();
  std::vector<recording_total> out;
  for (auto& row : rows) {
    const auto number = [&](std::size_t column) {
      return static_cast<std::uint64_t>(read_number(row[column]).value_or(0));
    };
    out.push_back({std::move(row[0]).value_or(""), number(1), number(2), number(3), number(4)});
  }
  return out;
}

store_result<std::optional<blob>>
sql_store::chunk_data(const std::string& session, const std::string& epoch, std::uint64_t seq) {
  statement s;
  const auto of_session = s.value(storable(session));
  const auto of_epoch = s.value(storable(epoch));
  s.sql =
      fmt::format("SELECT data FROM recording_chunk WHERE session = {} AND epoch = {} AND seq = {}",
                  of_session, of_epoch, s.value(static_cast<std::int64_t>(seq)));
  std::vector<sql_row> rows;
  if (auto got = engine_->run(s, &rows); !got)
    return got.error();
  if (rows.empty())
    return std::optional<blob>{};
  return std::optional(blob{engine_->blob_out(std::move(rows[0][0]).value_or(""))});
}

store_result<page<text_hit>> sql_store::search(const text_query& q) {
  auto words = search_query::parse(q.words);
  if (!words)
    return refused(words.error());
  page_query query(*engine_, "screen_text", columns<screen_text>(*engine_),
                   {{"at", kind::time},
                    {"session", kind::text},
                    {"epoch", kind::text},
                    {"from_offset", kind::number}},
                   direction::down);
  query.where(engine_->matches(query.values(), *words));
  query.where("session", q.session);
  query.where("at", q.when);
  query.where("exit_status", q.exit_status);
  if (q.command)
    query.where(fmt::format("{}(command, {}) > 0", engine_->position(),
                            query.values().value(storable(*q.command))));
  auto got = as_records<screen_text>(query.run(q.at, most_hits));
  if (!got)
    return got.error();
  page<text_hit> out;
  out.next = std::move(got->next);
  for (auto& each : got->rows)
    out.rows.push_back({std::move(each.session), std::move(each.epoch), each.from_offset,
                        each.to_offset, each.at, std::move(each.command), each.exit_status,
                        words->show(each.text)});
  return out;
}

store_result<text_total> sql_store::texts(const std::string& session, const std::string& epoch) {
  const auto ask = [&](std::string_view what, std::string_view condition,
                       std::optional<std::uint64_t> before) {
    statement s;
    const auto of_session = s.value(storable(session));
    const auto of_epoch = s.value(storable(epoch));
    s.sql = fmt::format("SELECT {} FROM screen_text WHERE session = {} AND epoch = {}", what,
                        of_session, of_epoch);
    if (before)
      s.sql += fmt::format(" AND from_offset < {}", s.value(static_cast<std::int64_t>(*before)));
    s.sql += condition;
    std::vector<sql_row> rows;
    auto got = engine_->run(s, &rows);
    return got ? store_result<std::vector<sql_row>>(std::move(rows)) : got.error();
  };
  auto last = ask("from_offset, to_offset, command, exit_status",
                  " ORDER BY from_offset DESC LIMIT 1", std::nullopt);
  if (!last)
    return last.error();
  text_total out;
  if (last->empty())
    return out;
  auto& row = last->front();
  const auto number = [](const std::optional<std::string>& cell) {
    return static_cast<std::uint64_t>(read_number(cell).value_or(0));
  };
  out.last = text_end{number(row[0]), number(row[1]), std::move(row[2]).value_or(""), {}};
  if (const auto status = read_number(row[3]))
    out.last->exit_status = static_cast<std::int32_t>(*status);
  const auto sum = ask("coalesce(sum(bytes), 0)", "", out.last->from_offset);
  if (!sum)
    return sum.error();
  out.bytes = number(sum->front()[0]);
  return out;
}

store_result<std::size_t> sql_store::remove_older(record_kind of, wall_time than,
                                                  std::uint32_t most) {
  const auto& from = table_of(of);
  statement s;
  const auto before = engine_->time_in(s.value(to_micros(than)));
  s.sql = fmt::format("DELETE FROM {0} WHERE {1} IN (SELECT {1} FROM {0} WHERE {2} < {3} ORDER BY "
                      "{2} LIMIT {4})",
                      from.name, engine_->row_id(), from.age, before, s.value(std::int64_t{most}));
  return in_transaction([&]() -> store_result<std::size_t> {
    auto alone = engine_->remove_alone();
    if (!alone)
      return alone.error();
    return *alone ? engine_->run(s, nullptr) : store_result<std::size_t>(std::size_t{0});
  });
}

store_result<std::vector<kind_total>> sql_store::totals() {
  std::vector<kind_total> out;
  for (const auto& each : all_tables()) {
    statement s;
    s.sql = fmt::format("SELECT count(*), coalesce(sum(bytes), 0) FROM {}", each.name);
    std::vector<sql_row> rows;
    if (auto got = engine_->run(s, &rows); !got)
      return got.error();
    const auto number = [&](std::size_t column) {
      return static_cast<std::uint64_t>(read_number(rows[0][column]).value_or(0));
    };
    out.push_back({each.kind, number(0), number(1)});
  }
  return out;
}

} // namespace roost::database
