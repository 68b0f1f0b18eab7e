// The API's actor against a directory and terminals that the test scripts: the paths that a real
// server takes too rarely (silence, failures, races). tests/integration/http has the real ones.
#include "actors/connection/api/api.hpp"

#include "actors/connection/api/json_reader.hpp"
#include "actors/connection/pool_report.hpp"
#include "actors/database/archive/write_queue.hpp"
#include "tests/support/actor_fixture.hpp"
#include "tests/support/manual_clock.hpp"

#include <boost/json/parse.hpp>
#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <map>

namespace roost::connection::api {
namespace {

using namespace std::chrono_literals;

/// What the scripted terminals answer. A failure without a code means: nothing, ever.
struct script {
  std::map<std::string, session_info> sessions;
  std::optional<failure> refusal;      ///< of every question to a terminal
  std::optional<failure> kill_refusal; ///< of kill_session alone
  std::optional<failure> directory_refusal;
  bool is_silent = false; ///< nobody answers anything
  std::vector<std::string> asked;
  std::optional<create_session> created;
  std::optional<send_input> typed;
  std::optional<run_command> ran;
  std::optional<wait_for> waited;
  std::vector<caf::response_promise> owed;
};

struct script_state {
  explicit script_state(caf::scheduled_actor*) {}
  static inline constexpr const char* name = "script";
};

/// Answers with `value`, or as the script says.
template <class T, class Self>
caf::result<T> answer(Self* self, script* s, const char* what, T value) {
  s->asked.emplace_back(what);
  if (s->is_silent) {
    s->owed.push_back(self->template make_response_promise<T>());
    return self->template make_response_promise<T>();
  }
  if (s->refusal)
    return to_caf(*s->refusal);
  return value;
}

terminal_actor::behavior_type terminal(terminal_actor::stateful_pointer<script_state> self,
                                       script* s, std::string id) {
  const auto info = [s, id] { return s->sessions.at(id); };
  return {
      [](const attach&, const viewer_actor&) -> caf::result<attached> { return attached{}; },
      [](const detach&) {},
      [](const input&) {},
      [](const ack&) {},
      [](const viewer_resize&) {},
      [](const take_control&) {},
      [](const refresh&) {},
      [](const shed_viewer&) {},
      [=](const describe_session&) { return answer(self, s, "describe", info()); },
      [=](const update_session& x) {
        if (x.title)
          s->sessions.at(id).title = *x.title;
        return answer(self, s, "update", info());
      },
      [=](const resize_session& x) {
        s->sessions.at(id).cols = x.cols;
        return answer(self, s, "resize", info());
      },
      [=](const kill_session& x) -> caf::result<session_info> {
        if (s->kill_refusal) {
          s->sessions.at(id).state = session_state::exited;
          return to_caf(*s->kill_refusal);
        }
        s->sessions.at(id).state = session_state::exiting;
        return answer(self, s, x.now ? "kill now" : "kill", info());
      },
      [=](const send_input& x) {
        s->typed = x;
        return answer(self, s, "type", input_accepted{x.bytes.size()});
      },
      [=](const run_command& x) {
        s->ran = x;
        return answer(self, s, "run", command_result{true, 3, "out", false, 5ms});
      },
      [=](const wait_for& x) {
        s->waited = x;
        return answer(self, s, "wait", wait_result{true, "exited", 9, 0});
      },
      [=](const read_screen&) {
        screen_view view;
        view.body = "screen";
        return answer(self, s, "screen", view);
      },
      [=](const read_output& x) {
        output_range range;
        range.epoch = "e";
        range.offset = x.since + 1;
        range.gap = 1;
        return answer(self, s, "output", range);
      },
      [](const tail_output&) { return output_tail{}; },
      [](const report_to&) {},
      [](pty_readable) {},
      [](const pty_writable&) {},
      [](const timer_fired&) {},
      [](const child_exited&) {},
      [](tree_emptied) {},
      [](program_lost) {},
  };
}

/// What the directory knows of a session's processes when it is asked for it.
session_usage a_use() {
  session_usage x;
  x.cpu = 4711ms;
  x.processes = 3;
  return x;
}

terminals_actor::behavior_type directory(terminals_actor::stateful_pointer<script_state> self,
                                         script* s, std::map<std::string, terminal_actor> all) {
  const auto gone = [](const session_id& id) {
    return to_caf({terminal_error::no_such_session, "there is no session " + id.value});
  };
  return {
      [=](const create_session& x) -> caf::result<session_info> {
        s->created = x;
        if (s->directory_refusal)
          return to_caf(*s->directory_refusal);
        session_info info;
        info.id = {"new1"};
        return answer(self, s, "create", info);
      },
      [=](const find_session& x) -> caf::result<session_handle> {
        const auto at = all.find(x.id.value);
        if (at == all.end())
          return gone(x.id);
        auto info = s->sessions.at(x.id.value);
        if (x.with_usage)
          info.usage = a_use();
        return session_handle{at->second, info};
      },
      [=](const list_sessions& x) {
        session_list out;
        for (const auto& [id, info] : s->sessions) {
          out.sessions.push_back(info);
          if (x.with_usage)
            out.sessions.back().usage = a_use();
        }
        return answer(self, s, "list", out);
      },
      [=](const forget_session& x) {
        return answer(self, s, "forget", s->sessions.at(x.id.value));
      },
      [](const adopt_programs&) {},
      [](await_sessions) { return sessions_ready{}; },
      [](const session_changed&) {},
      [](const timer_fired&) {},
  };
}

/// A pool with seven WebSockets, of which one may be closed.
connections_actor::behavior_type pool_stub(connections_actor::pointer /*self*/, int /*unused*/) {
  return {
      [](const open_connection&) {},
      [](const end_connection& x) -> caf::result<connection_ending> {
        if (x.id != 3)
          return to_caf({request_error::not_found, "there is no connection with this id"});
        return connection_ending{};
      },
      [](const look_at_pool& x) {
        pool_report report;
        report.open = 7;
        report.pressure = {1, "websockets", 86, 100};
        report.totals.resize(pool_columns::count);
        report.totals[pool_columns::refused + static_cast<std::size_t>(refusal::user)] = 5;
        for (auto& window : report.windows)
          window.resize(pool_columns::count);
        if (x.with_rows)
          report.rows.push_back({3, "phone", "192.0.2.7", {}, 1500, 2, 10, 20, 30, 40, 50ms});
        return pool_seen{std::make_shared<const pool_report>(std::move(report))};
      },
      [](const reload_pool&) {},
      [](const drain_connections&) { return connections_drained{}; },
      [](const timer_fired&) {},
  };
}

/// An archive that keeps what it is given in mind, or cannot.
struct archive_script {
  std::vector<database::audit_record> kept;
  bool is_away = false;
  void keep(const database::record_batch& batch) {
    for (const auto& each : batch.records)
      kept.push_back(std::get<database::audit_record>(each));
  }
};

archive_actor::behavior_type archive_stub(archive_actor::pointer /*self*/, archive_script* s) {
  return {
      [s](const keep_records& x) { s->keep(*x.what); },
      [s](const keep_for_sure& x) -> caf::result<records_kept> {
        if (s->is_away)
          return to_caf({request_error::store_unavailable, "it could not be written down"});
        s->keep(*x.what);
        return records_kept{};
      },
      [](const publish_session&) {},
      [](const read_archive& x) {
        x.look(nullptr);
        return archive_read{};
      },
      [](const timer_fired&) {},
  };
}

class api_test : public test::actor_fixture {
protected:
  void SetUp() override {
    sys_terminals();
    api_config config;
    config.node = "a";
    config.version = "1.2.3";
    config.time = &time;
    config.started_at = time.now();
    config.terminals = [this] { return terminals; };
    config.events = [] { return events_actor{}; };
    const auto pool = sys.spawn(pool_stub, 0);
    actors.push_back(caf::actor_cast<caf::strong_actor_ptr>(pool));
    config.pool = [pool] { return pool; };
    config.sessions = [] { return std::uint64_t{2}; };
    config.bans = [] { return std::pair(std::uint64_t{1}, std::uint64_t{9}); };
    config.is_draining = [this] { return is_draining; };
    config.login_url = [this] { return login_url; };
    config.sandboxes = [] { return std::vector<sandbox_offer>(1); };
    config.tokens.create = [](const token_request& x) -> result<new_token> {
      new_token made;
      made.text = "roost_secret";
      made.row.id = "t1";
      made.row.may = x.may;
      return made;
    };
    config.tokens.list = [] { return std::vector<token>(2); };
    config.tokens.revoke = [](std::string_view id) -> result<void> {
      if (id == "t1")
        return {};
      return failure(request_error::not_found, "there is no such token");
    };
    const auto archive = sys.spawn(archive_stub, &written);
    actors.push_back(caf::actor_cast<caf::strong_actor_ptr>(archive));
    config.archive = [archive] { return archive; };
    config.audit = std::make_shared<audit_trail>(
        time, [this](database::audit_record what) { written.kept.push_back(std::move(what)); });
    config.own_user = "root";
    config.run_as = {"ada", {"bob"}};
    subject = sys.spawn(api, config);
    me.may = role::admin;
    settle();
  }

