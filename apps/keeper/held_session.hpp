#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "apps/keeper/cgroup.hpp"
#include "apps/keeper/descriptor.hpp"
#include "apps/keeper/drain.hpp"
#include "apps/keeper/event_loop.hpp"
#include "apps/keeper/program.hpp"
#include "apps/keeper/session_memory.hpp"
#include "apps/keeper/start_request.hpp"
#include "apps/keeper/trouble.hpp"

namespace roost::keeper {

class held_session;

/// Hears what becomes of a session. Called from the event loop; may not destroy the session.
class session_listener {
public:
  session_listener() = default;
  session_listener(const session_listener&) = delete;
  session_listener& operator=(const session_listener&) = delete;
  virtual ~session_listener() = default;
  virtual void on_started(held_session& whom) = 0;
  virtual void on_exited(held_session& whom) = 0;
};

/// One session: its warden, its PTY, its memory, and what is known of its first process.
///
/// starting → running → exited → emptied (`phase`). A start that fails is `failing` until nothing
/// of it is left. The keeper reaps the warden and says so by `on_warden_gone` and `on_emptied`.
class held_session {
public:
  enum class state : std::uint8_t { starting, failing, held };

  held_session(event_loop& loop, cgroup_home& cgroups, session_listener& listener,
               const id_text& id);
  held_session(const held_session&) = delete;
  held_session& operator=(const held_session&) = delete;
  ~held_session();

  /// Starts the program, without waiting for it. `extras` stay the caller's. `owner`: the
  /// generation that may write the memory. `last`: the one whose memory this one goes on with, if
  /// any. Something: it cannot be started, and no process was made.
  std::optional<trouble> begin(const start_request& request, std::vector<int> extras,
                               const inheritance& inherited, std::uint64_t owner,
                               const held_session* last);

  void send_signal(int number, reach to);
  /// Kills the tree. Harmless when repeated.
  void end_tree();
  /// The start shall fail, if it is still going on.
  void fail(trouble why);
  /// Lets go of memory and terminal.
  void let_go();

  void start_drain();
  /// An owner comes: from now on only it reads the terminal and writes the memory.
  void hand_over(std::uint64_t owner);

  /// The keeper has reaped the warden. Whether the session is empty; else processes are left, which
  /// are the keeper's children now.
  bool on_warden_gone(int wait_status);
  /// The keeper has reaped this session's first process, its warden being gone.
  void on_leader_gone(int wait_status);
  /// No process is left.
  void on_emptied();

  [[nodiscard]] const id_text& id() const { return id_; }
  [[nodiscard]] state now() const { return state_; }
  [[nodiscard]] phase life() const;
  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] pid_t warden() const { return warden_; } ///< 0: gone
  [[nodiscard]] bool is_empty() const { return is_empty_; }
  [[nodiscard]] int status() const { return status_; }
  [[nodiscard]] int signal() const { return signal_; }
  /// Memory and, while it is open, master.
  [[nodiscard]] std::vector<shared_descriptor> descriptors() const;
  [[nodiscard]] const trouble& why_failed() const { return why_; }
  /// What a sandbox printed before it ended.
  [[nodiscard]] const std::string& said() const { return said_; }

private:
  void read_errors();
  void read_report();
  void read_notices();
  void started();
  void leader_exited(int status, int signal);
  void announce_exit();
  void stop_drain();

  event_loop& loop_;
  cgroup_home& cgroups_;
  session_listener& listener_;
  const id_text id_;

  state state_ = state::starting;
  bool is_sandboxed_ = false;
  bool is_program_there_ = false; ///< exec has happened: of the sandbox, if there is one
  bool has_exited_ = false;
  bool is_empty_ = false;
  trouble why_;
  std::string said_;

  pid_t warden_ = 0;
  pid_t pid_ = 0;
  int status_ = -1;
  int signal_ = 0;

  std::shared_ptr<session_memory> memory_; ///< shared with the program before, or the next one
  shared_descriptor memory_file_;
  shared_descriptor master_;
  descriptor tty_; ///< until the exit, so that a program may close its terminal for a moment
  descriptor channel_;
  descriptor errors_;
  descriptor report_;
  drain drain_;
  event_loop::watch on_channel_{};
  event_loop::watch on_errors_{};
  event_loop::watch on_report_{};
  event_loop::watch on_output_{};
};

} // namespace roost::keeper
