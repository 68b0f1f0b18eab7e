#pragma once

#include "actors/runtime/actor_base.hpp"
#include "actors/runtime/clock.hpp"
#include "actors/runtime/config_restart.hpp"
#include "actors/runtime/config_run_as.hpp"
#include "actors/runtime/config_sandbox.hpp"
#include "actors/runtime/handle_slot.hpp"
#include "actors/runtime/io_threads.hpp"
#include "actors/runtime/log.hpp"
#include "actors/terminal/fan_out.hpp"
#include "actors/terminal/history.hpp"
#include "actors/terminal/keeper/kept_program.hpp"
#include "actors/terminal/lifecycle.hpp"
#include "actors/terminal/pty/prepare.hpp"
#include "actors/terminal/pty_io.hpp"
#include "actors/terminal/restart_plan.hpp"
#include "actors/terminal/screen_follower.hpp"
#include "actors/terminal/session_memory.hpp"
#include "actors/terminal/session_note.hpp"
#include "actors/terminal/shell_watch.hpp"
#include "actors/terminal/size_policy.hpp"
#include "actors/terminal/wait_list.hpp"
#include "protocols/keeper.hpp"
#include "protocols/terminal.hpp"

#include <boost/asio/io_context.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace roost::terminal {

/// What all terminals of a node share; each has its bound. Sizes in bytes.
struct terminal_config {
  std::size_t history = std::size_t{4} << 20;
  std::uint32_t scrollback_lines = 10'000;
  std::uint64_t window = std::uint64_t{1} << 20;
  std::size_t input_queue = std::size_t{1} << 20;
  std::size_t max_viewers = 64;
  /// Output per second for all viewers of one terminal but its holder, in bytes; 0: no limit.
  std::uint64_t fan_out_rate = std::uint64_t{288} << 20;
  std::size_t max_waits = 64;
  std::chrono::milliseconds pause_limit{500};
  /// How long output may still come after the program's exit while somebody else holds the PTY.
  std::chrono::milliseconds drain{1000};
  kill_ladder ladder;
  sandbox_config sandbox;
  run_as_config run_as;
  restart_limits restart;
  session_limits limits;
  std::chrono::milliseconds lifetime{0};   ///< 0: for ever
  std::chrono::milliseconds idle_limit{0}; ///< without input and output; 0: never
  bool record = false;                     ///< sessions for which nothing else is asked
};

/// What a terminal needs of its surroundings. Handles to the directory are weak by nature: the
/// directory outlives its terminals.
struct terminal_context {
  runtime::io_place place; ///< the calling thread's io_context
  const roost::clock* clock = nullptr;
  terminal_config config;
  terminals_actor directory;
  std::shared_ptr<const spawn_context> spawn; ///< `identity.session_id` is filled in per session
  std::shared_ptr<std::atomic<std::uint64_t>> histories; ///< bytes of all histories, kept current
  runtime::handle_slot<keeper_actor> keeper;
  std::shared_ptr<const keeper_board> board;
  std::string keeper_program; ///< path of roost-keeper
  std::string data_dir;       ///< never visible in a sandbox
};

/// What a terminal is made for: a program that is to be started, or one that the keeper holds.
struct terminal_task {
  session_info info;
  std::shared_ptr<const spawn_request> start;
  std::shared_ptr<kept_program> kept;
};

class terminal_state;
using terminal_pointer = terminal_actor::stateful_pointer<terminal_state>;

/// One PTY: its program, history, screen and viewers. Owned by the directory, which spawns it with
/// a session that is described but not started, or with one that an earlier server had; it has the
/// keeper start the program, and if that fails it answers `describe_session` with the reason and
/// ends. It never blocks but on the file system while it prepares a start, and never waits for a
/// viewer. When it ends, for whatever reason, the program lives on with the keeper, and everything
/// that the next terminal must know is in the session's memory. All members run in the actor's
/// context.
class terminal_state : private fan_out_sink {
public:
  static constexpr const char* name = "terminal";

  explicit terminal_state(terminal_pointer self);
  ~terminal_state() override;
  terminal_state(const terminal_state&) = delete;
  terminal_state& operator=(const terminal_state&) = delete;

