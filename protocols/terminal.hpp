#pragma once

#include "protocols/bytes.hpp"
#include "protocols/ids.hpp"
#include "protocols/session_info.hpp"
#include "protocols/session_types.hpp"
#include "protocols/wire/roost_v1.hpp"

#include "protocols/runtime.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/replies_to.hpp>
#include <caf/type_id.hpp>
#include <caf/typed_actor.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// The vocabulary of terminals: what viewers, the API and the directory say to a terminal actor and
/// hear from it. All of it stays on the node (the messages are declared local-only); a node link
/// gets serialisable twins of the few that cross it.
namespace roost {

namespace terminal {
struct kept_program;
} // namespace terminal

/// Asks the directory for a new session. Empty fields take the server's defaults.
struct create_session {
  std::vector<std::string> command;
  std::string cwd;
  std::vector<std::pair<std::string, std::string>> env;
  std::uint16_t cols = 80;
  std::uint16_t rows = 24;
  std::string title;
  size_policy_kind size_policy = size_policy_kind::latest;
  std::string owner;
  std::string correlation;
  std::string sandbox; ///< profile; empty: the server's default
  std::string run_as;  ///< system user; empty: the server's default
  restart_policy restart = restart_policy::never;
  std::optional<bool> record; ///< nothing: the server's default
};

struct find_session {
  session_id id;
  bool with_usage = false; ///< the answer says what the session's processes take now
};
struct list_sessions {
  bool with_usage = false;
};
/// Removes an exited session from the list; a running one is refused.
struct forget_session {
  session_id id;
};

// ---- viewer to terminal ----

/// Where a client wants to go on: it has everything before `offset` of the session's `epoch`.
struct resume_point {
  std::string epoch;
  std::uint64_t offset = 0;
};

/// Asks to watch (and in control mode to drive) a session.
struct attach {
  viewer_id viewer;
  viewer_mode mode = viewer_mode::control;
  std::uint16_t cols = 80;
  std::uint16_t rows = 24;
  std::optional<resume_point> since;
};

/// Where the stream starts, and how. Output or a snapshot follows.
struct attached {
  std::string epoch;
  std::uint64_t offset = 0;      ///< where this stream starts
  std::uint64_t live_offset = 0; ///< the session's output so far: bytes before it are a replay
  bool delta = false;
  wire::snapshot_reason reason = wire::snapshot_reason::first_attach; ///< meaningless with a delta
  viewer_mode mode = viewer_mode::control;
  std::uint16_t cols = 80;
  std::uint16_t rows = 24;
  std::optional<viewer_id> holder;
};

struct detach {
  viewer_id viewer;
};
/// Keys typed by a viewer.
struct input {
  viewer_id viewer;
  std::string bytes;
};
/// The viewer's terminal has parsed everything before `offset`.
struct ack {
  viewer_id viewer;
  std::uint64_t offset = 0;
};
struct viewer_resize {
  viewer_id viewer;
  std::uint16_t cols = 0;
  std::uint16_t rows = 0;
};
struct take_control {
  viewer_id viewer;
};
/// Asks for a snapshot in place of what is still on its way.
struct refresh {
  viewer_id viewer;
};
/// What was sent to a viewer and waits was dropped, because memory is short: it gets a snapshot a
/// little later, and nothing before that.
struct shed_viewer {
  viewer_id viewer;
};

// ---- terminal to viewer ----

/// New output for one stream. Local-only: the bytes are shared, not copied.
struct output {
  std::uint32_t stream = 0;
  std::uint64_t offset = 0;
  slice bytes;
};
/// Rebuilds the whole screen; output continues at `offset`.
struct snapshot {
  std::uint32_t stream = 0;
  std::uint64_t offset = 0;
  wire::snapshot_reason reason = wire::snapshot_reason::first_attach;
  std::shared_ptr<const std::string> bytes;
};
struct resized {
  std::uint32_t stream = 0;
  std::uint16_t cols = 0;
  std::uint16_t rows = 0;
};
struct control_changed {
  std::uint32_t stream = 0;
  std::optional<viewer_id> holder;
};
/// The program has ended and all of its output was sent. The stream stays open for reading.
struct session_exited {
  std::uint32_t stream = 0;
  std::optional<int> status;
  std::optional<int> signal;
};
/// The viewer is this far behind and gets nothing until it acks.
struct viewer_lag {
  std::uint32_t stream = 0;
  std::uint64_t bytes = 0;
};
/// Input that the terminal refused (view-only, overflow, ended).
struct input_refused {
  std::uint32_t stream = 0;
  failure why;
};

// ---- API to terminal ----

struct describe_session {};
struct update_session {
  std::optional<std::string> title;
  std::optional<size_policy_kind> size_policy;
  std::optional<restart_policy> restart; ///< takes effect when the program ends the next time
  std::optional<bool> record;            ///< from here on
};
struct resize_session {
  std::uint16_t cols = 0;
  std::uint16_t rows = 0;
};
struct kill_session {
  bool now = false;        ///< skips the ladder: SIGKILL at once
  std::string reason = {}; ///< `session_info::end_reason`; empty: somebody asked for it
};
/// How often a limit of a user was used. Written by the directory of sessions alone; may be read at
/// any time.
struct user_limit_counts {
  std::atomic<std::uint64_t> refused{0}; ///< sessions that were not started
  std::atomic<std::uint64_t> ended{0};   ///< sessions that were ended
};
/// Types bytes, then keys (named as in tmux: Enter, C-c, Up, …).
struct send_input {
  std::string bytes;
  std::vector<std::string> keys;
};
struct input_accepted {
  std::uint64_t bytes = 0;
};
/// Types a command line into the session's shell and answers when it has ended.
struct run_command {
  std::string text;
  std::chrono::milliseconds timeout{0};
};
struct command_result {
  bool finished = false; ///< false: the time ran out first
  std::optional<int> exit_status;
  std::string output;     ///< plain text, at most the history
  bool truncated = false; ///< its beginning was no longer held
  std::chrono::milliseconds duration{0};
};

enum class wait_kind : std::uint8_t { text, regex, idle, command, exit };
struct wait_for {
  wait_kind kind = wait_kind::exit;
  std::string pattern;
  std::chrono::milliseconds idle{0};
  std::chrono::milliseconds timeout{0};
  std::optional<std::uint64_t> since; ///< absolute offset; default: all history that is held
};
struct wait_result {
  bool met = false;
  std::string reason; ///< matched, idle, command_ended, exited, timeout
  std::uint64_t offset = 0;
  std::optional<int> exit_status;
};

enum class screen_format : std::uint8_t { text, ansi, lines };
struct read_screen {
  screen_format format = screen_format::text;
};
struct screen_view {
  std::uint16_t cols = 0;
  std::uint16_t rows = 0;
  std::uint16_t cursor_row = 0; ///< from 0
  std::uint16_t cursor_col = 0; ///< from 0
  bool cursor_visible = true;
  bool alternate = false;
  std::string title;
  std::uint64_t offset = 0;
  std::string body;               ///< text or ansi
  std::vector<std::string> lines; ///< format lines
};

struct read_output {
  std::uint64_t since = 0;
  std::uint64_t limit = 0; ///< bytes
};
struct output_range {
  std::string epoch;
  std::uint64_t offset = 0; ///< of the first byte returned
  std::uint64_t gap = 0;    ///< bytes between `since` and `offset` that are no longer held
  std::uint64_t end = 0;    ///< the session's output so far
  std::vector<slice> bytes;
};

/// Asks for the output from `since` on as soon as there is any, or the session is over. The answer
/// may wait a little for more. One such question may wait: the next one has it answered empty.
struct tail_output {
  std::uint64_t since = 0;
  std::uint64_t limit = 0; ///< bytes
};
/// The size that a terminal has got when its output was at `offset`.
struct size_at {
  std::uint64_t offset = 0;
  std::uint16_t cols = 0;
  std::uint16_t rows = 0;
};
struct output_tail {
  std::string epoch;
  std::uint64_t offset = 0; ///< of the first byte
  std::uint64_t gap = 0;    ///< bytes between `since` and `offset` that are no longer held
  std::uint64_t end = 0;    ///< the session's output so far
  std::vector<slice> bytes;
  std::uint16_t cols = 0; ///< before the first byte, as far as it is known
  std::uint16_t rows = 0;
  std::vector<size_at> resizes; ///< since then, up to the last byte
  bool is_over = false;         ///< the session has ended, and nothing comes after these bytes
  std::optional<int> status;
  std::optional<int> signal;
};

/// What a terminal tells the directory whenever something that a list shows has changed.
struct session_changed {
  session_info info;
  /// The session's output so far, kept current by the terminal without a message for each byte.
  std::shared_ptr<const std::atomic<std::uint64_t>> live_offset;
};

/// The directory has started anew: report to this one from now on.
struct report_to;

/// The terminal's own I/O, as messages to itself: the descriptor has something to read, has room to
/// write, the program has ended.
struct pty_readable {};
struct pty_writable {};
struct child_exited {
  std::optional<int> status;
  std::optional<int> signal;
};
/// No process of the session is left.
struct tree_emptied {};
/// The keeper that held the program is gone, and the program with it.
struct program_lost {};

/// What the keeper held when this server came: sessions of an earlier server.
struct adopt_programs {
  std::vector<std::shared_ptr<terminal::kept_program>> programs;
};
/// Asks to be told when the sessions of an earlier server are all back.
struct await_sessions {};
struct sessions_ready {
  std::uint64_t adopted = 0;
  std::uint64_t failed = 0;
};

struct session_list {
  std::vector<session_info> sessions;
};
struct session_handle;

/// What a connection (or anything else that watches a session) hears from its terminals.
using viewer_actor = caf::typed_actor<
    // Output, in order and without gaps, starting where `attached` said.
    caf::reacts_to<output>,
    // The screen anew; offsets jump to the snapshot's.
    caf::reacts_to<snapshot>,
    // The session's size has changed.
    caf::reacts_to<resized>,
    // Another viewer decides the size and answers queries now.
    caf::reacts_to<control_changed>,
    // The program has ended.
    caf::reacts_to<session_exited>,
    // The viewer's window has been full for a while.
    caf::reacts_to<viewer_lag>,
    // The terminal did not take what was typed.
    caf::reacts_to<input_refused>>;

} // namespace roost

