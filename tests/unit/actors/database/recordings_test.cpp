// The recorder's actor against terminals, a directory and an archive that the test scripts; chunks
// and stores are real.
#include "actors/database/recordings.hpp"

#include "actors/database/archive/write_queue.hpp"
#include "actors/database/migration.hpp"
#include "actors/database/sqlite/sqlite_schema.hpp"
#include "actors/database/store/sqlite_store.hpp"
#include "tests/support/actor_fixture.hpp"
#include "tests/support/manual_clock.hpp"

#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace roost::database {
namespace {

using namespace std::chrono_literals;

constexpr auto id = "abc";

/// A session's terminal, the directory and the archive, as far as the recorder knows them.
struct world {
  world() {
    auto up = sqlite_schema({.file = {.path = ":memory:"}, .application = "roost/test"},
                            *parse_migrations(sqlite_migrations()),
                            [](database_state, std::uint32_t, std::uint32_t) {})
                  .bring_up();
    file = std::move(up->file);
    kept = make_sqlite_store(*file);
  }

  void write(const record_batch& batch) {
    for (const auto& each : batch.records) {
      const keyed_record one{{"aaaaaaaa-0000-4000-8000-000000000001", 1, 0, ++seq}, seq - 1, each};
      ASSERT_TRUE(kept->apply({&one, 1}));
    }
  }
  /// What the terminal has beyond the question's offset, if it is to answer.
  std::optional<output_tail> tail(const tail_output& x) {
    if (x.since >= text.size() && !is_over)
      return std::nullopt;
    output_tail out;
    out.epoch = epoch;
    out.offset = std::max(x.since, held_from);
    out.gap = out.offset - x.since;
    out.end = text.size();
    const auto size = std::min<std::uint64_t>(x.limit, text.size() - out.offset);
    const auto bytes = std::make_shared<std::string>(text.substr(out.offset, size));
    if (size > 0)
      out.bytes.push_back({std::shared_ptr<const char>(bytes, bytes->data()), bytes->size()});
    out.cols = 80;
    out.rows = 24;
    for (const auto& each : resizes)
      if (each.offset >= out.offset && each.offset <= out.offset + size)
        out.resizes.push_back(each);
    out.is_over = is_over && out.offset + size == text.size();
    if (out.is_over)
      out.status = 3;
    return out;
  }

