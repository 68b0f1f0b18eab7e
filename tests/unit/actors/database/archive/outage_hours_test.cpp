// A day of a node whose shared database comes and goes: seconds, minutes, hours; frozen and dead;
// answers that are lost, and a node that is killed. Time is simulated; queue, file, outbox,
// shipment, stores and the initializer's states are the real ones. What was acknowledged is there
// once (DB-7), nothing grows beyond its bound (DB-8), and the state says what is so in time (DB-6).
#include "actors/database/archive/local_file.hpp"
#include "actors/database/archive/shipment.hpp"
#include "actors/database/archive/write_queue.hpp"
#include "actors/database/init_machine.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/support/seeded_random.hpp"
#include "tests/unit/actors/database/store/store_fixture.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <map>
#include <set>

namespace roost::database {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using state = database_state;

constexpr auto day = 24h;
constexpr std::uint64_t spool = 64 << 10;
constexpr std::uint64_t memory = 32 << 10;
constexpr milliseconds grace = 5s;
constexpr milliseconds retry_longest = 30s;
constexpr milliseconds check_interval = 1s;
constexpr milliseconds ship_interval = 500ms;
// How long it takes until something is known of a server that is frozen, or there.
constexpr milliseconds connect_timeout = 3s;
constexpr milliseconds look_timeout = 2s;
constexpr milliseconds attempt_time = 50ms;
constexpr milliseconds catching_up = 1s; // a full spool

enum class server : std::uint8_t { up, dead, frozen };

/// What was acknowledged, by kind, in the order in which it was.
struct ledger {
  std::vector<std::string> events;
  std::vector<std::string> audits;
  std::map<std::string, std::string> titles;
  std::set<std::string> connections;
  std::set<std::uint64_t> chunks;

  void add(const record& what) {
    if (const auto* e = std::get_if<session_event>(&what))
      events.push_back(e->detail);
    else if (const auto* a = std::get_if<audit_record>(&what))
      audits.push_back(a->detail);
    else if (const auto* s = std::get_if<session_record>(&what))
      titles[s->id] = s->title;
    else if (const auto* c = std::get_if<connection_record>(&what))
      connections.insert(std::to_string(c->boot) + "/" + c->id);
    else if (const auto* r = std::get_if<recording_chunk>(&what))
      chunks.insert(r->seq);
  }
};

/// One column of a query, row by row.
std::vector<std::string> column(const std::string& path, const std::string& sql) {
  const auto file = migrated_sqlite(path);
  std::vector<std::string> out;
  EXPECT_TRUE(file->query(sql, {}, [&](const sqlite_row& row) { out.emplace_back(row.text(0)); }))
      << sql;
  return out;
}

/// The day. Each of its actors is a time at which it does something next.
class simulation {
public:
  explicit simulation(std::uint64_t seed) : random_(seed) {
    migrated_sqlite(shared_);
    start_node();
    at(outage_at_, 20min);
    at(crash_at_, 3h);
    at(write_at_, 1s);
  }

  void run() {
    const auto ends = clock_.now() + day;
    while (clock_.now() < ends && !testing::Test::HasFatalFailure())
      step();
    // It is there for good now: everything arrives.
    be(server::up);
    outage_at_ = crash_at_ = write_at_ = never;
    const auto deadline = clock_.now() + 10min;
    while (clock_.now() < deadline && !testing::Test::HasFatalFailure())
      step();
  }

