#include "protocols/errors.hpp"

#include <array>

namespace roost {

namespace {

constexpr error_row row(terminal_error c, std::string_view name, std::string_view title, int status,
                        std::uint16_t close = 0, int cli = 1) {
  return {error_domain::terminal, static_cast<std::uint8_t>(c), name, title, status, close, cli};
}
constexpr error_row row(request_error c, std::string_view name, std::string_view title, int status,
                        std::uint16_t close = 0, int cli = 1) {
  return {error_domain::request, static_cast<std::uint8_t>(c), name, title, status, close, cli};
}
constexpr error_row row(setup_error c, std::string_view name, std::string_view title, int cli) {
  return {error_domain::setup, static_cast<std::uint8_t>(c), name, title, 500, 0, cli};
}
constexpr error_row row(supervision_error c, std::string_view name, std::string_view title,
                        int status) {
  return {error_domain::supervision, static_cast<std::uint8_t>(c), name, title, status, 0, 1};
}
constexpr error_row row(channel_error c, std::string_view name, std::string_view title, int status,
                        int cli = 1) {
  return {error_domain::channel, static_cast<std::uint8_t>(c), name, title, status, 0, cli};
}

using te = terminal_error;
using re = request_error;
using se = setup_error;
using ve = supervision_error;
using ce = channel_error;

// One row per code; the CLI's exit code 2 is "usage": the caller's own words were wrong.
constexpr std::array rows = {
    row(te::no_such_session, "no-such-session", "There is no session with this id", 404),
    row(te::session_ended, "session-ended", "The session's program has ended", 409),
    row(te::too_many_sessions, "too-many-sessions", "The server holds its maximum of sessions",
        429),
    row(te::bad_command, "bad-command", "The command is not valid", 400, 0, 2),
    row(te::command_not_found, "command-not-found", "The command was not found", 422, 0, 2),
    row(te::command_not_executable, "command-not-executable", "The command cannot be executed", 422,
        0, 2),
    row(te::bad_cwd, "bad-cwd", "The working directory cannot be used", 422, 0, 2),
    row(te::bad_size, "bad-size", "The terminal size is out of range", 400, 0, 2),
    row(te::bad_environment, "bad-environment", "The environment is not valid", 400, 0, 2),
    row(te::bad_title, "bad-title", "The title is not valid", 400, 0, 2),
    row(te::bad_key, "bad-key", "A key name is not known", 400, 0, 2),
    row(te::bad_pattern, "bad-pattern", "The regular expression is not valid", 400, 0, 2),
    row(te::pty_exhausted, "pty-exhausted", "The system has no free pseudo-terminal", 503),
    row(te::process_limit, "process-limit", "The system has no room for another process", 503),
    row(te::spawn_failed, "spawn-failed", "The program could not be started", 500),
    row(te::input_overflow, "input-overflow",
        "The program does not read its input and the queue is full", 429, 4429),
    row(te::no_shell_integration, "no-shell-integration",
        "The session's shell does not report its commands", 409),
    row(te::command_running, "command-running", "The shell is still running a command", 409),
    row(te::too_many_waits, "too-many-waits", "Too many waits are pending on this session", 429),
    row(te::too_many_viewers, "too-many-viewers", "Too many viewers are on this session", 429),
    row(te::sandbox_unavailable, "sandbox-unavailable",
        "The sandbox cannot be made on this server, so the program was not started", 503),
    row(te::no_such_profile, "no-such-profile", "There is no such sandbox profile", 422, 0, 2),
    row(te::run_as_refused, "run-as-refused", "Sessions may not run as this user here", 403),
    row(te::run_as_unavailable, "run-as-unavailable",
        "The server cannot start programs as this user", 503),
    row(te::user_limit, "user-limit", "The user's sessions take as much as they may together", 429),

    row(re::bad_request, "bad-request", "The request is not valid", 400, 1008, 2),
    row(re::bad_json, "bad-json", "The text is not valid JSON", 400, 0, 2),
    row(re::unknown_field, "unknown-field", "The request has a field that is not known", 400, 0, 2),
    row(re::missing_field, "missing-field", "The request lacks a field", 400, 0, 2),
    row(re::bad_value, "bad-value", "A field has a value that is not valid", 400, 0, 2),
    row(re::not_found, "not-found", "There is nothing at this address", 404),
    row(re::method_not_allowed, "method-not-allowed", "The method is not allowed here", 405, 0, 2),
    row(re::unsupported_media_type, "unsupported-media-type",
        "The content type is not supported here", 415, 0, 2),
    row(re::body_too_large, "body-too-large", "The request body is too large", 413, 0, 2),
    row(re::headers_too_large, "headers-too-large", "The request headers are too large", 431, 0, 2),
    row(re::unauthenticated, "unauthenticated", "A valid token is needed", 401, 4401),
    row(re::forbidden, "forbidden", "The token does not allow this", 403, 4403),
    row(re::origin_refused, "origin-refused", "This origin is not allowed", 403, 1008),
    row(re::host_refused, "host-refused", "This host name is not allowed", 403, 1008),
    row(re::upgrade_required, "upgrade-required", "A WebSocket upgrade is needed", 426),
    row(re::bad_subprotocol, "bad-subprotocol", "The subprotocol roost.v1 is needed", 400),
    row(re::rate_limited, "rate-limited", "Too many requests", 429, 4429),
    row(re::at_capacity, "at-capacity", "The server is at its connection limit", 503, 1013),
    row(re::shutting_down, "shutting-down", "The server is shutting down", 503, 1012),
    row(re::deadline_exceeded, "deadline-exceeded", "The answer did not come in time", 504),
    row(re::bad_frame, "bad-frame", "The frame is not valid", 400, 1008, 2),
    row(re::frame_too_large, "frame-too-large", "The frame is too large", 413, 1009, 2),
    row(re::no_such_stream, "no-such-stream", "There is no stream with this number", 404),
    row(re::stream_in_use, "stream-in-use", "The stream number is in use", 409),
    row(re::too_many_streams, "too-many-streams", "The connection has its maximum of streams", 429),
    row(re::view_only, "view-only", "The stream is read-only", 403),
    row(re::not_read, "not-read", "The client stopped reading", 503, 4008),
    row(re::superseded, "superseded", "The stream was taken over elsewhere", 409, 4409),
    row(re::store_unavailable, "store-unavailable",
        "What was written down cannot be read or written now", 503),
    row(re::internal, "internal", "The server made a mistake", 500, 1011),

    row(se::usage, "usage", "The command line is not valid", 64),
    row(se::bad_configuration, "bad-configuration", "The configuration is not valid", 78),
    row(se::address_in_use, "address-in-use", "The address is in use", 75),
    row(se::data_dir_in_use, "data-dir-in-use", "The data directory is in use", 75),
    row(se::data_dir_unusable, "data-dir-unusable", "The data directory cannot be used", 78),
    row(se::tls_unusable, "tls-unusable", "The certificate or key cannot be used", 78),
    row(se::internal, "setup-internal", "The server could not start", 70),

    row(ve::no_such_child, "no-such-part", "There is no such part of the server", 404),
    row(ve::child_restarting, "part-restarting", "This part of the server is being restarted", 503),
    row(ve::child_exists, "part-exists", "This part of the server exists already", 409),
    row(ve::too_many_children, "too-many-parts", "The server holds its maximum of these parts",
        503),
    row(ve::start_failed, "part-start-failed", "A part of the server could not start", 500),
    row(ve::intensity_exceeded, "part-failing", "A part of the server keeps failing", 503),
    row(ve::child_stuck, "part-stuck", "A part of the server does not stop", 500),
    row(ve::stopping, "part-stopping", "This part of the server is stopping", 503),

    row(ce::no_such_channel, "no-such-channel", "There is no channel with this name", 404),
    row(ce::timed_out, "call-timed-out", "The helper did not answer the call in time", 504),
    row(ce::rejected, "call-rejected", "The channel's breaker does not let calls through now", 503),
    row(ce::unavailable, "channel-unavailable", "There is nothing at the channel's end", 503),
    row(ce::transport, "channel-transport", "The way to the helper broke during the call", 502),
    row(ce::protocol, "channel-protocol", "The helper's answer is not valid", 502),
    row(ce::helper_error, "helper-error", "The helper answered the call with an error", 502),
    row(ce::overload, "channel-overload", "The channel has as many calls as it may have at a time",
        503),
    row(ce::cancelled, "call-cancelled", "The call was cancelled", 409),
    row(ce::bad_state, "bad-override-state", "A breaker cannot be set to this state by hand", 400,
        2),
};

constexpr const error_row& internal_row() {
  for (const auto& r : rows)
    if (r.name == "internal")
      return r;
  return rows.front();
}

} // namespace

const error_row& describe(error_domain domain, std::uint8_t code) noexcept {
  for (const auto& r : rows)
    if (r.domain == domain && r.code == code)
      return r;
  return internal_row();
}

const error_row& describe(const failure& why) noexcept { return describe(why.domain, why.code); }

const error_row* find_error(std::string_view name) noexcept {
  for (const auto& r : rows)
    if (r.name == name)
      return &r;
  return nullptr;
}

} // namespace roost
