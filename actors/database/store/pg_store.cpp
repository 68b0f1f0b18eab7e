#include "actors/database/store/pg_store.hpp"

#include "actors/database/store/hex.hpp"
#include "actors/database/store/sql_store.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace roost::database {

namespace {

store_error explain(const pg_error& why) {
  const auto* text = why.sqlstate.empty()             ? "the connection to the database was lost"
                     : why.sqlstate == "57014"        ? "the database took too long"
                     : why.kind == trouble::transient ? "the database is busy or out of room"
                                                      : "the database refused a statement";
  return {why.kind, store_error::reason::store, text,
          fmt::format("SQLSTATE {}: {}", why.sqlstate, why.text)};
}

std::optional<std::string> as_text(const sql_value& value) {
  struct {
    std::optional<std::string> operator()(std::monostate) const { return std::nullopt; }
    std::optional<std::string> operator()(std::int64_t v) const { return std::to_string(v); }
    std::optional<std::string> operator()(const std::string& v) const { return v; }
    std::optional<std::string> operator()(const blob& v) const {
      std::string out = "\\x";
      append_hex(out, v.bytes);
      return out;
    }
  } convert;
  return std::visit(convert, value);
}

// The two halves of an advisory lock's key: "roos", and what is locked ("remo").
constexpr auto removal_lock = "1919905651, 1919249775";

// The server's own limit comes first: then the session stays usable.
constexpr std::chrono::seconds cut_margin{1};

/// Nothing outlives a transaction, so that a pooler may give each to another server process.
class pg_engine final : public sql_engine {
public:
  pg_engine(std::shared_ptr<pg_session> session, std::chrono::milliseconds timeout)
      : session_(std::move(session)), timeout_(timeout),
        // What the statements and the reading of rows rely on.
        begin_(fmt::format("BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL search_path TO roost; "
                           "SET LOCAL bytea_output TO hex; SET LOCAL TimeZone TO 'UTC'; SET LOCAL "
                           "statement_timeout TO {}",
                           std::max<std::int64_t>(timeout.count(), 1))) {}

  store_result<std::size_t> run(const statement& what, std::vector<sql_row>* rows) override {
    if (has_begun_)
      return run_inside(what, rows);
    if (auto begun = begin(); !begun)
      return begun.error();
    auto done = run_inside(what, rows);
    if (!done) {
      rollback();
      return done;
    }
    if (auto kept = commit(); !kept)
      return kept.error();
    return done;
  }

  store_result<void> begin() override {
    has_begun_ = true;
    auto done = simple(begin_);
    if (!done)
      rollback();
    return done;
  }
  store_result<void> commit() override {
    has_begun_ = false;
    return simple("COMMIT");
  }
  void rollback() override {
    has_begun_ = false;
    if (session_->is_open())
      (void)simple("ROLLBACK"); // a server that is not there has undone it
  }

  store_result<bool> remove_alone() override {
    statement s;
    s.sql = fmt::format("SELECT pg_catalog.pg_try_advisory_xact_lock({})", removal_lock);
    std::vector<sql_row> rows;
    if (auto done = run(s, &rows); !done)
      return done.error();
    return !rows.empty() && rows[0][0] == "t";
  }

  std::string time_in(std::string value) const override {
    return fmt::format("timestamptz 'epoch' + CAST({} AS bigint) * interval '1 microsecond'",
                       value);
  }
  std::string time_out(std::string column) const override {
    return fmt::format("CAST(extract(epoch FROM {}) * 1000000 AS bigint)", column);
  }
  std::string blob_out(std::string cell) const override {
    return cell.starts_with("\\x") ? from_hex(std::string_view(cell).substr(2)).value_or("") : "";
  }
  std::string_view row_id() const override { return "ctid"; }
  std::string_view position() const override { return "strpos"; }
  std::string words_in(statement& to, const std::vector<word>& words) const override {
    return fmt::format("CAST({} AS tsvector)", to.value(tsvector_text(words)));
  }
  std::string matches(statement& to, const search_query& query) const override {
    return fmt::format("words @@ CAST({} AS tsquery)", to.value(query.tsquery()));
  }

private:
  store_result<std::size_t> run_inside(const statement& what, std::vector<sql_row>* rows) {
    std::vector<std::optional<std::string>> values;
    values.reserve(what.values.size());
    for (const auto& each : what.values)
      values.push_back(as_text(each));
    auto done = session_->run(what.sql, values, timeout_ + cut_margin);
    if (!done)
      return explain(done.error());
    if (rows != nullptr)
      *rows = done->all();
    return done->affected();
  }
  store_result<void> simple(const std::string& sql) {
    if (auto done = session_->run(sql, timeout_ + cut_margin); !done)
      return explain(done.error());
    return {};
  }

  std::shared_ptr<pg_session> session_;
  std::chrono::milliseconds timeout_;
  std::string begin_;
  bool has_begun_ = false;
};

} // namespace

std::unique_ptr<store> make_pg_store(std::shared_ptr<pg_session> session,
                                     std::chrono::milliseconds timeout) {
  return std::make_unique<sql_store>(std::make_unique<pg_engine>(std::move(session), timeout));
}

} // namespace roost::database
