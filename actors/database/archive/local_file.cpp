#include "actors/database/archive/local_file.hpp"

#include "actors/database/store/sqlite_store.hpp"

#include <utility>

namespace roost::database {

store_result<store*> local_file::open() {
  if (store_)
    return store_.get();
  sqlite_schema::settings with;
  with.file.path = settings_.path;
  with.application = settings_.application;
  auto up =
      sqlite_schema(with, known_, [](database_state, std::uint32_t, std::uint32_t) {}).bring_up();
  if (!up)
    return store_error{up.error().kind, store_error::reason::store, up.error().reason, {}};
  file_ = std::move(up->file);
  store_ = make_sqlite_store(*file_);
  if (settings_.has_shared)
    outbox_ = std::make_unique<outbox>(*file_, settings_.spool);
  return store_.get();
}

void local_file::close() {
  outbox_.reset();
  store_.reset();
  file_.reset();
}

store_result<applied_count> local_file::write(std::span<const keyed_record> records) {
  auto opened = open();
  if (!opened)
    return opened.error();
  return write_locally(*file_, *store_, outbox_.get(), records);
}

} // namespace roost::database
