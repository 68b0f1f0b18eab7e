#include "actors/database/recording/asciicast.hpp"

#include "actors/runtime/text_escape.hpp"

#include "tests/support/seeded_random.hpp"
#include "tests/unit/actors/database/recording/samples.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

namespace roost::recording {
namespace {

using namespace test;
namespace json = boost::json;

/// The lines of events of a cast.
std::string events_as(asciicast_version version, const std::vector<chunk>& chunks) {
  asciicast_writer writer(version);
  (void)writer.begin({});
  std::string text;
  for (const auto& one : chunks) {
    auto lines = writer.add(one);
    EXPECT_TRUE(lines) << (lines ? "" : lines.error().detail);
    if (lines)
      text += *lines;
  }
  return text + writer.finish();
}

std::vector<chunk> one_chunk(chunk_writer& writer) {
  std::vector<chunk> chunks;
  chunks.push_back(writer.seal());
  return chunks;
}

TEST(asciicast, headers) {
  asciicast_header header{{90, 30},    "xterm-256color", wall(1500),
                          "vim \"a\"", "a \xff title",   {{"SHELL", "/bin/zsh"}}};
  EXPECT_EQ(asciicast_writer(asciicast_version::v3).begin(header),
            R"({"version":3,"term":{"cols":90,"rows":30,"type":"xterm-256color"},)"
            R"("timestamp":1700000001,"command":"vim \"a\"","title":"a )"
            "\xef\xbf\xbd"
            R"( title","env":{"SHELL":"/bin/zsh"}})"
            "\n");
  EXPECT_EQ(asciicast_writer(asciicast_version::v2).begin(header),
            R"({"version":2,"width":90,"height":30,)"
            R"("timestamp":1700000001,"command":"vim \"a\"","title":"a )"
            "\xef\xbf\xbd"
            R"( title","env":{"SHELL":"/bin/zsh","TERM":"xterm-256color"}})"
            "\n");
  EXPECT_EQ(asciicast_writer(asciicast_version::v2).begin({{80, 24}, "", wall(0), "", "", {}}),
            "{\"version\":2,\"width\":80,\"height\":24,\"timestamp\":1700000000}\n");
}

TEST(asciicast, events_of_both_versions) {
  chunk_writer writer(0, 0, {80, 24});
  writer.add_output(at(0), "a\x1b[1m\"\r\n");
  writer.add(at(248), resize{{90, 30}});
  writer.add(at(1248), marker{"here"});
  writer.add(at(1250), gap{5, gap_reason::rate});
  writer.add(at(1300), program_end{program_end::kind::status, 2});
  const auto chunks = one_chunk(writer);
  const std::string first = R"([0.000000,"o","a\u001b[1m\"\u000d\n"])"
                            "\n";
  EXPECT_EQ(events_as(asciicast_version::v3, chunks),
            first + "[0.248000,\"r\",\"90x30\"]\n[1.000000,\"m\",\"here\"]\n"
                    "[0.002000,\"m\",\"5 bytes were not recorded (too fast for the recording)\"]\n"
                    "[0.050000,\"x\",\"2\"]\n");
  EXPECT_EQ(events_as(asciicast_version::v2, chunks),
            first +
                "[0.248000,\"r\",\"90x30\"]\n[1.248000,\"m\",\"here\"]\n"
                "[1.250000,\"m\",\"5 bytes were not recorded (too fast for the recording)\"]\n");
}

TEST(asciicast, a_signal_is_a_status_and_an_end_in_the_middle_is_a_marker) {
  chunk_writer writer(0, 0, {80, 24});
  writer.add(at(0), program_end{program_end::kind::status, 1});
  writer.add_output(at(10), "again");
  writer.add(at(20), program_end{program_end::kind::signal, 9});
  EXPECT_EQ(events_as(asciicast_version::v3, one_chunk(writer)),
            "[0.010000,\"m\",\"the program ended with status 1\"]\n[0.000000,\"o\",\"again\"]\n"
            "[0.010000,\"x\",\"137\"]\n");
}

TEST(asciicast, a_character_that_is_cut_is_joined) {
  chunk_writer writer(0, 0, {80, 24});
  std::vector<chunk> chunks;
  writer.add_output(at(0), "a\xf0\x9f");
  writer.add(at(1), marker{"between"});
  chunks.push_back(writer.seal());
  writer.add_output(at(2), "\x98");
  writer.add_output(at(3), "\x80z\xe4");
  writer.add_output(at(4), "\xb8x\xc3");
  writer.add(at(5), gap{1, gap_reason::missing});
  writer.add_output(at(6), "\xa4\xff\xe4\xb8");
  chunks.push_back(writer.seal());
  const std::string bad = "\xef\xbf\xbd";
  EXPECT_EQ(events_as(asciicast_version::v2, chunks),
            "[0.000000,\"o\",\"a\"]\n[0.001000,\"m\",\"between\"]\n"
            "[0.003000,\"o\",\"\xf0\x9f\x98\x80z\"]\n"
            "[0.004000,\"o\",\"" +
                bad + bad +
                "x\"]\n"
                "[0.005000,\"o\",\"" +
                bad +
                "\"]\n"
                "[0.005000,\"m\",\"1 byte was not recorded (missing)\"]\n"
                "[0.006000,\"o\",\"" +
                bad + bad +
                "\"]\n"
                "[0.006000,\"o\",\"" +
                bad + bad + "\"]\n");
}

