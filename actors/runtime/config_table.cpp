#include "actors/runtime/config_table.hpp"

#include <array>
#include <csignal>

#include "actors/runtime/config_values.hpp"
#include "actors/runtime/redact.hpp"

namespace roost {

namespace {

using namespace std::chrono_literals;
namespace cv = config_values;

constexpr std::uint64_t kib = std::uint64_t{1} << 10;
constexpr std::uint64_t mib = std::uint64_t{1} << 20;
constexpr std::uint64_t gib = std::uint64_t{1} << 30;

constexpr std::array<std::string_view, 4> policy_names = {"latest", "smallest", "largest",
                                                          "manual"};

std::optional<size_policy_kind> parse_policy(std::string_view name) {
  for (std::size_t i = 0; i < policy_names.size(); ++i)
    if (policy_names[i] == name)
      return static_cast<size_policy_kind>(i);
  return std::nullopt;
}

std::string_view name_of_policy(size_policy_kind policy) {
  return policy_names[static_cast<std::size_t>(policy)];
}

std::string_view name_of_level(log::severity level) { return log::to_string(level); }
std::string_view name_of_format(log::layout format) { return log::to_string(format); }

template <class At>
config_value listener(At at) {
  return cv::make(
      "HOST:PORT, for example 127.0.0.1:7680 or [::1]:7680", at,
      [](const yaml_node& from) {
        return from.type == yaml_node::kind::scalar ? cv::parse_endpoint(from.text) : std::nullopt;
      },
      [](const endpoint& value) {
        // Brackets make a plain scalar a list.
        const auto text = to_string(value);
        return text.front() == '[' ? '"' + text + '"' : text;
      });
}

template <class At>
config_value ladder(At at) {
  auto made = cv::make(
      "a list of signals (HUP, INT, QUIT, TERM, KILL, USR1, USR2, CONT) and waits of up to 5m that "
      "ends with KILL",
      at,
      [](const yaml_node& from) -> std::optional<std::vector<kill_step>> {
        const auto steps = cv::texts_of(from);
        return steps ? cv::parse_ladder(*steps) : std::nullopt;
      },
      cv::show_ladder);
  made.form = config_value::shape::list;
  return made;
}

/// A URL may hold a password, which no message and no print-out repeats.
template <class At>
config_value database_url(At at, std::string expects, cv::text_check check) {
  auto made = cv::text(at, expects, check);
  made.read = [at, check, expects](config& into,
                                   const yaml_node& from) -> std::optional<std::string> {
    if (from.type != yaml_node::kind::scalar && from.type != yaml_node::kind::null)
      return cv::mismatch(expects, from);
    if (check(from.text))
      return "expected " + expects;
    at(into) = from.text;
    return std::nullopt;
  };
  made.show = [at](const config& from) { return quote_yaml(redact(at(from))); };
  return made;
}

#define ROOST_AT(member)                                                                           \
  [](auto& c) -> auto& { return c.member; }

std::vector<config_row> make_table() {
  return {
      {"listen",
       "Where the server accepts HTTP and WebSocket connections. Port 0 takes a free one. Anything "
       "that other machines can reach needs tls.certificate and tls.key.",
       reload::needs_restart, listener(ROOST_AT(listen))},
      {"insecure_listen",
       "Allows a listener without TLS that other machines can reach. Only behind a proxy that adds "
       "TLS: whoever reads the traffic can type into the terminals.",
       reload::needs_restart, cv::boolean(ROOST_AT(insecure_listen))},
      {"threads", "Threads that run everything. 0 is one per core.", reload::needs_restart,
       cv::count(ROOST_AT(threads), 0, 256)},
      {"node_name", "What this server calls itself. By default the name of the machine.",
       reload::needs_restart,
       cv::text(ROOST_AT(node_name), "a name of up to 63 letters, digits, '.', '-' and '_'",
                cv::check_node_name)},
      {"data_dir",
       "Where tokens, the local socket and all other state live; made with mode 0700 if missing. "
       "By "
       "default $XDG_STATE_HOME/roost, or ~/.local/state/roost.",
       reload::needs_restart, cv::path(ROOST_AT(data_dir), "a folder")},
      {"shutdown_timeout",
       "How long an orderly stop may take, before the server gives up and ends at once.",
       reload::needs_restart, cv::duration(ROOST_AT(shutdown_timeout), 1s, 10min)},

      {"tls.certificate", "PEM file with the certificate chain. Empty: no TLS.",
       reload::needs_restart, cv::path(ROOST_AT(tls.certificate), "a file")},
      {"tls.key", "PEM file with the private key of tls.certificate.", reload::needs_restart,
       cv::path(ROOST_AT(tls.key), "a file")},

      {"connections.max",
       "WebSockets at a time; one more is refused with 503 and Retry-After before it costs "
       "anything. Plain HTTP connections have the same cap, counted apart, and so has the Unix "
       "socket.",
       reload::at_once, cv::count(ROOST_AT(connections.max), 1, 100'000)},
      {"connections.max_per_ip",
       "WebSockets of one client address, and plain HTTP connections of one, counted apart; more "
       "are refused with 429. IPv6 counts by /64.",
       reload::at_once, cv::count(ROOST_AT(connections.max_per_ip), 1, 100'000)},
      {"connections.max_per_user", "WebSockets of one token; more are refused with 429.",
       reload::at_once, cv::count(ROOST_AT(connections.max_per_user), 1, 100'000)},
      {"connections.admin_reserve",
       "How many of connections.max only tokens with the role admin may open; at most half of "
       "them.",
       reload::at_once, cv::count(ROOST_AT(connections.admin_reserve), 0, 1'000)},
      {"connections.max_handshakes",
       "Connections that have not shown a whole request yet. At the limit the oldest one of the "
       "address that has the most makes room.",
       reload::at_once, cv::count(ROOST_AT(connections.max_handshakes), 1, 100'000)},
      {"connections.handshake_rate",
       "Connections per second that one address may open without asking anything on them; those "
       "that show a whole request do not count. 0: no limit.",
       reload::at_once, cv::count(ROOST_AT(connections.handshake_rate), 0, 100'000)},
      {"connections.handshake_burst", "How many of them may come at once.", reload::at_once,
       cv::count(ROOST_AT(connections.handshake_burst), 1, 100'000)},
      {"connections.max_streams", "Terminals that one WebSocket may watch at a time.",
       reload::needs_restart, cv::count(ROOST_AT(connections.max_streams), 1, 1'000)},
      {"connections.idle_timeout",
       "How long a person may neither type nor read anything new before the connection is closed "
       "with 4408; warned at 80 %. The terminals live on. 0: never.",
       reload::at_once, cv::duration(ROOST_AT(connections.idle_timeout), 0ms, 720h)},
      {"connections.heartbeat_interval",
       "How long a quiet WebSocket is left alone before it is pinged.", reload::needs_restart,
       cv::duration(ROOST_AT(connections.heartbeat_interval), 1s, 1h)},
      {"connections.heartbeat_timeout",
       "How long a ping may stay unanswered before the connection counts as dead.",
       reload::needs_restart, cv::duration(ROOST_AT(connections.heartbeat_timeout), 500ms, 10min)},
      {"connections.handshake_timeout",
       "How long a client may take for TLS and for each HTTP request.", reload::needs_restart,
       cv::duration(ROOST_AT(connections.handshake_timeout), 100ms, 5min)},
      {"connections.write_timeout",
       "How long a client may read nothing while there is something for it, even if it still "
       "types. "
       "It is then closed with 4008.",
       reload::needs_restart, cv::duration(ROOST_AT(connections.write_timeout), 500ms, 10min)},
      {"connections.window",
       "Output per terminal that a client may leave unacknowledged. Past it nothing more is sent, "
       "and the client continues from the history or with a snapshot.",
       reload::needs_restart, cv::size(ROOST_AT(connections.window), 16 * kib, 64 * mib)},
      {"connections.max_frame", "The largest WebSocket message that a client may send.",
       reload::needs_restart, cv::size(ROOST_AT(connections.max_frame), 4 * kib, 16 * mib)},
      {"connections.max_request_body", "The largest HTTP request body.", reload::needs_restart,
       cv::size(ROOST_AT(connections.max_request_body), 4 * kib, 64 * mib)},
      {"connections.drain_delay",
       "How long an orderly stop goes on as usual while /readyz already says no, so that a load "
       "balancer sends nobody here any more.",
       reload::at_once, cv::duration(ROOST_AT(connections.drain_delay), 0ms, 5min)},
      {"connections.inbound_rate",
       "What one WebSocket may send per second in the long run. Past it the server reads no "
       "faster, so nothing is lost. 0: no limit.",
       reload::needs_restart, cv::size(ROOST_AT(connections.inbound_rate), 0, gib)},
      {"connections.inbound_burst", "What it may send at once, for example a paste.",
       reload::needs_restart, cv::size(ROOST_AT(connections.inbound_burst), 64 * kib, gib)},
      {"connections.pressure_at",
       "The part of any limit at which the server tells its clients that it is nearly full.",
       reload::at_once, cv::fraction(ROOST_AT(connections.pressure_at), 0.1, 1)},
      {"connections.pressure_release",
       "The part below which it takes that back, after 5 s. Below pressure_at.", reload::at_once,
       cv::fraction(ROOST_AT(connections.pressure_release), 0.05, 1)},
      {"connections.memory_budget",
       "Memory for output: the terminals' histories and what waits for viewers. Near it, the "
       "viewers that are furthest behind get a snapshot in place of what waits for them.",
       reload::at_once, cv::size(ROOST_AT(connections.memory_budget), 16 * mib, 1024 * gib)},
      {"connections.trusted_proxies",
       "Addresses and blocks of reverse proxies. Behind one, the client's address is taken from "
       "X-Forwarded-For, walked from the right; from anybody else that header means nothing.",
       reload::needs_restart,
       cv::text_list(ROOST_AT(connections.trusted_proxies),
                     "a list of up to 64 addresses or blocks like 10.0.0.0/8", 64,
                     cv::check_address_block)},
      {"connections.proxy_protocol",
       "Whether connections of trusted_proxies begin with a PROXY protocol version 2 header, which "
       "names the client.",
       reload::needs_restart, cv::boolean(ROOST_AT(connections.proxy_protocol))},
      {"connections.allowed_origins",
       "Web origins besides the server's own that browsers may connect from.",
       reload::needs_restart,
       cv::text_list(ROOST_AT(connections.allowed_origins),
                     "a list of up to 64 origins like https://example.org", 64, cv::check_origin)},
      {"connections.allowed_hosts",
       "Names besides the listener's own address and localhost that may stand in a Host header. "
       "Behind a proxy: the public name. Protects against DNS rebinding.",
       reload::needs_restart,
       cv::text_list(ROOST_AT(connections.allowed_hosts),
                     "a list of up to 64 hosts like terminals.example.org", 64, cv::check_host)},

      {"terminals.max", "Terminals at a time.", reload::needs_restart,
       cv::count(ROOST_AT(terminals.max), 1, 10'000)},
      {"terminals.max_viewers", "Viewers of one terminal at a time.", reload::needs_restart,
       cv::count(ROOST_AT(terminals.max_viewers), 1, 1'000)},
      {"terminals.fan_out_rate",
       "Output per second that one terminal gives to all its viewers but the one who holds it. In "
       "a "
       "flood they share it, and whoever falls behind gets snapshots. 0: no limit.",
       reload::needs_restart, cv::size(ROOST_AT(terminals.fan_out_rate), 0, 64 * gib)},
      {"terminals.history",
       "Raw output kept per terminal, from which a returning viewer continues. Memory is taken "
       "only "
       "as output comes.",
       reload::needs_restart, cv::size(ROOST_AT(terminals.history), 64 * kib, gib)},
      {"terminals.scrollback_lines",
       "Lines above the screen that the server keeps for snapshots and for `roost screen`.",
       reload::needs_restart, cv::count(ROOST_AT(terminals.scrollback_lines), 0, 1'000'000)},
      {"terminals.input_queue",
       "Input kept for a program that does not read. More is refused with an error.",
       reload::needs_restart, cv::size(ROOST_AT(terminals.input_queue), 4 * kib, 64 * mib)},
      {"terminals.kill_ladder",
       "How a program is ended: signals to all of its processes, and how long to wait after each.",
       reload::needs_restart, ladder(ROOST_AT(terminals.kill_ladder))},
      {"terminals.default_command",
       "What a terminal runs when nothing is asked for. Empty: the user's shell.",
       reload::needs_restart,
       cv::text_list(ROOST_AT(terminals.default_command), "a program and up to 255 arguments", 256,
                     cv::check_nothing)},
      {"terminals.pause_limit",
       "How long a program may be held for its only viewer, so that nothing of its output has to "
       "be "
       "skipped. 0: never.",
       reload::needs_restart, cv::duration(ROOST_AT(terminals.pause_limit), 0ms, 1min)},
      {"terminals.size_policy",
       "Whose window gives a terminal its size when several watch: that of who typed latest, the "
       "smallest, the largest, or only explicit resizes.",
       reload::needs_restart,
       cv::choice(ROOST_AT(terminals.size_policy), "latest, smallest, largest or manual",
                  parse_policy, name_of_policy)},
      {"terminals.shell_integration",
       "Whether bash, zsh and fish are started with Roost's snippets, which report prompts, "
       "commands, exit statuses and the working directory.",
       reload::needs_restart, cv::boolean(ROOST_AT(terminals.shell_integration))},
      {"terminals.exited_retention",
       "How long the last screen and output of an ended program stay readable.",
       reload::needs_restart, cv::duration(ROOST_AT(terminals.exited_retention), 0ms, 720h)},
      {"terminals.keep_reading",
       "Whether the output of programs is read while no server is there, so that they never stall. "
       "Beyond what the history holds it is lost; otherwise a program waits when its terminal is "
       "full.",
       reload::needs_restart, cv::boolean(ROOST_AT(terminals.keep_reading))},
      {"terminals.max_per_user",
       "Terminals that one token may have at a time. 0: no limit but `terminals.max`.",
       reload::needs_restart, cv::count(ROOST_AT(terminals.max_per_user), 0, 10'000)},
      {"terminals.user_limits.processes",
       "Processes of all terminals of one token together. With so many, more terminals are "
       "refused; "
       "those that are there may start more. 0: no limit.",
       reload::needs_restart, cv::bound(ROOST_AT(terminals.user_limits.processes), 8, 1'000'000)},
      {"terminals.user_limits.memory",
       "Resident memory of all terminals of one token together. Above it more terminals are "
       "refused, "
       "and the one with the most memory is ended when it stays so. 0: no limit.",
       reload::needs_restart,
       cv::size_bound(ROOST_AT(terminals.user_limits.memory), 16 * mib, 16384 * gib)},
      {"terminals.limits.processes",
       "Processes and threads of one terminal at a time. 0: no limit. docs/reference/sandbox.md "
       "says who holds a terminal to its limits.",
       reload::needs_restart, cv::bound(ROOST_AT(terminals.limits.processes), 8, 1'000'000), true},
      {"terminals.limits.memory",
       "Memory of one terminal's processes: together where a cgroup can be used, else the data of "
       "each process. 0: no limit.",
       reload::needs_restart,
       cv::size_bound(ROOST_AT(terminals.limits.memory), 16 * mib, 16384 * gib), true},
      {"terminals.limits.cpu",
       "Cores that one terminal's processes may use together, for example 1.5. Only where a cgroup "
       "can be used. 0: no limit.",
       reload::needs_restart, cv::fraction(ROOST_AT(terminals.limits.cpu), 0, 1024), true},
      {"terminals.limits.cpu_time", "CPU time of one process, in whole seconds. 0: no limit.",
       reload::needs_restart, cv::duration(ROOST_AT(terminals.limits.cpu_time), 0ms, 8760h), true},
      {"terminals.limits.open_files", "Descriptors of one process. 0: the server's own limit.",
       reload::needs_restart, cv::bound(ROOST_AT(terminals.limits.open_files), 64, 1'000'000),
       true},
      {"terminals.limits.file_size", "The largest file that a program may write. 0: no limit.",
       reload::needs_restart,
       cv::size_bound(ROOST_AT(terminals.limits.file_size), 64 * kib, 16384 * gib), true},
      {"terminals.limits.lifetime", "How long a terminal may live before it is ended. 0: no limit.",
       reload::needs_restart, cv::duration(ROOST_AT(terminals.lifetime), 0ms, 8760h)},
      {"terminals.limits.idle",
       "How long a terminal may have neither input nor output before it is ended. 0: never.",
       reload::needs_restart, cv::duration(ROOST_AT(terminals.idle_limit), 0ms, 8760h)},
      {"terminals.sandbox.default",
       "The sandbox profile of a terminal for which none is asked: none, workspace, isolated, or "
       "one of terminals.sandbox.profiles.",
       reload::needs_restart,
       cv::text(ROOST_AT(terminals.sandbox.default_profile), "the name of a profile",
                cv::check_profile_name)},
      {"terminals.sandbox.profiles",
       "Profiles of your own, NAME: {base: workspace, network: none, writable: [~/cache]}. Keys: "
       "base, network, home, seccomp, writable, readable, hide, limits; see "
       "docs/reference/sandbox.md.",
       reload::needs_restart, cv::sandbox_profiles()},
      {"terminals.restart.first",
       "How long a terminal with a restart policy waits before it starts its program again. The "
       "wait doubles each time.",
       reload::needs_restart, cv::duration(ROOST_AT(terminals.restart.first), 100ms, 1h)},
      {"terminals.restart.longest", "The longest such wait.", reload::needs_restart,
       cv::duration(ROOST_AT(terminals.restart.longest), 100ms, 24h)},
      {"terminals.restart.stable",
       "A program that ran for this long is well: the next wait is the first one again.",
       reload::needs_restart, cv::duration(ROOST_AT(terminals.restart.stable), 100ms, 24h)},
      {"terminals.restart.max",
       "How often in a row a program is started again before it is given up.",
       reload::needs_restart, cv::count(ROOST_AT(terminals.restart.max), 1, 1'000'000)},
      {"terminals.run_as.default",
       "The system user that a terminal runs as for which none is asked. Empty: the user that "
       "roostd runs as. Only for a roostd that runs as root.",
       reload::needs_restart,
       cv::text(ROOST_AT(terminals.run_as.default_user), "the name of a user", cv::check_nothing)},
      {"terminals.run_as.allowed",
       "Further system users that a terminal may run as, where an admin or a token asks for it; "
       "root only if it is named. See docs/reference/users.md.",
       reload::needs_restart,
       cv::text_list(ROOST_AT(terminals.run_as.allowed), "up to 256 names of users", 256,
                     cv::check_nothing)},

      {"channels",
       "Ways to helper processes that speak JSON-RPC 2.0, NAME: {transport: {kind: stdio, command: "
       "[./helper]}, timeout: 2s}. Keys: transport, timeout, adaptive_timeout, idempotent, "
       "fallback, fallback_channel, last_good, max_answer, breaker, concurrency; see "
       "docs/reference/channels.md.",
       reload::at_once, cv::channels()},

      {"database.url",
       "Where the node keeps what outlives its sessions. Empty or sqlite: is a file in the data "
       "dir; "
       "memory: keeps nothing over a restart; postgresql://USER:PASSWORD@HOST:PORT/DATABASE is a "
       "server that many nodes can share.",
       reload::needs_restart,
       database_url(ROOST_AT(database.url),
                    "empty, sqlite:, memory: or postgresql://HOST:PORT/DATABASE",
                    check_database_url)},
      {"database.init_url",
       "The PostgreSQL server itself, where database.url leads through a connection pooler: "
       "changes "
       "of the schema are made under a lock, which a pooler cannot hold. Empty: as database.url.",
       reload::needs_restart,
       database_url(ROOST_AT(database.init_url), "empty or postgresql://HOST:PORT/DATABASE",
                    check_init_url)},
      {"database.share_tokens",
       "Whether tokens that other nodes of the same PostgreSQL have made hold here, too, and those "
       "that were taken away there hold no more. Whoever can write to the database can then do "
       "everything here.",
       reload::needs_restart, cv::boolean(ROOST_AT(database.share_tokens))},
      {"database.connect_timeout", "How long a connection to PostgreSQL may take to be made.",
       reload::needs_restart, cv::duration(ROOST_AT(database.connect_timeout), 2s, 60s)},
      {"database.check_interval", "How often a node looks whether its database is still there.",
       reload::needs_restart, cv::duration(ROOST_AT(database.check_interval), 100ms, 60s)},
      {"database.lock_wait",
       "How long a node waits for others that change the schema, before it says so and tries "
       "again.",
       reload::needs_restart, cv::duration(ROOST_AT(database.lock_wait), 1s, 1h)},
      {"database.session_timeout",
       "After this long without a sign of life PostgreSQL ends the session of a node that is "
       "stopped "
       "while it changes the schema, so that others can go on.",
       reload::needs_restart, cv::duration(ROOST_AT(database.session_timeout), 2s, 1h)},
      {"database.migration_timeout", "How long one change of the schema may take.",
       reload::needs_restart, cv::duration(ROOST_AT(database.migration_timeout), 1s, 24h)},
      {"database.retry_longest",
       "The longest wait before a node tries again to reach its database; the first ones are "
       "shorter, "
       "and all of them random.",
       reload::needs_restart, cv::duration(ROOST_AT(database.retry_longest), 200ms, 10min)},
      {"database.fallback.grace",
       "How long the database may be away before the node says that it works without it.",
       reload::needs_restart, cv::duration(ROOST_AT(database.grace), 100ms, 10min)},
      {"database.fallback.memory",
       "Bytes of what may wait in memory to be written to the node's own file. Beyond it measures "
       "are "
       "dropped first, then whatever comes.",
       reload::needs_restart, cv::size(ROOST_AT(database.memory), mib, gib)},
      {"database.fallback.spool",
       "Bytes of what may wait in the node's own file for PostgreSQL, while that is away. Beyond "
       "it "
       "measures are dropped, and nothing new is written down until there is room.",
       reload::needs_restart, cv::size(ROOST_AT(database.spool), mib, 1024 * gib)},
      {"database.pools.app",
       "Connections to PostgreSQL for what sessions and people wait for; one of them brings there "
       "what the node has written down. All nodes together need fewer than its max_connections.",
       reload::needs_restart, cv::count(ROOST_AT(database.pools.app), 2, 64)},
      {"database.pools.init",
       "Connections for changes of the schema and for the look whether the database is there: one.",
       reload::needs_restart, cv::count(ROOST_AT(database.pools.init), 1, 1)},
      {"database.pools.analytics",
       "Connections for questions over everything: the history, recordings and texts of all nodes. "
       "They are slow and many, and never keep the others waiting.",
       reload::needs_restart, cv::count(ROOST_AT(database.pools.analytics), 1, 64)},
      {"database.retention",
       "How long is known what sessions there were, what happened to them and who was connected, "
       "since they ended; in the node's own file and in PostgreSQL. recording.retention is that of "
       "what they showed.",
       reload::needs_restart, cv::duration(ROOST_AT(database.retention), 1h, 87'600h)},
      {"database.audit_retention", "How long is known who did what.", reload::needs_restart,
       cv::duration(ROOST_AT(database.audit_retention), 1h, 87'600h)},

      {"recording.enabled",
       "Whether the output of sessions is recorded for which nothing else is asked.",
       reload::needs_restart, cv::boolean(ROOST_AT(recording.enabled))},
      {"recording.max_per_session",
       "Bytes that one session's recording may take, compressed. Beyond it only its end is "
       "recorded. Its text for the search may take as much again.",
       reload::needs_restart, cv::size(ROOST_AT(recording.max_per_session), 64 * kib, 64 * gib)},
      {"recording.retention", "How long recorded output and its text are kept.",
       reload::needs_restart, cv::duration(ROOST_AT(recording.retention), 1h, 87'600h)},
      {"recording.redact",
       "Regular expressions (RE2) of what must not be in a recording: each byte that one of them "
       "matches becomes a *. See docs/reference/recording_format.md.",
       reload::needs_restart,
       cv::text_list(ROOST_AT(recording.redact), "up to 64 regular expressions", 64,
                     cv::check_nothing)},

      {"log.level", "The least severe lines that are written.", reload::at_once,
       cv::choice(ROOST_AT(log.level), "trace, debug, info, warn, error or off",
                  log::parse_severity, name_of_level)},
      {"log.format", "text for people, json (one object per line) for machines.",
       reload::needs_restart,
       cv::choice(ROOST_AT(log.format), "text or json", log::parse_layout, name_of_format)},
  };
}

#undef ROOST_AT

// As in the contract; whoever implements one of these moves it to the table above.
constexpr std::string_view reserved_text = R"(
cluster: {listen: "", join: [], certificate: "", key: "", ca: ""}
)";

} // namespace

terminals_config::terminals_config()
    : kill_ladder{SIGHUP, std::chrono::milliseconds(2000), SIGTERM, std::chrono::milliseconds(3000),
                  SIGKILL} {}

std::string to_string(const endpoint& where) {
  const auto port = std::to_string(where.port);
  return where.host.find(':') == std::string::npos ? where.host + ":" + port
                                                   : "[" + where.host + "]:" + port;
}

bool is_loopback(const endpoint& where) {
  if (where.host == "localhost" || where.host == "::1")
    return true;
  // 127.0.0.0/8 written out in full: "127.evil.example" is a name, not an address.
  int dots = 0;
  for (const char c : where.host) {
    if (c == '.')
      ++dots;
    else if (c < '0' || c > '9')
      return false;
  }
  return dots == 3 && where.host.starts_with("127.");
}

const std::vector<config_row>& config_table() {
  static const auto table = make_table();
  return table;
}

std::string environment_name(std::string_view path) {
  std::string out = "ROOST_";
  for (const char c : path)
    out += c == '.' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  return out;
}

const yaml_node& reserved_config() {
  static const auto tree = std::get<yaml_node>(parse_yaml(reserved_text));
  return tree;
}

} // namespace roost
