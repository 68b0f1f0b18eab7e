#include "actors/database/retention.hpp"

#include "tests/support/actor_fixture.hpp"
#include "tests/support/manual_clock.hpp"
#include "tests/unit/actors/database/store/store_fixture.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace roost::database {
namespace {

using namespace std::chrono_literals;

template <class Actor>
struct stub_state {
  explicit stub_state(typename Actor::pointer) {}
  static inline constexpr const char* name = "stub";
};

struct world {
  explicit world(engine_kind kind) : own(engine_kind::memory), shared(kind) {}
  store_fixture own;
  store_fixture shared;
  bool is_away = false; ///< the shared one
  int questions = 0;    ///< to the shared one
  std::uint64_t seq = 0;
};

archive_actor::behavior_type own_file(archive_actor::stateful_pointer<stub_state<archive_actor>>,
                                      world* w) {
  return {[](const keep_records&) {}, [](const keep_for_sure&) { return records_kept{}; },
          [](const publish_session&) {},
          [w](const read_archive& x) {
            x.look(&*w->own);
            return archive_read{};
          },
          [](const timer_fired&) {}};
}

pools_actor::behavior_type shared_pools(pools_actor::stateful_pointer<stub_state<pools_actor>>,
                                        world* w) {
  return {[w](const ask_shared& x) -> caf::result<shared_answered> {
            EXPECT_EQ(x.pool, database_pool::analytics);
            ++w->questions;
            if (w->is_away)
              return to_caf({request_error::store_unavailable, {}});
            x.look(*w->shared);
            return shared_answered{};
          },
          [](const cancel_shared&) {}, [](const timer_fired&) {}};
}

class retention_test : public test::actor_fixture, public testing::WithParamInterface<engine_kind> {
protected:
  retention_test() {
    archive = sys.spawn(own_file, &w);
    pools = sys.spawn(shared_pools, &w);
  }
  ~retention_test() override {
    for (const auto& each : {caf::actor_cast<caf::strong_actor_ptr>(subject),
                             caf::actor_cast<caf::strong_actor_ptr>(archive),
                             caf::actor_cast<caf::strong_actor_ptr>(pools)})
      if (each)
        caf::anon_send_exit(each, caf::exit_reason::user_shutdown);
    subject = nullptr;
    archive = nullptr;
    pools = nullptr;
    settle();
  }
  void start(bool has_shared = true) {
    retention_config config;
    config.node_uuid = node_a;
    config.boot_epoch = 3;
    config.time = &clock;
    config.archive.put(archive);
    if (has_shared)
      config.pools = [this] { return pools; };
    config.written = written;
    config.board = board;
    subject = sys.spawn(retention, config);
    settle();
  }
  void pass(std::chrono::milliseconds time, std::chrono::milliseconds step = 50ms) {
    for (auto passed = 0ms; passed < time; passed += step) {
      clock.advance(step);
      advance(step, step);
    }
  }
  wall_time days_ago(int days) { return clock.now_wall() - std::chrono::hours(24 * days); }
  void write(store& to, record what) {
    const auto seq = ++w.seq;
    const keyed_record one{{node_a, 3, 0, seq}, 0, std::move(what)};
    expect(to.apply({&one, 1}));
  }
  void write_both(const record& what) {
    write(*w.own, what);
    write(*w.shared, what);
  }
  static std::uint64_t rows(store& in, record_kind kind) {
    for (const auto& each : expect(in.totals()))
      if (each.kind == kind)
        return each.rows;
    return 0;
  }

