#pragma once

#include "actors/database/archive/local_file.hpp"
#include "actors/database/pg/pg_session.hpp"
#include "actors/database/store/store.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

namespace roost::database {

/// Brings what the node has written to the shared database: the first entries of the outbox, in
/// order, in one transaction that also notes how far it got, so that whatever is cut off is simply
/// done again (DB-7). Blocks; for one thread.
class shipment {
public:
  /// Makes a store over a new connection to the shared database.
  using connector = std::function<store_result<std::unique_ptr<store>>()>;

  struct settings {
    std::uint32_t most_records = 500;
    std::uint64_t most_bytes = std::uint64_t{1} << 20;
  };

  shipment(local_file& from, connector connect, settings with)
      : from_(from), connect_(std::move(connect)), settings_(with) {}

  struct progress {
    std::uint64_t records = 0; ///< that are in the shared database now
    std::uint64_t left = 0;
    std::uint64_t lost = 0; ///< that cannot be read any more, or were missing
  };
  /// Ships the next batch. After a failure the connection is made anew.
  store_result<progress> next();

private:
  store_result<progress> send(const std::vector<outbox::item>& items);
  store_result<void> apply(std::span<const keyed_record> records, progress& done);

  local_file& from_;
  connector connect_;
  settings settings_;
  std::unique_ptr<store> to_;
};

} // namespace roost::database
