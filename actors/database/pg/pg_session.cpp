#include "actors/database/pg/pg_session.hpp"

#include <pqxx/pqxx>

#include <array>
#include <utility>

namespace roost::database {

namespace {

pg_error lost(const char* text) { return {trouble::transient, {}, text}; }

template <class Error>
bool is(const std::exception& e) {
  return dynamic_cast<const Error*>(&e) != nullptr;
}

/// libpqxx 6 throws a type of its own for some SQLSTATEs and forgets the state. Derived types stand
/// before what they derive from; a class of states is given as its general one.
struct typed_state {
  bool (*is)(const std::exception&);
  const char* sqlstate;
};
constexpr std::array<typed_state, 28> typed_states = {{
    {is<pqxx::feature_not_supported>, "0A000"},
    {is<pqxx::data_exception>, "22000"},
    {is<pqxx::restrict_violation>, "23001"},
    {is<pqxx::not_null_violation>, "23502"},
    {is<pqxx::foreign_key_violation>, "23503"},
    {is<pqxx::unique_violation>, "23505"},
    {is<pqxx::check_violation>, "23514"},
    {is<pqxx::integrity_constraint_violation>, "23000"},
    {is<pqxx::invalid_cursor_state>, "24000"},
    {is<pqxx::invalid_sql_statement_name>, "26000"},
    {is<pqxx::invalid_cursor_name>, "34000"},
    {is<pqxx::serialization_failure>, "40001"},
    {is<pqxx::statement_completion_unknown>, "40003"},
    {is<pqxx::deadlock_detected>, "40P01"},
    {is<pqxx::transaction_rollback>, "40000"},
    {is<pqxx::insufficient_privilege>, "42501"},
    {is<pqxx::undefined_column>, "42703"},
    {is<pqxx::undefined_function>, "42883"},
    {is<pqxx::undefined_table>, "42P01"},
    {is<pqxx::syntax_error>, "42601"},
    {is<pqxx::disk_full>, "53100"},
    {is<pqxx::out_of_memory>, "53200"},
    {is<pqxx::too_many_connections>, "53300"},
    {is<pqxx::insufficient_resources>, "53000"},
    {is<pqxx::plpgsql_raise>, "P0001"},
    {is<pqxx::plpgsql_no_data_found>, "P0002"},
    {is<pqxx::plpgsql_too_many_rows>, "P0003"},
    {is<pqxx::plpgsql_error>, "P0000"},
}};

/// What a server refused. An empty SQLSTATE would mean that the connection is lost.
std::string sqlstate_of(const std::exception& e) {
  if (const auto* refused = dynamic_cast<const pqxx::sql_error*>(&e);
      refused != nullptr && !refused->sqlstate().empty())
    return refused->sqlstate();
  for (const auto& each : typed_states)
    if (each.is(e))
      return each.sqlstate;
  return {};
}

/// What libpqxx threw, as a value. It says with several types that a connection is gone.
template <class Work>
auto guarded(Work work) -> decltype(work()) {
  try {
    return work();
  } catch (const std::exception& e) {
    auto sqlstate = sqlstate_of(e);
    if (sqlstate.empty())
      return lost(e.what());
    return pg_error{classify(sqlstate), std::move(sqlstate), e.what()};
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

pg_session::pg_session(std::shared_ptr<connection> made, socket_cutter& cutter)
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
    auto link = std::make_shared<connection>(where.words(seconds, application));
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
  if (!connection_->link.is_open())
    return lost("the connection is closed");
  const socket_cutter::guard bound(cutter_, connection_->link.sock(),
                                   std::chrono::steady_clock::now() + timeout);
  auto done = guarded([&]() -> pg_result<pg_rows> {
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
  // libpq only knows that its connection is gone.
  if (!done && done.error().sqlstate.empty() && bound.has_cut())
    done.error().text = "no answer within " + std::to_string(timeout.count()) + " ms";
  return done;
}

std::function<void()> pg_session::canceller() const {
  return [held = connection_] {
    try {
      held->link.cancel_query();
    } catch (const std::exception&) {
      // Nothing runs, or the server is away: whoever cancels cuts the socket, too.
    }
  };
}

int pg_session::socket() const { return connection_->link.sock(); }

int pg_session::backend() const { return connection_->link.backendpid(); }

bool pg_session::is_open() const { return connection_->link.is_open(); }

} // namespace roost::database
