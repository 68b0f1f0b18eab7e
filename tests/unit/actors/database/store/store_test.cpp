// What every store promises, for SQLite in a file, in memory, and for PostgreSQL.
#include "actors/database/store/store.hpp"
#include "tests/unit/actors/database/store/store_fixture.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <thread>

namespace roost::database {
namespace {

session_record session(const std::string& id, std::int64_t created) {
  session_record out;
  out.id = id;
  out.node = node_a;
  out.title = "title of " + id;
  out.command = R"(["bash"])";
  out.state = "running";
  out.owner = "me";
  out.created_at = at_second(created);
  return out;
}

screen_text text_of(const std::string& session, std::uint64_t from, const std::string& command,
                    std::string body) {
  return {
      session, "e1", from,           from + body.size(), at_second(static_cast<std::int64_t>(from)),
      command, 0,    std::move(body)};
}

class store_test : public testing::TestWithParam<engine_kind> {
protected:
  /// The next record of partition 0 of node a.
  keyed_record next(record what) {
    ++seq_;
    return {{node_a, 1, 0, seq_}, seq_ - 1, std::move(what)};
  }
  void write(record what) {
    const auto one = next(std::move(what));
    expect(kept->apply({&one, 1}));
  }
  std::vector<std::string> found(text_query q) {
    std::vector<std::string> out;
    for (const auto& hit : expect(kept->search(q)).rows)
      out.push_back(hit.session + "@" + std::to_string(hit.from_offset));
    return out;
  }
  std::vector<std::string> found(const std::string& words) {
    text_query q;
    q.words = words;
    return found(q);
  }

