#include "actors/connection/events.hpp"

#include "tests/support/actor_fixture.hpp"
#include "tests/support/manual_clock.hpp"

#include <caf/send.hpp>

#include <functional>

namespace roost::connection {
namespace {

using namespace std::chrono_literals;

/// A sink that notes what it hears, and answers at once or not at all.
struct sink_notes {
  std::vector<std::uint64_t> ids;
  std::vector<std::string> texts;
  std::vector<std::uint64_t> ended;
  std::vector<events_subscribed> subscribed;
  bool answers = true;
  std::vector<caf::typed_response_promise<void>> owed;
};

struct sink_state {
  explicit sink_state(caf::scheduled_actor*) {}
  static inline constexpr const char* name = "sink";
};

} // namespace

// Messages of the test; a type id needs a name with linkage.
namespace events_testing {
struct subscribe_now {
  event_filter what;
};
/// Gives the answers that are owed.
struct catch_up {};
} // namespace events_testing
} // namespace roost::connection

CAF_BEGIN_TYPE_ID_BLOCK(roost_events_test, caf::first_custom_type_id + 900)
CAF_ADD_TYPE_ID(roost_events_test, (roost::connection::events_testing::subscribe_now))
CAF_ADD_TYPE_ID(roost_events_test, (roost::connection::events_testing::catch_up))
CAF_END_TYPE_ID_BLOCK(roost_events_test)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::connection::events_testing::subscribe_now)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(roost::connection::events_testing::catch_up)

namespace roost::connection {
namespace {

using events_testing::catch_up;
using events_testing::subscribe_now;

using test_sink = event_sink_actor::extend<caf::reacts_to<subscribe_now>, caf::reacts_to<catch_up>>;

test_sink::behavior_type sink(test_sink::stateful_pointer<sink_state> self, sink_notes* notes,
                              events_actor bus) {
  return {
      [self, notes](const event_published& x) -> caf::result<void> {
        notes->ids.push_back(x.id);
        notes->texts.push_back(*x.text);
        if (notes->answers)
          return caf::unit;
        auto promise = self->make_response_promise<void>();
        notes->owed.push_back(promise);
        return promise;
      },
      [notes](const events_ended& x) { notes->ended.push_back(x.last_id); },
      [self, notes, bus](const subscribe_now& x) {
        runtime::ask(self, bus, 1s, subscribe_events{x.what}, event_sink_actor{self})
            .then([notes](const events_subscribed& s) { notes->subscribed.push_back(s); },
                  [](const failure&) { FAIL(); });
      },
      [notes](const catch_up&) {
        notes->answers = true;
        for (auto& promise : notes->owed)
          static_cast<caf::response_promise&>(promise).deliver(caf::unit);
        notes->owed.clear();
      },
  };
}

class events_test : public test::actor_fixture {
protected:
  void SetUp() override { start({}); }
  void TearDown() override { stop(bus); }

  void start(events_config wanted) {
    if (bus)
      stop(bus);
    wanted.node = "a";
    wanted.time = &time;
    config_ = wanted;
    bus = sys.spawn(events, wanted);
    settle();
  }

  void publish(event_topic topic, const std::string& id, const std::string& title = "") {
    publish_session x;
    x.topic = topic;
    x.info.id = {id};
    x.info.title = title;
    caf::anon_send(bus, x);
    settle();
  }

  void wait(std::chrono::milliseconds span) {
    for (auto done = 0ms; done < span; done += 20ms) {
      time.advance(20ms);
      advance(20ms, 20ms);
    }
  }

  static event_filter all() {
    event_filter out;
    for (const auto& row : event_topics)
      out.topics.push_back(row.first);
    return out;
  }

  template <class Handle>
  void stop(const Handle& who) {
    caf::anon_send_exit(who, caf::exit_reason::user_shutdown);
    settle();
  }

  /// A stream whose writes land in `text` until it is told to refuse.
  void open_stream(event_filter what, std::string& text, bool& accepts, int& closed) {
    caf::anon_send(bus, stream_events{std::move(what),
                                      [&](const std::shared_ptr<const std::string>& piece) {
                                        if (accepts)
                                          text += *piece;
                                        return accepts;
                                      },
                                      [&] { ++closed; }});
    settle();
  }

