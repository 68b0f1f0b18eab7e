#pragma once

#include "actors/database/store/records.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

namespace roost::database {

/// Records on their way, as one message.
struct record_batch {
  std::vector<record> records;
  std::vector<keyed_record> keyed;    ///< of the writer's batches alone
  std::vector<std::uint64_t> tickets; ///< likewise: of those that somebody waits for
};

/// Bytes that a record takes, about.
std::size_t weight_of(const record& r);

/// What waits to be written to the node's own file, at most so many bytes: when it is full,
/// measures are dropped, oldest first; then the newcomer. Gives each record the key of its write
/// when it is taken, so that what was dropped leaves no gap. Pure; not thread-safe.
class write_queue {
public:
  struct settings {
    std::string node_uuid;
    std::uint64_t boot_epoch = 0; ///< grows with each start of the node
    std::uint64_t most_bytes = std::uint64_t{16} << 20;
  };

  explicit write_queue(settings with) : settings_(std::move(with)) {}

  /// @param ticket of somebody who waits for it; 0: nobody does. @returns false if there was no
  /// room for it.
  bool add(record r, std::uint64_t ticket = 0);
  /// The next records, in order: one at least if there is any, then as long as they have together
  /// at most `most_bytes`; with their tickets.
  record_batch take(std::size_t most, std::size_t most_bytes);

  [[nodiscard]] bool is_empty() const { return waiting_.empty(); }
  [[nodiscard]] std::size_t size() const { return waiting_.size(); }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
  /// Records that found no room so far.
  [[nodiscard]] std::uint64_t dropped() const { return dropped_; }

private:
  struct entry {
    record what;
    std::size_t bytes;
    std::uint64_t ticket;
  };
  void make_room(std::size_t wanted);

  settings settings_;
  std::deque<entry> waiting_;
  std::uint64_t bytes_ = 0;
  std::uint64_t dropped_ = 0;
  std::uint64_t last_seq_ = 0;
};

} // namespace roost::database
