#pragma once

#include "actors/database/migration.hpp"
#include "actors/database/pg/pg_schema.hpp"
#include "actors/database/sqlite/sqlite_schema.hpp"
#include "actors/database/store/pg_store.hpp"
#include "actors/database/store/sqlite_store.hpp"
#include "tests/support/pg_server.hpp"
#include "tests/support/temp_folder.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <ostream>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace roost::database {

inline const std::string node_a = "aaaaaaaa-0000-4000-8000-000000000001";
inline const std::string node_b = "bbbbbbbb-0000-4000-8000-000000000002";

inline wall_time at_second(std::int64_t second) { return wall_time(std::chrono::seconds(second)); }

inline std::unique_ptr<sqlite_file> migrated_sqlite(const std::string& path) {
  auto up =
      sqlite_schema({.file = {.path = path, .survives = sqlite_file::durability::process_crash},
                     .application = "roost/test"},
                    *parse_migrations(sqlite_migrations()),
                    [](database_state, std::uint32_t, std::uint32_t) {})
          .bring_up();
  if (!up)
    throw std::runtime_error(up.error().reason);
  return std::move(up->file);
}

/// PostgreSQL with the schema of this build.
class migrated_pg {
public:
  explicit migrated_pg(test::pg_server& server = test::pg_server::shared()) : server_(server) {}

  /// A session on a database of its own.
  std::unique_ptr<pg_session> session() {
    name_ = server_.make_database();
    return again();
  }
  /// Another one on the same. Throws while the server is away.
  std::unique_ptr<pg_session> again() {
    auto up = pg_schema(*pg_target::parse(server_.url(name_)),
                        *parse_migrations(postgresql_migrations()), {.application = "roost/test"},
                        {cutter_, random_, [](database_state, std::uint32_t, std::uint32_t) {},
                         [](std::chrono::milliseconds) { return true; }})
                  .bring_up();
    if (!up)
      throw std::runtime_error(up.error().reason);
    return std::move(up->session);
  }
  [[nodiscard]] const std::string& name() const { return name_; }

private:
  test::pg_server& server_;
  socket_cutter cutter_;
  seeded_random random_{1};
  std::string name_;
};

enum class engine_kind : std::uint8_t { sqlite, memory, postgresql };

inline void PrintTo(engine_kind b, std::ostream* out) {
  *out << (b == engine_kind::sqlite   ? "sqlite"
           : b == engine_kind::memory ? "memory"
                                      : "postgresql");
}

/// A store of one kind, with an empty database of its own.
class store_fixture {
public:
  explicit store_fixture(engine_kind kind) {
    if (kind == engine_kind::postgresql) {
      pg_ = std::make_unique<migrated_pg>();
      store_ = make_pg_store(pg_->session(), std::chrono::seconds(30));
    } else {
      file_ = migrated_sqlite(kind == engine_kind::memory ? ":memory:" : folder_ / "roost.db");
      store_ = make_sqlite_store(*file_);
    }
  }
  store& operator*() { return *store_; }
  store* operator->() { return store_.get(); }

private:
  test::temp_folder folder_;
  std::unique_ptr<migrated_pg> pg_;
  std::unique_ptr<sqlite_file> file_;
  std::unique_ptr<store> store_;
};

/// The value, or a test failure with what the database said.
template <class T>
T expect(store_result<T> got) {
  if (!got)
    throw std::runtime_error(got.error().text + ": " + got.error().log);
  if constexpr (!std::is_void_v<T>)
    return std::move(*got);
}

/// All pages of a question. @param ask (cursor) → page.
template <class Ask>
auto all_pages(Ask ask) {
  auto first = expect(ask(std::string{}));
  auto rows = std::move(first.rows);
  for (auto cursor = first.next; !cursor.empty();) {
    auto next = expect(ask(cursor));
    if (next.rows.empty())
      throw std::runtime_error("a cursor leads to nothing");
    rows.insert(rows.end(), next.rows.begin(), next.rows.end());
    cursor = next.next;
  }
  return rows;
}

} // namespace roost::database
