#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "actors/runtime/config_channels.hpp"
#include "actors/runtime/config_database.hpp"
#include "actors/runtime/config_recording.hpp"
#include "actors/runtime/config_restart.hpp"
#include "actors/runtime/config_run_as.hpp"
#include "actors/runtime/config_sandbox.hpp"
#include "actors/runtime/log.hpp"
#include "protocols/session_types.hpp"

namespace roost {

/// HOST:PORT of a listener. The host is a name or an address without brackets; port 0 asks the
/// kernel for a free one.
struct endpoint {
  std::string host = "127.0.0.1";
  std::uint16_t port = 7680;

  friend bool operator==(const endpoint&, const endpoint&) = default;
};

/// Whether only this machine can reach the endpoint: 127.0.0.0/8, ::1 or "localhost".
bool is_loopback(const endpoint& where);
/// HOST:PORT, with brackets around an IPv6 address.
std::string to_string(const endpoint& where);

std::string_view to_string(size_policy_kind policy);

/// One rung of the ladder that ends a program: send a signal (its number), or wait.
using kill_step = std::variant<int, std::chrono::milliseconds>;

struct tls_config {
  std::string certificate; ///< PEM file; empty: no TLS
  std::string key;         ///< PEM file

  [[nodiscard]] bool is_enabled() const { return !certificate.empty(); }
};

struct connections_config {
  std::uint32_t max = 100;
  std::uint32_t max_per_ip = 20;
  std::uint32_t max_per_user = 20;
  std::uint32_t admin_reserve = 2;
  std::uint32_t max_handshakes = 64;
  std::uint32_t handshake_rate = 10;
  std::uint32_t handshake_burst = 20;
  std::uint32_t max_streams = 64;
  std::chrono::milliseconds idle_timeout{300'000};
  std::chrono::milliseconds drain_delay{0};
  std::chrono::milliseconds heartbeat_interval{25'000};
  std::chrono::milliseconds heartbeat_timeout{10'000};
  std::chrono::milliseconds handshake_timeout{5'000};
  std::chrono::milliseconds write_timeout{10'000};
  std::uint64_t window = std::uint64_t{1} << 20;
  std::uint64_t max_frame = std::uint64_t{1} << 20;
  std::uint64_t max_request_body = std::uint64_t{4} << 20;
  std::uint64_t inbound_rate = std::uint64_t{1} << 20;
  std::uint64_t inbound_burst = std::uint64_t{8} << 20;
  double pressure_at = 0.85;
  double pressure_release = 0.75;
  std::uint64_t memory_budget = std::uint64_t{1} << 30;
  std::vector<std::string> trusted_proxies;
  bool proxy_protocol = false;
  std::vector<std::string> allowed_origins;
  std::vector<std::string> allowed_hosts;
};

struct terminals_config {
  std::uint32_t max = 200;
  std::uint32_t max_viewers = 64;
  std::uint64_t fan_out_rate = std::uint64_t{288} << 20;
  std::uint64_t history = std::uint64_t{4} << 20;
  std::uint32_t scrollback_lines = 10'000;
  std::uint64_t input_queue = std::uint64_t{1} << 20;
  std::vector<kill_step> kill_ladder; ///< default: HUP, 2s, TERM, 3s, KILL
  std::vector<std::string> default_command;
  std::chrono::milliseconds pause_limit{500};
  size_policy_kind size_policy = size_policy_kind::latest;
  bool shell_integration = true;
  std::chrono::milliseconds exited_retention{600'000};
  bool keep_reading = false;
  std::uint32_t max_per_user = 0; ///< 0: no limit of its own
  roost::user_limits user_limits;
  session_limits limits;
  std::chrono::milliseconds lifetime{0};   ///< 0: for ever
  std::chrono::milliseconds idle_limit{0}; ///< 0: never
  sandbox_config sandbox;
  run_as_config run_as;
  restart_limits restart;

  terminals_config();
};

/// Everything an operator can set, checked and with defaults filled in. A plain value: copy it into
/// the parts that need it. What each member means, its range and its default are rows of the table
/// in config_table.cpp, from which `--print-config` and docs/reference/configuration.md are made.
struct config {
  endpoint listen;
  bool insecure_listen = false;
  std::uint32_t threads = 0;
  std::string node_name;
  std::string data_dir;
  std::chrono::milliseconds shutdown_timeout{10'000};
  tls_config tls;
  connections_config connections;
  terminals_config terminals;
  std::vector<channel_config> channels; ///< in the order of the file
  database_config database;
  recording_config recording;
  log::settings log;
};

} // namespace roost
