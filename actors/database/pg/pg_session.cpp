#include "actors/database/pg/pg_session.hpp"

#include <pqxx/pqxx>

#include <utility>

namespace roost::database {

namespace {

pg_error lost(const char* text) { return {trouble::transient, {}, text}; }

/// libpqxx 6 keeps the state of some errors to itself, and says it by the type alone.
std::string state_of(const pqxx::sql_error& e) {
  if (!e.sqlstate().empty())
    return e.sqlstate();
  if (dynamic_cast<const pqxx::insufficient_privilege*>(&e) != nullptr)
    return "42501";
  if (dynamic_cast<const pqxx::disk_full*>(&e) != nullptr)
    return "53100";
  if (dynamic_cast<const pqxx::insufficient_resources*>(&e) != nullptr)
    return "53000";
  return "XX000"; // internal_error: what it is says the text
}

/// What libpqxx threw, as a value.
template <class Work>
auto guarded(Work work) -> decltype(work()) {
  try {
    return work();
  } catch (const pqxx::sql_error& e) {
    const auto state = state_of(e);
    return pg_error{classify(state), state, e.what()};
  } catch (const pqxx::transaction_rollback& e) {
    return pg_error{trouble::transient, "40001", e.what()};
  } catch (const pqxx::broken_connection& e) {
    return lost(e.what());
  } catch (const std::exception& e) {
    // libpqxx says with other types, too, that a connection is gone.
    return lost(e.what());
  }
}

/// A refused connection has no SQLSTATE in libpqxx: its text is all there is.
trouble kind_of_refusal(std::string_view text) {
  constexpr std::string_view needs_an_operator[] = {
      "password authentication failed", "no password supplied", "does not exist",
      "no pg_hba.conf entry",           "permission denied",    "certificate",
      "invalid connection option"};
  for (const auto each : needs_an_operator)
    if (text.find(each) != std::string_view::npos)
      return trouble::operator_needed;
  return trouble::transient;
}

} // namespace

std::string pg_rows::first(std::size_t column) const {
  return rows_.empty() || column >= rows_[0].size() ? "" : rows_[0][column].value_or("");
}

struct pg_session::connection {
  explicit connection(const std::string& words) : link(words) {
    // libpqxx 6 opens a lost connection again, silently: the lock of the session would be gone.
#if !defined(PQXX_VERSION_MAJOR) || PQXX_VERSION_MAJOR < 7
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    link.inhibit_reactivation(true);
#pragma GCC diagnostic pop
#endif
    transaction.emplace(link);
  }

  pqxx::connection link;
  // Transactions are the caller's own statements: one way to do and to undo.
  std::optional<pqxx::nontransaction> transaction;
};

pg_session::pg_session(std::unique_ptr<connection> made, socket_cutter& cutter)
    : connection_(std::move(made)), cutter_(cutter) {}

pg_session::~pg_session() {
  // Says good-bye to a server that may be frozen.
  const socket_cutter::guard bound(cutter_, connection_->link.sock(),
                                   std::chrono::steady_clock::now() + std::chrono::seconds(1));
  try {
    connection_->transaction.reset();
  } catch (const std::exception&) {
    // A transaction of a lost connection has nothing to end.
  }
}

pg_result<std::unique_ptr<pg_session>> pg_session::open(const pg_target& where,
                                                        std::string_view application,
                                                        std::chrono::milliseconds connect_timeout,
                                                        socket_cutter& cutter) {
  using made = pg_result<std::unique_ptr<pg_session>>;
  auto opened = guarded([&]() -> made {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(connect_timeout);
    auto link = std::make_unique<connection>(where.words(seconds, application));
    return std::unique_ptr<pg_session>(new pg_session(std::move(link), cutter));
  });
  if (!opened && opened.error().sqlstate.empty())
    opened.error().kind = kind_of_refusal(opened.error().text);
  return opened;
}

pg_result<pg_rows> pg_session::run(const std::string& sql, std::chrono::milliseconds timeout) {
  return run(sql, {}, timeout);
}

pg_result<pg_rows> pg_session::run(const std::string& sql,
                                   const std::vector<std::optional<std::string>>& values,
                                   std::chrono::milliseconds timeout) {
  return guarded([&]() -> pg_result<pg_rows> {
    if (!connection_->link.is_open())
      return lost("the connection is closed");
    const socket_cutter::guard bound(cutter_, connection_->link.sock(),
                                     std::chrono::steady_clock::now() + timeout);
    const auto got = [&] {
      if (values.empty())
        return connection_->transaction->exec(sql);
      std::vector<const char*> texts;
      for (const auto& value : values)
        texts.push_back(value ? value->c_str() : nullptr);
      return connection_->transaction->exec_params(
          sql, pqxx::prepare::make_dynamic_params(texts.begin(), texts.end()));
    }();
    std::vector<pg_rows::row> rows;
    for (const auto& row : got) {
      auto& out = rows.emplace_back();
      for (const auto& field : row)
        out.push_back(field.is_null() ? std::nullopt : std::optional(field.c_str()));
    }
    return pg_rows(std::move(rows), static_cast<std::size_t>(got.affected_rows()));
  });
}

int pg_session::backend() const { return connection_->link.backendpid(); }

bool pg_session::is_open() const { return connection_->link.is_open(); }

} // namespace roost::database
