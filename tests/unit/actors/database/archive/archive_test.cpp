#include "actors/database/archive/archive.hpp"

#include "tests/support/actor_fixture.hpp"
#include "tests/support/manual_clock.hpp"

#include <caf/send.hpp>
#include <gtest/gtest.h>

#include <utility>

namespace roost::database {
namespace {

using namespace std::chrono_literals;

/// What the workers do, and have done.
struct script {
  std::vector<keyed_record> written;
  batch_written answer = ok();
  static batch_written ok() {
    batch_written out;
    out.is_ok = true;
    return out;
  }
  std::vector<outbox_depth> told; ///< what the initializer heard
  int batches = 0;
  int shipments = 0;
  std::uint64_t left = 0;
  bool can_ship = true;
};
using script_ptr = std::shared_ptr<script>;

template <class Actor>
struct scripted_state {
  explicit scripted_state(typename Actor::pointer) {}
  static inline constexpr const char* name = "scripted";
};
template <class Actor>
using scripted = typename Actor::template stateful_pointer<scripted_state<Actor>>;

archive_writer_actor::behavior_type writer(scripted<archive_writer_actor>, script_ptr s) {
  return {[s](const write_batch& x) {
    ++s->batches;
    if (s->answer.is_ok)
      s->written.insert(s->written.end(), x.what->keyed.begin(), x.what->keyed.end());
    return s->answer;
  }};
}
archive_reader_actor::behavior_type reader(scripted<archive_reader_actor>, script_ptr) {
  return {[](const read_archive& x) {
    x.look(nullptr);
    return archive_read{};
  }};
}
archive_shipper_actor::behavior_type shipper(scripted<archive_shipper_actor>, script_ptr s) {
  return {[s](const ship_some&) {
    ++s->shipments;
    if (!s->can_ship)
      return some_shipped{false, 0, 0, "away", "in its words"};
    return some_shipped{true, std::exchange(s->left, 0), 0, {}, {}};
  }};
}

database_actor::behavior_type initializer_stub(scripted<database_actor>, script_ptr s) {
  return {[](const init_progress&) {}, [s](const outbox_depth& x) { s->told.push_back(x); },
          [](const timer_fired&) {}};
}

class archive_fixture : public test::actor_fixture {
protected:
  void start(bool has_shared = false) {
    archive_config config;
    config.queue = {"node", 1, 1 << 20};
    config.spool = spool;
    config.time = &clock;
    config.random = &random;
    config.board = board;
    config.database = database;
    if (has_shared) {
      initializer = sys.spawn(initializer_stub, what);
      config.initializer.put(initializer);
    }
    config.make_workers = [this, has_shared](caf::local_actor& parent) {
      archive_workers out;
      out.writer = parent.spawn(writer, what);
      out.reader = parent.spawn(reader, what);
      if (has_shared)
        out.shipper = parent.spawn(shipper, what);
      return out;
    };
    actor = sys.spawn(archive, config);
    settle();
  }
  ~archive_fixture() override { stop(); }
  void stop() {
    if (actor)
      caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
    settle();
    actor = nullptr;
    if (initializer)
      caf::anon_send_exit(initializer, caf::exit_reason::user_shutdown);
    initializer = nullptr;
    settle();
  }
  void keep(const std::string& session) {
    auto batch = std::make_shared<record_batch>();
    batch->records.emplace_back(session_event{session, {}, "x", "{}"});
    caf::anon_send(actor, keep_records{std::move(batch)});
    settle();
  }
  /// Asks for a record that has to be there first.
  auto keep_for_sure(const std::string& target) {
    auto batch = std::make_shared<record_batch>();
    batch->records.emplace_back(audit_record{{}, "me", "test", target, "asked", "{}", ""});
    return request(actor, roost::keep_for_sure{std::move(batch)});
  }
  void be(database_state state) {
    database_report now;
    now.state = state;
    database->put(now);
  }

