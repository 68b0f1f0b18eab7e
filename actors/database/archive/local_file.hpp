#pragma once

#include "actors/database/migration.hpp"
#include "actors/database/sqlite/sqlite_schema.hpp"
#include "actors/database/store/outbox.hpp"
#include "actors/database/store/store.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace roost::database {

/// The node's own file with its store and, where there is a shared database, the outbox for it.
/// Opened when it is first needed, and again after it was found unusable. Blocks; for one thread.
class local_file {
public:
  struct settings {
    std::string path; ///< ":memory:" for none
    std::string application;
    bool has_shared = false; ///< writes go to the outbox, too
    std::uint64_t spool = std::uint64_t{1} << 30;
  };

  local_file(settings with, std::vector<migration> known)
      : settings_(std::move(with)), known_(std::move(known)) {}

  /// Brings the file up if it is not. The store is valid until the next call of `close`.
  store_result<store*> open();
  void close();

  store_result<applied_count> write(std::span<const keyed_record> records);
  /// What the shared database does not have yet; null without one. Valid after `open`.
  [[nodiscard]] outbox* waiting() { return outbox_.get(); }

private:
  settings settings_;
  std::vector<migration> known_;
  std::unique_ptr<sqlite_file> file_;
  std::unique_ptr<store> store_;
  std::unique_ptr<outbox> outbox_;
};

} // namespace roost::database