  store_fixture kept{GetParam()};
  std::uint64_t seq_ = 0;
};

using names = std::vector<std::string>;

TEST_P(store_test, a_session_is_as_its_newest_record) {
  EXPECT_FALSE(expect(kept->session("s1")));
  auto s = session("s1", 100);
  write(s);
  EXPECT_TRUE(expect(kept->session("s1")) == s);
  s.title = "'); DROP TABLE session; -- \xc3\xa9";
  s.exited_at = at_second(200) + std::chrono::microseconds(7);
  s.exit_status = 3;
  s.state = "exited";
  s.offset = 1U << 30;
  write(s);
  EXPECT_TRUE(expect(kept->session("s1")) == s);
  EXPECT_FALSE(expect(kept->session("s1' OR '1'='1")));
}

TEST_P(store_test, an_older_write_that_comes_later_changes_nothing) {
  auto s = session("s1", 100);
  s.title = "newer";
  const keyed_record newer{{node_a, 2, 0, 1}, 0, s};
  s.title = "older";
  const keyed_record older{{node_a, 1, 0, 9}, 0, s};
  expect(kept->apply({&newer, 1}));
  const auto done = expect(kept->apply({&older, 1}));
  EXPECT_EQ(done.applied, 1U) << "it was taken, and lost to the newer one";
  EXPECT_EQ(expect(kept->session("s1"))->title, "newer");
}

TEST_P(store_test, a_key_is_applied_once_and_in_order) {
  const std::vector<keyed_record> batch = {next(session_event{"s1", at_second(1), "created", "{}"}),
                                           next(session_event{"s1", at_second(2), "exited", "{}"})};
  EXPECT_EQ(expect(kept->apply(batch)).applied, 2U);
  const auto again = expect(kept->apply(batch));
  EXPECT_EQ(again.applied, 0U);
  EXPECT_EQ(again.skipped, 2U);
  EXPECT_EQ(expect(kept->events("s1", {})).rows.size(), 2U);
  EXPECT_EQ(expect(kept->mark(node_a, 1, 0)), 2U);
  EXPECT_EQ(expect(kept->mark(node_b, 1, 0)), 0U);

  const keyed_record early{{node_a, 1, 0, 5}, 4, session_event{"s1", at_second(5), "lost", "{}"}};
  const auto gap = kept->apply({&early, 1});
  ASSERT_FALSE(gap);
  EXPECT_EQ(gap.error().why, store_error::reason::gap);
  EXPECT_EQ(gap.error().kind, trouble::permanent);
  // What the outbox has dropped is not missing.
  const keyed_record thinned{{node_a, 1, 0, 5}, 2, session_event{"s1", at_second(5), "lost", "{}"}};
  EXPECT_EQ(expect(kept->apply({&thinned, 1})).applied, 1U);
}

TEST_P(store_test, a_batch_is_all_or_nothing) {
  const std::vector<keyed_record> torn = {
      next(session_event{"s1", at_second(1), "created", "{}"}),
      {{node_a, 1, 7, 3}, 2, session_event{"s1", at_second(2), "exited", "{}"}}};
  EXPECT_FALSE(kept->apply(torn));
  EXPECT_TRUE(expect(kept->events("s1", {})).rows.empty());
  EXPECT_EQ(expect(kept->mark(node_a, 1, 0)), 0U);
  EXPECT_EQ(expect(kept->apply({torn.data(), 1})).applied, 1U);
}

TEST_P(store_test, what_cannot_be_kept_is_refused) {
  const keyed_record wrong[] = {{{node_a, 1, 0, 1}, 0, session_event{}},
                                {{"somebody", 1, 0, 1}, 0, session("s1", 1)},
                                {{node_a, 1, 0, 0}, 0, session("s1", 1)}};
  for (const auto& each : wrong) {
    const auto got = kept->apply({&each, 1});
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().why, store_error::reason::bad_request);
  }
  EXPECT_FALSE(kept->apply(std::vector<keyed_record>(store::most_records + 1, wrong[0])));
}

TEST_P(store_test, a_gap_can_be_accepted_and_old_marks_forgotten) {
  expect(kept->skip_to({node_a, 1, 0, 9}));
  expect(kept->skip_to({node_a, 1, 0, 4}));
  EXPECT_EQ(expect(kept->mark(node_a, 1, 0)), 9U) << "never back";
  EXPECT_FALSE(kept->skip_to({"nobody", 1, 0, 4}));
  expect(kept->skip_to({node_a, 2, 0, 1}));
  expect(kept->skip_to({node_b, 1, 0, 1}));
  expect(kept->forget_marks(node_a, 2));
  EXPECT_EQ(expect(kept->mark(node_a, 1, 0)), 0U);
  EXPECT_EQ(expect(kept->mark(node_a, 2, 0)), 1U);
  EXPECT_EQ(expect(kept->mark(node_b, 1, 0)), 1U);
}

TEST_P(store_test, texts_that_no_database_takes_are_made_such) {
  auto s = session("s1", 1);
  s.title = std::string("a\0b\xff", 4);
  write(s);
  EXPECT_EQ(expect(kept->session("s1"))->title, "a\xef\xbf\xbd"
                                                "b\xef\xbf\xbd");
  session_query q;
  q.owner = std::string("\0\xff", 2);
  EXPECT_TRUE(expect(kept->sessions(q)).rows.empty());
}

TEST_P(store_test, sessions_are_listed_newest_first_by_pages) {
  for (int i = 0; i < 7; ++i) {
    auto s = session("s" + std::to_string(i), 100 + i / 2); // pairs of one time
    s.owner = i % 2 == 0 ? "me" : "you";
    s.state = i < 5 ? "running" : "exited";
    write(s);
  }
  const auto ids = [&](session_query q) {
    names out;
    q.at.limit = 2;
    for (const auto& each : all_pages([&](const std::string& cursor) {
           q.at.cursor = cursor;
           return kept->sessions(q);
         }))
      out.push_back(each.id);
    return out;
  };
  EXPECT_EQ(ids({}), (names{"s6", "s5", "s4", "s3", "s2", "s1", "s0"}));
  session_query mine;
  mine.owner = "me";
  mine.state = "running";
  EXPECT_EQ(ids(mine), (names{"s4", "s2", "s0"}));
  session_query range;
  range.created = {at_second(101), at_second(102)};
  EXPECT_EQ(ids(range), (names{"s3", "s2"}));
  session_query elsewhere;
  elsewhere.node = node_b;
  EXPECT_TRUE(ids(elsewhere).empty());
}

TEST_P(store_test, a_cursor_or_limit_that_is_none_is_refused) {
  for (const auto* cursor : {"x", "1", "1.zz", "1.73.73", ".", "1.7", "99999999999999999999.73"}) {
    session_query q;
    q.at.cursor = cursor;
    const auto got = kept->sessions(q);
    ASSERT_FALSE(got) << cursor;
    EXPECT_EQ(got.error().why, store_error::reason::bad_request);
  }
  for (const std::uint32_t limit : {0U, 1001U}) {
    session_query q;
    q.at.limit = limit;
    EXPECT_FALSE(kept->sessions(q));
  }
  session_query strange;
  strange.at.cursor = "-5.00ff";
  EXPECT_TRUE(kept->sessions(strange)) << "no text at all is a value, not a statement";
}

TEST_P(store_test, events_audit_connections_and_nodes) {
  for (int i = 0; i < 3; ++i) {
    write(session_event{"s1", at_second(5), "changed", std::to_string(i)});
    write(audit_record{at_second(10 + i), i == 1 ? "you" : "me", "login", "t", "ok", "{}", "c"});
  }
  auto events = expect(kept->events("s1", {})).rows;
  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(events[0].detail + events[1].detail + events[2].detail, "012") << "as written";
  audit_query q;
  q.who = "me";
  auto audit = expect(kept->audit(q)).rows;
  ASSERT_EQ(audit.size(), 2U);
  EXPECT_EQ(audit[0].at, at_second(12));
  q.when = {at_second(12), std::nullopt};
  EXPECT_EQ(expect(kept->audit(q)).rows.size(), 1U);
  q.action = "logout";
  EXPECT_TRUE(expect(kept->audit(q)).rows.empty());

  connection_record c{node_a,       1,  "c1", "me", "::1", at_second(1), std::nullopt,
                      std::nullopt, "", 0,    0};
  write(c);
  c.closed_at = at_second(2);
  c.close_code = 4008;
  c.bytes_out = 99;
  write(c);
  const auto connections = expect(kept->connections({})).rows;
  ASSERT_EQ(connections.size(), 1U);
  EXPECT_TRUE(connections[0] == c);

  write(node_record{node_a, "old", "1", at_second(5), at_second(5)});
  write(node_record{node_a, "new", "2", at_second(9), at_second(9)});
  const auto nodes = expect(kept->nodes());
  ASSERT_EQ(nodes.size(), 1U);
  EXPECT_TRUE((nodes[0] == node_record{node_a, "new", "2", at_second(5), at_second(9)}));
}

TEST_P(store_test, a_token_is_there_once_for_each_node_that_writes_of_it) {
  token_record made{"t1", "a", "0af7", "viewer", "phone", "", "", at_second(1), {}, {}};
  write(made);
  auto gone = made;
  gone.node = "b";
  gone.revoked_at = at_second(2);
  write(gone);
  made.expires_at = at_second(9);
  write(made);
  const auto all = expect(kept->tokens());
  ASSERT_EQ(all.size(), 2U);
  EXPECT_TRUE(all[0] == made);
  EXPECT_TRUE(all[1] == gone);
}

TEST_P(store_test, more_tokens_than_a_page_has) {
  std::vector<token_record> wanted;
  for (int i = 0; i < 1100; ++i) {
    wanted.push_back(
        {std::to_string(10'000 + i), "a", "0af7", "viewer", "", "", "", at_second(1), {}, {}});
    write(wanted.back());
  }
  EXPECT_TRUE(expect(kept->tokens()) == wanted);
}

TEST_P(store_test, recordings_are_chunks_whose_data_is_read_one_by_one) {
  std::string every;
  for (int i = 0; i < 256; ++i)
    every += static_cast<char>(i);
  recording_chunk c{"s1", "e1", 0, 0, 100, at_second(1), at_second(2), 80, 24, 100, 9, {every}};
  write(c);
  c.seq = 1;
  c.began_at = at_second(2);
  c.data.bytes = std::string(300'000, '\0');
  write(c);
  const auto listed = expect(kept->chunks("s1", {})).rows;
  ASSERT_EQ(listed.size(), 2U);
  EXPECT_EQ(listed[0].seq, 0U);
  EXPECT_TRUE(listed[0].data.bytes.empty());
  EXPECT_EQ(expect(kept->chunk_data("s1", "e1", 0))->bytes, every);
  EXPECT_TRUE(expect(kept->chunk_data("s1", "e1", 1))->bytes == c.data.bytes);
  EXPECT_FALSE(expect(kept->chunk_data("s1", "e2", 0)));
  c.data.bytes.clear();
  write(c);
  EXPECT_EQ(expect(kept->chunk_data("s1", "e1", 1))->bytes, "") << "the newest wins";
}

TEST_P(store_test, texts_are_found_by_words_phrases_and_prefixes) {
  write(text_of("s1", 10, "make all", "error: No such file /usr/lib/libfoo.so.1\n"));
  write(text_of("s2", 20, "ls",
                "\xc3\x89"
                "cole caf\xc3\xa9 \xe2\x94\x82"
                "table\xe2\x94\x82\n"));
  write(text_of("s1", 30, "true", "it's \"quoted\" & 100% (done): NOT such error\n"));
  EXPECT_EQ(found("error"), (names{"s1@30", "s1@10"})) << "newest first";
  EXPECT_EQ(found("ERROR such"), (names{"s1@30", "s1@10"}));
  EXPECT_EQ(found("\"no such\""), (names{"s1@10"}));
  EXPECT_EQ(found("\"file such\""), names{}) << "in this order";
  EXPECT_EQ(found("\"no file\""), names{}) << "next to each other";
  EXPECT_EQ(found("lib"), (names{"s1@10"})) << "a part of a path is a word";
  EXPECT_EQ(found("libf*"), (names{"s1@10"}));
  EXPECT_EQ(found("libf"), names{});
  EXPECT_EQ(found("\"such fi\"*"), (names{"s1@10"}));
  EXPECT_EQ(found("/usr/lib/libfoo.so.1"), (names{"s1@10"}));
  EXPECT_EQ(found("make"), (names{"s1@10"})) << "the command is searched";
  EXPECT_EQ(found("\xc3\xa9"
                  "COLE table"),
            (names{"s2@20"}));
  EXPECT_EQ(found("cafe"), names{}) << "accents count";
  EXPECT_EQ(found("100% (done)"), (names{"s1@30"}));
  EXPECT_EQ(found("it's"), (names{"s1@30"}));
  EXPECT_EQ(found("error OR table"), names{}) << "OR is a word";
  for (const auto* syntax :
       {"error' | 'x", "a:*)) | (error", "words:error", "error\\", "!error", "NEAR(error such)",
        "error <-> such", "-error", "\"error\" NOT such"}) {
    text_query q;
    q.words = syntax;
    EXPECT_TRUE(kept->search(q)) << syntax;
  }
  text_query none;
  none.words = "--";
  const auto refused = kept->search(none);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().why, store_error::reason::bad_request);
}

TEST_P(store_test, searches_are_narrowed_and_show_where_they_matched) {
  write(text_of("s1", 10, "make all", "one error here"));
  auto other = text_of("s2", 20, "make test", "another error there");
  other.exit_status = 2;
  write(other);
  text_query q;
  q.words = "error";
  q.command = "make t";
  EXPECT_EQ(found(q), (names{"s2@20"}));
  q.command = "make %";
  EXPECT_EQ(found(q), names{}) << "letter for letter";
  q.command.reset();
  q.exit_status = 2;
  EXPECT_EQ(found(q), (names{"s2@20"}));
  q.exit_status.reset();
  q.session = "s1";
  EXPECT_EQ(found(q), (names{"s1@10"}));
  q.session.reset();
  q.when = {std::nullopt, at_second(20)};
  EXPECT_EQ(found(q), (names{"s1@10"}));
  q.when = {};
  q.at.limit = 1;
  auto first = expect(kept->search(q));
  ASSERT_EQ(first.rows.size(), 1U);
  EXPECT_EQ(first.rows[0].shown.text, "another error there");
  EXPECT_EQ(first.rows[0].shown.marks, (std::vector<snippet::mark>{{8, 5}}));
  q.at.cursor = first.next;
  EXPECT_EQ(found(q), (names{"s1@10"}));
}

TEST_P(store_test, a_text_that_changes_is_found_by_its_new_words_only) {
  write(text_of("s1", 10, "c", "first words"));
  write(text_of("s1", 10, "c", "second thoughts"));
  EXPECT_EQ(found("first"), names{});
  EXPECT_EQ(found("second"), (names{"s1@10"}));
  EXPECT_EQ(expect(kept->remove_older(record_kind::screen_text, at_second(11), 10)), 1U);
  EXPECT_EQ(found("second"), names{});
}

TEST_P(store_test, the_longest_text_is_taken_and_found_to_its_end) {
  std::string body;
  for (int i = 0; body.size() < most_text_bytes + 100; ++i)
    body += "w" + std::to_string(i) + " ";
  const auto last = words_of(std::string_view(body).substr(0, most_text_bytes - 20)).back().text;
  write(text_of("s1", 10, std::string(5000, 'c'), body));
  EXPECT_EQ(found(last), (names{"s1@10"}));
  std::string urls;
  while (urls.size() < most_text_bytes)
    urls += "a-b.c/d_e@f.g:h ";
  write(text_of("s2", 20, "c", urls));
  EXPECT_EQ(found("\"g h a b\""), (names{"s2@20"}));
  write(text_of("s3", 30, "c", std::string(most_text_bytes, 'x')));
  EXPECT_EQ(found("xxx*"), (names{"s3@30"}));
}

TEST_P(store_test, what_is_old_is_removed_in_bounded_batches) {
  for (int i = 0; i < 5; ++i)
    write(session_event{"s1", at_second(i), "changed", "{}"});
  EXPECT_EQ(expect(kept->remove_older(record_kind::session_event, at_second(4), 3)), 3U);
  EXPECT_EQ(expect(kept->remove_older(record_kind::session_event, at_second(4), 3)), 1U);
  EXPECT_EQ(expect(kept->remove_older(record_kind::session_event, at_second(4), 3)), 0U);
  EXPECT_EQ(expect(kept->events("s1", {})).rows.size(), 1U);

  auto running = session("running", 1);
  auto ended = session("ended", 1);
  ended.exited_at = at_second(2);
  ended.state = "exited";
  auto lost = session("lost", 1);
  lost.state = "lost";
  for (const auto& each : {running, ended, lost})
    write(each);
  EXPECT_EQ(expect(kept->remove_older(record_kind::session, at_second(1000), 10)), 2U);
  EXPECT_TRUE(expect(kept->session("running")));
}

TEST_P(store_test, totals_count_rows_and_bytes) {
  for (const auto& each : expect(kept->totals()))
    EXPECT_EQ(each.rows + each.bytes, 0U);
  recording_chunk c{"s1", "e1", 0, 0, 100, at_second(1), at_second(2), 80, 24, 100, 9, {"12345"}};
  write(c);
  c.seq = 1;
  c.data.bytes += std::string(1000, 'x');
  write(c);
  write(c);
  std::size_t kinds = 0;
  for (const auto& each : expect(kept->totals())) {
    ++kinds;
    EXPECT_EQ(each.rows, each.kind == record_kind::recording_chunk ? 2U : 0U);
    if (each.kind == record_kind::recording_chunk) {
      EXPECT_GT(each.bytes, 1010U);
      EXPECT_LT(each.bytes, 1400U);
    }
  }
  EXPECT_EQ(kinds, std::variant_size_v<record>);
}

TEST_P(store_test, recordings_add_up_by_epoch_and_are_read_from_any_chunk_on) {
  EXPECT_TRUE(expect(kept->recordings("s1")).empty());
  const auto put = [this](const char* session, const char* epoch, std::uint64_t seq,
                          std::int64_t second, std::string data) {
    write(recording_chunk{session,
                          epoch,
                          seq,
                          seq * 10,
                          seq * 10 + 10,
                          at_second(second),
                          at_second(second + 1),
                          80,
                          24,
                          100,
                          1,
                          {std::move(data)}});
  };
  put("s1", "later", 0, 50, "1");
  put("s1", "first", 3, 10, std::string("\0\xff", 2));
  put("s1", "first", 5, 9, "123"); // the clock was set back
  put("s1", "first", 4, 11, "");
  put("s2", "first", 9, 1, "12345");
  const auto all = expect(kept->recordings("s1"));
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].epoch, "first");
  EXPECT_EQ(all[0].first_seq, 3U);
  EXPECT_EQ(all[0].last_seq, 5U);
  EXPECT_EQ(all[0].end_offset, 60U);
  EXPECT_EQ(all[0].bytes, 5U);
  EXPECT_EQ(all[1].epoch, "later");
  const auto from = [this](std::uint64_t seq, std::uint32_t most) {
    std::vector<std::uint64_t> out;
    for (const auto& each : expect(kept->chunks_from("s1", "first", seq, most)))
      out.push_back(each.seq);
    return out;
  };
  EXPECT_EQ(from(0, 100), (std::vector<std::uint64_t>{3, 4, 5}));
  EXPECT_EQ(from(4, 1), (std::vector<std::uint64_t>{4}));
  EXPECT_EQ(from(6, 100), std::vector<std::uint64_t>{});
}

TEST_P(store_test, texts_of_a_session_add_up_and_end_somewhere) {
  auto none = expect(kept->texts("s1", "e"));
  EXPECT_FALSE(none.last);
  EXPECT_EQ(none.bytes, 0U);
  const auto put = [this](const char* session, const char* epoch, std::uint64_t from,
                          std::optional<std::int32_t> status) {
    write(screen_text{session, epoch, from, from + 5, at_second(1), "make", status, "error\n"});
  };
  put("s1", "e", 100, 2);
  const auto one = expect(kept->texts("s1", "e"));
  EXPECT_EQ(one.last->from_offset, 100U);
  EXPECT_EQ(one.last->to_offset, 105U);
  EXPECT_EQ(one.last->command, "make");
  EXPECT_EQ(one.last->exit_status, 2);
  EXPECT_EQ(one.bytes, 0U) << "of those before it";
  put("s1", "e", 9, 1);
  put("s1", "f", 300, 1);
  put("s2", "e", 400, 1);
  const auto two = expect(kept->texts("s1", "e"));
  EXPECT_EQ(two.last->from_offset, 100U);
  EXPECT_GT(two.bytes, 10U);
  EXPECT_LT(two.bytes, 100U);
  put("s1", "e", 100, std::nullopt);
  EXPECT_FALSE(expect(kept->texts("s1", "e")).last->exit_status) << "the last one counts";
}

INSTANTIATE_TEST_SUITE_P(stores, store_test,
                         testing::Values(engine_kind::sqlite, engine_kind::memory,
                                         engine_kind::postgresql),
                         [](const auto& each) { return testing::PrintToString(each.param); });

/// What only a server can do.
TEST(pg_store_test, a_lost_connection_is_a_trouble_that_passes_and_a_new_store_goes_on) {
  migrated_pg pg;
  const auto made = make_pg_store(pg.session(), std::chrono::seconds(30));
  const keyed_record one{{node_a, 1, 0, 1}, 0, session("s1", 1)};
  expect(made->apply({&one, 1}));
  test::pg_server::shared().sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE "
                                "datname = '" +
                                pg.name() + "'");
  const keyed_record two{{node_a, 1, 0, 2}, 1, session("s2", 1)};
  const auto failed = made->apply({&two, 1});
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().kind, trouble::transient);
  EXPECT_EQ(failed.error().why, store_error::reason::store);
  EXPECT_EQ(failed.error().text.find("FATAL"), std::string::npos) << "not the server's own words";
}

