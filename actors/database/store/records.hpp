#pragma once

#include "actors/runtime/clock.hpp"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

/// What the node writes down. Each record names its fields once, in `each_field`: the codec, the
/// statements and the bounds are made from that. Texts are UTF-8; times are kept in microseconds.
namespace roost::database {

/// What becomes of a record when there is no room for it.
enum class record_class : std::uint8_t {
  audit,    ///< A: never lost; what it tells of is refused instead
  metadata, ///< B: of the same object the newest one suffices
  measure,  ///< C: may be dropped, and is counted then
};

/// The numbers are in files and in other nodes' databases: they never change.
enum class record_kind : std::uint8_t {
  node = 1,
  session = 2,
  session_event = 3,
  audit = 4,
  connection = 5,
  recording_chunk = 6,
  screen_text = 7,
  token = 8,
};

/// Bytes that are no text.
struct blob {
  std::string bytes;
  friend bool operator==(const blob&, const blob&) = default;
};

/// How a field is bounded and merged; the bound is in bytes and is for texts and blobs.
struct field_rule {
  enum class kind : std::uint8_t {
    text,  ///< cut at its bound, at a character
    json,  ///< beyond its bound it is `null`
    whole, ///< beyond its bound (or empty, for a key) the record is refused
    least, ///< of two records of the same object the lower one is kept, whichever is newer
    number,
  };
  kind is = kind::number;
  std::size_t most = 0;
};

namespace rules {
constexpr field_rule text(std::size_t most) { return {field_rule::kind::text, most}; }
constexpr field_rule json(std::size_t most) { return {field_rule::kind::json, most}; }
constexpr field_rule whole(std::size_t most) { return {field_rule::kind::whole, most}; }
inline constexpr field_rule number{};
inline constexpr field_rule least{field_rule::kind::least, 0};
inline constexpr field_rule id = whole(64);
} // namespace rules

inline constexpr std::size_t most_chunk_bytes = std::size_t{4} << 20;
/// So that the words of a text and its command have positions that PostgreSQL can count (16383).
inline constexpr std::size_t most_text_bytes = std::size_t{24} << 10;
inline constexpr std::size_t most_line_bytes = 4096;

/// A node that has used this store.
struct node_record {
  static constexpr auto kind = record_kind::node;
  static constexpr auto is_class = record_class::metadata;
  std::string uuid;
  std::string name;
  std::string version;
  wall_time first_seen{};
  wall_time last_seen{};
  friend bool operator==(const node_record&, const node_record&) = default;
};

/// A session as it was when the record was written. Of those with one id the newest wins.
struct session_record {
  static constexpr auto kind = record_kind::session;
  static constexpr auto is_class = record_class::metadata;
  std::string id;
  std::string node; ///< uuid
  std::string title;
  std::string command; ///< JSON
  std::string cwd;
  std::string owner;
  std::string sandbox;
  std::string run_as;
  std::string epoch;
  wall_time created_at{};
  std::optional<wall_time> exited_at;
  std::optional<std::int32_t> exit_status;
  std::optional<std::int32_t> signal;
  std::string state;
  std::uint64_t offset = 0; ///< bytes of output
  friend bool operator==(const session_record&, const session_record&) = default;
};

/// Something that happened to a session.
struct session_event {
  static constexpr auto kind = record_kind::session_event;
  static constexpr auto is_class = record_class::metadata;
  std::string session;
  wall_time at{};
  std::string what;   ///< created, changed, exited, removed, restarted, lost…
  std::string detail; ///< JSON
  friend bool operator==(const session_event&, const session_event&) = default;
};

/// Who did what, for whoever has to find out later.
struct audit_record {
  static constexpr auto kind = record_kind::audit;
  static constexpr auto is_class = record_class::audit;
  wall_time at{};
  std::string who;
  std::string action;
  std::string target;
  std::string outcome;
  std::string detail; ///< JSON
  std::string correlation;
  friend bool operator==(const audit_record&, const audit_record&) = default;
};

/// A connection of one run of one node; its record after the end replaces the one of its beginning.
struct connection_record {
  static constexpr auto kind = record_kind::connection;
  static constexpr auto is_class = record_class::measure;
  std::string node;       ///< uuid
  std::uint64_t boot = 0; ///< the node's boot epoch: ids begin anew with each
  std::string id;
  std::string who;
  std::string address;
  wall_time opened_at{};
  std::optional<wall_time> closed_at;
  std::optional<std::int32_t> close_code;
  std::string reason;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  friend bool operator==(const connection_record&, const connection_record&) = default;
};

/// A piece of a session's recorded output.
struct recording_chunk {
  static constexpr auto kind = record_kind::recording_chunk;
  static constexpr auto is_class = record_class::metadata;
  std::string session;
  std::string epoch;
  std::uint64_t seq = 0;
  std::uint64_t first_offset = 0;
  std::uint64_t end_offset = 0;
  wall_time began_at{};
  wall_time ended_at{};
  std::uint32_t cols = 0;
  std::uint32_t rows = 0;
  std::uint64_t raw_size = 0; ///< of the events; the data is packed
  std::uint32_t event_count = 0;
  blob data;
  friend bool operator==(const recording_chunk&, const recording_chunk&) = default;
};

/// Rendered text of a session, usually what one command printed: what is searched.
struct screen_text {
  static constexpr auto kind = record_kind::screen_text;
  /// It can be much, and the recording has it, too: it never drives out anything else.
  static constexpr auto is_class = record_class::measure;
  std::string session;
  std::string epoch;
  std::uint64_t from_offset = 0;
  std::uint64_t to_offset = 0;
  wall_time at{};
  std::string command;
  std::optional<std::int32_t> exit_status;
  std::string text;
  friend bool operator==(const screen_text&, const screen_text&) = default;
};

/// A credential, without its secret, as one node knows it: the node that made it, or one that took
/// it away. It holds as long as no node has taken it away.
struct token_record {
  static constexpr auto kind = record_kind::token;
  static constexpr auto is_class = record_class::audit;
  std::string id;
  std::string node; ///< uuid of the node that wrote this
  std::string hash; ///< SHA-256 of its text, in hexadecimal
  std::string role;
  std::string label;
  std::string session; ///< the only one that it is for; empty: all
  std::string run_as;
  wall_time created_at{};
  std::optional<wall_time> expires_at;
  std::optional<wall_time> revoked_at;
  friend bool operator==(const token_record&, const token_record&) = default;
};

/// `f(column, field, rule)` for each field, in the order of the codec: new ones come last.
template <class R, class F>
void each_field(R& r, F&& f) {
  using T = std::remove_const_t<R>;
  if constexpr (std::is_same_v<T, node_record>) {
    f("uuid", r.uuid, rules::id);
    f("name", r.name, rules::text(256));
    f("version", r.version, rules::text(64));
    f("first_seen", r.first_seen, rules::least);
    f("last_seen", r.last_seen, rules::number);
  } else if constexpr (std::is_same_v<T, session_record>) {
    f("id", r.id, rules::id);
    f("node", r.node, rules::id);
    f("title", r.title, rules::text(1024));
    f("command", r.command, rules::json(std::size_t{64} << 10));
    f("cwd", r.cwd, rules::text(most_line_bytes));
    f("owner", r.owner, rules::text(256));
    f("sandbox", r.sandbox, rules::text(128));
    f("run_as", r.run_as, rules::text(128));
    f("epoch", r.epoch, rules::text(64));
    f("created_at", r.created_at, rules::number);
    f("exited_at", r.exited_at, rules::number);
    f("exit_status", r.exit_status, rules::number);
    f("signal", r.signal, rules::number);
    f("state", r.state, rules::text(32));
    f("output_end", r.offset, rules::number);
  } else if constexpr (std::is_same_v<T, session_event>) {
    f("session", r.session, rules::id);
    f("at", r.at, rules::number);
    f("what", r.what, rules::text(64));
    f("detail", r.detail, rules::json(std::size_t{16} << 10));
  } else if constexpr (std::is_same_v<T, audit_record>) {
    f("at", r.at, rules::number);
    f("who", r.who, rules::text(256));
    f("action", r.action, rules::text(128));
    f("target", r.target, rules::text(1024));
    f("outcome", r.outcome, rules::text(64));
    f("detail", r.detail, rules::json(std::size_t{16} << 10));
    f("correlation", r.correlation, rules::text(128));
  } else if constexpr (std::is_same_v<T, connection_record>) {
    f("node", r.node, rules::id);
    f("boot", r.boot, rules::number);
    f("id", r.id, rules::id);
    f("who", r.who, rules::text(256));
    f("address", r.address, rules::text(64));
    f("opened_at", r.opened_at, rules::number);
    f("closed_at", r.closed_at, rules::number);
    f("close_code", r.close_code, rules::number);
    f("reason", r.reason, rules::text(256));
    f("bytes_in", r.bytes_in, rules::number);
    f("bytes_out", r.bytes_out, rules::number);
  } else if constexpr (std::is_same_v<T, recording_chunk>) {
    f("session", r.session, rules::id);
    f("epoch", r.epoch, rules::id);
    f("seq", r.seq, rules::number);
    f("first_offset", r.first_offset, rules::number);
    f("end_offset", r.end_offset, rules::number);
    f("began_at", r.began_at, rules::number);
    f("ended_at", r.ended_at, rules::number);
    f("cols", r.cols, rules::number);
    f("rows", r.rows, rules::number);
    f("raw_size", r.raw_size, rules::number);
    f("event_count", r.event_count, rules::number);
    f("data", r.data, rules::whole(most_chunk_bytes));
  } else if constexpr (std::is_same_v<T, token_record>) {
    f("id", r.id, rules::id);
    f("node", r.node, rules::id);
    f("hash", r.hash, rules::id);
    f("role", r.role, rules::text(16));
    f("label", r.label, rules::text(256));
    f("session", r.session, rules::text(64));
    f("run_as", r.run_as, rules::text(256));
    f("created_at", r.created_at, rules::number);
    f("expires_at", r.expires_at, rules::number);
    f("revoked_at", r.revoked_at, rules::number);
  } else {
    static_assert(std::is_same_v<T, screen_text>);
    f("session", r.session, rules::id);
    f("epoch", r.epoch, rules::id);
    f("from_offset", r.from_offset, rules::number);
    f("to_offset", r.to_offset, rules::number);
    f("at", r.at, rules::number);
    f("command", r.command, rules::text(most_line_bytes));
    f("exit_status", r.exit_status, rules::number);
    f("body", r.text, rules::text(most_text_bytes));
  }
}

using record = std::variant<node_record, session_record, session_event, audit_record,
                            connection_record, recording_chunk, screen_text, token_record>;

inline record_kind kind_of(const record& r) {
  return std::visit([](const auto& each) { return each.kind; }, r);
}
inline record_class class_of(const record& r) {
  return std::visit([](const auto& each) { return each.is_class; }, r);
}

/// Names a write for ever. Numbers are below 2^63.
struct write_key {
  std::string node_uuid;        ///< 36 characters: lower-case hexadecimal digits and `-`
  std::uint64_t boot_epoch = 0; ///< grows with each start of the node
  std::uint32_t partition = 0;  ///< writes of one partition are applied in order; of one object
                                ///< all are in the same
  std::uint64_t seq = 0;        ///< grows within a partition, from 1

  friend bool operator==(const write_key&, const write_key&) = default;
};

/// The key as a text that sorts as writes do: a later write of an object is greater, whichever
/// partitions are read first; and it differs for every write.
std::string sortable(const write_key& key);

/// A record with the key of its write.
struct keyed_record {
  write_key key;
  /// The write before it in its partition; 0: it is the first. Others between them were dropped.
  std::uint64_t follows = 0;
  record what;
};

} // namespace roost::database
