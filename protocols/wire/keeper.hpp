#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

/// What `roostd` and `roost-keeper` say to each other over DATA/keeper/keeper.sock, a Unix socket
/// of kind SOCK_SEQPACKET (docs/reference/keeper.md). One packet is one struct below, in the byte
/// order of the machine that both run on; descriptors travel beside it (SCM_RIGHTS), in the order
/// given. Both programs include this header and may be of different builds, so what is here never
/// changes: a new version adds packets, tags and fields at the end of a packet.
///
/// The server says `hello` first. The keeper answers `welcome`, one `session` for each session that
/// it holds, and `ready`. From then on this connection is the owner and any earlier one is fenced
/// off: it hears `fenced` and is closed. What an owner sends is answered in order.
namespace roost::keeper {

inline constexpr std::uint32_t magic = 0x52'6f'4b'31; ///< "1KoR"
/// Version 1: all of this but what is marked with 2 or 3. Version 2: limits, another user, `fetch`.
/// Version 3: `tag::again`.
inline constexpr std::uint16_t oldest_version = 1;
inline constexpr std::uint16_t newest_version = 3;

/// Bounds. A keeper refuses what is beyond them.
inline constexpr std::size_t most_sessions = 4096;
inline constexpr std::size_t largest_request = std::size_t{4} << 20; ///< bytes of a start request
inline constexpr std::size_t most_extra_fds = 8;
inline constexpr std::size_t id_bytes = 32;

/// A session's name, padded with zeros: 1 to 31 letters and digits.
using id_text = std::array<char, id_bytes>;

inline std::string_view view(const id_text& id) {
  return {id.data(), ::strnlen(id.data(), id.size())};
}
/// Whether it is a name at all. Both sides check: it becomes part of log lines and cgroup names.
inline bool is_valid(const id_text& id) {
  const auto text = view(id);
  if (text.empty() || text.size() == id.size())
    return false;
  for (const char c : text)
    if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')))
      return false;
  return true;
}
/// Cuts what is too long; `is_valid` then says no.
inline id_text make_id(std::string_view text) {
  id_text id{};
  std::memcpy(id.data(), text.data(), text.size() < id.size() ? text.size() : id.size());
  return id;
}

enum class kind : std::uint32_t {
  // server to keeper
  hello = 1,
  start = 2,
  send_signal = 3,
  end = 4,
  forget = 5,
  set_drain = 6,
  fetch = 7, ///< version 2
  // keeper to server
  welcome = 101,
  session = 102,
  ready = 103,
  started = 104,
  refused = 105,
  exited = 106,
  emptied = 107,
  fenced = 108,
  forgotten = 109,
};

/// The first bytes of every packet.
struct head {
  kind what{};
  std::uint32_t request =
      0; ///< chosen by the server, given back in the answer; 0: no answer to one
};

// ---- server to keeper ----

struct hello {
  head h{kind::hello, 0};
  std::uint32_t magic = keeper::magic;
  std::uint16_t oldest = oldest_version;
  std::uint16_t newest = newest_version;
  std::array<char, 32> build{}; ///< the server's version, for the keeper's log
};

/// Starts a program. Descriptors: a memfd with the start request (`tags`), then up to
/// `most_extra_fds` that the program gets as 3, 4, … Answer: `started` or `refused`, once the
/// program runs or cannot.
///
/// With `tag::again` (version 3) it is the next program of a session whose phase is `emptied`: it
/// gets a terminal of its own, and the session's memory stays as it is. Until it runs, and if it is
/// refused or taken back, the session is what it was: emptied, with the status of its last program.
struct start {
  head h{kind::start, 0};
  id_text id{};
  std::uint32_t request_bytes = 0;
};

/// Whom a signal is for.
enum class reach : std::uint32_t {
  jobs = 0, ///< the foreground job and the group of the session's first process
  tree = 1, ///< every process that descends from it, whatever session or group it made for itself
};

/// Sends a signal; to what is stopped a SIGCONT follows HUP, INT, QUIT and TERM. No answer.
struct send_signal {
  head h{kind::send_signal, 0};
  id_text id{};
  std::int32_t number = 0;
  reach to = reach::jobs;
};

/// Kills every process of the session, and those that they start meanwhile, until none is left
/// (`emptied`). No answer of its own. Harmless when repeated.
struct end {
  head h{kind::end, 0};
  id_text id{};
};

/// The server needs a session no longer: its status was told to whoever wants it. What is left of
/// it is killed, its memory is let go. Answer: `forgotten`, also for a session that is not known.
struct forget {
  head h{kind::forget, 0};
  id_text id{};
};

/// Whether the keeper reads the output of programs into their memory while no server is there, so
/// that they never stall. Off until it is said, and it outlives the connection. No answer.
struct set_drain {
  head h{kind::set_drain, 0};
  std::uint32_t on = 0;
};

/// Asks for one session again, as after `hello`. Answer: `session` or `refused`. Version 2.
struct fetch {
  head h{kind::fetch, 0};
  id_text id{};
};

// ---- keeper to server ----

/// What `welcome::has_cgroups` says: trees are ended by cgroup v2; limits of processes, memory and
/// processor can be set there, too.
inline constexpr std::uint32_t cgroups_end = 1;
inline constexpr std::uint32_t cgroups_limit = 2;

struct welcome {
  head h{kind::welcome, 0};
  std::uint16_t version = 0; ///< that both speak; 0: none, and the connection ends
  std::uint16_t oldest = oldest_version;
  std::uint16_t newest = newest_version;
  std::uint16_t reserved = 0;
  std::uint64_t generation = 0; ///< of this owner: 1 more than that of the one before
  std::int64_t pid = 0;
  std::array<char, 32> build{};
  std::uint32_t sessions = 0;
  std::uint32_t has_cgroups = 0; ///< version 2: `cgroups_end` and `cgroups_limit`
};

enum class phase : std::uint32_t {
  running = 1, ///< the first process runs
  exited = 2,  ///< it has exited; others of its tree may not have
  emptied = 3, ///< no process is left
};

/// One session that the keeper holds. Descriptors: the memory (session_memory.hpp), and the PTY's
/// master unless `has_terminal` is 0.
struct session {
  head h{kind::session, 0};
  id_text id{};
  phase now = phase::running;
  std::uint32_t has_terminal = 1;
  std::int64_t pid = 0;     ///< of the first process: also its session and process group
  std::int64_t warden = 0;  ///< of the process whose descendants are the session's; 0: gone
  std::int32_t status = -1; ///< as of waitid: the exit status …
  std::int32_t signal = 0;  ///< … or, unless 0, the signal that ended it
};

/// All sessions were named.
struct ready {
  head h{kind::ready, 0};
};

/// The program runs. Descriptors: memory, master.
struct started {
  head h{kind::started, 0};
  id_text id{};
  std::int64_t pid = 0;
  std::int64_t warden = 0;
};

/// What could not be done.
enum class step : std::uint32_t {
  packet = 1,   ///< the packet or the start request is malformed; `error` is 0
  id = 2,       ///< taken (start), or not known (fetch), or not emptied (again)
  terminal = 3, ///< no PTY
  memory = 4,   ///< no memfd
  process = 5,  ///< no process
  user = 6,     ///< setuid, setgid, groups
  limit = 7,    ///< setrlimit or a cgroup
  folder = 8,   ///< chdir
  program = 9,  ///< exec
  sandbox = 10, ///< the sandbox ended before the program began; what it said is in `text`
};

struct refused {
  head h{kind::refused, 0};
  id_text id{};
  step at = step::packet;
  std::int32_t error = 0;       ///< errno
  std::array<char, 512> text{}; ///< what the sandbox said; empty otherwise
};

/// The session's first process has exited. The keeper has let go of the program's side of the PTY
/// before it says so: once nobody else holds it, reading the master ends.
struct exited {
  head h{kind::exited, 0};
  id_text id{};
  std::int32_t status = -1;
  std::int32_t signal = 0;
};

/// No process of the session is left. Comes after `exited`.
struct emptied {
  head h{kind::emptied, 0};
  id_text id{};
};

/// Another owner has come. The last packet of a connection.
struct fenced {
  head h{kind::fenced, 0};
};

struct forgotten {
  head h{kind::forgotten, 0};
  id_text id{};
};

// ---- the start request ----

/// Its parts, each `part` followed by its bytes, without padding. A part with an unknown tag is
/// refused, unless the tag is at least `may_be_ignored`.
enum class tag : std::uint16_t {
  executable = 1,  ///< absolute path, once
  argument = 2,    ///< in order, at least one
  environment = 3, ///< "NAME=value"
  folder = 4,      ///< absolute path, once
  size = 5,        ///< u16 columns, u16 rows, once
  memory = 6,      ///< `memory_wish`, once
  sandboxed = 7,   ///< empty: the program is a sandbox, see `stage_program`
  limit = 8,       ///< `limit_wish`; version 2
  user = 9,        ///< `user_wish`, at most once; only a keeper that runs as root; version 2
  group = 10,      ///< u32, a supplementary group of `user`; version 2
  cgroup = 11,     ///< "memory.max=123": a line for the session's cgroup; version 2
  again = 12,      ///< empty: in a session that is there; `memory` says nothing then; version 3
  may_be_ignored = 1000,
  terminal_group = 1001, ///< u32: the group of the terminal's file, which may write to it (0620)
};

struct part {
  tag what{};
  std::uint16_t reserved = 0;
  std::uint32_t bytes = 0;
};

/// Sizes of the session's memory (session_memory.hpp), in bytes.
struct memory_wish {
  std::uint64_t history = 0; ///< output that can be kept
};
struct limit_wish {
  std::uint32_t resource = 0; ///< RLIMIT_…
  std::uint32_t reserved = 0;
  std::uint64_t most = 0; ///< soft and hard; the keeper's own hard limit where that is lower
};
struct user_wish {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
};

/// How a program in a sandbox says that it is there. The keeper runs `executable` (bubblewrap) with
/// descriptor 3 and up as given. The sandbox must end in
/// `/proc/self/fd/N --stage REPORT [--processes MOST] PROGRAM ARGUMENT…`, where N is an extra
/// descriptor on the keeper's own program, so that a name in the sandbox's file system cannot stand
/// for it, and REPORT is the descriptor that the keeper adds after the extra ones. That stage
/// checks that PROGRAM can be run, says so on REPORT, closes it and N, and becomes PROGRAM. If
/// everything ends before, the session is `refused`. MOST is an RLIMIT_NPROC: the kernel counts it
/// per user namespace, so it must be set inside of it.
inline constexpr std::string_view stage_option = "--stage";

// ---- reading and writing packets ----

/// A packet's struct from the bytes that came; nothing if they are too few. More is allowed: a
/// newer version may have added fields.
template <class Packet>
std::optional<Packet> read_packet(const void* bytes, std::size_t size) {
  static_assert(std::is_trivially_copyable_v<Packet>);
  if (size < sizeof(Packet))
    return std::nullopt;
  Packet out;
  std::memcpy(&out, bytes, sizeof out);
  return out;
}

/// Appends one part of a start request.
inline void append_part(std::string& to, tag what, std::string_view bytes) {
  const part header{what, 0, static_cast<std::uint32_t>(bytes.size())};
  to.append(reinterpret_cast<const char*>(&header), sizeof header);
  to.append(bytes);
}
template <class Value>
void append_value(std::string& to, tag what, const Value& value) {
  static_assert(std::is_trivially_copyable_v<Value>);
  append_part(to, what, {reinterpret_cast<const char*>(&value), sizeof value});
}

} // namespace roost::keeper
