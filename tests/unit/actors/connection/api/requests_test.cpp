#include "actors/connection/api/requests.hpp"

#include "actors/connection/api/json_reader.hpp"

#include <gtest/gtest.h>

namespace roost::connection::api {
namespace {

using namespace std::chrono_literals;

template <class T>
std::string said(const result<T>& x) {
  return x ? "fine" : std::string(describe(x.error()).name) + ": " + x.error().detail;
}

/// A list of bodies that one parser must refuse, each with a piece of the answer.
struct bad_body {
  const char* body;
  const char* answer;
};

http_request with_query(std::vector<std::pair<std::string, std::string>> query) {
  http_request out;
  out.query = std::move(query);
  return out;
}

http_request with_body(std::string type, std::string body,
                       std::vector<std::pair<std::string, std::string>> query = {}) {
  auto out = with_query(std::move(query));
  out.headers = {{"content-type", std::move(type)}};
  out.body = std::move(body);
  return out;
}

// ---- POST /sessions ----

TEST(parse_create, an_empty_body_asks_for_the_defaults) {
  for (const auto* body : {"", "{}"}) {
    const auto wanted = parse_create(body, "a");
    ASSERT_TRUE(wanted);
    EXPECT_TRUE(wanted->command.empty());
    EXPECT_EQ(wanted->cols, 80);
    EXPECT_EQ(wanted->rows, 24);
    EXPECT_EQ(wanted->size_policy, size_policy_kind::latest);
  }
}

TEST(parse_create, takes_every_field) {
  const auto wanted =
      parse_create(R"({"command":["make","-j2",""],"cwd":"/tmp","env":{"A":"1","B":""},
    "cols":132,"rows":43,"title":"build","sandbox":"strict","run_as":"ada","record":false,"node":"a",
    "size_policy":"smallest"})",
                   "a");
  ASSERT_TRUE(wanted) << said(wanted);
  EXPECT_EQ(wanted->command, (std::vector<std::string>{"make", "-j2", ""}));
  EXPECT_EQ(wanted->cwd, "/tmp");
  EXPECT_EQ(wanted->env, (std::vector<std::pair<std::string, std::string>>{{"A", "1"}, {"B", ""}}));
  EXPECT_EQ(wanted->cols, 132);
  EXPECT_EQ(wanted->rows, 43);
  EXPECT_EQ(wanted->title, "build");
  EXPECT_EQ(wanted->sandbox, "strict");
  EXPECT_EQ(wanted->run_as, "ada");
  EXPECT_EQ(wanted->record, false);
  EXPECT_EQ(wanted->size_policy, size_policy_kind::smallest);
}