  void expect_everything_is_there() {
    EXPECT_EQ(machine_->state(), state::ready);
    EXPECT_TRUE(queue_->is_empty() && !in_flight_);
    const auto node = node_path();
    const auto totals = *file_->waiting()->total();
    EXPECT_EQ(totals.records, 0U);
    file_->close();
    for (const auto& path : {node, shared_}) {
      SCOPED_TRACE(path);
      EXPECT_EQ(column(path, "SELECT detail FROM session_event ORDER BY written"), told_.events);
      EXPECT_EQ(column(path, "SELECT detail FROM audit ORDER BY written"), told_.audits);
      std::vector<std::string> titles;
      for (const auto& [id, title] : told_.titles)
        titles.push_back(id + " " + title);
      EXPECT_EQ(column(path, "SELECT id || ' ' || title FROM session ORDER BY id"), titles);
      EXPECT_EQ(column(path, "SELECT seq FROM recording_chunk").size(), told_.chunks.size());
    }
    const auto* const connections = "SELECT boot || '/' || id FROM connection ORDER BY 1";
    EXPECT_EQ(column(node, connections).size(), told_.connections.size());
    // What is droppable is there, or counted.
    EXPECT_EQ(column(shared_, connections).size() + totals.dropped, told_.connections.size());
    EXPECT_EQ(lost_, 0U);
    std::cout << "a day: outages " << outages << ", crashes " << crashes << ", lost answers "
              << lost_answers << ", writes refused for a full spool " << refusals
              << ", acknowledged " << told_.events.size() + told_.audits.size()
              << " events and audits, measures " << told_.connections.size() << ", of them dropped "
              << totals.dropped << "\n";
    // It was a day worth the name.
    EXPECT_GT(outages, 40U);
    EXPECT_GT(crashes, 3U);
    EXPECT_GT(lost_answers, 10U);
    EXPECT_GT(refusals, 0U) << "the spool was never full";
    EXPECT_GT(totals.dropped, 0U);
    EXPECT_GT(told_.events.size(), 500U);
  }

  std::uint64_t outages = 0, crashes = 0, lost_answers = 0, refusals = 0;

private:
  static constexpr steady_time never = steady_time::max();

  void at(steady_time& which, milliseconds wait) { which = clock_.now() + wait; }
  milliseconds any(milliseconds low, milliseconds high) {
    return milliseconds(random_.between(static_cast<std::uint64_t>(low.count()),
                                        static_cast<std::uint64_t>(high.count())));
  }
  std::string node_path() const { return folder_ / ("node" + std::to_string(boot_) + ".db"); }

  void step() {
    struct actor {
      steady_time* due;
      void (simulation::*act)();
    };
    const actor all[] = {{&outage_at_, &simulation::change_server},
                         {&attempt_at_, &simulation::attempt},
                         {&outcome_at_, &simulation::conclude},
                         {&check_at_, &simulation::check},
                         {&grace_at_, &simulation::end_grace},
                         {&retry_at_, &simulation::write},
                         {&ship_at_, &simulation::ship},
                         {&write_at_, &simulation::produce},
                         {&crash_at_, &simulation::crash}};
    const auto next = *std::min_element(std::begin(all), std::end(all),
                                        [](auto& a, auto& b) { return *a.due < *b.due; });
    clock_.advance(*next.due - clock_.now());
    *next.due = never;
    (this->*next.act)();
    expect_in_time();
    ASSERT_LE(file_->waiting()->total()->bytes, spool);
    ASSERT_LE(queue_->bytes(), memory);
  }

  // ---- the server ----

  void be(server now) {
    if (now != server_)
      since_ = clock_.now();
    server_ = now;
    work_.reset(); // its connections are gone
  }
  void change_server() {
    if (server_ != server::up) {
      be(server::up);
      return at(outage_at_, random_.between(0, 3) == 0 ? any(1s, 20s) : any(20s, 12min));
    }
    ++outages;
    be(random_.between(0, 1) == 0 ? server::dead : server::frozen);
    // Every tenth one is long enough for any spool.
    at(outage_at_, outages % 10 == 1           ? any(40min, 90min)
                   : random_.between(0, 2) > 0 ? any(10ms, 20s)
                                               : any(20s, 20min));
  }

  // ---- the initializer, as its actor does it ----