// DB-7: answers are lost with the server, also that of a commit.
TEST(pg_store_test, what_was_applied_is_there_once_whenever_the_server_dies) {
  test::pg_server server;
  migrated_pg pg(server);
  pg.session();
  constexpr int batches = 400;
  std::atomic<int> done{0};
  std::atomic<int> failures{0};
  std::atomic<bool> is_up{true};
  std::thread writer([&] {
    std::unique_ptr<store> kept;
    while (done < batches) {
      is_up.wait(false);
      if (!kept) {
        try {
          kept = make_pg_store(pg.again(), std::chrono::seconds(30));
        } catch (const std::exception&) {
          continue; // it has gone again
        }
      }
      const auto seq = static_cast<std::uint64_t>(done) * 2;
      const keyed_record two[] = {
          {{node_a, 1, 0, seq + 1}, seq, session_event{"s1", at_second(1), "x", "{}"}},
          {{node_a, 1, 0, seq + 2}, seq + 1, session_event{"s1", at_second(1), "y", "{}"}}};
      if (auto got = kept->apply(two)) {
        ++done;
      } else {
        EXPECT_EQ(got.error().kind, trouble::transient) << got.error().log;
        ++failures;
        kept.reset();
      }
    }
  });
  for (int kills = 1; kills <= 5; ++kills) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (done < kills * batches / 6 && std::chrono::steady_clock::now() < deadline)
      std::this_thread::yield();
    is_up = false;
    server.end(kills % 2 == 0 ? SIGKILL : SIGQUIT);
    server.start();
    is_up = true;
    is_up.notify_all();
  }
  writer.join();
  EXPECT_GE(failures.load(), 1);
  const auto kept = make_pg_store(pg.again(), std::chrono::seconds(30));
  EXPECT_EQ(all_pages([&](const std::string& cursor) {
              return kept->events("s1", {.limit = 1000, .cursor = cursor});
            }).size(),
            2U * batches);
  EXPECT_EQ(expect(kept->mark(node_a, 1, 0)), 2U * batches);
}

