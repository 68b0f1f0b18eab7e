#pragma once

#include "actors/connection/connection_totals.hpp"
#include "actors/database/store/records.hpp"
#include "actors/runtime/clock.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace roost::connection {

/// What is to be written down of WebSockets: one record for each while it is open, and another in
/// its place when it has ended. Bounded: what comes and goes too fast is counted, not written.
/// Pure; not thread-safe.
class connection_log {
public:
  struct settings {
    std::string node;          ///< uuid
    std::uint64_t boot = 0;    ///< the node's boot epoch: ids begin anew with each
    std::size_t most_new = 64; ///< connections that are begun between two `take`s
  };

  explicit connection_log(settings with) : settings_(std::move(with)) {}

  void opened(std::uint64_t id, std::string who, std::string address, wall_time at,
              std::shared_ptr<const connection_figures> figures);
  void closed(std::uint64_t id, wall_time at);
  /// What has changed since the last call.
  std::vector<database::record> take();

  /// Connections that were not written down.
  [[nodiscard]] std::uint64_t passed_over() const { return passed_over_; }

private:
  struct entry {
    database::connection_record what;
    std::shared_ptr<const connection_figures> figures;
  };

  settings settings_;
  std::map<std::uint64_t, entry> open_;
  std::map<std::uint64_t, database::connection_record> changed_;
  std::size_t begun_ = 0; ///< since the last `take`
  std::uint64_t passed_over_ = 0;
};

} // namespace roost::connection