TEST(parse_create, refuses_with_the_place_and_what_was_expected) {
  const bad_body cases[] = {
      {"[]", "bad-value: the body: expected an object, got a list"},
      {"{", "bad-json: line 1, column 2"},
      {R"({"colls":80})",
       "unknown-field: the field \"colls\" is not known; did you mean \"cols\"?"},
      {R"({"command":"make"})", "bad-value: command: expected a list of texts, got \"make\""},
      {R"({"command":["a",2]})", "bad-value: command[1]: expected text, got 2"},
      {R"({"command":[""]})", "bad-command: command[0]: must not be empty"},
      {R"({"command":["a\u0000b"]})", "bad-value: command[0]: must not contain a NUL"},
      {R"({"cwd":""})", "bad-value: cwd: must not be empty"},
      {R"({"cwd":7})", "bad-value: cwd: expected text, got 7"},
      {R"({"env":["A=1"]})", "bad-value: env: expected an object of texts, got a list"},
      {R"({"env":{"A":1}})", "bad-value: env.A: expected text, got 1"},
      {R"({"env":{"":"x"}})", "bad-environment: env: a variable's name"},
      {R"({"env":{"A=B":"x"}})", "bad-environment: env: a variable's name"},
      {R"({"cols":0})", "bad-size: cols: 0 is out of range; 1 to 4096"},
      {R"({"cols":-5})", "bad-size: cols: -5 is out of range"},
      {R"({"rows":99999})", "bad-size: rows: 99999 is out of range"},
      {R"({"rows":99999999999999999999})", "bad-size: rows: "},
      {R"({"rows":24.5})", "bad-value: rows: expected a whole number"},
      {R"({"cols":"80"})", "bad-value: cols: expected a whole number"},
      {R"({"title":"a\nb"})", "bad-title: title: must not contain control characters"},
      {R"({"size_policy":"biggest"})", "bad-value: size_policy: expected one of latest"},
      {R"({"sandbox":1})", "bad-value: sandbox: expected text"},
      {R"({"run_as":0})", "bad-value: run_as: expected text"},
      {R"({"record":"no"})", "bad-value: record: expected true or false"},
      {R"({"node":"b"})", "bad-value: node: this server is \"a\""},
      {R"({"title":"x","title":"y"})", "bad-json: line 1, column 20: the key \"title\""},
      {R"({"title":null})", "bad-value: title: expected text, got null"},
  };
  for (const auto& [body, answer] : cases) {
    const auto got = said(parse_create(body, "a"));
    EXPECT_EQ(got.substr(0, std::string_view(answer).size()), answer) << body;
  }
}

TEST(parse_create, bounds_lists) {
  std::string many = R"({"command":["a")";
  for (int i = 0; i < 1024; ++i)
    many += ",\"a\"";
  EXPECT_NE(said(parse_create(many + "]}", "a")).find("at most 1024"), std::string::npos);
  EXPECT_NE(said(parse_create("{\"title\":\"" + std::string(257, 't') + "\"}", "a"))
                .find("has 257 bytes"),
            std::string::npos);
}

// ---- PATCH and resize ----

TEST(parse_update, takes_one_field_or_more) {
  const auto title = parse_update(R"({"title":"x"})");
  ASSERT_TRUE(title);
  EXPECT_EQ(title->title, "x");
  EXPECT_FALSE(title->size_policy);
  const auto policy = parse_update(R"({"size_policy":"manual","record":false})");
  ASSERT_TRUE(policy);
  EXPECT_EQ(policy->size_policy, size_policy_kind::manual);
  EXPECT_EQ(policy->record, false);
  EXPECT_EQ(title->record, std::nullopt);
  EXPECT_EQ(said(parse_update("{}")).substr(0, 32), "missing-field: nothing to change");
  EXPECT_EQ(said(parse_update(R"({"cols":80})")).substr(0, 13), "unknown-field");
  EXPECT_EQ(said(parse_update("")).substr(0, 8), "bad-json");
}

TEST(parse_resize, needs_both_in_range) {
  const auto size = parse_resize(R"({"cols":4096,"rows":1})");
  ASSERT_TRUE(size);
  EXPECT_EQ(size->cols, 4096);
  EXPECT_EQ(size->rows, 1);
  EXPECT_EQ(said(parse_resize(R"({"cols":80})")), "missing-field: the field \"rows\" is missing");
  EXPECT_EQ(said(parse_resize(R"({"cols":80,"rows":0})")).substr(0, 8), "bad-size");
  EXPECT_EQ(said(parse_resize(R"({"cols":80,"rows":4097})")).substr(0, 8), "bad-size");
}

// ---- input ----

TEST(parse_input, bytes_go_in_as_they_are) {
  const std::string bytes("\0\xff\x1b[A", 5);
  const auto got = parse_input(with_body("application/octet-stream", bytes));
  ASSERT_TRUE(got);
  EXPECT_EQ(got->input.bytes, bytes);
  EXPECT_FALSE(got->waits_for_command);
}