CAF_BEGIN_TYPE_ID_BLOCK(roost_terminal, caf::first_custom_type_id + 100)
CAF_ADD_TYPE_ID(roost_terminal, (roost::create_session))
CAF_ADD_TYPE_ID(roost_terminal, (roost::find_session))
CAF_ADD_TYPE_ID(roost_terminal, (roost::list_sessions))
CAF_ADD_TYPE_ID(roost_terminal, (roost::forget_session))
CAF_ADD_TYPE_ID(roost_terminal, (roost::session_info))
CAF_ADD_TYPE_ID(roost_terminal, (roost::session_list))
CAF_ADD_TYPE_ID(roost_terminal, (roost::session_handle))
CAF_ADD_TYPE_ID(roost_terminal, (roost::session_changed))
CAF_ADD_TYPE_ID(roost_terminal, (roost::attach))
CAF_ADD_TYPE_ID(roost_terminal, (roost::attached))
CAF_ADD_TYPE_ID(roost_terminal, (roost::detach))
CAF_ADD_TYPE_ID(roost_terminal, (roost::input))
CAF_ADD_TYPE_ID(roost_terminal, (roost::ack))
CAF_ADD_TYPE_ID(roost_terminal, (roost::viewer_resize))
CAF_ADD_TYPE_ID(roost_terminal, (roost::take_control))
CAF_ADD_TYPE_ID(roost_terminal, (roost::refresh))
CAF_ADD_TYPE_ID(roost_terminal, (roost::shed_viewer))
CAF_ADD_TYPE_ID(roost_terminal, (roost::output))
CAF_ADD_TYPE_ID(roost_terminal, (roost::snapshot))
CAF_ADD_TYPE_ID(roost_terminal, (roost::resized))
CAF_ADD_TYPE_ID(roost_terminal, (roost::control_changed))
CAF_ADD_TYPE_ID(roost_terminal, (roost::session_exited))
CAF_ADD_TYPE_ID(roost_terminal, (roost::viewer_lag))
CAF_ADD_TYPE_ID(roost_terminal, (roost::input_refused))
CAF_ADD_TYPE_ID(roost_terminal, (roost::describe_session))
CAF_ADD_TYPE_ID(roost_terminal, (roost::update_session))
CAF_ADD_TYPE_ID(roost_terminal, (roost::resize_session))
CAF_ADD_TYPE_ID(roost_terminal, (roost::kill_session))
CAF_ADD_TYPE_ID(roost_terminal, (roost::send_input))
CAF_ADD_TYPE_ID(roost_terminal, (roost::input_accepted))
CAF_ADD_TYPE_ID(roost_terminal, (roost::run_command))
CAF_ADD_TYPE_ID(roost_terminal, (roost::command_result))
CAF_ADD_TYPE_ID(roost_terminal, (roost::wait_for))
CAF_ADD_TYPE_ID(roost_terminal, (roost::wait_result))
CAF_ADD_TYPE_ID(roost_terminal, (roost::read_screen))
CAF_ADD_TYPE_ID(roost_terminal, (roost::screen_view))
CAF_ADD_TYPE_ID(roost_terminal, (roost::read_output))
CAF_ADD_TYPE_ID(roost_terminal, (roost::output_range))
CAF_ADD_TYPE_ID(roost_terminal, (roost::pty_readable))
CAF_ADD_TYPE_ID(roost_terminal, (roost::pty_writable))
CAF_ADD_TYPE_ID(roost_terminal, (roost::child_exited))
CAF_ADD_TYPE_ID(roost_terminal, (roost::tree_emptied))
CAF_ADD_TYPE_ID(roost_terminal, (roost::program_lost))
CAF_ADD_TYPE_ID(roost_terminal, (roost::adopt_programs))
CAF_ADD_TYPE_ID(roost_terminal, (roost::await_sessions))
CAF_ADD_TYPE_ID(roost_terminal, (roost::sessions_ready))
CAF_ADD_TYPE_ID(roost_terminal, (roost::viewer_actor))
CAF_ADD_TYPE_ID(roost_terminal, (roost::report_to))
CAF_ADD_TYPE_ID(roost_terminal, (roost::tail_output))
CAF_ADD_TYPE_ID(roost_terminal, (roost::output_tail))
CAF_END_TYPE_ID_BLOCK(roost_terminal)

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::create_session)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::find_session)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::list_sessions)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::forget_session)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::session_info)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::session_list)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::session_handle)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::session_changed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::attach)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::attached)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::detach)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::input)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::ack)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::viewer_resize)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::take_control)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::refresh)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::shed_viewer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::output)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::snapshot)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::resized)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::control_changed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::session_exited)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::viewer_lag)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::input_refused)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::describe_session)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::update_session)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::resize_session)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::kill_session)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::send_input)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::input_accepted)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::run_command)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::command_result)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::wait_for)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::wait_result)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::read_screen)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::screen_view)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::read_output)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::output_range)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::pty_readable)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::pty_writable)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::child_exited)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::tree_emptied)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::program_lost)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::adopt_programs)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::await_sessions)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::sessions_ready)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::report_to)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::tail_output)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::output_tail)