TEST(pg_store_test, one_node_removes_at_a_time) {
  migrated_pg pg;
  const auto made = make_pg_store(pg.session(), std::chrono::seconds(30));
  const keyed_record one{{node_a, 1, 0, 1}, 0, session_event{"s1", at_second(1), "x", "{}"}};
  expect(made->apply({&one, 1}));
  const auto other = pg.again();
  ASSERT_TRUE(other->run("BEGIN; SELECT pg_advisory_xact_lock(1919905651, 1919249775)",
                         std::chrono::seconds(5)));
  const auto remove = [&] {
    return expect(made->remove_older(record_kind::session_event, at_second(9), 10));
  };
  EXPECT_EQ(remove(), 0U);
  ASSERT_TRUE(other->run("COMMIT", std::chrono::seconds(5)));
  EXPECT_EQ(remove(), 1U);
}

TEST(pg_store_test, the_search_uses_its_index) {
  migrated_pg pg;
  const auto made = make_pg_store(pg.session(), std::chrono::seconds(30));
  const auto plan = test::pg_server::shared().sql(
      "SET enable_seqscan = off; EXPLAIN SELECT * FROM roost.screen_text WHERE words @@ "
      "CAST('''a''' AS tsquery)",
      pg.name());
  std::string text;
  for (const auto& row : plan)
    text += row[0] + "\n";
  EXPECT_NE(text.find("screen_text_words"), std::string::npos) << text;
}

} // namespace
} // namespace roost::database
