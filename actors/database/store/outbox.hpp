#pragma once

#include "actors/database/sqlite/sqlite_file.hpp"
#include "actors/database/store/store.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace roost::database {

/// A write on its way to the shared database.
struct outbox_entry {
  record_class is = record_class::metadata;
  write_key key;
  std::string object;  ///< what the record is about, where a newer one replaces it; else empty
  std::string payload; ///< the record, encoded
};

/// The entry of a record. The record is fitted; a failure says why it cannot be kept.
store_result<outbox_entry> make_entry(const write_key& key, record what);

/// What the shared database does not have yet, in the node's own SQLite file: in order, at most so
/// many bytes, and there after any crash once it was committed. Blocks; for the thread of the file.
/// Nothing throws.
///
/// Of the same object only the newest entry is kept. When it is full, measures are dropped, oldest
/// first, and counted; if that does not suffice, the write is refused.
/// Those that follow what is removed are told so (`follows`), so the shared database can still
/// see that nothing else is missing.
class outbox {
public:
  /// @param file with the node's schema; outlives the outbox. @param most_bytes of entries, as
  /// `bytes` of `total` counts them.
  outbox(sqlite_file& file, std::uint64_t most_bytes) : file_(file), most_bytes_(most_bytes) {}

  enum class outcome : std::uint8_t {
    kept,
    known,   ///< the key was appended before
    dropped, ///< a measure, and there is no room
  };
  /// Appends an entry, within the caller's transaction if there is one: then it is there if the
  /// caller's own writes are. Keys of a partition come in order.
  store_result<outcome> append(const outbox_entry& entry);

  struct item {
    std::int64_t position = 0; ///< grows; never used again
    write_key key;
    std::uint64_t follows = 0;
    std::string payload;
  };
  /// The first entries, in order; one at least if there is any, then as long as they have together
  /// at most `most_bytes`.
  store_result<std::vector<item>> peek(std::uint32_t most, std::uint64_t most_bytes);
  /// Removes the entries up to this position: the shared database has them.
  store_result<void> drop(std::int64_t up_to);

  struct totals {
    std::uint64_t records = 0;
    std::uint64_t bytes = 0;
    std::uint64_t dropped = 0; ///< measures, since the file was made
  };
  store_result<totals> total();

private:
  struct tail {
    bool is_new = true;
    std::uint64_t seq = 0;
    std::uint64_t follows = 0;
  };
  store_result<outcome> append_inner(const outbox_entry& entry);
  store_result<tail> tail_of(const write_key& key);
  store_result<bool> make_room(const outbox_entry& entry, std::uint64_t bytes);
  store_result<void> count_dropped(std::uint64_t more);
  store_result<std::uint64_t> free_bytes();
  /// Removes the entries that the condition selects, oldest first, until so much is free.
  /// @returns how many were removed.
  store_result<std::uint64_t> remove(std::string_view condition, std::string_view object,
                                     std::uint64_t wanted);

  sqlite_file& file_;
  std::uint64_t most_bytes_;
};

/// Writes records to the node's own store and, if there is a shared database, to the outbox for it:
/// all or none. This is the moment from which they are acknowledged. @param local over `file`.
store_result<applied_count> write_locally(sqlite_file& file, store& local, outbox* shared,
                                          std::span<const keyed_record> records);

} // namespace roost::database