namespace roost {

/// What viewers say to a terminal.
using viewable_actor = caf::typed_actor<
    // A viewer joins: delta if the history still holds `since`, else a snapshot.
    caf::replies_to<attach, viewer_actor>::with<attached>,
    // A viewer leaves; unknown viewers are ignored.
    caf::reacts_to<detach>,
    // A viewer types. Refusals come back as input_refused.
    caf::reacts_to<input>,
    // A viewer has parsed output; opens its window.
    caf::reacts_to<ack>,
    // A viewer's own size has changed; the size policy decides what follows.
    caf::reacts_to<viewer_resize>,
    // A control viewer wants to decide the size and answer queries.
    caf::reacts_to<take_control>,
    // A viewer wants a snapshot.
    caf::reacts_to<refresh>,
    // A viewer's queue was dropped.
    caf::reacts_to<shed_viewer>>;

/// One PTY with its program, history, screen and viewers. Owned by the terminals' supervisor.
using terminal_actor = viewable_actor::extend<
    // The session as it is now.
    caf::replies_to<describe_session>::with<session_info>,
    // Changes the title or the size policy.
    caf::replies_to<update_session>::with<session_info>,
    // Sets the size whatever the policy; a size that changes nothing sends no SIGWINCH.
    caf::replies_to<resize_session>::with<session_info>,
    // Ends the program by the ladder, or at once.
    caf::replies_to<kill_session>::with<session_info>,
    // Types on behalf of the API.
    caf::replies_to<send_input>::with<input_accepted>,
    // Types a command and answers when it has ended.
    caf::replies_to<run_command>::with<command_result>,
    // Answers when the condition holds or its time is over.
    caf::replies_to<wait_for>::with<wait_result>,
    // The screen now.
    caf::replies_to<read_screen>::with<screen_view>,
    // Bytes of the history.
    caf::replies_to<read_output>::with<output_range>,
    // Output as it comes, for whoever records it.
    caf::replies_to<tail_output>::with<output_tail>,
    // From a directory that was restarted.
    caf::reacts_to<report_to>,
    // Its own I/O and timers.
    caf::reacts_to<pty_readable>, caf::reacts_to<pty_writable>, caf::reacts_to<timer_fired>,
    // From the keeper's link.
    caf::reacts_to<child_exited>, caf::reacts_to<tree_emptied>, caf::reacts_to<program_lost>>;

/// A terminal and what was known of its session when it was looked up.
struct session_handle {
  terminal_actor terminal;
  session_info info;
};

/// The directory of the node's sessions: makes, finds, lists and forgets them.
using terminals_actor = caf::typed_actor<
    // Starts a program in a new terminal; nothing is created when the request is bad.
    caf::replies_to<create_session>::with<session_info>,
    // The terminal with this id, or terminal_error::no_such_session.
    caf::replies_to<find_session>::with<session_handle>,
    // All sessions, oldest first.
    caf::replies_to<list_sessions>::with<session_list>,
    // Drops an exited session.
    caf::replies_to<forget_session>::with<session_info>,
    // From the keeper's link: sessions of an earlier server.
    caf::reacts_to<adopt_programs>,
    // Answers once they are back.
    caf::replies_to<await_sessions>::with<sessions_ready>,
    // A terminal reports.
    caf::reacts_to<session_changed>, caf::reacts_to<timer_fired>>;

struct report_to {
  terminals_actor directory;
};

} // namespace roost
