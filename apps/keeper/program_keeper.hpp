#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>

#include "apps/keeper/cgroup.hpp"
#include "apps/keeper/event_loop.hpp"
#include "apps/keeper/held_session.hpp"
#include "apps/keeper/peer.hpp"
#include "apps/keeper/process_tree.hpp"
#include "protocols/wire/keeper.hpp"

namespace roost::keeper {

struct keeper_options {
  std::chrono::seconds linger{5}; ///< how long a keeper without sessions and owner stays
  bool may_use_cgroups = true;
};

/// This program's version, as packets hold it.
std::array<char, 32> build_name();

/// The keeper: connections, who of them is the owner, its packets, and the sessions. One thread,
/// one loop; nothing in it waits for a program, a disk or a server.
class program_keeper : public session_listener {
public:
  /// `folder` is open, `listener` listens in it.
  program_keeper(keeper_options options, const inheritance& inherited, descriptor folder,
                 descriptor listener);
  ~program_keeper() override;

  /// Until there is nothing to keep, or a signal says so. Returns the exit status.
  int run();

private:
  using clock = std::chrono::steady_clock;
  /// How far the keeper is with ending everything, when it is asked to end itself.
  enum class closing : std::uint8_t { no, hung_up, terminated, killed };

  struct entry {
    std::unique_ptr<held_session> session;
    /// The same session with its next program, which is being started. `session` is emptied then;
    /// what becomes of this one decides whether it takes its place.
    std::unique_ptr<held_session> next;
    std::uint32_t request = 0; ///< of the latest start
    bool is_answered = false;  ///< that start was, or nobody waits for an answer
    bool is_forgotten = false; ///< goes away with its last process
    bool is_orphaned = false;  ///< its warden was killed

    /// The one of the two that may have processes.
    [[nodiscard]] held_session& live() const { return next ? *next : *session; }
  };

  // connections
  bool accept_one();
  void on_input(peer& from);
  void greet(peer& from, const arrival& what);
  void drop_lost_peers();
  void cancel_starts();

  // packets of the owner
  void obey(const arrival& what);
  template <class Packet>
  void obey_as(const arrival& what, void (program_keeper::*does)(const Packet&, const arrival&));
  void obey_start(const start& packet, const arrival& what);
  void obey_signal(const send_signal& packet, const arrival& what);
  void obey_end(const end& packet, const arrival& what);
  void obey_forget(const forget& packet, const arrival& what);
  void obey_drain(const set_drain& packet, const arrival& what);
  void obey_fetch(const fetch& packet, const arrival& what);

  // what the owner hears
  void refuse(std::uint32_t request, const id_text& id, trouble why, std::string_view text = {});
  void tell_of(const held_session& whom, std::uint32_t request);
  void on_started(held_session& whom) override;
  void on_exited(held_session& whom) override;

  // sessions
  entry* find(const id_text& id);
  static bool is_listed(const entry& which);
  void emptied(held_session& whom);
  void forget_now(const held_session& whom);

  // processes
  void on_signals();
  void reap();
  void kill_strays();
  void close_further();

  // time
  void on_time();
  clock::time_point next_deadline() const;
  bool is_reachable() const;

  keeper_options options_;
  inheritance inherited_;
  descriptor folder_;
  descriptor listener_;
  std::uint64_t socket_inode_ = 0;
  descriptor spare_; ///< given up to accept, and close, a connection when descriptors have run out
  descriptor signals_;
  event_loop loop_;
  cgroup_home cgroups_;

  std::uint64_t generation_ = 0;
  bool is_draining_ = false;
  std::unique_ptr<peer> owner_;
  std::list<std::unique_ptr<peer>> strangers_; ///< have not said hello
  std::map<std::string, entry, std::less<>> sessions_;

  bool is_done_ = false;
  closing closing_ = closing::no;
  clock::time_point close_further_at_;
  tree_killer strays_;
  bool has_strays_ = false;
  std::chrono::milliseconds strays_pause_{0};
  clock::time_point strays_at_;
  clock::time_point look_around_at_; ///< for the folder, and for cgroups that were busy
  clock::time_point busy_until_;     ///< when there was something to keep
};

} // namespace roost::keeper
