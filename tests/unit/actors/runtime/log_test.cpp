#include "actors/runtime/log.hpp"

#include <limits>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "actors/runtime/yaml_tree.hpp"

namespace roost::log {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

/// Collects lines instead of writing them, for the life of one test.
class log_test : public testing::Test {
protected:
  void start(settings wanted) {
    init(wanted, [this](std::string_view line) { lines.emplace_back(line); });
  }
  void TearDown() override { init(settings{}); }

  std::vector<std::string> lines;
};

logger terminal_logger() {
  context bound;
  bound.actor = "terminal/3f2a";
  bound.generation = 3;
  bound.session = "3f2a";
  bound.correlation = "4bf92f3577b34da6a3ce929d0e0e4736";
  return logger(bound);
}

TEST_F(log_test, a_text_line_reads_as_a_sentence_with_data) {
  start({});
  terminal_logger().warn("viewer fell behind, sending a snapshot", kv("viewer", "v 1"),
                         kv("lag_bytes", 12345), kv("held", true));
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_THAT(lines[0],
              HasSubstr("warn  terminal/3f2a#3: viewer fell behind, sending a snapshot viewer=\"v "
                        "1\" lag_bytes=12345 held=true session=3f2a "
                        "correlation_id=4bf92f3577b34da6a3ce929d0e0e4736\n"));
  EXPECT_EQ(lines[0].find("20"), 0U) << "starts with the date";
}

TEST_F(log_test, a_json_line_is_one_object_with_fixed_keys) {
  start({severity::info, layout::json});
  terminal_logger().error("disk \"full\"", kv("left", 0U), kv("ratio", 0.5),
                          kv("bad", std::numeric_limits<double>::infinity()),
                          kv("text", std::string("a\nb\x1b\xff")));
  ASSERT_EQ(lines.size(), 1U);
  // Every JSON text is YAML, so the tree can check it.
  const auto parsed = parse_yaml(lines[0]);
  ASSERT_TRUE(std::holds_alternative<yaml_node>(parsed)) << lines[0];
  std::vector<std::string> keys;
  for (const auto& member : std::get<yaml_node>(parsed).members)
    keys.push_back(member.key);
  EXPECT_THAT(keys, testing::ElementsAre("ts", "level", "actor", "generation", "session",
                                         "correlation_id", "msg", "fields"));
  EXPECT_THAT(lines[0],
              MatchesRegex("\\{\"ts\":\"[0-9-]+T[0-9:]+\\.[0-9]{6}Z\",\"level\":\"error\".*"
                           "\n"));
  EXPECT_THAT(lines[0],
              HasSubstr(R"("msg":"disk \"full\"","fields":{"left":0,"ratio":0.5,"bad":null,)"
                        "\"text\":\"a\\nb\\u001b\xef\xbf\xbd\"}}"));
}

TEST_F(log_test, the_level_changes_while_it_runs) {
  start({severity::warn, layout::text});
  const logger log;
  log.info("is not written");
  EXPECT_TRUE(lines.empty());
  set_level(severity::debug);
  EXPECT_EQ(current_level(), severity::debug);
  log.debug("is written");
  log.trace("is not written");
  EXPECT_EQ(lines.size(), 1U);
  set_level(severity::off);
  log.error("is not written");
  EXPECT_EQ(lines.size(), 1U);
}

TEST_F(log_test, nothing_in_a_line_can_end_it_or_act_on_a_terminal) {
  start({});
  const logger log;
  log.info("title set", kv("title", "x\n2026 error forged\x1b]0;owned\x07 \"q\""));
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0].find('\n'), lines[0].size() - 1);
  EXPECT_EQ(lines[0].find('\x1b'), std::string::npos);
  EXPECT_THAT(lines[0], HasSubstr("\\\"q\\\""));
}

TEST_F(log_test, credentials_are_never_written) {
  for (const auto format : {layout::text, layout::json}) {
    lines.clear();
    start({severity::info, format});
    const logger log;
    log.info("token=hunter2 in a sentence", kv("token", "hunter2"), kv("cookie", "a=hunter2"),
             kv("url", "http://127.0.0.1:7680/#token=hunter2"), kv("dsn", "pg://u:hunter2@h/d"));
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_EQ(lines[0].find("hunter2"), std::string::npos) << lines[0];
  }
}

TEST_F(log_test, long_values_are_cut) {
  start({});
  logger().info("x", kv("long", std::string(100'000, 'a')));
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_LT(lines[0].size(), 4096U);
  EXPECT_THAT(lines[0], HasSubstr("...(+97952 bytes)"));
}

TEST_F(log_test, lines_of_several_threads_stay_whole_and_are_counted) {
  start({});
  const auto before = written(severity::warn);
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([] {
        for (int k = 0; k < 250; ++k)
          terminal_logger().warn("one of many", kv("number", k));
      });
  }
  ASSERT_EQ(lines.size(), 1000U);
  for (const auto& line : lines)
    ASSERT_THAT(line, HasSubstr("one of many number="));
  EXPECT_EQ(written(severity::warn) - before, 1000U);
}

TEST_F(log_test, names_of_levels_and_formats_read_back) {
  for (const auto* name : {"trace", "debug", "info", "warn", "error", "off"})
    EXPECT_EQ(to_string(parse_severity(name).value()), name);
  EXPECT_FALSE(parse_severity("warning"));
  EXPECT_FALSE(parse_severity(""));
  EXPECT_EQ(parse_layout("json"), layout::json);
  EXPECT_FALSE(parse_layout("xml"));
}

} // namespace
} // namespace roost::log
