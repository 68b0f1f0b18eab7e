#pragma once

#include "actors/runtime/actor_base.hpp"
#include "actors/runtime/handle_slot.hpp"
#include "actors/runtime/io_threads.hpp"
#include "actors/runtime/log.hpp"
#include "actors/terminal/keeper/keeper_channel.hpp"
#include "actors/terminal/keeper/kept_program.hpp"
#include "protocols/keeper.hpp"
#include "protocols/terminal.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace roost::terminal {

struct keeper_config {
  runtime::io_place place;
  std::string folder;  ///< DATA/keeper
  std::string program; ///< path of roost-keeper; empty: it is not installed
  bool drains = false; ///< the keeper reads for programs while no server is there
  std::shared_ptr<keeper_board> board;
  runtime::handle_slot<terminals_actor> directory;
};

class keeper_link_state;
using keeper_pointer = keeper_actor::stateful_pointer<keeper_link_state>;

/// The server's side of the connection to roost-keeper. Owned by the node's supervisor. It
/// connects, starting a keeper if there is none, tells the directory what the keeper holds, and
/// from then on passes orders and news on. If the connection ends, the keeper has died (or another
/// server has taken over): the terminals hear that their programs are lost, and a new keeper is
/// started. All members run in the actor's context; nothing blocks.
class keeper_link_state {
public:
  static constexpr const char* name = "keeper";

  explicit keeper_link_state(keeper_pointer self) : self_(self), timers_(self) {}
  ~keeper_link_state();
  keeper_link_state(const keeper_link_state&) = delete;
  keeper_link_state& operator=(const keeper_link_state&) = delete;

  void start(keeper_config config);

  caf::result<program_ready> on_start(const start_program& x);
  caf::result<program_ready> on_fetch(const fetch_program& x);
  void on_claim(const claim_program& x);
  void on_signal(const signal_program& x);
  void on_end(const end_program& x);
  caf::result<program_forgotten> on_forget(const forget_program& x);

  void on_readable();
  void on_writable();
  void on_launched(const keeper_launched& x);
  void on_timer(const timer_fired& x) { timers_.fire(x); }

private:
  enum class link : std::uint8_t { down, launching, greeting, up, fenced };
  enum timer_id : std::uint32_t { retry_timer, greeting_timer, directory_timer };

  struct held {
    caf::weak_actor_ptr terminal; ///< empty until it is claimed
    keeper::phase phase = keeper::phase::running;
    int status = -1;
    int signal = 0;
  };

  void try_connect();
  void launch();
  void retry(const failure& why);
  void lose(const char* why);
  void handle(keeper_channel::packet& x);
  void on_welcome(const keeper::welcome& x);
  void on_session(const keeper::session& x, std::vector<unique_fd>& fds);
  void on_ready();
  void tell_directory();
  void on_started(const keeper::started& x, std::vector<unique_fd>& fds);
  void on_refused(const keeper::refused& x);
  void on_exited(const keeper::exited& x);
  void on_emptied(const keeper::emptied& x);
  void tell(const held& about);
  void wait();
  void wait_writable();
  template <class Packet>
  bool send(const Packet& packet, std::vector<unique_fd> fds = {});
  program_ready make_ready(session_id id, std::vector<unique_fd>& fds) const;

  keeper_pointer self_;
  keeper_config config_;
  log::logger log_{log::context{"keeper", 0, {}, {}}};
  std::shared_ptr<keeper_channel> channel_;
  link state_ = link::down;
  std::int64_t pid_ = 0;         ///< of the keeper
  std::uint64_t generation_ = 0; ///< of this server, among all that the keeper has served
  std::uint16_t version_ = 0;    ///< of the protocol
  int attempts_ = 0;
  bool is_waiting_writable_ = false;
  std::uint32_t next_request_ = 1;
  std::map<std::uint32_t, runtime::promise_guard<program_ready>> pending_;
  std::map<std::uint32_t, runtime::promise_guard<program_forgotten>> forgetting_;
  std::map<std::string, held> held_;
  std::vector<std::shared_ptr<kept_program>> handed_over_; ///< until the keeper has named all
  runtime::timers<keeper_actor::stateful_base<keeper_link_state>> timers_;
};

keeper_actor::behavior_type keeper_link(keeper_pointer self, keeper_config config);

} // namespace roost::terminal