  void sys_terminals() {
    std::map<std::string, terminal_actor> all;
    for (const std::string id : {"ab", "cd"}) {
      session_info info;
      info.id = {id};
      info.state = session_state::running;
      story.sessions[id] = info;
      all[id] = sys.spawn(terminal, &story, id);
      actors.push_back(caf::actor_cast<caf::strong_actor_ptr>(all[id]));
    }
    terminals = sys.spawn(directory, &story, all);
    actors.push_back(caf::actor_cast<caf::strong_actor_ptr>(terminals));
  }

  void TearDown() override {
    story.owed.clear();
    for (const auto& who : actors)
      caf::anon_send_exit(who, caf::exit_reason::user_shutdown);
    caf::anon_send_exit(subject, caf::exit_reason::user_shutdown);
    actors.clear();
    terminals = terminals_actor{};
    settle();
  }

  struct seen {
    int answers = 0;
    http_response last;
  };

  std::shared_ptr<seen> start(std::string method, std::string target, std::string body = "",
                              std::string type = "application/json") {
    http_request request;
    request.method = std::move(method);
    const auto mark = target.find('?');
    request.path = target.substr(0, mark);
    if (mark != std::string::npos) {
      const auto equals = target.find('=', mark);
      request.query = {{target.substr(mark + 1, equals - mark - 1), target.substr(equals + 1)}};
    }
    if (!body.empty())
      request.headers = {{"content-type", std::move(type)}};
    request.body = std::move(body);
    request.correlation = "0af7651916cd43dd8448eb211c80319c";
    request.who = me;
    request.is_local = is_local;
    auto notes = std::make_shared<seen>();
    handler_for([this] { return subject; })(std::move(request),
                                            responder([notes](http_response got) {
                                              ++notes->answers;
                                              notes->last = std::move(got);
                                            }));
    settle();
    return notes;
  }