  std::unique_ptr<sqlite_file> file;
  std::unique_ptr<store> kept;
  std::uint64_t seq = 0;
  session_info info;
  std::string epoch = "e1";
  std::string text;
  std::uint64_t held_from = 0;
  std::vector<size_at> resizes;
  bool is_over = false;
  bool is_archive_away = false;
  int answers_left = 1'000'000;
  std::optional<tail_output> waiting;
  caf::typed_response_promise<output_tail> promise;
  std::vector<std::uint64_t> asked;
};

struct stub_state {
  explicit stub_state(caf::scheduled_actor*) {}
  static inline constexpr const char* name = "stub";
};

terminal_actor::behavior_type terminal(terminal_actor::stateful_pointer<stub_state> self,
                                       world* w) {
  return {
      [](const attach&, const viewer_actor&) -> caf::result<attached> { return attached{}; },
      [](const detach&) {},
      [](const input&) {},
      [](const ack&) {},
      [](const viewer_resize&) {},
      [](const take_control&) {},
      [](const refresh&) {},
      [](const shed_viewer&) {},
      [](const describe_session&) { return session_info{}; },
      [](const update_session&) { return session_info{}; },
      [](const resize_session&) { return session_info{}; },
      [](const kill_session&) { return session_info{}; },
      [](const send_input&) { return input_accepted{}; },
      [](const run_command&) { return command_result{}; },
      [](const wait_for&) { return wait_result{}; },
      [](const read_screen&) { return screen_view{}; },
      [](const read_output&) { return output_range{}; },
      [self, w](const tail_output& x) -> caf::result<output_tail> {
        w->asked.push_back(x.since);
        if (auto now = w->tail(x))
          return *now;
        w->waiting = x;
        w->promise = self->make_response_promise<output_tail>();
        return w->promise;
      },
      [](const report_to&) {},
      [w](pty_readable) {
        if (!w->waiting)
          return;
        if (auto now = w->tail(*std::exchange(w->waiting, std::nullopt)))
          w->promise.deliver(*now);
      },
      [](const pty_writable&) {},
      [](const timer_fired&) {},
      [](const child_exited&) {},
      [](tree_emptied) {},
      [](program_lost) {},
  };
}

terminals_actor::behavior_type directory(terminals_actor::stateful_pointer<stub_state> /*self*/,
                                         world* w, terminal_actor known) {
  return {
      [](const create_session&) { return session_info{}; },
      [w, known](const find_session&) {
        return session_handle{known, w->info};
      },
      [w](const list_sessions&) { return session_list{{w->info}}; },
      [w](const forget_session&) { return w->info; },
      [](const adopt_programs&) {},
      [](await_sessions) { return sessions_ready{}; },
      [](const session_changed&) {},
      [](const timer_fired&) {},
  };
}

archive_actor::behavior_type archive(archive_actor::stateful_pointer<stub_state> /*self*/,
                                     world* w) {
  return {
      [w](const keep_records& x) { w->write(*x.what); },
      [](const keep_for_sure&) { return records_kept{}; },
      [](const publish_session&) {},
      [w](const read_archive& x) {
        const bool is_there = !w->is_archive_away && w->answers_left > 0;
        w->answers_left -= is_there ? 1 : 0;
        x.look(is_there ? w->kept.get() : nullptr);
        return archive_read{};
      },
      [](const timer_fired&) {},
  };
}

class recordings_test : public test::actor_fixture {
protected:
  recordings_test() {
    w.info.id.value = id;
    w.info.state = session_state::running;
    w.info.epoch = "e1";
    w.info.record = true;
    shell = sys.spawn(terminal, &w);
    terminals = sys.spawn(directory, &w, shell);
    records = sys.spawn(archive, &w);
  }
  ~recordings_test() override {
    stop();
    w.promise = {};
    for (const auto& each :
         {caf::actor_cast<caf::actor>(shell), caf::actor_cast<caf::actor>(terminals),
          caf::actor_cast<caf::actor>(records)})
      caf::anon_send_exit(each, caf::exit_reason::user_shutdown);
    settle();
  }
  void start(const std::vector<std::string>& patterns = {}) {
    recordings_config config;
    config.patterns = *recording::redaction::make(patterns);
    config.time = &clock;
    config.terminals.put(terminals);
    config.archive.put(records);
    config.board = board;
    config.waiting = waiting;
    subject = sys.spawn(recordings, config);
    settle();
  }
  void stop() {
    if (subject)
      caf::anon_send_exit(subject, caf::exit_reason::user_shutdown);
    subject = nullptr;
    settle();
  }
  /// The program writes.
  void write(std::string_view bytes) {
    w.text += bytes;
    answer();
  }
  void answer() {
    caf::anon_send(shell, pty_readable{});
    settle();
  }
  void end() {
    w.is_over = true;
    answer();
  }
  void tell(event_topic topic) {
    caf::anon_send(subject, publish_session{topic, w.info});
    settle();
  }
  void pass(std::chrono::milliseconds time) {
    for (auto passed = 0ms; passed < time; passed += 50ms) {
      clock.advance(50ms);
      advance(50ms, 50ms);
    }
  }
  /// All events of an epoch that are stored, one a line.
  std::string stored(const std::string& epoch = "e1") {
    std::string out;
    const auto chunks = w.kept->chunks_from(id, epoch, 0, 1000);
    for (const auto& each : *chunks) {
      recording::chunk chunk;
      chunk.seq = each.seq;
      chunk.first_offset = each.first_offset;
      chunk.end_offset = each.end_offset;
      chunk.began_at = std::chrono::time_point_cast<std::chrono::microseconds>(each.began_at);
      chunk.ended_at = std::chrono::time_point_cast<std::chrono::microseconds>(each.ended_at);
      chunk.size = {static_cast<std::uint16_t>(each.cols), static_cast<std::uint16_t>(each.rows)};
      chunk.raw_size = each.raw_size;
      chunk.event_count = each.event_count;
      chunk.blob = (*w.kept->chunk_data(id, epoch, each.seq))->bytes;
      auto reader = recording::chunk_reader::open(chunk);
      EXPECT_TRUE(reader) << "chunk " << each.seq;
      out += "#" + std::to_string(each.seq) + "\n";
      while (const auto event = reader->next()) {
        const auto at = std::to_string(event->offset) + " ";
        if (const auto* x = std::get_if<recording::output>(&event->data))
          out += at + std::string(x->bytes) + "\n";
        else if (const auto* size = std::get_if<recording::resize>(&event->data))
          out +=
              at + std::to_string(size->size.cols) + "x" + std::to_string(size->size.rows) + "\n";
        else if (const auto* gap = std::get_if<recording::gap>(&event->data))
          out += at + "gap " + std::to_string(gap->bytes) + "\n";
        else if (const auto* ended = std::get_if<recording::program_end>(&event->data))
          out += at + "exit " + std::to_string(ended->number) + "\n";
      }
    }
    return out;
  }