TEST(parse_input, text_then_keys) {
  const auto got = parse_input(with_body("Application/JSON; charset=utf-8",
                                         R"({"text":"ls\u0000","keys":["Enter","C-c"]})"));
  ASSERT_TRUE(got) << said(got);
  EXPECT_EQ(got->input.bytes, std::string("ls\0", 3));
  EXPECT_EQ(got->input.keys, (std::vector<std::string>{"Enter", "C-c"}));
}

TEST(parse_input, a_command_to_wait_for) {
  const auto got = parse_input(with_body("application/json", R"({"text":"make\r\n"})",
                                         {{"wait", "command"}, {"timeout_ms", "1500"}}));
  ASSERT_TRUE(got) << said(got);
  EXPECT_TRUE(got->waits_for_command);
  EXPECT_EQ(got->command.text, "make");
  EXPECT_EQ(got->command.timeout, 1500ms);
  const auto usual =
      parse_input(with_body("application/octet-stream", "make", {{"wait", "command"}}));
  ASSERT_TRUE(usual);
  EXPECT_EQ(usual->command.text, "make");
  EXPECT_EQ(usual->command.timeout, default_wait);
}

TEST(parse_input, refuses) {
  const auto json = [](std::string body, std::vector<std::pair<std::string, std::string>> q = {}) {
    return said(parse_input(with_body("application/json", std::move(body), std::move(q))));
  };
  EXPECT_EQ(json("{}"), "missing-field: nothing to type: give text, keys or both");
  EXPECT_EQ(json(R"({"text":1})"), "bad-value: text: expected text, got 1");
  EXPECT_EQ(json(R"({"keys":"Enter"})"),
            "bad-value: keys: expected a list of texts, got \"Enter\"");
  EXPECT_EQ(json(R"({"keys":[""]})"), "bad-value: keys[0]: must not be empty");
  EXPECT_EQ(json(R"({"txt":"a"})").substr(0, 13), "unknown-field");
  EXPECT_EQ(json(R"({"text":"a"})", {{"wait", "prompt"}}),
            "bad-value: the query parameter wait: expected command, got \"prompt\"");
  EXPECT_EQ(json(R"({"text":"a"})", {{"timeout_ms", "5"}}).substr(0, 9), "bad-value");
  EXPECT_EQ(json(R"({"text":"a"})", {{"wait", "command"}, {"timeout_ms", "110001"}}).substr(0, 9),
            "bad-value");
  EXPECT_EQ(json(R"({"keys":["Enter"]})", {{"wait", "command"}}).substr(0, 15), "bad-value: keys");
  EXPECT_EQ(json(R"({"text":" \n"})", {{"wait", "command"}}),
            "bad-value: text: there is no command in it");
}

// ---- wait ----

TEST(parse_wait, takes_each_condition) {
  const auto text = parse_wait(R"({"text":"done","timeout_ms":110000,"since":5})");
  ASSERT_TRUE(text) << said(text);
  EXPECT_EQ(text->kind, wait_kind::text);
  EXPECT_EQ(text->pattern, "done");
  EXPECT_EQ(text->timeout, 110s);
  EXPECT_EQ(text->since, 5u);
  EXPECT_EQ(parse_wait(R"({"regex":"a+"})")->kind, wait_kind::regex);
  const auto idle = parse_wait(R"({"idle_ms":250})");
  EXPECT_EQ(idle->kind, wait_kind::idle);
  EXPECT_EQ(idle->idle, 250ms);
  EXPECT_EQ(idle->timeout, default_wait);
  EXPECT_EQ(parse_wait(R"({"command":true})")->kind, wait_kind::command);
  EXPECT_EQ(parse_wait(R"({"exit":true})")->kind, wait_kind::exit);
}

