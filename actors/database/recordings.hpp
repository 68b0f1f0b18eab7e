#pragma once

#include "actors/database/archive/archive_board.hpp"
#include "actors/database/recorded.hpp"
#include "actors/database/recording/recorder.hpp"
#include "actors/database/recording/text_indexer.hpp"
#include "actors/database/recordings_board.hpp"
#include "actors/database/store/store.hpp"
#include "actors/runtime/actor_base.hpp"
#include "actors/runtime/clock.hpp"
#include "actors/runtime/handle_slot.hpp"
#include "actors/runtime/log.hpp"
#include "protocols/archive.hpp"
#include "protocols/recording.hpp"
#include "protocols/terminal.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace roost::database {

struct recordings_config {
  recording::recorder_limits limits;
  std::shared_ptr<const recording::redaction> patterns; ///< not null
  std::chrono::milliseconds retry{1'000};               ///< after a question that failed
  const clock* time = &system_clock::instance();        ///< outlives the actor
  runtime::handle_slot<terminals_actor> terminals;
  runtime::handle_slot<archive_actor> archive;
  std::shared_ptr<recordings_board> board;
  /// What waits to be written down: above `most_waiting` bytes of it, text is left out. May be
  /// null.
  std::shared_ptr<const archive_board> waiting;
  std::uint64_t most_waiting = std::uint64_t{8} << 20;
};

/// Records the output of the node's sessions: asks each terminal for what comes, one question at a
/// time, and gives chunks to the archive. What it has not given away yet when the server dies is in
/// the terminal's history, and asked for again. Compresses: spawned detached, never on a thread of
/// terminals, whom it never keeps waiting. Owned by the node's supervisor.
///
/// From the chunks it also makes the text that is searched: so that what is found can be played,
/// and what is not recorded (a secret, a flood, beyond the cap) is not found. Text of chunks that
/// an earlier server has stored is made from these, behind the last piece that is stored.
///
/// Bounded: for each session one answer (256 KiB of the history's own memory), a recorder and an
/// indexer; while it makes up for an earlier server, `chunks_at_once` chunks.
class recordings_state {
public:
  static inline constexpr const char* name = "recordings";

  explicit recordings_state(recordings_actor::pointer self) : self_(self), timers_(self) {}

  void open(recordings_config config);
  void on_session(const publish_session& x);
  /// Gives away what it has.
  void on_exit();
  void fire(const timer_fired& x) { timers_.fire(x); }

private:
  enum timer_id : std::uint32_t { list_timer, tick_timer, retry_timer };

  /// A session that is recorded, or was and is kept in mind so that this does not begin anew.
  struct entry {
    std::uint64_t serial = 0; ///< answers to an earlier entry's questions are passed over
    session_info info;
    terminal_actor terminal;
    std::optional<recording_found> found;
    std::optional<recording::recorder> recorder;
    std::optional<recording::text_indexer> text; ///< since the recording was found
    std::optional<text_end> stored_text;         ///< the last piece of an earlier server
    std::uint64_t text_seq = 0;                  ///< of the chunk that is read next for it
    bool is_text_behind = false;                 ///< it is being made from stored chunks
    std::uint64_t skipped = 0; ///< bytes that the indexer has left out, as far as counted
    std::uint64_t lost = 0;    ///< bytes that the recorder has lost, as far as they were counted
    std::uint64_t next = 0;    ///< offset that is asked for next
    bool is_stuck = false;     ///< tried again when the retry timer fires
    bool is_done = false;      ///< nothing more comes
  };

  void list();
  void consider(const session_info& info);
  void find(entry& e);
  /// Makes the text of what an earlier server has stored, some chunks at a time, then goes on.
  void catch_up(entry& e);
  void on_caught_up(entry& e);
  void find_terminal(entry& e);
  void tail(entry& e);
  void on_tail(entry& e, const output_tail& x);
  void feed(entry& e, const output_tail& x);
  void stuck(entry& e, const failure& why);
  void finish(entry& e);
  /// Gives away all that there is, without an end.
  void put_away(entry& e);
  void keep(entry& e);
  void keep_text(entry& e, std::vector<record>& into);
  void tick();
  void arm_tick();
  static std::optional<steady_time> due_of(const entry& e);
  void count();
  entry* find(const std::string& id, std::uint64_t serial);
  [[nodiscard]] recording::moment now() const {
    return {config_.time->now(), config_.time->now_wall()};
  }

  recordings_actor::pointer self_;
  recordings_config config_;
  log::logger log_{log::context{"recordings", 0, {}, {}}};
  std::map<std::string, entry> entries_;
  std::uint64_t last_serial_ = 0;
  steady_time tick_at_{};
  runtime::timers<std::remove_pointer_t<recordings_actor::pointer>> timers_;
};

recordings_actor::behavior_type
recordings(recordings_actor::stateful_pointer<recordings_state> self, recordings_config config);

} // namespace roost::database