  /// All pieces of text, oldest first: "from-to command|text", with `/` for newlines.
  std::string texts(const std::string& words = "line") {
    text_query query;
    query.words = words;
    auto found = w.kept->search(query);
    std::sort(found->rows.begin(), found->rows.end(),
              [](const auto& a, const auto& b) { return a.from_offset < b.from_offset; });
    std::string out;
    for (auto& each : found->rows) {
      std::replace(each.shown.text.begin(), each.shown.text.end(), '\n', '/');
      out += std::to_string(each.from_offset) + "-" + std::to_string(each.to_offset) + " " +
             each.command + "|" + each.shown.text + "\n";
    }
    return out;
  }

  world w;
  test::manual_clock clock;
  terminal_actor shell;
  terminals_actor terminals;
  archive_actor records;
  recordings_actor subject;
  std::shared_ptr<recordings_board> board = std::make_shared<recordings_board>();
  std::shared_ptr<archive_board> waiting = std::make_shared<archive_board>();
};

TEST_F(recordings_test, output_sizes_and_the_end_are_in_their_order) {
  start();
  EXPECT_EQ(board->sessions, 1U);
  w.resizes = {{4, 100, 30}};
  write("one two");
  EXPECT_EQ(stored(), ""); // not before it is worth a chunk
  end();
  EXPECT_EQ(stored(), "#0\n0 one \n4 100x30\n4 two\n7 exit 3\n");
  EXPECT_EQ(board->sessions, 0U);
  EXPECT_EQ(board->chunks, 1U);
  EXPECT_EQ(board->output, 7U);
}

TEST_F(recordings_test, a_chunk_is_made_every_few_seconds) {
  start();
  write("a");
  pass(4'900ms);
  EXPECT_EQ(stored(), "");
  pass(200ms);
  EXPECT_EQ(stored(), "#0\n0 a\n");
}

TEST_F(recordings_test, another_recorder_goes_on_behind_what_is_stored) {
  start();
  write("abc");
  stop();
  EXPECT_EQ(stored(), "#0\n0 abc\n");
  w.waiting.reset();
  w.text += "def"; // while nobody was there
  w.asked.clear();
  start();
  EXPECT_EQ(w.asked.front(), 3U);
  end();
  EXPECT_EQ(stored(), "#0\n0 abc\n#1\n3 def\n6 exit 3\n");
}

TEST_F(recordings_test, a_session_that_was_recorded_to_its_end_is_left_alone) {
  start();
  write("abc");
  end();
  stop();
  w.info.state = session_state::exited;
  w.info.offset = 3;
  w.asked.clear();
  start();
  EXPECT_TRUE(w.asked.empty());
  EXPECT_EQ(board->sessions, 0U);
}

TEST_F(recordings_test, what_the_history_has_lost_is_a_gap) {
  start();
  write("abc");
  w.waiting.reset();
  stop();
  w.text = "abcdefgh";
  w.held_from = 6;
  start();
  end();
  EXPECT_EQ(stored(), "#0\n0 abc\n#1\n3 gap 3\n6 gh\n8 exit 3\n");
  EXPECT_EQ(board->lost, 3U);
}

TEST_F(recordings_test, another_epoch_is_another_recording) {
  start();
  write("abc");
  w.epoch = "e2";
  write("de");
  end();
  EXPECT_EQ(stored("e1"), "#0\n0 abc\n");
  EXPECT_EQ(stored("e2"), "#0\n0 abcde\n5 exit 3\n");
}

TEST_F(recordings_test, records_only_what_it_was_asked_to) {
  w.info.record = false;
  start();
  EXPECT_TRUE(w.asked.empty());
  w.text = "before ";
  w.info.record = true;
  w.info.record_from = 7;
  tell(event_topic::session_changed);
  write("during");
  w.info.record = false;
  tell(event_topic::session_changed);
  EXPECT_EQ(board->sessions, 0U);
  write(" after");
  EXPECT_EQ(stored(), "#0\n7 during\n");
}

TEST_F(recordings_test, waits_for_an_archive_that_is_away) {
  w.is_archive_away = true;
  start();
  write("abc");
  EXPECT_TRUE(w.asked.empty());
  EXPECT_EQ(board->troubles, 1U);
  w.is_archive_away = false;
  pass(1'100ms);
  end();
  EXPECT_EQ(stored(), "#0\n0 abc\n3 exit 3\n");
}

TEST_F(recordings_test, secrets_are_not_stored) {
  start({"hunter[0-9]"});
  write("it is hunt");
  write("er2\n");
  end();
  EXPECT_EQ(stored().find("hunt"), std::string::npos);
  EXPECT_NE(stored().find("*"), std::string::npos);
}

TEST_F(recordings_test, text_can_be_found_from_the_first_chunk_on) {
  start();
  write("line 1\r\n");
  EXPECT_EQ(texts(), "");
  pass(5'100ms);
  EXPECT_EQ(texts(), "0-8 |line 1/\n");
  write("line 2\r\n");
  pass(6s);
  EXPECT_EQ(texts(), "0-8 |line 1/\n") << "not with each chunk";
  pass(30s);
  EXPECT_EQ(texts(), "0-16 |line 1/line 2/\n");
  write("line 3\r\n");
  end();
  EXPECT_EQ(texts(), "0-24 |line 1/line 2/line 3/\n");
  EXPECT_EQ(board->texts, 3U);
  EXPECT_EQ(board->text_skipped, 0U);
}

TEST_F(recordings_test, another_recorder_makes_the_unfinished_text_again) {
  start();
  write("line 1\r\n");
  stop();
  EXPECT_EQ(texts(), "0-8 |line 1/\n");
  w.waiting.reset();
  w.text += "line 2\r\n"; // while nobody was there
  start();
  EXPECT_EQ(board->texts, 1U) << "what is stored is not written again";
  end();
  EXPECT_EQ(texts(), "0-16 |line 1/line 2/\n");
  EXPECT_EQ(board->troubles, 0U);
}

TEST_F(recordings_test, text_is_made_of_stored_chunks_where_it_is_missing) {
  start();
  std::string all;
  for (int i = 0; i < 30; ++i) { // more than are read at once
    write("line " + std::to_string(i) + "\r\n");
    all += "line " + std::to_string(i) + "/";
    pass(5'100ms);
  }
  end();
  stop();
  ASSERT_GT(board->chunks, 20U);
  const auto before = texts();
  ASSERT_TRUE(w.file->run("DELETE FROM screen_text", {}));
  w.info.state = session_state::exited;
  w.info.offset = w.text.size();
  w.asked.clear();
  start();
  EXPECT_TRUE(w.asked.empty()) << "the terminal is not needed for it";
  EXPECT_EQ(texts(), before);
  EXPECT_NE(before.find("line 17"), std::string::npos);
  stop();
  const auto written = board->texts.load();
  start();
  EXPECT_EQ(board->texts, written) << "nothing is new";
}

TEST_F(recordings_test, an_archive_that_goes_away_while_text_is_made_is_waited_for) {
  start();
  write("line 1\r\n");
  stop();
  ASSERT_TRUE(w.file->run("DELETE FROM screen_text", {}));
  w.waiting.reset();
  w.is_archive_away = true;
  start();
  w.is_archive_away = false;
  w.answers_left = 1; // to where it stands, but not to what there is
  pass(1'100ms);
  EXPECT_EQ(texts(), "");
  w.answers_left = 1'000;
  pass(1'100ms);
  EXPECT_EQ(texts(), "0-8 |line 1/\n");
}

TEST_F(recordings_test, no_text_of_what_is_not_recorded) {
  start({"secret[0-9]"});
  write("line secret1\r\n");
  w.info.record = false;
  tell(event_topic::session_changed);
  write("line unseen\r\n");
  end();
  EXPECT_EQ(texts(), "0-14 |line *******/\n");
  EXPECT_EQ(texts("secret1"), "");
}

TEST_F(recordings_test, text_gives_way_while_much_waits_to_be_written) {
  start();
  waiting->waiting_bytes = std::uint64_t{100} << 20;
  write("line 1\r\n");
  end();
  EXPECT_EQ(texts(), "");
  EXPECT_EQ(board->text_skipped, 7U);
  EXPECT_EQ(stored(), "#0\n0 line 1\r\n\n8 exit 3\n") << "the recording goes on";
}

} // namespace
} // namespace roost::database
