#include "actors/database/sqlite/sqlite_backend.hpp"

#include <utility>

namespace roost::database {

sqlite_backend::sqlite_backend(sqlite_schema::settings with, std::vector<migration> known)
    : settings_(std::move(with)), known_(std::move(known)) {}

result<std::uint32_t, init_failure> sqlite_backend::bring_up(const progress& tell) {
  if (is_stopped_)
    return init_failure{trouble::transient, "the server is shutting down"};
  file_.reset();
  auto up = sqlite_schema(settings_, known_, tell).bring_up();
  if (!up)
    return up.error();
  file_ = std::move(up->file);
  return up->schema_version;
}

result<void, init_failure> sqlite_backend::check() {
  // What is damaged or full shows where it is read and written; here, whether it can be read.
  const auto read = file_->query("SELECT version FROM schema_head", {}, [](const sqlite_row&) {});
  if (!read)
    return init_failure{read.error().kind,
                        read.error().is_damaged()
                            ? "the database file is damaged; restore it from a "
                              "backup, or move it away to begin with an empty one"
                            : "the database file cannot be read"};
  return {};
}

result<schema_look, init_failure> sqlite_backend::look() {
  return sqlite_schema(settings_, known_, [](database_state, std::uint32_t, std::uint32_t) {})
      .look();
}

} // namespace roost::database