  void attempt() {
    machine_->begin(clock_.now(), clock_.now_wall());
    watch_grace();
    at(outcome_at_, server_ == server::frozen ? connect_timeout
                    : server_ == server::dead ? 1ms
                                              : attempt_time);
    tried_ = server_;
  }
  void conclude() {
    if (tried_ != server::up || server_ != server::up)
      return lose();
    for (const auto to : {state::locking, state::inspecting, state::verifying})
      machine_->advance(to, 0, 0, clock_.now_wall());
    machine_->succeed(2, file_->waiting()->total()->records, clock_.now(), clock_.now_wall());
    grace_at_ = never;
    at(check_at_, check_interval);
    at(ship_at_, 0ms);
  }
  void check() {
    if (server_ == server::up) {
      is_looking_ = false;
      return at(check_at_, check_interval);
    }
    if (server_ == server::dead || is_looking_)
      return lose();
    is_looking_ = true; // a server that is frozen
    at(check_at_, look_timeout);
  }
  void lose() {
    is_looking_ = false;
    const auto wait =
        machine_->fail({trouble::transient, "away"}, clock_.now(), clock_.now_wall(), random_);
    ASSERT_LE(wait, retry_longest);
    watch_grace();
    at(attempt_at_, wait);
  }
  void watch_grace() {
    if (const auto due = machine_->grace_ends(); due && grace_at_ == never)
      grace_at_ = std::max(*due, clock_.now());
  }
  void end_grace() { machine_->tick(clock_.now(), clock_.now_wall()); }

  /// DB-6: away for longer than it takes to see, it is memory-only; back for longer than the
  /// longest wait and an attempt, it is in use, and at once ready when nothing waits.
  void expect_in_time() {
    const auto passed = clock_.now() - std::max(since_, started_);
    if (server_ != server::up && passed > check_interval + look_timeout + grace) {
      ASSERT_EQ(machine_->state(), state::memory_only);
    }
    if (server_ == server::up && passed > retry_longest + connect_timeout + attempt_time) {
      ASSERT_TRUE(machine_->is_usable());
    }
    if (server_ == server::up && passed > retry_longest + connect_timeout + catching_up) {
      ASSERT_EQ(machine_->state(), state::ready);
    }
  }

  // ---- the archive, as its actor does it ----

  void produce() {
    for (auto n = random_.between(1, 4); n > 0; --n)
      queue_->add(make_record());
    at(write_at_, burst_ > 0 ? any(50ms, 1s) : any(10s, 6min));
    if (burst_ > 0)
      --burst_;
    else if (random_.between(0, 19) == 0)
      burst_ = random_.between(30, 80);
    if (retry_at_ == never)
      write();
  }
  record make_record() {
    const auto number = std::to_string(++number_);
    const auto now = clock_.now_wall();
    switch (random_.between(0, 5)) {
    case 0: {
      session_record s;
      s.id = "s" + std::to_string(random_.between(1, 30));
      s.node = node_a;
      s.title = number;
      s.command = "[]";
      s.state = "running";
      s.created_at = now;
      return s;
    }
    case 1:
      return audit_record{now, "me", "login", "t", "ok", number, ""};
    case 2:
    case 3:
      return connection_record{node_a, boot_, number, "me", "::1", now, std::nullopt, {}, "", 1, 2};
    case 4:
      return recording_chunk{"s1", "e", number_, 0,
                             1,    now, now,     80,
                             24,   5,   1,       {std::string(random_.between(10, 2000), 'x')}};
    default:
      return session_event{"s1", now, "changed", number};
    }
  }
  void write() {
    while (in_flight_ || !queue_->is_empty()) {
      if (!in_flight_)
        in_flight_ = queue_->take(500, spool / 4);
      if (const auto done = file_->write(in_flight_->keyed); !done) {
        ASSERT_EQ(done.error().why, store_error::reason::full) << done.error().log;
        ++refusals;
        return at(retry_at_, pace_.after_failure(trouble::transient, random_));
      }
      pace_.on_success(clock_.now());
      for (const auto& each : in_flight_->keyed)
        told_.add(each.what);
      in_flight_.reset();
      tell_backlog();
      if (ship_at_ == never)
        at(ship_at_, 0ms);
    }
  }
  void tell_backlog() {
    machine_->set_backlog(file_->waiting()->total()->records, {}, clock_.now_wall());
  }
  void ship() {
    if (!machine_->is_usable())
      return at(ship_at_, ship_interval);
    if (server_ == server::up && random_.between(0, 19) == 0)
      lose_answer();
    if (!work_)
      work_ = std::make_unique<shipment>(*file_, connector(other_), settings_);
    const auto done = work_->next();
    if (!done)
      return at(ship_at_, ship_interval);
    lost_ += done->lost;
    tell_backlog();
    if (done->left > 0)
      at(ship_at_, 10ms);
  }
  /// The shared database has the batch, and the node never hears of it: what it has is as before.
  void lose_answer() {
    copy(node_path(), folder_ / "copy.db");
    local_file copied({folder_ / "copy.db", "roost/a", true, spool},
                      *parse_migrations(sqlite_migrations()));
    std::unique_ptr<sqlite_file> other;
    const auto done = shipment(copied, connector(other), settings_).next();
    ASSERT_TRUE(done);
    lost_answers += done->records > 0 ? 1 : 0;
  }
  /// A way to the shared database. @param into what it is opened in; outlives the store.
  shipment::connector connector(std::unique_ptr<sqlite_file>& into) {
    return [this, &into]() -> store_result<std::unique_ptr<store>> {
      if (server_ != server::up)
        return store_error{trouble::transient, store_error::reason::store, "away", {}};
      into = migrated_sqlite(shared_);
      return make_sqlite_store(*into);
    };
  }

