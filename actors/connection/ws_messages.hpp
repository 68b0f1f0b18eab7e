#pragma once

#include "actors/connection/api/call_request.hpp"
#include "actors/runtime/result.hpp"
#include "protocols/ids.hpp"
#include "protocols/session_types.hpp"
#include "protocols/wire/roost_v1.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// The JSON text frames of `roost.v1`: parsed from clients, rendered for them. Pure.
/// docs/reference/websocket.md describes each.
namespace roost::connection {

struct attach_message {
  std::uint32_t stream = 0;
  session_id session;
  std::uint16_t cols = 0;
  std::uint16_t rows = 0;
  viewer_mode mode = viewer_mode::control;
  std::optional<std::string> since_epoch;
  std::uint64_t since_offset = 0;
};
struct detach_message {
  std::uint32_t stream = 0;
};
struct resize_message {
  std::uint32_t stream = 0;
  std::uint16_t cols = 0;
  std::uint16_t rows = 0;
};
struct take_control_message {
  std::uint32_t stream = 0;
};
struct refresh_message {
  std::uint32_t stream = 0;
};
struct call_message {
  std::uint64_t id = 0;
  std::string channel;
  api::call_request what;
};
struct cancel_message {
  std::uint64_t id = 0;
};
struct subscribe_message {
  std::vector<std::string> topics;
};
struct ping_message {
  std::uint64_t id = 0;
};

using client_message =
    std::variant<attach_message, detach_message, resize_message, take_control_message,
                 refresh_message, call_message, cancel_message, subscribe_message, ping_message>;

/// Parses one text frame. Errors name the field, as in HTTP bodies.
result<client_message> parse_client_message(std::string_view text);

struct hello_limits {
  std::uint64_t window = 0;
  std::uint64_t max_frame = 0;
  std::uint64_t max_streams = 0;
};
std::string render_hello(std::string_view node, connection_id id, const hello_limits& limits);

struct attached_view {
  std::uint32_t stream = 0;
  std::string session;
  std::string epoch;
  std::uint64_t offset = 0;
  std::uint64_t live_offset = 0;
  bool delta = false;
  wire::snapshot_reason reason = wire::snapshot_reason::first_attach;
  viewer_mode mode = viewer_mode::control;
  std::uint16_t cols = 0;
  std::uint16_t rows = 0;
  std::optional<connection_id> holder;
};
std::string render_attached(const attached_view& x);
std::string render_resized(std::uint32_t stream, std::uint16_t cols, std::uint16_t rows);
/// @param you whether the stream that is told holds the terminal itself.
std::string render_control(std::uint32_t stream, std::optional<connection_id> holder, bool you);
std::string render_exited(std::uint32_t stream, std::optional<int> status,
                          std::optional<int> signal);
std::string render_lag(std::uint32_t stream, std::uint64_t bytes);
std::string render_error(std::optional<std::uint32_t> stream, const failure& why,
                         std::string_view correlation);
std::string render_pressure(int level, std::uint64_t used, std::uint64_t capacity);
std::string render_idle_warning(std::int64_t seconds);
std::string render_pong(std::uint64_t id);
std::string render_draining(std::uint64_t reconnect_after_ms);
} // namespace roost::connection
