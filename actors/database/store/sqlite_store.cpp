#include "actors/database/store/sqlite_store.hpp"

#include "actors/database/store/sql_store.hpp"

#include <fmt/format.h>

#include <optional>

namespace roost::database {

namespace {

sqlite_value as_sqlite(const sql_value& value) {
  struct {
    sqlite_value operator()(std::monostate) const { return std::monostate{}; }
    sqlite_value operator()(std::int64_t v) const { return v; }
    sqlite_value operator()(const std::string& v) const { return std::string_view(v); }
    sqlite_value operator()(const blob& v) const { return blob_view{v.bytes}; }
  } convert;
  return std::visit(convert, value);
}

class sqlite_engine final : public sql_engine {
public:
  explicit sqlite_engine(sqlite_file& file) : file_(file) {}

  store_result<std::size_t> run(const statement& what, std::vector<sql_row>* rows) override {
    std::vector<sqlite_value> values;
    values.reserve(what.values.size());
    for (const auto& each : what.values)
      values.push_back(as_sqlite(each));
    auto done = file_.query(what.sql, values, [&](const sqlite_row& at) {
      if (rows == nullptr)
        return;
      auto& row = rows->emplace_back();
      for (int i = 0; i < at.columns(); ++i)
        row.push_back(at.is_null(i) ? std::nullopt : std::optional(std::string(at.text(i))));
    });
    if (!done)
      return explain(done.error());
    return *done;
  }

  store_result<void> begin() override {
    auto begun = sqlite_transaction::begin(file_);
    if (!begun)
      return explain(begun.error());
    transaction_.emplace(std::move(*begun));
    return {};
  }
  store_result<void> commit() override {
    auto done = transaction_->commit();
    transaction_.reset();
    if (!done)
      return explain(done.error());
    return {};
  }
  void rollback() override { transaction_.reset(); }
  store_result<bool> remove_alone() override { return true; } // whoever writes is alone

  std::string time_in(std::string value) const override { return value; }
  std::string time_out(std::string column) const override { return column; }
  std::string blob_out(std::string cell) const override { return cell; }
  std::string_view row_id() const override { return "rowid"; }
  std::string_view position() const override { return "instr"; }
  std::string words_in(statement& to, const std::vector<word>& words) const override {
    return to.value(fts5_text(words));
  }
  std::string matches(statement& to, const search_query& query) const override {
    return fmt::format("rowid IN (SELECT rowid FROM screen_text_words WHERE screen_text_words "
                       "MATCH {})",
                       to.value(query.fts5()));
  }

private:
  sqlite_file& file_;
  std::optional<sqlite_transaction> transaction_;
};

} // namespace

store_error explain(const sqlite_error& why) {
  const auto* text = why.is_full()      ? "there is no room on the disk of the database file"
                     : why.is_damaged() ? "the database file is damaged"
                     : why.kind == trouble::transient ? "the database file is in use"
                                                      : "the database file cannot be used";
  return {why.kind, store_error::reason::store, text,
          fmt::format("SQLite's code {}: {}", why.code, why.text)};
}

std::unique_ptr<store> make_sqlite_store(sqlite_file& file) {
  return std::make_unique<sql_store>(std::make_unique<sqlite_engine>(file));
}

} // namespace roost::database
