#pragma once

#include "actors/runtime/actor_base.hpp"
#include "actors/runtime/handle_slot.hpp"
#include "actors/runtime/log.hpp"
#include "actors/runtime/random.hpp"
#include "actors/terminal/pty/prepare.hpp"
#include "actors/terminal/terminal.hpp"
#include "actors/terminal/usage_sampler.hpp"
#include "actors/terminal/user_watch.hpp"
#include "protocols/archive.hpp"
#include "protocols/events.hpp"
#include "protocols/recording.hpp"
#include "protocols/supervision.hpp"
#include "protocols/terminal.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

namespace roost::terminal {

/// What the directory needs of the node.
struct terminals_context {
  runtime::io_place place; ///< the calling thread's io_context
  const roost::clock* clock = nullptr;
  terminal_config terminal;
  std::shared_ptr<const spawn_context> spawn; ///< `identity.session_id` is filled in per session
  std::string node;
  std::size_t max_sessions = 200;
  std::size_t max_per_user = 0; ///< by the label of the credential; 0: no limit of its own
  roost::user_limits user_limits;
  std::shared_ptr<user_limit_counts> user_counts = std::make_shared<user_limit_counts>();
  /// How long an exited session can still be read, and how many of them are kept.
  std::chrono::milliseconds exited_retention{600'000};
  std::size_t max_exited = 200;
  runtime::handle_slot<supervisor_actor> supervisor; ///< of the terminals
  runtime::handle_slot<events_actor> events;
  runtime::handle_slot<archive_actor> archive; ///< hears the same; empty: nothing is written down
  runtime::handle_slot<recordings_actor> recordings; ///< hears the same; empty: nothing is recorded
  std::shared_ptr<std::atomic<std::uint64_t>> count; ///< sessions in the list, for status pages
  std::shared_ptr<std::atomic<std::uint64_t>> histories; ///< bytes of all terminals' histories
  runtime::handle_slot<keeper_actor> keeper;
  std::shared_ptr<const keeper_board> board;
  std::string keeper_program;
  std::string data_dir;
};

class terminals_state;
using terminals_pointer = terminals_actor::stateful_pointer<terminals_state>;

/// The node's sessions by id. Terminals belong to their supervisor and outlive this actor: when it
/// is restarted it asks them to report anew, so nothing is lost with it. Programs belong to the
/// keeper and outlive their terminals: when one fails it gets another. All members run in the
/// actor's context.
class terminals_state {
public:
  static constexpr const char* name = "terminals";

  explicit terminals_state(terminals_pointer self) : self_(self), timers_(self) {}

  void start(terminals_context context);
  caf::result<session_info> on_create(const create_session& x);
  caf::result<session_handle> on_find(const find_session& x);
  session_list on_list(const list_sessions& x);
  caf::result<session_info> on_forget(const forget_session& x);
  void on_adopt(const adopt_programs& x);
  caf::result<sessions_ready> on_await(await_sessions);
  void on_changed(const session_changed& x);
  void on_down(const caf::actor_addr& who);
  void on_timer(const timer_fired& x) { timers_.fire(x); }

private:
  struct entry {
    session_info info;
    terminal_actor terminal; ///< empty until it has started, and when it is lost
    std::shared_ptr<const std::atomic<std::uint64_t>> live_offset;
    bool is_announced = false;
    std::uint32_t failures = 0; ///< of its terminals, within `failure_window` of each other
    steady_time failed_at{};
    /// Handed over while an earlier terminal of it was still there.
    std::shared_ptr<kept_program> next;
  };

  void recover();
  [[nodiscard]] terminal_context context_of_terminal();
  void adopt(const std::shared_ptr<kept_program>& program);
  void adopted(const session_id& id, bool is_well);
  void answer_if_ready();
  void fetch(const session_id& id);
  void lost(entry& e);
  using begun_handler = std::function<void(const result<session_info>&)>;
  /// Spawns a session's terminal, and calls when its program runs, or does not.
  void make_terminal(const terminal_task& task, begun_handler done);
  void announce(entry& e, event_topic topic);
  void tell(const publish_session& what);
  void forget(std::map<std::string, entry>::iterator at,
              const std::function<void()>& done = nullptr);
  void forget_old();
  [[nodiscard]] session_info current(const entry& e) const;
  void sample_usage();
  [[nodiscard]] std::vector<session_load> loads() const;
  void watch_users();
  std::string new_id();

  terminals_pointer self_;
  terminals_context context_;
  log::logger log_{log::context{"terminals", 0, {}, {}}};
  std::map<std::string, entry> sessions_;
  std::set<std::string> forgotten_; ///< sessions whose terminals are being removed
  bool has_keeper_reported_ = false;
  std::size_t adopting_ = 0;
  sessions_ready adopted_;
  std::vector<runtime::promise_guard<sessions_ready>> awaiting_;
  std::optional<usage_sampler> usage_;
  std::optional<user_watch> users_;
  runtime::timers<terminals_actor::stateful_base<terminals_state>> timers_;
};

terminals_actor::behavior_type terminals(terminals_pointer self, terminals_context context);

} // namespace roost::terminal
