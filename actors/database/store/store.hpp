#pragma once

#include "actors/database/sqlstate.hpp"
#include "actors/database/store/records.hpp"
#include "actors/database/store/search_words.hpp"
#include "actors/runtime/result.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace roost::database {

/// Why a store did not do something.
struct store_error {
  enum class reason : std::uint8_t {
    store,       ///< it is away, full or damaged: `kind` says whether it may pass
    bad_request, ///< the question is wrong: `text` says what is
    gap,         ///< writes before these are missing
    full,        ///< what waits for the shared database has reached its bound
  };
  trouble kind = trouble::transient;
  reason why = reason::store;
  std::string text; ///< for people: no SQL, no path, no value
  std::string log;  ///< the database's own words
};

template <class T>
using store_result = result<T, store_error>;

/// From, and before; open where nothing is said.
struct time_range {
  std::optional<wall_time> from;
  std::optional<wall_time> before;
};

/// How much of an answer, and from where on. A cursor is opaque, comes from the page before and is
/// good for the same question only.
struct paging {
  std::uint32_t limit = 100; ///< 1 to 1000
  std::string cursor;        ///< empty: from the beginning
};

template <class T>
struct page {
  std::vector<T> rows;
  std::string next; ///< cursor of what follows; empty: nothing
};

/// Newest first.
struct session_query {
  time_range created;
  std::optional<std::string> state;
  std::optional<std::string> owner;
  std::optional<std::string> node;
  paging at;
};
/// Newest first.
struct audit_query {
  time_range when;
  std::optional<std::string> who;
  std::optional<std::string> action;
  paging at;
};
/// The last opened first.
struct connection_query {
  time_range opened;
  std::optional<std::string> who;
  paging at;
};
/// Newest first.
struct text_query {
  std::string words; ///< as typed: see search_query
  std::optional<std::string> session;
  time_range when;
  std::optional<std::string> command; ///< a part of it, letter for letter
  std::optional<std::int32_t> exit_status;
  paging at;
};
/// A text that was found.
struct text_hit {
  std::string session;
  std::string epoch;
  std::uint64_t from_offset = 0;
  std::uint64_t to_offset = 0;
  wall_time at{};
  std::string command;
  std::optional<std::int32_t> exit_status;
  snippet shown;
};

/// How much there is of a kind.
struct kind_total {
  record_kind kind = record_kind::node;
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0; ///< of the records, without what indexes take
};

/// What the chunks of one epoch of a session add up to.
struct recording_total {
  std::string epoch;
  std::uint64_t first_seq = 0;
  std::uint64_t last_seq = 0;
  std::uint64_t end_offset = 0; ///< of the output
  std::uint64_t bytes = 0;      ///< of all data
};

/// The last piece of a session's text, without the text.
struct text_end {
  std::uint64_t from_offset = 0;
  std::uint64_t to_offset = 0;
  std::string command;
  std::optional<std::int32_t> exit_status;
};
/// What the text of one epoch of a session adds up to.
struct text_total {
  std::optional<text_end> last; ///< nothing: there is none
  std::uint64_t bytes = 0;      ///< of the records before the last one
};

/// What came of a batch.
struct applied_count {
  std::size_t applied = 0;
  std::size_t skipped = 0; ///< they were there already
};

/// Where the node's records are: SQLite or PostgreSQL, with the same answers. Blocks: for one
/// thread that may. Nothing throws.
class store {
public:
  /// The most records of one batch, and rows of one page.
  static constexpr std::size_t most_records = 1000;
  static constexpr std::uint32_t most_rows = 1000;

  store() = default;
  virtual ~store() = default;
  store(const store&) = delete;
  store& operator=(const store&) = delete;

  /// Writes the records, all or none. A key that was applied is skipped, so that a batch whose
  /// answer was lost is simply applied again. Within a partition keys come in order: one that
  /// follows a write which was not applied is refused (`gap`).
  virtual store_result<applied_count> apply(std::span<const keyed_record> records) = 0;
  /// The last key of a partition that was applied; 0: none.
  virtual store_result<std::uint64_t> mark(const std::string& node_uuid, std::uint64_t boot_epoch,
                                           std::uint32_t partition) = 0;
  /// Takes the writes of a partition up to the key for applied or lost: when a database was
  /// restored from before them. Never moves back.
  virtual store_result<void> skip_to(const write_key& key) = 0;
  /// Forgets how far the partitions of earlier starts of a node were applied: when nothing of them
  /// can come any more.
  virtual store_result<void> forget_marks(const std::string& node_uuid,
                                          std::uint64_t before_epoch) = 0;

  virtual store_result<std::vector<node_record>> nodes() = 0;
  /// Of all nodes, by id; a token that another node has taken away is there twice. The first
  /// `most_token_rows`.
  static constexpr std::uint32_t most_token_rows = 10'000;
  virtual store_result<std::vector<token_record>> tokens() = 0;
  virtual store_result<page<session_record>> sessions(const session_query& q) = 0;
  virtual store_result<std::optional<session_record>> session(const std::string& id) = 0;
  /// Oldest first.
  virtual store_result<page<session_event>> events(const std::string& session,
                                                   const paging& at) = 0;
  virtual store_result<page<audit_record>> audit(const audit_query& q) = 0;
  virtual store_result<page<connection_record>> connections(const connection_query& q) = 0;
  /// Oldest first; without their data.
  virtual store_result<page<recording_chunk>> chunks(const std::string& session,
                                                     const paging& at) = 0;
  /// The chunks of one epoch from this number on, in their order; without their data.
  virtual store_result<std::vector<recording_chunk>> chunks_from(const std::string& session,
                                                                 const std::string& epoch,
                                                                 std::uint64_t seq,
                                                                 std::uint32_t most) = 0;
  /// What there is of a session's recordings, the one that began first in front.
  virtual store_result<std::vector<recording_total>> recordings(const std::string& session) = 0;
  virtual store_result<std::optional<blob>>
  chunk_data(const std::string& session, const std::string& epoch, std::uint64_t seq) = 0;
  virtual store_result<page<text_hit>> search(const text_query& q) = 0;
  /// What there is of a session's text.
  virtual store_result<text_total> texts(const std::string& session, const std::string& epoch) = 0;

  /// Deletes at most `most` records of a kind that are older; of sessions only those that have
  /// ended. One node at a time: while another one removes, nothing is. @returns how many; fewer
  /// than `most`: it is done, or being done.
  virtual store_result<std::size_t> remove_older(record_kind kind, wall_time than,
                                                 std::uint32_t most) = 0;
  virtual store_result<std::vector<kind_total>> totals() = 0;
};

} // namespace roost::database
