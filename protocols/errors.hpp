#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace roost {

/// What can go wrong with a terminal.
enum class terminal_error : std::uint8_t {
  none = 0,
  no_such_session,
  session_ended,
  too_many_sessions,
  bad_command,
  command_not_found,
  command_not_executable,
  bad_cwd,
  bad_size,
  bad_environment,
  bad_title,
  bad_key,
  bad_pattern,
  pty_exhausted,
  process_limit,
  spawn_failed,
  input_overflow,
  no_shell_integration,
  command_running,
  too_many_waits,
  too_many_viewers,
  sandbox_unavailable,
  no_such_profile,
  run_as_refused,
  run_as_unavailable,
  user_limit,
};

/// What can go wrong between a client and the server, before or beside a terminal.
enum class request_error : std::uint8_t {
  none = 0,
  bad_request,
  bad_json,
  unknown_field,
  missing_field,
  bad_value,
  not_found,
  method_not_allowed,
  unsupported_media_type,
  body_too_large,
  headers_too_large,
  unauthenticated,
  forbidden,
  origin_refused,
  host_refused,
  upgrade_required,
  bad_subprotocol,
  rate_limited,
  at_capacity,
  shutting_down,
  deadline_exceeded,
  bad_frame,
  frame_too_large,
  no_such_stream,
  stream_in_use,
  too_many_streams,
  view_only,
  not_read,
  superseded,
  store_unavailable,
  internal,
};

/// What can go wrong before the server runs.
enum class setup_error : std::uint8_t {
  none = 0,
  usage,
  bad_configuration,
  address_in_use,
  data_dir_in_use,
  data_dir_unusable,
  tls_unusable,
  internal,
};

/// What can go wrong with a supervisor and its children.
enum class supervision_error : std::uint8_t {
  none = 0,
  no_such_child,
  child_restarting,
  child_exists,
  too_many_children,
  start_failed,
  intensity_exceeded,
  child_stuck,
  stopping,
};

/// What can go wrong with a channel to a helper process.
enum class channel_error : std::uint8_t {
  none = 0,
  no_such_channel,
  timed_out,
  rejected, ///< by the breaker
  unavailable,
  transport,
  protocol,
  helper_error,
  overload,
  cancelled,
  bad_state, ///< of an override
};

enum class error_domain : std::uint8_t {
  terminal = 1,
  request = 2,
  setup = 3,
  supervision = 4,
  channel = 5
};

/// A failure that somebody can act on. `detail` may be shown to the caller: it names what *they*
/// sent (a command, a folder, a field), never a server's path, host, SQL or exception text.
struct failure {
  error_domain domain = error_domain::request;
  std::uint8_t code = 0;
  std::string detail;

  failure() = default;
  failure(terminal_error c, std::string what = {})
      : domain(error_domain::terminal), code(static_cast<std::uint8_t>(c)),
        detail(std::move(what)) {}
  failure(request_error c, std::string what = {})
      : domain(error_domain::request), code(static_cast<std::uint8_t>(c)), detail(std::move(what)) {
  }
  failure(setup_error c, std::string what = {})
      : domain(error_domain::setup), code(static_cast<std::uint8_t>(c)), detail(std::move(what)) {}
  failure(supervision_error c, std::string what = {})
      : domain(error_domain::supervision), code(static_cast<std::uint8_t>(c)),
        detail(std::move(what)) {}
  failure(channel_error c, std::string what = {})
      : domain(error_domain::channel), code(static_cast<std::uint8_t>(c)), detail(std::move(what)) {
  }

  [[nodiscard]] bool is(terminal_error c) const {
    return domain == error_domain::terminal && code == static_cast<std::uint8_t>(c);
  }
  [[nodiscard]] bool is(request_error c) const {
    return domain == error_domain::request && code == static_cast<std::uint8_t>(c);
  }
  [[nodiscard]] bool is(setup_error c) const {
    return domain == error_domain::setup && code == static_cast<std::uint8_t>(c);
  }
  [[nodiscard]] bool is(supervision_error c) const {
    return domain == error_domain::supervision && code == static_cast<std::uint8_t>(c);
  }
  [[nodiscard]] bool is(channel_error c) const {
    return domain == error_domain::channel && code == static_cast<std::uint8_t>(c);
  }
};

/// One row of the table that maps a failure to everything a caller sees of it.
struct error_row {
  error_domain domain;
  std::uint8_t code;
  std::string_view name;  ///< stable, machine-readable: the last part of the problem `type`
  std::string_view title; ///< the sentence shown to people
  int http_status;
  std::uint16_t close_code; ///< WebSocket close code when it ends the connection; 0: an error frame
  int cli_exit;
};

/// The row of a failure; an unknown code gives the row of request_error::internal. Thread-safe.
const error_row& describe(const failure& why) noexcept;
const error_row& describe(error_domain domain, std::uint8_t code) noexcept;

/// The row with this stable name, or nullptr. Used by clients to map an answer back to an exit
/// code.
const error_row* find_error(std::string_view name) noexcept;

} // namespace roost