  world w{GetParam()};
  test::manual_clock clock;
  archive_actor archive;
  pools_actor pools;
  retention_actor subject;
  std::shared_ptr<archive_board> written = std::make_shared<archive_board>();
  std::shared_ptr<retention_board> board = std::make_shared<retention_board>();
};

session_record ended(const std::string& id, wall_time at) {
  session_record out;
  out.id = id;
  out.node = node_a;
  out.command = "[]";
  out.created_at = at;
  out.exited_at = at;
  out.state = "exited";
  return out;
}

TEST_P(retention_test, each_kind_is_kept_for_its_time) {
  for (const int days : {29, 31, 89, 91, 364, 366}) {
    const auto at = days_ago(days);
    const auto id = std::to_string(days);
    write_both(ended(id, at));
    write_both(session_event{id, at, "exited", "{}"});
    audit_record who;
    who.at = at;
    who.detail = "{}";
    write_both(who);
    connection_record connection;
    connection.node = node_a;
    connection.id = id;
    connection.opened_at = at;
    write_both(connection);
    recording_chunk chunk;
    chunk.session = id;
    chunk.epoch = "e";
    chunk.began_at = chunk.ended_at = at;
    write_both(chunk);
    screen_text text;
    text.session = id;
    text.epoch = "e";
    text.at = at;
    text.text = "x";
    write_both(text);
  }
  auto running = ended("running", days_ago(1000));
  running.exited_at.reset();
  running.state = "running";
  write_both(running);
  start();
  pass(2s);
  for (auto* each : {&*w.own, &*w.shared}) {
    EXPECT_EQ(rows(*each, record_kind::session), 4U) << "with the one that runs";
    EXPECT_EQ(rows(*each, record_kind::session_event), 3U);
    EXPECT_EQ(rows(*each, record_kind::connection), 3U);
    EXPECT_EQ(rows(*each, record_kind::audit), 5U);
    EXPECT_EQ(rows(*each, record_kind::recording_chunk), 1U);
    EXPECT_EQ(rows(*each, record_kind::screen_text), 1U);
  }
  EXPECT_EQ(board->own, 20U);
  EXPECT_EQ(board->shared, 20U);
}

TEST_P(retention_test, much_is_removed_in_small_batches_with_pauses) {
  for (int i = 0; i < 500; ++i)
    write_both(session_event{"s", days_ago(100), "changed", "{}"});
  start();
  EXPECT_EQ(rows(*w.own, record_kind::session_event), 300U);
  EXPECT_EQ(rows(*w.shared, record_kind::session_event), 300U);
  pass(50ms);
  EXPECT_EQ(rows(*w.own, record_kind::session_event), 100U);
  pass(1s);
  EXPECT_EQ(rows(*w.own, record_kind::session_event), 0U);
  EXPECT_EQ(rows(*w.shared, record_kind::session_event), 0U);
}

TEST_P(retention_test, again_each_hour) {
  start();
  pass(2s);
  write_both(session_event{"s", days_ago(100), "changed", "{}"});
  pass(59min, 1s);
  EXPECT_EQ(rows(*w.own, record_kind::session_event), 1U);
  pass(2min, 1s);
  EXPECT_EQ(rows(*w.own, record_kind::session_event), 0U);
  EXPECT_EQ(rows(*w.shared, record_kind::session_event), 0U);
}

TEST_P(retention_test, a_shared_database_that_is_away_holds_up_nothing_and_is_done_later) {
  write_both(session_event{"s", days_ago(100), "changed", "{}"});
  w.is_away = true;
  start();
  pass(2s);
  EXPECT_EQ(rows(*w.own, record_kind::session_event), 0U);
  EXPECT_EQ(rows(*w.shared, record_kind::session_event), 1U);
  EXPECT_EQ(w.questions, 1) << "and is not asked all the time";
  w.is_away = false;
  pass(6s);
  EXPECT_EQ(rows(*w.shared, record_kind::session_event), 0U);
}

TEST_P(retention_test, marks_of_earlier_starts_are_forgotten_when_nothing_of_them_waits) {
  for (const std::uint64_t boot : {1, 2, 3})
    for (auto* each : {&*w.own, &*w.shared}) {
      const keyed_record one{{node_a, boot, 0, 7}, 0, session_event{"s", days_ago(1), "x", "{}"}};
      expect(each->apply({&one, 1}));
    }
  const keyed_record other{{node_b, 1, 0, 9}, 0, session_event{"s", days_ago(1), "x", "{}"}};
  expect((*w.shared).apply({&other, 1}));
  start();
  pass(2s);
  EXPECT_EQ(expect((*w.own).mark(node_a, 2, 0)), 0U);
  EXPECT_EQ(expect((*w.own).mark(node_a, 3, 0)), 7U);
  EXPECT_EQ(expect((*w.shared).mark(node_a, 2, 0)), 7U) << "they may still be on their way";
  written->had_all = true;
  pass(61min, 1s);
  EXPECT_EQ(expect((*w.shared).mark(node_a, 1, 0)), 0U);
  EXPECT_EQ(expect((*w.shared).mark(node_a, 2, 0)), 0U);
  EXPECT_EQ(expect((*w.shared).mark(node_a, 3, 0)), 7U);
  EXPECT_EQ(expect((*w.shared).mark(node_b, 1, 0)), 9U) << "of another node";
}

TEST_P(retention_test, a_node_that_shares_nothing_has_its_own_file_alone) {
  write_both(session_event{"s", days_ago(100), "changed", "{}"});
  start(false);
  pass(2s);
  EXPECT_EQ(rows(*w.own, record_kind::session_event), 0U);
  EXPECT_EQ(w.questions, 0);
}

INSTANTIATE_TEST_SUITE_P(shared, retention_test,
                         testing::Values(engine_kind::sqlite, engine_kind::postgresql),
                         [](const auto& each) { return testing::PrintToString(each.param); });

TEST(retention, every_kind_has_a_rule_but_nodes_and_tokens) {
  std::set<record_kind> ruled;
  for (const auto& each : rules_of({}))
    EXPECT_TRUE(ruled.insert(each.kind).second);
  EXPECT_EQ(ruled.size(), std::variant_size_v<record> - 2);
  EXPECT_FALSE(ruled.contains(record_kind::node));
  EXPECT_FALSE(ruled.contains(record_kind::token)) << "what was taken away must not come back";
}

} // namespace
} // namespace roost::database
