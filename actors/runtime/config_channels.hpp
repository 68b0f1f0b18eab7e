#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// The configuration's channels: ways to helper processes. Plain values.
/// docs/reference/channels.md says what each means.
namespace roost {

enum class transport_kind : std::uint8_t { stdio, unix_socket, http };
/// As it is written: "stdio", "unix", "http".
std::string_view to_string(transport_kind kind);

struct transport_config {
  bool operator==(const transport_config&) const = default;

  transport_kind kind = transport_kind::stdio;
  std::vector<std::string> command; ///< stdio: program and arguments
  std::string path;                 ///< unix: absolute
  std::string url;                  ///< http: http://HOST[:PORT][/PATH]
  std::string folder;               ///< where a program runs; relative paths are below it
};

struct breaker_config {
  bool operator==(const breaker_config&) const = default;

  std::chrono::milliseconds window{10'000};
  std::uint32_t min_calls = 10;
  double failure_rate = 0.5;
  double slow_rate = 0.8;
  std::uint32_t consecutive = 5;
  std::chrono::milliseconds open_base{5'000}; ///< written open: 5s..60s
  std::chrono::milliseconds open_cap{60'000};
  std::uint32_t half_open_successes = 3;
};

struct concurrency_config {
  bool operator==(const concurrency_config&) const = default;

  std::uint32_t limit = 32;
  std::uint32_t queue = 0; ///< calls that may wait for a place
  bool adaptive = false;
};

struct channel_config {
  bool operator==(const channel_config&) const = default;

  std::string name;
  transport_config transport;
  std::chrono::milliseconds timeout{2'000}; ///< of an attempt, and of a call that asks for none
  std::string fallback;                     ///< JSON text; empty: none
  std::string fallback_channel;             ///< another channel's name; empty: none
  std::chrono::milliseconds last_good{0}; ///< how old a good value may be to stand in; 0: none does
  bool idempotent = false;
  bool adaptive_timeout = false;
  std::uint64_t max_answer = std::uint64_t{1} << 20; ///< bytes of one message
  breaker_config breaker;
  concurrency_config concurrency;
};

} // namespace roost
