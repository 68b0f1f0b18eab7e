#pragma once

#include "actors/database/archive/archive_board.hpp"
#include "actors/database/archive/local_file.hpp"
#include "actors/database/archive/session_log.hpp"
#include "actors/database/archive/shipment.hpp"
#include "actors/database/archive/write_queue.hpp"
#include "actors/database/retry_pace.hpp"
#include "actors/runtime/actor_base.hpp"
#include "actors/runtime/clock.hpp"
#include "actors/runtime/handle_slot.hpp"
#include "actors/runtime/log.hpp"
#include "actors/runtime/random.hpp"
#include "protocols/archive.hpp"
#include "protocols/database.hpp"

#include <caf/local_actor.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>

namespace roost::database {

/// The workers, each on a thread of its own.
struct archive_workers {
  archive_writer_actor writer;
  archive_reader_actor reader;
  archive_shipper_actor shipper; ///< null: there is no shared database
};
using worker_maker = std::function<archive_workers(caf::local_actor& parent)>;

struct archive_config {
  write_queue::settings queue;
  retry_pace::settings retry{std::chrono::milliseconds(200), std::chrono::milliseconds(5'000),
                             std::chrono::milliseconds(5'000), std::chrono::milliseconds(60'000)};
  std::chrono::milliseconds change_interval{2'000}; ///< between records of a session that changes
  std::chrono::milliseconds ship_interval{500};     ///< between looks at a database that is away
  std::chrono::milliseconds grace{5'000}; ///< until the database's state says that it fails
  std::size_t most_questions = 32;
  /// Bytes that the outbox may take. One transaction is at most a quarter of it: what is larger
  /// than the whole would never find room.
  std::uint64_t spool = std::uint64_t{1} << 30;
  std::size_t most_waiters = 256;                 ///< for a write that has to be acknowledged
  const clock* time = &system_clock::instance();  ///< outlives the actor
  random_source* random = &os_random::instance(); ///< likewise
  std::shared_ptr<archive_board> board;
  std::shared_ptr<const database_board> database; ///< whether shipping makes sense
  runtime::handle_slot<database_actor> initializer;
  worker_maker make_workers;
};

/// Writes down what the node has to remember: first into its own file, from where it is brought to
/// the shared database, if there is one, in order and once (decision 0011). Never blocks; its
/// workers do. What waits is bounded, and lost with the process: a record is kept from the moment
/// at which it is in the file. Owned by the node's supervisor.
class archive_state {
public:
  static inline constexpr const char* name = "archive";

  explicit archive_state(archive_actor::pointer self) : self_(self), timers_(self) {}
  ~archive_state();
  archive_state(const archive_state&) = delete;
  archive_state& operator=(const archive_state&) = delete;

  void open(archive_config config);
  void keep(const keep_records& x);
  caf::result<records_kept> keep_for_sure(const roost::keep_for_sure& x);
  void on_session(const publish_session& x);
  caf::result<archive_read> read(const read_archive& x);
  /// Writes what waits, then ends. Its supervisor does not wait for long.
  void on_exit(const caf::error& reason);
  void fire(const timer_fired& x) { timers_.fire(x); }

private:
  enum timer_id : std::uint32_t { retry_timer, change_timer, ship_timer };

  bool add(std::vector<record> records, std::uint64_t ticket = 0);
  void write();
  void send_batch();
  void on_written(const batch_written& x);
  void tell_written();
  void refuse_waiters(const char* why);
  void ship();
  void on_not_shipped(const some_shipped& x);
  void ship_later(std::chrono::milliseconds wait);
  void show_outbox(std::uint64_t records, const std::string& trouble = {});
  void show_queue();

  archive_actor::pointer self_;
  archive_config config_;
  log::logger log_{log::context{"archive", 0, {}, {}}};
  std::optional<write_queue> queue_;
  std::optional<session_log> sessions_;
  std::optional<retry_pace> pace_;
  std::optional<retry_pace> ship_pace_;
  archive_workers workers_;
  std::shared_ptr<const record_batch> in_flight_;
  std::uint64_t unwritable_ = 0; ///< records that could never be written
  std::map<std::uint64_t, runtime::promise_guard<records_kept>> waiters_; ///< by their ticket
  std::uint64_t last_ticket_ = 0;
  std::size_t questions_ = 0;
  bool is_shipping_ = false;
  std::optional<steady_time> failing_since_; ///< bringing records to the shared database
  bool was_full_ = false;
  std::optional<caf::error> ending_; ///< when everything is written
  runtime::timers<std::remove_pointer_t<archive_actor::pointer>> timers_;
};

archive_actor::behavior_type archive(archive_actor::stateful_pointer<archive_state> self,
                                     archive_config config);

// ---- workers ----

/// What the workers need to open.
struct archive_files {
  local_file::settings file;
  shipment::connector connect; ///< empty: there is no shared database
};
/// Workers on threads of their own. Memory cannot be opened twice: there, reader and writer are
/// one.
archive_workers spawn_archive_workers(caf::local_actor& parent, const archive_files& files);

} // namespace roost::database