  test::manual_clock time;
  events_config config_;
  events_actor bus;
};

TEST_F(events_test, a_sink_hears_what_it_asked_for) {
  sink_notes notes;
  const auto to = sys.spawn(sink, &notes, bus);
  publish(event_topic::session_created, "before");
  auto what = all();
  what.only = session_id{"ab"};
  what.topics = {event_topic::session_created, event_topic::session_removed};
  caf::anon_send(to, subscribe_now{what});
  settle();
  ASSERT_EQ(notes.subscribed.size(), 1u);
  EXPECT_FALSE(notes.subscribed[0].gap);
  publish(event_topic::session_created, "ab");
  publish(event_topic::session_created, "cd");
  publish(event_topic::session_exited, "ab");
  publish(event_topic::session_removed, "ab");
  ASSERT_EQ(notes.texts.size(), 2u);
  EXPECT_EQ(notes.texts[0].rfind("{\"type\":\"event\",\"topic\":\"session.created\"", 0), 0u);
  EXPECT_EQ(notes.ids[0], notes.subscribed[0].last_id + 1);
  caf::anon_send(to, subscribe_now{{}});
  settle();
  publish(event_topic::session_created, "ab");
  EXPECT_EQ(notes.texts.size(), 2u) << "an empty filter ends the subscription";
  stop(to);
}

TEST_F(events_test, the_database_s_state_is_told) {
  sink_notes notes;
  const auto to = sys.spawn(sink, &notes, bus);
  event_filter what;
  what.topics = {event_topic::database_changed};
  caf::anon_send(to, subscribe_now{what});
  settle();
  caf::anon_send(bus, publish_database{database_state::memory_only, "it is away",
                                       database_backend::postgresql});
  settle();
  ASSERT_EQ(notes.texts.size(), 1u);
  EXPECT_NE(
      notes.texts[0].find(R"("state":"memory-only","reason":"it is away","backend":"postgresql")"),
      std::string::npos)
      << notes.texts[0];
  stop(to);
}

TEST_F(events_test, a_sink_resumes_where_it_was) {
  sink_notes notes;
  const auto to = sys.spawn(sink, &notes, bus);
  for (const auto* id : {"a", "b", "c"})
    publish(event_topic::session_created, id);
  caf::anon_send(to, subscribe_now{all()});
  settle();
  auto again = all();
  again.since = notes.subscribed[0].last_id - 2;
  caf::anon_send(to, subscribe_now{again});
  settle();
  EXPECT_EQ(notes.ids.size(), 2u) << "b and c";
  again.since = 1;
  caf::anon_send(to, subscribe_now{again});
  settle();
  EXPECT_TRUE(notes.subscribed.back().gap) << "of an earlier run";
  stop(to);
}

TEST_F(events_test, a_sink_that_does_not_answer_gets_one_window_and_is_told_when_overtaken) {
  config_.log.events = 50;
  config_.sink_window = 8;
  start(config_);
  sink_notes slow;
  sink_notes quick;
  slow.answers = false;
  const auto slow_sink = sys.spawn(sink, &slow, bus);
  const auto quick_sink = sys.spawn(sink, &quick, bus);
  caf::anon_send(slow_sink, subscribe_now{all()});
  caf::anon_send(quick_sink, subscribe_now{all()});
  settle();
  for (int i = 0; i < 58; ++i)
    publish(event_topic::session_created, "s" + std::to_string(i));
  EXPECT_EQ(slow.ids.size(), 8u);
  EXPECT_TRUE(slow.ended.empty()) << "the log still holds what it lacks";
  publish(event_topic::session_created, "one-more");
  ASSERT_EQ(slow.ended.size(), 1u);
  EXPECT_EQ(slow.ended[0], slow.ids.back());
  EXPECT_EQ(quick.ids.size(), 59u);
  slow.owed.clear();
  stop(slow_sink);
  stop(quick_sink);
}

TEST_F(events_test, a_sink_that_catches_up_misses_nothing) {
  config_.sink_window = 4;
  start(config_);
  sink_notes notes;
  notes.answers = false;
  const auto to = sys.spawn(sink, &notes, bus);
  caf::anon_send(to, subscribe_now{all()});
  settle();
  for (int i = 0; i < 20; ++i)
    publish(event_topic::session_created, "s" + std::to_string(i));
  EXPECT_EQ(notes.ids.size(), 4u);
  caf::anon_send(to, catch_up{});
  settle();
  ASSERT_EQ(notes.ids.size(), 20u);
  for (std::size_t i = 1; i < notes.ids.size(); ++i)
    EXPECT_EQ(notes.ids[i], notes.ids[i - 1] + 1);
  stop(to);
}

TEST_F(events_test, a_stuck_sink_is_dropped_after_its_time) {
  sink_notes notes;
  notes.answers = false;
  const auto to = sys.spawn(sink, &notes, bus);
  caf::anon_send(to, subscribe_now{all()});
  settle();
  publish(event_topic::session_created, "a");
  wait(config_.sink_patience + 100ms);
  EXPECT_EQ(notes.ended.size(), 1u);
  notes.owed.clear();
  stop(to);
}

TEST_F(events_test, a_sink_that_ends_makes_room) {
  config_.max_watchers = 1;
  start(config_);
  sink_notes first;
  sink_notes second;
  const auto a = sys.spawn(sink, &first, bus);
  caf::anon_send(a, subscribe_now{all()});
  settle();
  stop(a);
  const auto b = sys.spawn(sink, &second, bus);
  caf::anon_send(b, subscribe_now{all()});
  settle();
  EXPECT_EQ(second.subscribed.size(), 1u);
  stop(b);
}

TEST_F(events_test, changes_are_merged_and_the_newest_always_comes) {
  sink_notes notes;
  const auto to = sys.spawn(sink, &notes, bus);
  caf::anon_send(to, subscribe_now{all()});
  settle();
  for (int i = 0; i < 100; ++i) {
    publish(event_topic::session_changed, "a", "title " + std::to_string(i));
    wait(20ms);
  }
  wait(200ms);
  EXPECT_LE(notes.texts.size(), 23u) << "2 s at ten a second, and a little";
  EXPECT_GE(notes.texts.size(), 15u);
  EXPECT_NE(notes.texts.back().find("title 99"), std::string::npos);
  stop(to);
}

TEST_F(events_test, an_exit_is_not_followed_by_an_older_change) {
  sink_notes notes;
  const auto to = sys.spawn(sink, &notes, bus);
  caf::anon_send(to, subscribe_now{all()});
  settle();
  publish(event_topic::session_changed, "a", "1");
  publish(event_topic::session_changed, "a", "2");
  publish(event_topic::session_exited, "a", "3");
  wait(500ms);
  ASSERT_EQ(notes.texts.size(), 2u);
  EXPECT_NE(notes.texts[1].find("session.exited"), std::string::npos);
  stop(to);
}

TEST_F(events_test, a_stream_begins_with_what_was_missed) {
  publish(event_topic::session_created, "a");
  std::string text;
  bool accepts = true;
  int closed = 0;
  auto what = all();
  what.since = 0;
  open_stream(what, text, accepts, closed);
  EXPECT_EQ(text.rfind("retry: 2000\n\nevent: gap\ndata: {\"topic\":\"gap\"", 0), 0u) << text;
  EXPECT_NE(text.find("event: session.created\n"), std::string::npos);
  publish(event_topic::session_removed, "a");
  EXPECT_NE(text.find("event: session.removed\n"), std::string::npos);
}

TEST_F(events_test, a_quiet_stream_hears_a_heartbeat) {
  std::string text;
  bool accepts = true;
  int closed = 0;
  open_stream(all(), text, accepts, closed);
  wait(15'000ms);
  EXPECT_EQ(text, "retry: 2000\n\n: still here\n\n");
  wait(15'000ms);
  EXPECT_EQ(text, "retry: 2000\n\n: still here\n\n: still here\n\n");
}

TEST_F(events_test, a_stream_that_cannot_take_more_is_closed_once_and_forgotten) {
  std::string text;
  bool accepts = true;
  int closed = 0;
  open_stream(all(), text, accepts, closed);
  accepts = false;
  publish(event_topic::session_created, "a");
  EXPECT_EQ(closed, 1);
  publish(event_topic::session_created, "b");
  wait(16s);
  EXPECT_EQ(closed, 1);
}

TEST_F(events_test, ids_grow_over_a_restart) {
  sink_notes notes;
  const auto to = sys.spawn(sink, &notes, bus);
  caf::anon_send(to, subscribe_now{all()});
  settle();
  for (int i = 0; i < 100; ++i)
    publish(event_topic::session_created, "s" + std::to_string(i));
  const auto last = notes.ids.back();
  stop(to);
  time.advance(1s);
  start(config_);
  sink_notes later;
  const auto other = sys.spawn(sink, &later, bus);
  caf::anon_send(other, subscribe_now{all()});
  settle();
  EXPECT_GT(later.subscribed[0].last_id, last);
  stop(other);
}

} // namespace
} // namespace roost::connection