  void start(terminal_context context, terminal_task task);

  // From viewers.
  caf::result<attached> on_attach(const attach& x, const viewer_actor& who);
  void on_detach(const detach& x);
  void on_input(const input& x);
  void on_ack(const ack& x);
  void on_viewer_resize(const viewer_resize& x);
  void on_take_control(const take_control& x);
  void on_refresh(const refresh& x);
  void on_shed(const shed_viewer& x);
  void on_viewer_down(const caf::actor_addr& who);

  // From the API.
  caf::result<session_info> on_describe();
  caf::result<session_info> on_update(const update_session& x);
  caf::result<session_info> on_resize(const resize_session& x);
  caf::result<session_info> on_kill(const kill_session& x);
  caf::result<input_accepted> on_send(const send_input& x);
  caf::result<command_result> on_run(const run_command& x);
  caf::result<wait_result> on_wait(const wait_for& x);
  caf::result<screen_view> on_read_screen(const read_screen& x);
  caf::result<output_range> on_read_output(const read_output& x);
  caf::result<output_tail> on_tail(const tail_output& x);

  // From the directory and the supervisor.
  void on_report_to(const report_to& x);
  void on_exit(const caf::error& reason);

  // From its own I/O.
  void on_readable();
  void on_writable();
  void on_child_exited(const child_exited& x);
  void on_tree_emptied();
  void on_program_lost();
  void on_timer(const timer_fired& x) { timers_.fire(x); }

private:
  static constexpr std::size_t max_title = 256; ///< bytes

  /// A question for output that waits.
  struct tail_question {
    runtime::promise_guard<output_tail> promise;
    tail_output what;
  };
  struct viewer {
    viewer_id id;
    viewer_key key = 0;
    viewer_actor actor;
    viewer_mode mode = viewer_mode::control;
  };
  /// A command that a caller types and waits for.
  struct typed_command {
    runtime::promise_guard<command_result> promise;
    std::string text;
    bool is_typed = false; ///< until then it waits for a prompt
    std::uint64_t commands_before = 0;
    steady_time asked_at{};
    steady_time typed_at{};
    steady_time deadline{}; ///< of the present phase
    steady_time give_up{};
  };
  enum timer_id : std::uint32_t {
    parse_timer,
    pause_timer,
    life_timer,
    wait_timer,
    pace_timer,
    age_timer,
    restart_timer,
    tail_timer
  };

  [[nodiscard]] steady_time now() const { return context_.clock->now(); }
  viewer* find(const viewer_id& id);
  viewer* find(viewer_key key);

  // The program, and what outlives this actor.
  void start_program(const spawn_request& wanted);
  /// Who the session runs as; null: as the server itself.
  [[nodiscard]] result<std::shared_ptr<const user_record>> find_session_user() const;
  void begin(kept_program program, terminal_size size);
  void adopt(kept_program program);
  void restore(session_note note);
  void open_terminal(kept_program& program);
  void start_failed(failure why);
  void save_note();
  void take_checkpoint(checkpoint_depth depth);
  void checkpoint_if_wanted();

  // Between two programs.
  /// Whether the session can have this policy.
  [[nodiscard]] result<void> check_restart(restart_policy policy) const;
  void note_wish(program_wish wish);
  /// The program is over. False: the session, too.
  bool goes_on();
  void write_seam(const std::string& text);
  void leave_program();
  void await_next(std::chrono::nanoseconds wait);
  void begin_next(kept_program program, terminal_size size);
  void next_failed(const failure& why);
  /// There is no next program: the session has its last one's status.
  void stop_waiting();
  void end_between();
  void ask_to_end(bool at_once);
  /// An earlier server waited for the next program.
  void go_on_between(const kept_program& program);

  // Output: PTY -> history -> viewers.
  void read_some();
  void wait_for_output();
  void publish();
  void note_memory(std::uint64_t bytes);
  void keep_pace();
  // For whoever records it.
  [[nodiscard]] output_tail take_tail(const tail_output& x);
  void answer_tail();
  void answer_tail_soon();
  void note_size_for_tail();
  [[nodiscard]] bool is_over() const {
    return info_.state == session_state::exited || info_.state == session_state::lost;
  }
  void on_fenced();
  void watch_age();
  /// Ends the session as if somebody had asked for it, and says why.
  void end_by_limit(const std::string& limit);
  [[nodiscard]] std::chrono::nanoseconds snapshot_interval() const;
  void pause_or_read();
  void move_pty_here();