  // ---- the node ----

  void start_node() {
    ++boot_;
    started_ = clock_.now();
    file_ = std::make_unique<local_file>(local_file::settings{node_path(), "roost/a", true, spool},
                                         *parse_migrations(sqlite_migrations()));
    ASSERT_TRUE(file_->open());
    queue_.emplace(write_queue::settings{node_a, boot_, memory});
    machine_.emplace(
        init_machine::settings{
            database_backend::postgresql, grace, {200ms, retry_longest, 60s, 60s}, 64},
        clock_.now_wall());
    pace_ = retry_pace({200ms, 5s, 5s, 60s});
    outcome_at_ = check_at_ = grace_at_ = retry_at_ = ship_at_ = never;
    is_looking_ = false;
    at(attempt_at_, 0ms);
  }
  /// kill -9: what was in memory is gone, the file is what the dead process left.
  void crash() {
    ++crashes;
    const auto left = node_path();
    work_.reset();
    in_flight_.reset();
    copy(left, folder_ / ("node" + std::to_string(boot_ + 1) + ".db"));
    file_->close();
    start_node();
    at(crash_at_, any(30min, 5h));
  }
  /// A file and its log of changes, in the middle of its use.
  static void copy(const std::string& from, const std::string& to) {
    for (const auto* const part : {"", "-wal", "-shm"}) {
      std::filesystem::remove(to + part);
      if (std::string(part) != "-shm" && std::filesystem::exists(from + part))
        std::filesystem::copy_file(from + part, to + part);
    }
  }

  test::temp_folder folder_;
  const std::string shared_ = folder_ / "shared.db";
  seeded_random random_;
  test::manual_clock clock_;
  server server_ = server::up;
  server tried_ = server::up;
  steady_time since_ = clock_.now(); ///< it is up, or away
  steady_time started_{};
  std::uint64_t boot_ = 0;
  std::uint64_t number_ = 0;
  std::uint64_t burst_ = 0;
  std::uint64_t lost_ = 0;
  bool is_looking_ = false;
  ledger told_;
  const shipment::settings settings_{50, 16 << 10};
  std::unique_ptr<local_file> file_;
  std::unique_ptr<sqlite_file> other_;
  std::unique_ptr<shipment> work_;
  std::optional<write_queue> queue_;
  std::optional<record_batch> in_flight_;
  std::optional<init_machine> machine_;
  retry_pace pace_{{}};
  steady_time outage_at_ = never, attempt_at_ = never, outcome_at_ = never, check_at_ = never,
              grace_at_ = never, retry_at_ = never, ship_at_ = never, write_at_ = never,
              crash_at_ = never;
};

TEST(outage_hours_test, a_day_of_outages_loses_and_doubles_nothing) {
  const auto seed = test::pick_seed();
  ROOST_SEED_TRACE(seed);
  simulation all(seed);
  all.run();
  if (HasFatalFailure())
    return;
  all.expect_everything_is_there();
}

} // namespace
} // namespace roost::database
