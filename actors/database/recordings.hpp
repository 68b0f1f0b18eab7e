#pragma once

#include "actors/database/recording/recorder.hpp"
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

namespace roost::database {

struct recordings_config {
  recording::recorder_limits limits;
  std::shared_ptr<const recording::redaction> patterns; ///< not null
  std::chrono::milliseconds retention = std::chrono::hours(720);
  std::chrono::milliseconds cleaning = std::chrono::hours(1); ///< between looks for what is older
  std::chrono::milliseconds retry{1'000};                     ///< after a question that failed
  const clock* time = &system_clock::instance();              ///< outlives the actor
  runtime::handle_slot<terminals_actor> terminals;
  runtime::handle_slot<archive_actor> archive;
  std::shared_ptr<recordings_board> board;
};

/// The recording that an earlier server left, and where it goes on.
struct recording_found {
  recording::recorder_position at;
  bool exists = false;
};
/// What there is of a session's recording in this epoch; nothing: the store cannot say now.
std::optional<recording_found> find_recording(store* in, const std::string& session,
                                              const std::string& epoch);
/// A chunk as a record.
recording_chunk to_record(recording::chunk from, const std::string& session,
                          const std::string& epoch);

/// Records the output of the node's sessions: asks each terminal for what comes, one question at a
/// time, and gives chunks to the archive. What it has not given away yet when the server dies is in
/// the terminal's history, and asked for again. Compresses: spawned detached, never on a thread of
/// terminals, whom it never keeps waiting. Owned by the node's supervisor.
///
/// Bounded: for each session one answer (256 KiB of the history's own memory) and a recorder.
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
  enum timer_id : std::uint32_t { list_timer, tick_timer, retry_timer, clean_timer };

  /// A session that is recorded, or was and is kept in mind so that this does not begin anew.
  struct entry {
    std::uint64_t serial = 0; ///< answers to an earlier entry's questions are passed over
    session_info info;
    terminal_actor terminal;
    std::optional<recording_found> found;
    std::optional<recording::recorder> recorder;
    std::uint64_t lost = 0; ///< bytes that the recorder has lost, as far as they were counted
    std::uint64_t next = 0; ///< offset that is asked for next
    bool is_stuck = false;  ///< tried again when the retry timer fires
    bool is_done = false;   ///< nothing more comes
  };

  void list();
  void consider(const session_info& info);
  void find(entry& e);
  void find_terminal(entry& e);
  void tail(entry& e);
  void on_tail(entry& e, const output_tail& x);
  void feed(entry& e, const output_tail& x);
  void stuck(entry& e, const failure& why);
  void finish(entry& e);
  void keep(entry& e);
  void tick();
  void arm_tick();
  void clean();
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