  test::manual_clock clock;
  seeded_random random{1};
  script_ptr what = std::make_shared<script>();
  std::shared_ptr<archive_board> board = std::make_shared<archive_board>();
  std::shared_ptr<database_board> database = std::make_shared<database_board>();
  std::uint64_t spool = 1 << 30;
  archive_actor actor;
  database_actor initializer;
};

TEST_F(archive_fixture, writes_what_it_is_given) {
  start();
  keep("a");
  keep("b");
  ASSERT_EQ(what->written.size(), 2U);
  EXPECT_EQ(what->written[1].key.seq, 2U);
  EXPECT_EQ(board->written, 2U);
  EXPECT_EQ(board->waiting, 0U);
}

TEST_F(archive_fixture, tries_again_what_could_not_be_written_and_keeps_the_order) {
  start();
  what->answer = {false, false, "full", 0, 0, 0};
  keep("a");
  keep("b");
  EXPECT_EQ(what->written.size(), 0U);
  EXPECT_EQ(board->waiting, 2U);
  what->answer = script::ok();
  advance(10s);
  ASSERT_EQ(what->written.size(), 2U);
  EXPECT_EQ(std::get<session_event>(what->written[0].what).session, "a");
}

TEST_F(archive_fixture, a_transaction_is_small_enough_for_an_empty_outbox) { // DB-8
  spool = 400 << 10;
  start();
  what->answer = {false, false, "full", 0, 0, 0};
  keep("a"); // alone in the first transaction
  for (int i = 0; i < 8; ++i)
    keep(std::string(40 << 10, 'b'));
  what->answer = script::ok();
  what->batches = 0;
  advance(10s);
  EXPECT_EQ(what->written.size(), 9U);
  EXPECT_EQ(what->batches, 1 + 4) << "two of 40 KiB in each: a quarter of 400 KiB";
}

TEST_F(archive_fixture, says_when_the_shared_database_had_everything) {
  what->can_ship = false;
  be(database_state::ready);
  start(true);
  EXPECT_FALSE(board->had_all);
  what->can_ship = true;
  advance(2s);
  EXPECT_TRUE(board->had_all);
}

TEST_F(archive_fixture, what_can_never_be_written_is_counted_and_holds_up_nothing) {
  start();
  what->answer = {false, true, "damaged", 0, 0, 0};
  keep("a");
  EXPECT_EQ(board->dropped, 1U);
  what->answer = script::ok();
  keep("b");
  EXPECT_EQ(what->written.size(), 1U);
}

TEST_F(archive_fixture, ships_while_the_database_is_there) {
  start(true);
  what->left = 1;
  what->answer.outbox = 1;
  keep("a");
  EXPECT_EQ(what->shipments, 0) << "nobody has said that it is there";
  EXPECT_EQ(board->outbox, 1U);
  be(database_state::ready);
  advance(1s);
  EXPECT_EQ(board->shipped, 1U);
  EXPECT_EQ(board->outbox, 0U);
  what->can_ship = false;
  keep("b");
  EXPECT_GE(board->ship_failures, 1U);
  be(database_state::memory_only);
  const auto before = what->shipments;
  advance(5s);
  EXPECT_LE(what->shipments, before + 1);
}

TEST_F(archive_fixture, a_database_that_takes_nothing_is_not_asked_with_every_record) {
  start(true);
  be(database_state::ready);
  advance(1s);
  what->can_ship = false;
  what->shipments = 0;
  for (int i = 0; i < 100; ++i)
    keep("a");
  EXPECT_EQ(what->shipments, 1);
  for (int second = 0; second < 60; ++second)
    advance(1s);
  EXPECT_GT(what->shipments, 60 / 5);
  EXPECT_LT(what->shipments, 60);
  what->can_ship = true;
  what->left = 100;
  advance(5s);
  EXPECT_EQ(board->shipped, 100U);
}

TEST_F(archive_fixture, a_database_that_takes_nothing_for_long_is_told_of_with_why) {
  start(true);
  be(database_state::ready);
  advance(1s);
  what->can_ship = false;
  what->told.clear();
  what->answer.outbox = 7;
  keep("a");
  advance(3s);
  for (const auto& each : what->told)
    EXPECT_EQ(each.trouble, "") << "it may pass";
  clock.advance(10s);
  advance(10s);
  ASSERT_FALSE(what->told.empty());
  EXPECT_EQ(what->told.back().trouble, "it takes no records: away");
  EXPECT_EQ(what->told.back().records, 7U);
  what->can_ship = true;
  advance(10s);
  EXPECT_EQ(what->told.back().trouble, "");
  EXPECT_EQ(what->told.back().records, 0U);
}

TEST_F(archive_fixture, sessions_are_written_down) {
  start();
  session_info info;
  info.id.value = "ab";
  caf::anon_send(actor, publish_session{event_topic::session_created, info});
  settle();
  EXPECT_EQ(what->written.size(), 2U);
  info.title = "new";
  caf::anon_send(actor, publish_session{event_topic::session_changed, info});
  settle();
  EXPECT_EQ(what->written.size(), 2U);
  advance(3s);
  ASSERT_EQ(what->written.size(), 3U);
  EXPECT_EQ(std::get<session_record>(what->written[2].what).title, "new");
}

TEST_F(archive_fixture, its_end_writes_what_waits) {
  start();
  session_info info;
  info.id.value = "ab";
  caf::anon_send(actor, publish_session{event_topic::session_changed, info});
  settle();
  EXPECT_EQ(what->written.size(), 0U);
  stop();
  EXPECT_EQ(what->written.size(), 1U);
}

TEST_F(archive_fixture, what_has_to_be_there_first_is_answered_when_it_is) {
  start();
  keep("before");
  auto asked = keep_for_sure("a");
  EXPECT_TRUE(collect<records_kept>(asked).value);
  ASSERT_EQ(what->written.size(), 2U);
  EXPECT_EQ(std::get<audit_record>(what->written[1].what).target, "a");
}

TEST_F(archive_fixture, what_has_to_be_there_first_is_refused_at_once_while_it_cannot_be_written) {
  start();
  what->answer = {false, false, "full", 0, 0, 0};
  auto first = keep_for_sure("a");
  EXPECT_TRUE(collect<records_kept>(first).why.is(request_error::store_unavailable));
  auto second = keep_for_sure("b");
  EXPECT_TRUE(collect<records_kept>(second).why.is(request_error::store_unavailable));
  EXPECT_EQ(board->waiting, 1U) << "of the second nothing is left";
  what->answer = script::ok();
  advance(10s);
  EXPECT_EQ(what->written.size(), 1U);
  auto third = keep_for_sure("c");
  EXPECT_TRUE(collect<records_kept>(third).value);
}

TEST_F(archive_fixture, what_waits_behind_a_failure_is_refused_with_it) {
  start();
  what->answer = {false, true, "damaged", 0, 0, 0};
  auto first = keep_for_sure("a");
  auto second = keep_for_sure("b");
  EXPECT_TRUE(collect<records_kept>(first).why.is(request_error::store_unavailable));
  EXPECT_TRUE(collect<records_kept>(second).why.is(request_error::store_unavailable));
}

TEST_F(archive_fixture, what_finds_no_room_is_refused) {
  start();
  what->answer = {false, false, "full", 0, 0, 0};
  keep("in flight");
  auto batch = std::make_shared<record_batch>();
  for (int i = 0; i < 200; ++i)
    batch->records.emplace_back(session_event{std::string(16 << 10, 'x'), {}, "x", "{}"});
  caf::anon_send(actor, keep_records{std::move(batch)});
  settle();
  EXPECT_GT(board->dropped, 0U);
  auto asked = keep_for_sure(std::string(32 << 10, 'x'));
  EXPECT_TRUE(collect<records_kept>(asked).why.is(request_error::store_unavailable));
  what->answer = script::ok(); // so that it can end
  advance(10s);
}

TEST_F(archive_fixture, questions_are_answered) {
  start();
  bool was_called = false;
  const auto got = ask<archive_read>(actor, read_archive{[&](store* s) {
                                       was_called = true;
                                       EXPECT_EQ(s, nullptr);
                                     }});
  EXPECT_TRUE(got.value);
  EXPECT_TRUE(was_called);
}

} // namespace
} // namespace roost::database