  // Screen, marks and what waits for them.
  void schedule_parse();
  void parse_some(std::uint64_t limit);
  void use_events();
  void answer_waits();
  void arm_wait_timer();
  void follow_command();
  [[nodiscard]] wait_facts facts() const;
  [[nodiscard]] std::string plain_text(std::uint64_t begin, std::uint64_t end) const;

  // fan_out_sink
  void send_output(viewer_key to, std::uint64_t offset, slice bytes) override;
  void send_snapshot(viewer_key to, wire::snapshot_reason reason, const screen_shot& shot) override;
  void send_lag(viewer_key to, std::uint64_t bytes) override;
  void send_end(viewer_key to) override;
  screen_shot take_shot(wire::snapshot_reason why) override;
  steady_time next_shot_at() override;

  // Input: viewers -> PTY.
  [[nodiscard]] result<void> type(std::string_view bytes);
  void flush_input();

  // Size, holder, life.
  void apply(const size_outcome& outcome);
  void follow(const lifecycle_step& step);
  void finish();
  void remove_viewer(std::size_t index);
  void report();

  terminal_pointer self_;
  terminal_context context_;
  log::logger log_;
  session_info info_;
  failure start_failure_;
  bool has_started_ = false;
  bool has_failed_ = false;
  bool is_kill_wanted_ = false; ///< somebody had asked an earlier server, or between programs
  runtime::promise_guard<session_info> describe_promise_; ///< asked before the program ran
  bool title_is_set_ = false;
  std::shared_ptr<std::atomic<std::uint64_t>> live_offset_;

  std::shared_ptr<session_memory> memory_;
  std::string note_extra_; ///< of a newer server's note

  std::optional<program_wish> wish_; ///< what to start again; nothing: too long to be kept
  restart_plan plan_{restart_limits{}};
  wall_time program_started_{};
  std::int64_t ended_pid_ = 0; ///< of the program before this one, or before the wait
  bool is_between_ = false;    ///< no program runs: the next one is waited for, or being started
  bool is_next_asked_ = false; ///< it is being started

  steady_time checkpoint_made_{};
  std::chrono::nanoseconds checkpoint_cost_{0};
  std::unique_ptr<history> history_;
  std::unique_ptr<screen_follower> screen_;
  std::unique_ptr<fan_out> fan_out_;
  shell_watch shell_;
  wait_list waits_{0};
  std::map<wait_list::wait_id, runtime::promise_guard<wait_result>> wait_promises_;
  std::optional<typed_command> command_;
  std::shared_ptr<pty_io> pty_;
  lifecycle life_{kill_ladder{}, std::chrono::milliseconds{1000}};
  size_policy policy_{terminal_size{}};
  std::vector<viewer> viewers_;
  viewer_key next_key_ = 1;
  std::uint64_t published_ = 0;
  std::uint64_t noted_memory_ = 0; ///< of the history, as everybody knows it

  std::optional<tail_question> tail_;
  std::vector<size_at> tail_sizes_; ///< the last answer's size, and what has come since; empty
                                    ///< while nobody has ever asked

  std::string input_; ///< typed, not yet taken by the program
  std::size_t input_done_ = 0;
  bool is_waiting_writable_ = false;

  bool is_waiting_readable_ = false;
  boost::asio::io_context* move_to_ = nullptr; ///< where the PTY goes before its next read
  bool is_paused_ = false;
  bool has_output_ended_ = false;
  steady_time last_output_{};
  steady_time last_input_{};
  steady_time snapshot_made_{};
  steady_time pace_at_{}; ///< when the pace timer, if it is armed, goes off
  std::chrono::nanoseconds snapshot_cost_{0};

  runtime::timers<terminal_actor::stateful_base<terminal_state>> timers_;
};

/// The actor's function; spawn it through the directory.
terminal_actor::behavior_type terminal(terminal_pointer self, terminal_context context,
                                       terminal_task task);

} // namespace roost::terminal