TEST(parse_wait, refuses) {
  const bad_body cases[] = {
      {"{}", "missing-field: nothing to wait for"},
      {R"({"text":"a","exit":true})", "bad-value: give exactly one of"},
      {R"({"text":""})", "bad-value: text: must not be empty"},
      {R"({"exit":false})", "bad-value: exit: say true, or leave the field out"},
      {R"({"exit":1})", "bad-value: exit: expected true or false, got 1"},
      {R"({"exit":true,"timeout_ms":110001})", "bad-value: timeout_ms: 110001 is out of range"},
      {R"({"exit":true,"timeout_ms":0})", "bad-value: timeout_ms: 0 is out of range"},
      {R"({"exit":true,"since":-1})", "bad-value: since: -1 is out of range"},
      {R"({"exit":true,"since":9007199254740992})", "bad-value: since: "},
      {R"({"idle_ms":0})", "bad-value: idle_ms: 0 is out of range"},
      {R"({"exits":true})", "unknown-field: the field \"exits\" is not known; did you mean"},
      {"true", "bad-value: the body: expected an object, got true"},
  };
  for (const auto& [body, answer] : cases)
    EXPECT_EQ(said(parse_wait(body)).substr(0, std::string_view(answer).size()), answer) << body;
}

// ---- queries ----

TEST(queries, screen_output_and_delete) {
  EXPECT_EQ(parse_screen_query({})->format, screen_format::text);
  EXPECT_EQ(parse_screen_query(with_query({{"format", "ansi"}}))->format, screen_format::ansi);
  EXPECT_EQ(parse_screen_query(with_query({{"format", "json"}}))->format, screen_format::lines);
  EXPECT_EQ(said(parse_screen_query(with_query({{"format", "html"}}))),
            "bad-value: the query parameter format: expected text, ansi or json, got \"html\"");

  EXPECT_EQ(parse_output_query({})->since, 0u);
  EXPECT_EQ(parse_output_query({})->limit, default_output_limit);
  const auto range = parse_output_query(with_query({{"since", "17"}, {"limit", "1"}}));
  EXPECT_EQ(range->since, 17u);
  EXPECT_EQ(range->limit, 1u);
  for (const auto* bad : {"", "-1", "+1", " 1", "1 ", "0x10", "1.0", "99999999999999999999"})
    EXPECT_FALSE(parse_output_query(with_query({{"since", bad}}))) << bad;
  EXPECT_FALSE(parse_output_query(with_query({{"limit", "0"}})));
  EXPECT_FALSE(parse_output_query(with_query({{"limit", "16777217"}})));

  EXPECT_FALSE(parse_delete_query({})->now);
  EXPECT_TRUE(parse_delete_query(with_query({{"now", "1"}}))->now);
  EXPECT_FALSE(parse_delete_query(with_query({{"now", "yes"}})));
}

TEST(queries, events) {
  const auto all = parse_events({});
  ASSERT_TRUE(all);
  EXPECT_EQ(all->topics.size(), event_topics.size());
  EXPECT_FALSE(all->since);
  auto request = with_query({{"topics", "session.exited, session.created,session.exited"}});
  request.headers = {{"last-event-id", "1700000000000000"}};
  request.who.only = session_id{"ab"};
  const auto some = parse_events(request);
  ASSERT_TRUE(some) << said(some);
  EXPECT_EQ(some->topics, (std::vector{event_topic::session_exited, event_topic::session_created}));
  EXPECT_EQ(some->since, 1700000000000000u);
  EXPECT_EQ(some->only, session_id{"ab"});
  EXPECT_EQ(said(parse_events(with_query({{"topics", "session.exitd"}}))),
            "bad-value: the topic \"session.exitd\" is not known; did you mean "
            "\"session.exited\"?");
  EXPECT_FALSE(parse_events(with_query({{"topics", ""}})));
  request.headers = {{"last-event-id", "abc"}};
  EXPECT_FALSE(parse_events(request));
}

