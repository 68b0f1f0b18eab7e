#include "actors/database/store/outbox.hpp"

#include "actors/database/store/record_codec.hpp"
#include "actors/database/store/sqlite_store.hpp"

#include <fmt/format.h>

#include <array>
#include <limits>
#include <utility>

namespace roost::database {

namespace {

// What an entry takes beside its payload: its row and its place in the indexes.
constexpr std::uint64_t entry_bytes = 200;
// Entries that are looked at in one go when room is made.
constexpr std::int64_t batch = 256;
constexpr auto all_bytes = std::numeric_limits<std::uint64_t>::max();

std::int64_t number(std::uint64_t value) { return static_cast<std::int64_t>(value); }
std::uint64_t unsigned_of(const sqlite_row& row, int column) {
  return static_cast<std::uint64_t>(row.integer(column));
}

std::uint64_t size_of(const outbox_entry& entry) {
  return entry_bytes + entry.payload.size() + entry.object.size();
}

std::array<sqlite_value, 3> partition_of(const write_key& key) {
  return {std::string_view(key.node_uuid), number(key.boot_epoch), std::int64_t{key.partition}};
}

/// What a record is about; nothing for those of which each is kept.
struct object_name {
  std::string operator()(const node_record& r) const { return r.uuid; }
  std::string operator()(const session_record& r) const { return r.id; }
  std::string operator()(const session_event&) const { return {}; }
  std::string operator()(const audit_record&) const { return {}; }
  std::string operator()(const connection_record& r) const {
    return fmt::format("{}/{}/{}", r.node, r.boot, r.id);
  }
  std::string operator()(const recording_chunk& r) const {
    return fmt::format("{}/{}/{}", r.session, r.epoch, r.seq);
  }
  std::string operator()(const screen_text& r) const {
    return fmt::format("{}/{}/{}", r.session, r.epoch, r.from_offset);
  }
  std::string operator()(const token_record& r) const { return r.id; }
};

} // namespace

store_result<outbox_entry> make_entry(const write_key& key, record what) {
  auto ok = check(key);
  if (ok)
    ok = fit(what);
  if (!ok)
    return store_error{trouble::permanent, store_error::reason::bad_request,
                       "a record is not one that can be kept", ok.error().text};
  auto object = std::visit(object_name{}, what);
  if (!object.empty())
    object = fmt::format("{}/{}", static_cast<int>(kind_of(what)), object);
  return outbox_entry{class_of(what), key, std::move(object), encode(what)};
}

store_result<outbox::outcome> outbox::append(const outbox_entry& entry) {
  auto out = [&]() -> store_result<outcome> {
    auto transaction = sqlite_transaction::begin(file_);
    if (!transaction)
      return explain(transaction.error());
    auto done = append_inner(entry);
    // What is not kept leaves everything as it was.
    if (!done || *done != outcome::kept)
      return done;
    if (auto committed = transaction->commit(); !committed)
      return explain(committed.error());
    return done;
  }();
  if (out && *out == outcome::dropped)
    if (auto counted = count_dropped(1); !counted)
      return counted.error();
  return out;
}

store_result<void> outbox::count_dropped(std::uint64_t more) {
  const sqlite_value values[] = {number(more)};
  if (auto done = file_.run("UPDATE outbox_total SET dropped = dropped + ?1", values); !done)
    return explain(done.error());
  return {};
}

store_result<outbox::outcome> outbox::append_inner(const outbox_entry& entry) {
  auto end = tail_of(entry.key);
  if (!end)
    return end.error();
  if (entry.key.seq <= end->seq)
    return outcome::known;
  // What this entry replaces needs not to be sent.
  if (!entry.object.empty())
    if (auto replaced = remove("object = ?1 AND object <> ''", entry.object, all_bytes); !replaced)
      return replaced.error();
  auto room = make_room(entry, size_of(entry));
  if (!room)
    return room.error();
  if (!*room)
    return outcome::dropped;
  // Room may have been made where the end of this partition was.
  end = tail_of(entry.key);
  if (!end)
    return end.error();
  const auto [node, epoch, partition] = partition_of(entry.key);
  const sqlite_value values[] = {static_cast<std::int64_t>(entry.is),
                                 node,
                                 epoch,
                                 partition,
                                 number(entry.key.seq),
                                 number(end->follows),
                                 std::string_view(entry.object),
                                 blob_view{entry.payload},
                                 number(size_of(entry))};
  if (auto done = file_.run("INSERT INTO outbox (class, node, epoch, partition, seq, follows, "
                            "object, payload, bytes) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                            values);
      !done)
    return explain(done.error());
  const sqlite_value ends[] = {node, epoch, partition, number(entry.key.seq)};
  if (auto done = file_.run("INSERT INTO outbox_tail VALUES (?1, ?2, ?3, ?4, ?4) ON CONFLICT DO "
                            "UPDATE SET seq = ?4, follows = ?4",
                            ends);
      !done)
    return explain(done.error());
  if (!end->is_new)
    return outcome::kept;
  // A node that starts anew needs the ends of what it has shipped no more.
  const sqlite_value older[] = {node, epoch};
  if (auto done = file_.run("DELETE FROM outbox_tail AS t WHERE node = ?1 AND epoch < ?2 AND NOT "
                            "EXISTS (SELECT 1 FROM outbox AS o WHERE o.node = t.node AND o.epoch = "
                            "t.epoch AND o.partition = t.partition)",
                            older);
      !done)
    return explain(done.error());
  return outcome::kept;
}

store_result<outbox::tail> outbox::tail_of(const write_key& key) {
  tail out;
  const auto values = partition_of(key);
  auto got = file_.query("SELECT seq, follows FROM outbox_tail WHERE node = ?1 AND epoch = ?2 AND "
                         "partition = ?3",
                         values, [&](const sqlite_row& row) {
                           out = {false, unsigned_of(row, 0), unsigned_of(row, 1)};
                         });
  if (!got)
    return explain(got.error());
  return out;
}

store_result<std::uint64_t> outbox::free_bytes() {
  auto now = total();
  if (!now)
    return now.error();
  return now->bytes >= most_bytes_ ? 0 : most_bytes_ - now->bytes;
}

store_result<bool> outbox::make_room(const outbox_entry& entry, std::uint64_t bytes) {
  const auto fits = [&]() -> store_result<bool> {
    auto left = free_bytes();
    if (!left)
      return left.error();
    return *left >= bytes;
  };
  auto is_done = fits();
  if (!is_done || *is_done)
    return is_done;
  if (entry.is == record_class::measure)
    return false;
  auto measures = remove("class = 2", {}, bytes);
  if (!measures)
    return measures.error();
  if (auto counted = count_dropped(*measures); !counted)
    return counted.error();
  is_done = fits();
  if (!is_done || *is_done)
    return is_done;
  return store_error{trouble::transient,
                     store_error::reason::full,
                     "what waits for the database has reached its bound "
                     "(database.fallback.spool): nothing more is taken until the database is back",
                     {}};
}

store_result<std::uint64_t> outbox::remove(std::string_view condition, std::string_view object,
                                           std::uint64_t wanted) {
  struct row {
    std::int64_t position;
    write_key key;
  };
  std::uint64_t removed = 0;
  const auto select = fmt::format("SELECT position, node, epoch, partition, seq FROM "
                                  "outbox WHERE {} ORDER BY position LIMIT ?2",
                                  condition);
  for (;;) {
    std::vector<row> rows;
    const sqlite_value values[] = {object, batch};
    auto got = file_.query(select, values, [&](const sqlite_row& at) {
      rows.push_back({at.integer(0),
                      {std::string(at.text(1)), unsigned_of(at, 2),
                       static_cast<std::uint32_t>(at.integer(3)), unsigned_of(at, 4)}});
    });
    if (!got)
      return explain(got.error());
    for (const auto& each : rows) {
      auto left = free_bytes();
      if (!left)
        return left.error();
      if (*left >= wanted)
        return removed;
      const auto [node, epoch, partition] = partition_of(each.key);
      // What it follows may have changed with the removal of the one before it.
      const sqlite_value chain[] = {node, epoch, partition, number(each.key.seq), each.position};
      for (const auto* link :
           {"UPDATE outbox SET follows = (SELECT follows FROM outbox WHERE position = ?5) WHERE "
            "node = ?1 AND epoch = ?2 AND partition = ?3 AND "
            "seq = (SELECT min(seq) FROM outbox WHERE node = ?1 AND epoch = ?2 AND partition = ?3 "
            "AND seq > ?4) AND follows = ?4",
            "UPDATE outbox_tail SET follows = (SELECT follows FROM outbox WHERE position = ?5) "
            "WHERE node = ?1 AND epoch = ?2 AND partition = ?3 "
            "AND follows = ?4"})
        if (auto done = file_.run(link, chain); !done)
          return explain(done.error());
      const sqlite_value position[] = {each.position};
      if (auto done = file_.run("DELETE FROM outbox WHERE position = ?1", position); !done)
        return explain(done.error());
      ++removed;
    }
    if (rows.size() < static_cast<std::size_t>(batch))
      return removed;
  }
}

store_result<std::vector<outbox::item>> outbox::peek(std::uint32_t most, std::uint64_t most_bytes) {
  std::vector<item> out;
  std::uint64_t bytes = 0;
  const sqlite_value values[] = {std::int64_t{most}};
  // A payload is read from the disk only when it is asked for.
  auto got = file_.query(
      "SELECT position, node, epoch, partition, seq, follows, bytes, payload FROM "
      "outbox ORDER BY position LIMIT ?1",
      values, [&](const sqlite_row& row) {
        const bool is_first = out.empty();
        bytes += unsigned_of(row, 6);
        if (!is_first && bytes > most_bytes)
          return;
        out.push_back({row.integer(0),
                       {std::string(row.text(1)), unsigned_of(row, 2),
                        static_cast<std::uint32_t>(row.integer(3)), unsigned_of(row, 4)},
                       unsigned_of(row, 5),
                       std::string(row.blob(7))});
      });
  if (!got)
    return explain(got.error());
  return out;
}

store_result<void> outbox::drop(std::int64_t up_to) {
  const sqlite_value values[] = {up_to};
  if (auto done = file_.run("DELETE FROM outbox WHERE position <= ?1", values); !done)
    return explain(done.error());
  return {};
}

store_result<outbox::totals> outbox::total() {
  totals out;
  auto got = file_.query("SELECT records, bytes, dropped FROM outbox_total", {},
                         [&](const sqlite_row& row) {
                           out = {unsigned_of(row, 0), unsigned_of(row, 1), unsigned_of(row, 2)};
                         });
  if (!got)
    return explain(got.error());
  return out;
}

store_result<applied_count> write_locally(sqlite_file& file, store& local, outbox* shared,
                                          std::span<const keyed_record> records) {
  auto transaction = sqlite_transaction::begin(file);
  if (!transaction)
    return explain(transaction.error());
  auto out = local.apply(records);
  if (!out)
    return out;
  if (shared != nullptr)
    for (const auto& each : records) {
      auto entry = make_entry(each.key, each.what);
      if (!entry)
        return entry.error();
      if (auto kept = shared->append(*entry); !kept)
        return kept.error();
    }
  if (auto done = transaction->commit(); !done)
    return explain(done.error());
  return out;
}

} // namespace roost::database