  /// One request that must be answered at once and exactly once.
  http_response call(std::string method, std::string target, std::string body = "",
                     std::string type = "application/json") {
    const auto notes =
        start(std::move(method), std::move(target), std::move(body), std::move(type));
    EXPECT_EQ(notes->answers, 1);
    return notes->last;
  }

  static std::string problem_of(const http_response& got) {
    const auto parsed = parse_json(got.body);
    if (!parsed || !parsed->is_object() || !parsed->get_object().contains("type"))
      return "no problem: " + got.body;
    return std::string(parsed->at("type").as_string()).substr(std::string("/problems/").size());
  }

  static std::string header_of(const http_response& got, std::string_view name) {
    for (const auto& [key, value] : got.headers)
      if (key == name)
        return value;
    return "absent";
  }

  test::manual_clock time;
  /// What the audit trail has, as "act target outcome".
  std::vector<std::string> trail() {
    std::vector<std::string> out;
    for (const auto& each : std::exchange(written.kept, {}))
      out.push_back(each.action + " " + each.target + " " + each.outcome);
    return out;
  }

  script story;
  archive_script written;
  terminals_actor terminals;
  std::vector<caf::strong_actor_ptr> actors;
  api_actor subject;
  principal me;
  bool is_local = false;
  bool is_draining = false;
  result<std::string> login_url = std::string("http://127.0.0.1:7680/#token=t");
};

using trail_of = std::vector<std::string>;

TEST_F(api_test, who_gives_and_takes_rights_is_written_down_first) {
  EXPECT_EQ(call("POST", "/api/v1/tokens", R"({"role":"viewer"})").status, 201U);
  EXPECT_EQ(trail(), (trail_of{"token.create  asked", "token.create t1 done"}));
  EXPECT_EQ(call("DELETE", "/api/v1/tokens/t1").status, 204U);
  EXPECT_EQ(trail(), (trail_of{"token.revoke t1 asked", "token.revoke t1 done"}));
  EXPECT_EQ(call("DELETE", "/api/v1/connections/c4").status, 404U);
  EXPECT_EQ(trail(), (trail_of{"connection.close c4 asked", "connection.close c4 rejected"}));
}

TEST_F(api_test, what_cannot_be_written_down_first_is_not_done) {
  written.is_away = true;
  const auto refused = call("POST", "/api/v1/tokens", R"({"role":"viewer"})");
  EXPECT_EQ(refused.status, 503U);
  EXPECT_EQ(problem_of(refused), "store-unavailable");
  EXPECT_NE(refused.body.find("it was not done"), std::string::npos) << refused.body;
  EXPECT_EQ(trail(), (trail_of{"token.create  failed"}));
}

TEST_F(api_test, sessions_are_written_down_as_they_are_made_and_ended) {
  EXPECT_EQ(call("POST", "/api/v1/sessions", R"({"run_as":"ada"})").status, 201U);
  EXPECT_EQ(trail(), (trail_of{"session.create new1 done"}));
  EXPECT_EQ(call("POST", "/api/v1/sessions", R"({"colour":1})").status, 400U);
  EXPECT_EQ(trail(), trail_of{}) << "a wrong question does nothing to anybody";
  written.is_away = true;
  EXPECT_EQ(call("DELETE", "/api/v1/sessions/ab").status, 202U) << "terminals do not wait for it";
  EXPECT_EQ(trail(), (trail_of{"session.end ab done"}));
  EXPECT_EQ(call("GET", "/api/v1/sessions").status, 200U);
  EXPECT_EQ(trail(), trail_of{});
}

TEST_F(api_test, who_may_not_is_written_down) {
  me.may = role::viewer;
  me.label = "phone";
  EXPECT_EQ(call("POST", "/api/v1/tokens", R"({"role":"admin"})").status, 403U);
  ASSERT_EQ(written.kept.size(), 1U);
  EXPECT_EQ(written.kept[0].who, "phone");
  EXPECT_EQ(trail(), (trail_of{"token.create  refused"}));
}

TEST_F(api_test, lists_sandboxes_for_viewers) {
  me.may = role::viewer;
  const auto listed = call("GET", "/api/v1/sandboxes");
  EXPECT_EQ(listed.status, 200u);
  EXPECT_NE(listed.body.find(R"("name":"none")"), std::string::npos) << listed.body;
}

TEST_F(api_test, creates_with_owner_correlation_and_location) {
  me.label = "ci";
  const auto made = call("POST", "/api/v1/sessions", R"({"command":["make"]})");
  EXPECT_EQ(made.status, 201u);
  EXPECT_EQ(header_of(made, "Location"), "/api/v1/sessions/new1");
  ASSERT_TRUE(story.created);
  EXPECT_EQ(story.created->owner, "ci");
  EXPECT_EQ(story.created->correlation, "0af7651916cd43dd8448eb211c80319c");
  EXPECT_EQ(call("POST", "/api/v1/sessions").status, 201u) << "a body is optional";
}

TEST_F(api_test, passes_the_directory_s_refusal_on) {
  story.directory_refusal = failure(terminal_error::command_not_found, "\"mkae\" was not found");
  const auto refused = call("POST", "/api/v1/sessions", R"({"command":["mkae"]})");
  EXPECT_EQ(refused.status, 422u);
  EXPECT_EQ(problem_of(refused), "command-not-found");
  EXPECT_NE(refused.body.find("mkae"), std::string::npos);
}

TEST_F(api_test, relays_each_question_to_the_terminal) {
  EXPECT_EQ(call("GET", "/api/v1/sessions").status, 200u);
  EXPECT_EQ(call("GET", "/api/v1/sessions/ab").status, 200u);
  EXPECT_EQ(call("PATCH", "/api/v1/sessions/ab", R"({"title":"x"})").status, 200u);
  EXPECT_EQ(story.sessions["ab"].title, "x");
  EXPECT_EQ(call("POST", "/api/v1/sessions/ab/resize", R"({"cols":90,"rows":30})").status, 200u);
  EXPECT_EQ(story.sessions["ab"].cols, 90);
  EXPECT_EQ(call("POST", "/api/v1/sessions/ab/input", "ls", "application/octet-stream").status,
            202u);
  EXPECT_EQ(story.typed->bytes, "ls");
  const auto ran = call("POST", "/api/v1/sessions/ab/input?wait=command", R"({"text":"ls\n"})");
  EXPECT_EQ(ran.status, 200u);
  EXPECT_EQ(story.ran->text, "ls");
  EXPECT_EQ(call("GET", "/api/v1/sessions/ab/screen").body, "screen");
  const auto bytes = call("GET", "/api/v1/sessions/ab/output?since=4");
  EXPECT_EQ(header_of(bytes, "X-Roost-Offset"), "5");
  EXPECT_EQ(header_of(bytes, "X-Roost-Gap"), "1");
  EXPECT_EQ(call("POST", "/api/v1/sessions/ab/wait", R"({"exit":true})").status, 200u);
  EXPECT_EQ(story.waited->kind, wait_kind::exit);
}

TEST_F(api_test, the_use_of_the_machine_is_the_directory_s_word) {
  const auto one = boost::json::parse(call("GET", "/api/v1/sessions/ab").body);
  EXPECT_EQ(one.at("usage").at("cpu_ms").as_int64(), 4711);
  const auto all = boost::json::parse(call("GET", "/api/v1/sessions").body);
  EXPECT_EQ(all.at("sessions").as_array().at(0).at("usage").at("processes").as_int64(), 3);
  // The directory has not heard yet of what the terminal knows.
  story.sessions["ab"].state = session_state::exited;
  const auto ended = boost::json::parse(call("GET", "/api/v1/sessions/ab").body);
  EXPECT_TRUE(ended.at("usage").is_null());
}

TEST_F(api_test, ends_a_running_session_and_forgets_an_ended_one) {
  EXPECT_EQ(call("DELETE", "/api/v1/sessions/ab").status, 202u);
  EXPECT_EQ(story.asked.back(), "kill");
  EXPECT_EQ(call("DELETE", "/api/v1/sessions/ab?now=1").status, 202u);
  EXPECT_EQ(story.asked.back(), "kill now");
  story.sessions["ab"].state = session_state::exited;
  EXPECT_EQ(call("DELETE", "/api/v1/sessions/ab").status, 200u);
  EXPECT_EQ(story.asked.back(), "forget");
}

TEST_F(api_test, a_session_that_ends_while_it_is_killed_is_not_forgotten) {
  story.kill_refusal = failure(terminal_error::session_ended);
  EXPECT_EQ(call("DELETE", "/api/v1/sessions/ab").status, 202u);
  EXPECT_EQ(story.asked.back(), "describe");
}

TEST_F(api_test, refuses_before_it_asks_anybody) {
  EXPECT_EQ(problem_of(call("GET", "/api/v1/nothing")), "not-found");
  const auto put = call("PUT", "/api/v1/sessions");
  EXPECT_EQ(put.status, 405u);
  EXPECT_EQ(header_of(put, "Allow"), "GET, HEAD, POST, OPTIONS");
  const auto options = call("OPTIONS", "/api/v1/sessions");
  EXPECT_EQ(options.status, 204u);
  EXPECT_EQ(options.body, "");
  EXPECT_EQ(problem_of(call("GET", "/api/v1/sessions/AB")), "no-such-session");
  EXPECT_EQ(problem_of(call("GET", "/api/v1/sessions?x=1")), "unknown-field");
  EXPECT_EQ(problem_of(call("POST", "/api/v1/sessions", "{}", "text/plain")),
            "unsupported-media-type");
  EXPECT_EQ(problem_of(call("POST", "/api/v1/sessions", "{")), "bad-json");
  EXPECT_EQ(problem_of(call("POST", "/api/v1/sessions/ab/resize", R"({"cols":1})")),
            "missing-field");
  EXPECT_TRUE(story.asked.empty());
  EXPECT_EQ(problem_of(call("GET", "/api/v1/sessions/zz")), "no-such-session");
}

TEST_F(api_test, roles_and_scope_are_enforced) {
  me.may = role::viewer;
  EXPECT_EQ(call("GET", "/api/v1/sessions/ab").status, 200u);
  EXPECT_EQ(problem_of(call("DELETE", "/api/v1/sessions/ab")), "forbidden");
  EXPECT_EQ(problem_of(call("GET", "/api/v1/tokens")), "forbidden");
  me.may = role::operate;
  me.only = session_id{"ab"};
  EXPECT_EQ(call("GET", "/api/v1/sessions/ab").status, 200u);
  EXPECT_EQ(problem_of(call("GET", "/api/v1/sessions/cd")), "forbidden");
  EXPECT_EQ(problem_of(call("POST", "/api/v1/sessions")), "forbidden");
  const auto list = call("GET", "/api/v1/sessions");
  EXPECT_NE(list.body.find(R"("id":"ab")"), std::string::npos);
  EXPECT_EQ(list.body.find(R"("id":"cd")"), std::string::npos);
}

TEST_F(api_test, silence_ends_in_a_deadline_and_delays_nobody) {
  story.is_silent = true;
  const auto slow = start("GET", "/api/v1/sessions/ab/screen");
  EXPECT_EQ(slow->answers, 0);
  story.is_silent = false;
  EXPECT_EQ(call("GET", "/api/v1/sessions/cd").status, 200u) << "while the other one waits";
  advance(9s, 100ms);
  EXPECT_EQ(slow->answers, 0);
  advance(2s, 100ms);
  EXPECT_EQ(slow->answers, 1);
  EXPECT_EQ(slow->last.status, 504u);
  EXPECT_EQ(problem_of(slow->last), "deadline-exceeded");
}

TEST_F(api_test, a_wait_may_take_as_long_as_was_asked) {
  story.is_silent = true;
  const auto waiting =
      start("POST", "/api/v1/sessions/ab/wait", R"({"text":"x","timeout_ms":60000})");
  advance(60s, 100ms);
  EXPECT_EQ(waiting->answers, 0) << "the terminal's own time-out is what normally answers";
  advance(6s, 100ms);
  EXPECT_EQ(waiting->answers, 1);
  EXPECT_EQ(waiting->last.status, 504u);
}

TEST_F(api_test, a_request_that_nobody_answers_gets_a_500) {
  terminals = terminals_actor{};
  const auto lost = call("GET", "/api/v1/sessions");
  EXPECT_EQ(lost.status, 500u);
  EXPECT_EQ(problem_of(lost), "internal");
  caf::anon_send_exit(subject, caf::exit_reason::user_shutdown);
  settle();
  EXPECT_EQ(call("GET", "/api/v1/sessions").status, 500u) << "the actor itself is gone";
  subject = api_actor{};
  EXPECT_EQ(call("GET", "/api/v1/sessions").status, 503u) << "and not back yet";
}

TEST_F(api_test, whom_a_session_runs_as) {
  const auto create = [this](std::string body) { return call("POST", "/api/v1/sessions", body); };
  EXPECT_EQ(create(R"({"run_as":"bob"})").status, 201u);
  EXPECT_EQ(story.created->run_as, "bob") << "whether it may is not the API's to say";
  me.may = role::operate;
  story.created.reset();
  EXPECT_EQ(problem_of(create(R"({"run_as":"bob"})")), "run-as-refused");
  EXPECT_FALSE(story.created);
  EXPECT_EQ(create("").status, 201u);
  EXPECT_EQ(story.created->run_as, "");
  me.run_as = "bob";
  EXPECT_EQ(create("").status, 201u);
  EXPECT_EQ(story.created->run_as, "bob");
  EXPECT_EQ(problem_of(create(R"({"run_as":"ada"})")), "run-as-refused");
}

TEST_F(api_test, tokens_are_made_for_users_whom_the_server_allows) {
  const auto create = [this](std::string body) {
    return call("POST", "/api/v1/tokens", std::move(body));
  };
  EXPECT_EQ(create(R"({"role":"operator","run_as":"bob"})").status, 201u);
  EXPECT_EQ(create(R"({"role":"operator","run_as":"ada"})").status, 201u);
  for (const std::string name : {"root", "eve"})
    EXPECT_EQ(problem_of(create(R"({"role":"operator","run_as":")" + name + "\"}")),
              "run-as-refused");
}

TEST_F(api_test, tokens) {
  EXPECT_EQ(call("GET", "/api/v1/tokens").status, 200u);
  const auto made = call("POST", "/api/v1/tokens", R"({"role":"viewer"})");
  EXPECT_EQ(made.status, 201u);
  EXPECT_NE(made.body.find("roost_secret"), std::string::npos);
  EXPECT_EQ(call("DELETE", "/api/v1/tokens/t1").status, 204u);
  EXPECT_EQ(problem_of(call("DELETE", "/api/v1/tokens/t2")), "not-found");
}

TEST_F(api_test, the_pool_is_shown_to_administrators_and_to_prometheus) {
  auto list = call("GET", "/api/v1/connections");
  EXPECT_EQ(list.status, 200);
  EXPECT_NE(list.body.find(R"("total":7)"), std::string::npos) << list.body;
  EXPECT_NE(list.body.find(R"("id":"c3","user":"phone","address":"192.0.2.7")"), std::string::npos);
  EXPECT_NE(list.body.find(R"("refused":{"user":5})"), std::string::npos);
  EXPECT_EQ(call("DELETE", "/api/v1/connections/c3").status, 204);
  for (const auto* id : {"c4", "3", "c", "c03", "c3x", "c99999999999999999999999"})
    EXPECT_EQ(call("DELETE", std::string("/api/v1/connections/") + id).status, 404) << id;
  const auto page = call("GET", "/metrics");
  EXPECT_EQ(page.status, 200);
  EXPECT_NE(page.body.find(R"(roost_connections_refused_total{reason="user"} 5)"),
            std::string::npos)
      << page.body;
  EXPECT_NE(page.body.find("roost_sessions 2"), std::string::npos);
  EXPECT_NE(call("GET", "/readyz").body.find("nearly full: 86 of 100 websockets"),
            std::string::npos);
  me.may = role::viewer;
  EXPECT_EQ(call("GET", "/api/v1/connections").status, 403);
  EXPECT_EQ(call("DELETE", "/api/v1/connections/c3").status, 403);
  EXPECT_EQ(call("GET", "/metrics").status, 200);
}

TEST_F(api_test, status_health_and_readiness) {
  time.advance(5s);
  const auto status = call("GET", "/api/v1/status").body;
  EXPECT_NE(status.find(R"("uptime_ms":5000,"sessions":2,"connections":7)"), std::string::npos)
      << status;
  EXPECT_EQ(call("GET", "/healthz").status, 200u);
  const auto unready = call("GET", "/readyz");
  EXPECT_EQ(unready.status, 503u) << "this test has no event bus";
  EXPECT_NE(unready.body.find(R"("terminals":{"ready":true)"), std::string::npos);
  story.is_silent = true;
  const auto waiting = start("GET", "/readyz");
  advance(6s, 100ms);
  EXPECT_EQ(waiting->last.status, 503u);
  EXPECT_NE(waiting->last.body.find(R"("terminals":{"ready":false)"), std::string::npos);
}

TEST_F(api_test, the_login_url_needs_the_unix_socket) {
  EXPECT_EQ(problem_of(call("GET", "/api/v1/login-url")), "forbidden");
  is_local = true;
  EXPECT_EQ(call("GET", "/api/v1/login-url").body, R"({"url":"http://127.0.0.1:7680/#token=t"})");
}

TEST_F(api_test, a_login_url_that_cannot_be_made_is_an_error) {
  is_local = true;
  login_url = failure{setup_error::internal, "the token file cannot be read"};
  EXPECT_EQ(call("GET", "/api/v1/login-url").status, 500u);
}

TEST_F(api_test, the_document_of_the_api) {
  const auto document = call("GET", "/api/v1/openapi.json");
  EXPECT_EQ(document.status, 200u);
  EXPECT_NE(document.body.find(R"("version":"1.2.3")"), std::string::npos);
}

} // namespace
} // namespace roost::connection::api