TEST(queries, unknown_and_double_parameters_are_refused) {
  const auto& row = *find_route("GET", "/api/v1/sessions/ab/output").row;
  EXPECT_TRUE(check_query(row, with_query({{"since", "1"}, {"limit", "2"}})));
  EXPECT_EQ(said(check_query(row, with_query({{"sinse", "1"}}))),
            "unknown-field: the query parameter \"sinse\" is not known; did you mean \"since\"?");
  EXPECT_EQ(said(check_query(row, with_query({{"since", "1"}, {"since", "1"}}))),
            "bad-value: the query parameter since: is there more than once");
  const auto& list = *find_route("GET", "/api/v1/sessions").row;
  EXPECT_EQ(said(check_query(list, with_query({{"a", ""}}))),
            "unknown-field: the query parameter \"a\" is not known; none is expected here");
}

TEST(bodies, are_checked_for_size_and_type) {
  const auto& create = *find_route("POST", "/api/v1/sessions").row;
  EXPECT_TRUE(check_body(create, {}));
  EXPECT_TRUE(check_body(create, with_body("application/json", "{}")));
  EXPECT_EQ(said(check_body(create, with_body("text/plain", "{}"))),
            "unsupported-media-type: send the header Content-Type: application/json");
  EXPECT_EQ(said(check_body(create, with_body("application/octet-stream", "{}"))).substr(0, 22),
            "unsupported-media-type");
  http_request untyped;
  untyped.body = "{}";
  EXPECT_FALSE(check_body(create, untyped)) << "a form on a foreign page sends no JSON type";
  EXPECT_EQ(said(check_body(create, with_body("application/json", std::string(300'000, ' ')))),
            "body-too-large: at most 262144 bytes are taken here");
  const auto& input = *find_route("POST", "/api/v1/sessions/ab/input").row;
  EXPECT_TRUE(check_body(input, with_body("application/octet-stream", "x")));
  const auto& get = *find_route("GET", "/api/v1/sessions").row;
  EXPECT_TRUE(check_body(get, {}));
  EXPECT_EQ(said(check_body(get, with_body("application/json", "{}"))),
            "bad-request: this request takes no body");
}

TEST(session_ids, are_short_lower_case_words) {
  EXPECT_EQ(parse_session_id("a1b2")->value, "a1b2");
  for (const std::string bad : {"", "A1", "a-b", "a/b", "..", "a\nb", "é"}) {
    const auto got = parse_session_id(bad);
    ASSERT_FALSE(got) << bad;
    EXPECT_TRUE(got.error().is(terminal_error::no_such_session));
  }
  EXPECT_TRUE(parse_session_id(std::string(32, 'a')));
  EXPECT_FALSE(parse_session_id(std::string(33, 'a')));
}

// ---- tokens ----

TEST(parse_token_request, takes_every_field) {
  const wall_time now{std::chrono::hours(1000)};
  const auto got = parse_token_request(
      R"({"role":"operator","session":"ab12","expires_in_s":3600,"label":"ci","run_as":"ada"})",
      now);
  ASSERT_TRUE(got) << said(got);
  EXPECT_EQ(got->may, role::operate);
  EXPECT_EQ(got->only, session_id{"ab12"});
  EXPECT_EQ(got->expires_at, now + 3600s);
  EXPECT_EQ(got->label, "ci");
  EXPECT_EQ(got->run_as, "ada");
  EXPECT_FALSE(parse_token_request(R"({"role":"viewer"})", now)->expires_at);
  EXPECT_EQ(said(parse_token_request("{}", now)), "missing-field: the field \"role\" is missing");
  EXPECT_EQ(said(parse_token_request(R"({"role":"root"})", now)).substr(0, 15), "bad-value: role");
  EXPECT_EQ(said(parse_token_request(R"({"role":"viewer","session":"A"})", now)).substr(0, 18),
            "bad-value: session");
  EXPECT_FALSE(parse_token_request(R"({"role":"viewer","expires_in_s":0})", now));
  EXPECT_FALSE(parse_token_request(R"({"role":"viewer","expires_in_s":1e18})", now));
}

} // namespace
} // namespace roost::connection::api
