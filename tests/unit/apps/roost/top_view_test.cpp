#include "apps/roost/top_view.hpp"

#include <boost/json/parse.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace roost::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

boost::json::array sessions() {
  return boost::json::parse(R"([
    {"id":"idle","title":"shell","state":"running","cwd":"/start","sandbox":"none",
     "usage":{"cpu_percent":0.1,"cpu_ms":5,"memory_bytes":2097152,"processes":1,
              "foreground":"bash","cwd":"/home/ada","at":"2026-01-31T12:00:00.000Z"}},
    {"id":"over","title":"done","state":"exited","exit_status":0,"usage":null},
    {"id":"dark","title":"unknown","state":"starting","cwd":"/start","sandbox":"strict","usage":null},
    {"id":"busy","title":"build","state":"running","cwd":"/start","sandbox":"none",
     "usage":{"cpu_percent":103,"cpu_ms":5000,"memory_bytes":1288490189,"processes":14,
              "foreground":"make","cwd":"/src","at":"2026-01-31T12:00:00.000Z"}},
    {"id":"odd","state":"running"}, "no session"])")
      .as_array();
}

TEST(top_view, the_busiest_comes_first_and_ended_ones_are_left_out) {
  std::vector<std::string> ids;
  for (const auto& session : busiest_first(sessions()))
    ids.emplace_back(session.at("id").as_string());
  EXPECT_EQ(ids, (std::vector<std::string>{"busy", "idle", "dark", "odd"}));
  EXPECT_TRUE(busiest_first({}).empty());
}

TEST(top_view, a_row_per_session) {
  const auto text = top_table(busiest_first(sessions()), colour::off, 0, 0, {});
  EXPECT_THAT(text, HasSubstr("ID    TITLE    STATE       CPU%        MEM  PROCS  FOREGROUND"));
  EXPECT_THAT(text,
              HasSubstr("busy  build    running    103.0    1.2 GiB     14  make        /src"));
  EXPECT_THAT(text, HasSubstr("dark  unknown  starting       -          -      -"));
  EXPECT_THAT(text, HasSubstr("/start     strict"));
}

TEST(top_view, few_lines_say_how_many_are_missing) {
  const auto text = top_table(busiest_first(sessions()), colour::off, 0, 3, {});
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 4);
  EXPECT_THAT(text, HasSubstr("and 2 more\n"));
  EXPECT_THAT(top_table(busiest_first(sessions()), colour::off, 0, 4, {}), Not(HasSubstr("more")));
}

TEST(top_view, what_programs_say_cannot_drive_the_terminal) {
  auto list = sessions();
  auto& hostile = list[0].as_object();
  hostile["title"] = "\x1b]0;x\x07" + std::string(200, 't');
  hostile["usage"].as_object()["foreground"] = "a\nb\x1b[2J";
  hostile["usage"].as_object()["cwd"] = std::string(500, 'd') + "/end\x9b";
  const auto text = top_table(busiest_first(list), colour::off, 0, 0, {});
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 5);
  EXPECT_THAT(text, HasSubstr("/end"));
  EXPECT_THAT(text, Not(HasSubstr(std::string(40, 'd'))));
}

TEST(top_view, sums) {
  EXPECT_EQ(top_summary(busiest_first(sessions())),
            "4 sessions, 15 processes, CPU 103.1%, 1.2 GiB");
  EXPECT_EQ(top_summary({}), "0 sessions, 0 processes, CPU 0.0%, 0 B");
}

TEST(top_view, memory) {
  EXPECT_EQ(memory_text(512), "512 B");
  EXPECT_EQ(memory_text(1536), "1.5 KiB");
  EXPECT_EQ(memory_text(300.0 * 1024 * 1024), "300 MiB");
}

TEST(top_view, the_end_of_a_path) {
  EXPECT_EQ(cut_start_to_width("/a/b", 4), "/a/b");
  EXPECT_EQ(cut_start_to_width("/abc/def", 5), "…/def");
  EXPECT_EQ(cut_start_to_width("/漢字", 4), "…字");
  EXPECT_EQ(cut_start_to_width("/abc", 0), "");
}

} // namespace
} // namespace roost::cli
