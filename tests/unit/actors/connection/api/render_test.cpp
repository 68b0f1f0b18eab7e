// Golden files: tests/golden/http/*.json. `ROOST_UPDATE_GOLDEN=1` writes them anew; read the diff.
#include "actors/connection/api/render.hpp"

#include "actors/connection/api/openapi.hpp"
#include "actors/connection/problem.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace roost::connection::api {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

const wall_time noon = wall_time(std::chrono::seconds(1'769'860'800)) + 250ms;

session_info full_session() {
  session_info x;
  x.id = {"ab12cd34"};
  x.title = "build";
  x.state = session_state::exited;
  x.command = {"make", "-j2"};
  x.cwd = "/home/user";
  x.pid = 4711;
  x.cols = 132;
  x.rows = 43;
  x.created_at = noon;
  x.exited_at = noon + 61s;
  x.exit_status = 2;
  x.epoch = "e1";
  x.offset = 9007199254740991;
  x.viewers = 2;
  x.holder = viewer_id{{17}, 3};
  x.size_policy = size_policy_kind::largest;
  x.shell = {"/home/user/src", true, "", 2, 5};
  return x;
}

session_info fresh_session() {
  session_info x;
  x.id = {"z"};
  x.created_at = noon;
  x.shell.running = "sleep 5";
  return x;
}

session_info busy_session() {
  auto x = fresh_session();
  x.state = session_state::running;
  x.sandbox = "strict";
  x.run_as = "ada";
  x.limits = {{"memory", 4294967296.0, "rlimit"}, {"cpu", 1.5, "none"}};
  x.usage = session_usage{103.25, 4711ms, 1'288'490'189, 14, "make", "/home/user/src", noon + 5s};
  return x;
}

void expect_golden(const std::string& name, const std::string& text) {
  const std::string path = ROOST_SOURCE_DIR "/tests/golden/http/" + name;
  if (std::getenv("ROOST_UPDATE_GOLDEN") != nullptr)
    std::ofstream(path) << text << '\n';
  std::ifstream file(path);
  std::stringstream held;
  held << file.rdbuf();
  EXPECT_EQ(held.str(), text + "\n") << path;
}

/// Everything the answer has is in the schema, everything that is required there is in the answer.
void expect_schema(const std::string& schema_name, const json::object& answer) {
  static const auto schemas = json::parse(openapi_schemas());
  const auto& schema = schemas.as_object().at(schema_name).as_object();
  const auto& properties = schema.at("properties").as_object();
  for (const auto& [key, value] : answer)
    EXPECT_TRUE(properties.contains(key)) << schema_name << " lacks " << key;
  for (const auto& key : schema.at("required").as_array())
    EXPECT_TRUE(answer.contains(key.as_string())) << schema_name << " requires " << key;
}

void expect_schema(const std::string& schema_name, const std::string& answer) {
  expect_schema(schema_name, json::parse(answer).as_object());
}

TEST(render, sessions) {
  const auto full = session_json(full_session(), "a");
  expect_golden("session.json", json::serialize(full));
  expect_schema("Session", full);
  const auto fresh = session_json(fresh_session(), "a");
  expect_golden("session_fresh.json", json::serialize(fresh));
  expect_schema("Session", fresh);
  const auto busy = session_json(busy_session(), "a");
  expect_golden("session_busy.json", json::serialize(busy));
  expect_schema("Session", busy);
  expect_schema("Usage", busy.at("usage").as_object());
}

TEST(render, what_is_not_known_of_the_use_is_null) {
  auto x = busy_session();
  x.usage->foreground.clear();
  x.usage->cwd.clear();
  const auto usage = session_json(x, "a").at("usage").as_object();
  EXPECT_TRUE(usage.at("foreground").is_null());
  EXPECT_TRUE(usage.at("cwd").is_null());
  EXPECT_TRUE(session_json(fresh_session(), "a").at("usage").is_null());
}

TEST(render, a_list_leaves_out_what_the_caller_may_not_see) {
  const session_list all{{full_session(), fresh_session()}};
  principal who;
  expect_schema("SessionList", session_list_json(all, "a", who));
  EXPECT_EQ(json::parse(session_list_json(all, "a", who)).at("sessions").as_array().size(), 2u);
  who.only = session_id{"z"};
  const auto own = json::parse(session_list_json(all, "a", who)).at("sessions").as_array();
  ASSERT_EQ(own.size(), 1u);
  EXPECT_EQ(own[0].at("id").as_string(), "z");
  EXPECT_EQ(session_list_json({}, "a", who), R"({"sessions":[]})");
}

TEST(render, bytes_that_are_not_text_do_not_break_the_json) {
  auto odd = fresh_session();
  odd.cwd = "/tmp/\xff";
  odd.title = "\xc3(";
  odd.command = {"\x80"};
  const auto text = json::serialize(session_json(odd, "a"));
  json::error_code why;
  json::parse(text, why);
  EXPECT_FALSE(why) << text;
}

TEST(render, what_terminals_answer) {
  expect_golden("input_accepted.json", input_accepted_json({5}));
  expect_schema("InputAccepted", input_accepted_json({5}));
  command_result done;
  done.finished = true;
  done.exit_status = 0;
  done.output = "hello\n";
  done.duration = 1234ms;
  expect_golden("command_result.json", command_result_json(done));
  expect_schema("CommandResult", command_result_json(done));
  expect_golden("command_result_late.json", command_result_json({}));
  wait_result met{true, "matched", 42, std::nullopt};
  expect_golden("wait_result.json", wait_result_json(met));
  expect_schema("WaitResult", wait_result_json(met));
}

TEST(render, screens) {
  screen_view view;
  view.cols = 4;
  view.rows = 2;
  view.cursor_row = 1;
  view.cursor_col = 3;
  view.title = "vi";
  view.alternate = true;
  view.offset = 99;
  view.body = "text\n";
  view.lines = {"text", ""};
  const auto lines = screen_response(view, screen_format::lines);
  expect_golden("screen.json", lines.body);
  expect_schema("Screen", lines.body);
  const auto text = screen_response(view, screen_format::text);
  EXPECT_EQ(text.body, "text\n");
  EXPECT_EQ(text.headers[0].second, "text/plain; charset=utf-8");
}

std::string header_of(const http_response& answer, std::string_view name) {
  for (const auto& [key, value] : answer.headers)
    if (key == name)
      return value;
  return "absent";
}

slice bytes(std::string_view text) {
  auto held = std::make_shared<const std::string>(text);
  return {std::shared_ptr<const char>(held, held->data()), held->size()};
}

TEST(render, output_is_bytes_with_its_place_in_headers) {
  output_range range{"e1", 100, 0, 105, {bytes("ab"), bytes("\xff\0z")}};
  range.bytes[1] = bytes(std::string_view("\xff\0z", 3));
  const auto whole = output_response(range);
  EXPECT_EQ(whole.body, std::string("ab\xff\0z", 5));
  EXPECT_EQ(header_of(whole, "X-Roost-Offset"), "100");
  EXPECT_EQ(header_of(whole, "X-Roost-Epoch"), "e1");
  EXPECT_EQ(header_of(whole, "X-Roost-End"), "105");
  EXPECT_EQ(header_of(whole, "X-Roost-Gap"), "absent");
  range.gap = 60;
  EXPECT_EQ(header_of(output_response(range), "X-Roost-Gap"), "60");
}

TEST(render, sandboxes) {
  auto isolated = *find_sandbox_profile({}, "isolated");
  isolated.writable = {"~/.cache/\xff"};
  const auto list = sandbox_list_json(
      {{sandbox_profile{}, "No sandbox.", true, {}}, {isolated, "No network.", false, "no bwrap"}});
  expect_golden("sandboxes.json", list);
  expect_schema("SandboxList", list);
  const auto parsed = json::parse(list);
  for (const auto& row : parsed.at("sandboxes").as_array())
    expect_schema("Sandbox", row.as_object());
}

TEST(render, tokens_without_their_secret_except_once) {
  token row;
  row.id = "0123456789ab";
  row.may = role::operate;
  row.label = "ci";
  row.only = session_id{"ab"};
  row.run_as = "ada";
  row.created_at = noon;
  row.expires_at = noon + 1h;
  expect_golden("token.json", json::serialize(token_json(row)));
  expect_schema("Token", token_json(row));
  expect_schema("TokenList", token_list_json({row}));
  const auto made = new_token_json({"roost_secret", row});
  expect_golden("new_token.json", made);
  expect_schema("NewToken", made);
  EXPECT_EQ(token_list_json({row}).find("secret"), std::string::npos);
}

TEST(render, readiness_and_status) {
  const std::vector<component> parts = {{"server", true, ""}, {"terminals", false, "asleep"}};
  const auto not_ready = readiness_response(parts);
  EXPECT_EQ(not_ready.status, 503u);
  expect_golden("readiness.json", not_ready.body);
  expect_schema("Readiness", not_ready.body);
  EXPECT_EQ(readiness_response({{"server", true, ""}}).status, 200u);
  const auto status = status_json({"a", "1.2.3", 61s, 2, 3, parts});
  expect_golden("status.json", status);
  expect_schema("Status", status);
}

TEST(render, events_as_a_frame_and_as_a_piece_of_a_stream) {
  const auto text = session_event_text(7, event_topic::session_created, fresh_session(), "a", noon);
  expect_golden("event_frame.json", text.frame);
  const auto frame = json::parse(text.frame).as_object();
  EXPECT_EQ(frame.at("type").as_string(), "event");
  EXPECT_EQ(frame.at("topic").as_string(), "session.created");
  EXPECT_EQ(text.stream.rfind("id: 7\nevent: session.created\ndata: {\"topic\":", 0), 0u);
  EXPECT_EQ(text.stream.substr(text.stream.size() - 2), "\n\n");
  // One line of data: a line break inside would end the event early.
  EXPECT_EQ(std::count(text.stream.begin(), text.stream.end(), '\n'), 4);
}

TEST(render, every_error_is_a_problem_of_the_schema) {
  expect_golden("problem.json", problem_json({terminal_error::bad_size, "cols: 0 is out of range"},
                                             "0af7651916cd43dd8448eb211c80319c"));
  expect_schema("Problem",
                problem_json(request_error::internal, "0af7651916cd43dd8448eb211c80319c"));
}

} // namespace
} // namespace roost::connection::api