TEST(asciicast, time_never_goes_back) {
  chunk_writer writer(0, 0, {80, 24});
  std::vector<chunk> chunks;
  auto back = at(3000);
  back.wall -= std::chrono::hours(1);
  writer.add_output(at(0), "a");
  writer.add_output(at(2000), "b");
  chunks.push_back(writer.seal());
  writer.add_output(back, "c");
  back.steady += std::chrono::seconds(1);
  writer.add_output(back, "d");
  chunks.push_back(writer.seal());
  EXPECT_EQ(events_as(asciicast_version::v3, chunks),
            "[0.000000,\"o\",\"a\"]\n[2.000000,\"o\",\"b\"]\n"
            "[0.000000,\"o\",\"c\"]\n[1.000000,\"o\",\"d\"]\n");
  EXPECT_EQ(events_as(asciicast_version::v2, chunks),
            "[0.000000,\"o\",\"a\"]\n[2.000000,\"o\",\"b\"]\n"
            "[2.000000,\"o\",\"c\"]\n[3.000000,\"o\",\"d\"]\n");
}

TEST(asciicast, tells_of_chunks_that_are_missing_and_of_sizes) {
  chunk_writer first(0, 0, {80, 24});
  first.add_output(at(0), "abc");
  chunk_writer second(5, 10, {100, 24});
  second.add_output(at(1000), "def");
  std::vector<chunk> chunks;
  chunks.push_back(first.seal());
  chunks.push_back(second.seal());
  EXPECT_EQ(events_as(asciicast_version::v3, chunks),
            "[0.000000,\"o\",\"abc\"]\n[1.000000,\"m\",\"7 bytes were not recorded (missing)\"]\n"
            "[0.000000,\"r\",\"100x24\"]\n[0.000000,\"o\",\"def\"]\n");
}

TEST(asciicast, damage_is_told) {
  chunk_writer writer(0, 0, {80, 24});
  writer.add_output(at(0), "abc");
  auto damaged = writer.seal();
  damaged.blob.back() ^= 1;
  asciicast_writer tested(asciicast_version::v3);
  (void)tested.begin({});
  EXPECT_FALSE(tested.add(damaged));
}

TEST(asciicast, any_recording_is_valid_json_with_the_same_text_and_times) {
  const auto seed = roost::test::pick_seed();
  ROOST_SEED_TRACE(seed);
  seeded_random random(seed);
  for (int round = 0; round < 40; ++round) {
    chunk_writer writer(0, 0, {80, 24});
    std::vector<chunk> chunks;
    std::int64_t now = 0;
    std::string written;
    for (int i = 0; i < 200; ++i) {
      now += static_cast<std::int64_t>(random.between(0, 50));
      const auto text = random_output(random, random.between(1, 30));
      writer.add_output(at(now), text);
      written += text;
      if (random.between(0, 9) == 0)
        chunks.push_back(writer.seal());
    }
    if (!writer.empty())
      chunks.push_back(writer.seal());
    const auto end =
        static_cast<double>((chunks.back().ended_at - chunks.front().began_at).count()) / 1e6;
    for (const auto version : {asciicast_version::v2, asciicast_version::v3}) {
      std::istringstream lines(events_as(version, chunks));
      std::string joined;
      double time = 0;
      for (std::string line; std::getline(lines, line);) {
        boost::system::error_code error;
        const auto value = json::parse(line, error);
        ASSERT_FALSE(error) << line;
        const auto& row = value.as_array();
        ASSERT_EQ(row.size(), 3U);
        ASSERT_EQ(row[1].as_string(), "o");
        const auto given = row[0].as_double();
        ASSERT_GE(given, 0);
        time = version == asciicast_version::v3 ? time + given : given;
        joined += row[2].as_string();
      }
      // As if it had come in one piece.
      std::string expected;
      append_json(expected, written);
      std::string escaped;
      append_json(escaped, joined);
      ASSERT_EQ(escaped, expected);
      ASSERT_NEAR(time, end, 1e-6);
    }
  }
}

} // namespace
} // namespace roost::recording
