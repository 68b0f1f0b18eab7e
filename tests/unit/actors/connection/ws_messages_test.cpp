#include "actors/connection/ws_messages.hpp"

#include <gtest/gtest.h>

#include <string>

namespace roost::connection {
namespace {

template <class T>
T parsed(std::string_view text) {
  auto message = parse_client_message(text);
  if (!message) {
    ADD_FAILURE() << text << ": " << describe(message.error()).name << " "
                  << message.error().detail;
    return {};
  }
  return std::get<T>(*message);
}

failure refused(std::string_view text) {
  auto message = parse_client_message(text);
  if (!message)
    return message.error();
  ADD_FAILURE() << text << " was accepted";
  return {};
}

TEST(ws_messages, attach_with_everything) {
  const auto x = parsed<attach_message>(
      R"({"type":"attach","stream":4294967295,"session":"abc","cols":80,"rows":24,"mode":"view",)"
      R"("since":{"epoch":"e","offset":9007199254740991}})");
  EXPECT_EQ(x.stream, 4294967295U);
  EXPECT_EQ(x.session.value, "abc");
  EXPECT_EQ(x.mode, viewer_mode::view);
  EXPECT_EQ(x.since_epoch, "e");
  EXPECT_EQ(x.since_offset, 9007199254740991U);
}

TEST(ws_messages, attach_without_since_and_mode) {
  const auto x =
      parsed<attach_message>(R"({"type":"attach","stream":0,"session":"a","cols":1,"rows":1})");
  EXPECT_EQ(x.mode, viewer_mode::control);
  EXPECT_FALSE(x.since_epoch);
  EXPECT_FALSE(parsed<attach_message>(
                   R"({"type":"attach","stream":0,"session":"a","cols":1,"rows":1,"since":null})")
                   .since_epoch);
}

TEST(ws_messages, the_other_messages) {
  EXPECT_EQ(parsed<detach_message>(R"({"type":"detach","stream":3})").stream, 3U);
  EXPECT_EQ(parsed<resize_message>(R"({"type":"resize","stream":3,"cols":10,"rows":20})").rows, 20);
  EXPECT_EQ(parsed<take_control_message>(R"({"type":"take_control","stream":3})").stream, 3U);
  EXPECT_EQ(parsed<refresh_message>(R"({"type":"refresh","stream":3})").stream, 3U);
  EXPECT_EQ(parsed<ping_message>(R"({"type":"ping","id":12})").id, 12U);
  EXPECT_EQ(parsed<cancel_message>(R"({"type":"cancel","id":12})").id, 12U);
  EXPECT_EQ(parsed<call_message>(
                R"({"type":"call","id":1,"channel":"policy","params":{"a":1},"timeout_ms":50})")
                .channel,
            "policy");
  EXPECT_EQ(parsed<subscribe_message>(R"({"type":"subscribe","topics":["session.changed"]})")
                .topics.size(),
            1U);
}

TEST(ws_messages, every_way_to_be_wrong_names_what_is_wrong) {
  struct row {
    const char* text;
    request_error why;
    const char* detail;
  };
  const row rows[] = {
      {"", request_error::bad_json, ""},
      {"{", request_error::bad_json, ""},
      {"[]", request_error::bad_value, ""},
      {R"({"stream":1})", request_error::missing_field, "type"},
      {R"({"type":"attahc"})", request_error::bad_value, "type"},
      {R"({"type":"detach"})", request_error::missing_field, "stream"},
      {R"({"type":"detach","stream":-1})", request_error::bad_value, "stream"},
      {R"({"type":"detach","stream":4294967296})", request_error::bad_value, "stream"},
      {R"({"type":"detach","stream":"1"})", request_error::bad_value, "stream"},
      {R"({"type":"detach","stream":1,"steam":2})", request_error::unknown_field, "steam"},
      {R"({"type":"attach","stream":1,"session":"","cols":1,"rows":1})", request_error::bad_value,
       "session"},
      {R"({"type":"attach","stream":1,"session":"a","cols":1,"rows":1,"mode":"drive"})",
       request_error::bad_value, "mode"},
      {R"({"type":"attach","stream":1,"session":"a","cols":1,"rows":1,"since":{"epoch":"e"}})",
       request_error::missing_field, "offset"},
      {R"({"type":"subscribe","topics":"all"})", request_error::bad_value, "topics"},
      {R"({"type":"ping","id":1.5})", request_error::bad_value, "id"},
  };
  for (const auto& r : rows) {
    const auto why = refused(r.text);
    EXPECT_TRUE(why.is(r.why)) << r.text << " gave " << describe(why).name;
    EXPECT_NE(why.detail.find(r.detail), std::string::npos) << r.text << " gave " << why.detail;
  }
}

TEST(ws_messages, renders_the_contracts_fields) {
  EXPECT_EQ(render_pong(7), R"({"type":"pong","id":7})");
  EXPECT_EQ(render_lag(1, 2), R"({"type":"lag","stream":1,"bytes":2})");
  EXPECT_EQ(render_control(1, connection_id{17}, true),
            R"({"type":"control","stream":1,"holder":"c17","you":true})");
  EXPECT_EQ(render_control(1, std::nullopt, false),
            R"({"type":"control","stream":1,"holder":null,"you":false})");
  EXPECT_EQ(render_exited(1, 3, std::nullopt),
            R"({"type":"exited","stream":1,"status":3,"signal":null})");
  EXPECT_EQ(render_draining(500), R"({"type":"draining","reconnect_after_ms":500})");
  attached_view view;
  view.stream = 1;
  view.session = "s";
  view.epoch = "e";
  view.offset = 5;
  view.live_offset = 9;
  view.delta = true;
  view.cols = 80;
  view.rows = 24;
  EXPECT_EQ(render_attached(view),
            R"({"type":"attached","stream":1,"session":"s","epoch":"e","offset":5,)"
            R"("live_offset":9,"how":"delta","reason":null,"mode":"control","cols":80,"rows":24,)"
            R"("holder":null})");
  view.delta = false;
  view.reason = wire::snapshot_reason::fell_behind;
  EXPECT_NE(render_attached(view).find(R"("how":"snapshot","reason":"fell_behind")"),
            std::string::npos);
}

TEST(ws_messages, errors_name_code_message_and_correlation) {
  EXPECT_EQ(render_error(4, {request_error::no_such_stream, "4"}, "abc"),
            R"({"type":"error","stream":4,"code":"no-such-stream",)"
            R"("message":"There is no stream with this number: 4","correlation_id":"abc"})");
}

} // namespace
} // namespace roost::connection
