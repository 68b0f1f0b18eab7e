#include "apps/roost/viewer_stream.hpp"

#include <gtest/gtest.h>

#include "tests/support/seeded_random.hpp"

namespace roost::cli {
namespace {

struct shown {
  std::string passed; ///< bytes whose queries may be answered
  std::string all;
  std::uint64_t end = 0;

  viewer_stream::sink sink() {
    return [this](std::string_view bytes, queries mode, std::uint64_t at) {
      all += bytes;
      if (mode == queries::pass)
        passed += bytes;
      end = at;
    };
  }
};

wire::output_frame frame(std::uint64_t offset, std::string_view bytes) {
  return {1, offset, bytes};
}

TEST(viewer_stream, only_the_holders_live_bytes_may_be_answered) {
  viewer_stream stream;
  shown screen;
  stream.attached({{"e", 10}, 14, true});
  EXPECT_EQ(stream.output(frame(10, "replaylive"), screen.sink()), frame_verdict::taken);
  EXPECT_EQ(screen.all, "replaylive");
  EXPECT_EQ(screen.passed, "aylive");
  EXPECT_EQ(screen.end, 20U);
  stream.holder_changed(false);
  EXPECT_EQ(stream.output(frame(20, "x"), screen.sink()), frame_verdict::taken);
  EXPECT_EQ(screen.passed, "aylive");
}

TEST(viewer_stream, resumes_after_what_was_received) {
  viewer_stream stream;
  shown screen;
  EXPECT_FALSE(stream.position());
  stream.attached({{"e", 0}, 0, true});
  (void)stream.output(frame(0, "abcdef"), screen.sink());
  stream.disconnected();
  EXPECT_EQ(stream.position(), (stream_position{"e", 6}));
  stream.attached({{"e", 4}, 8, true});
  EXPECT_EQ(stream.output(frame(4, "efgh"), screen.sink()), frame_verdict::taken);
  EXPECT_EQ(screen.all, "abcdefgh") << "nothing twice";
}

TEST(viewer_stream, a_gap_is_noticed_and_nothing_is_drawn_until_the_snapshot) {
  viewer_stream stream;
  shown screen;
  stream.attached({{"e", 0}, 0, true});
  EXPECT_EQ(stream.output(frame(5, "x"), screen.sink()), frame_verdict::gap);
  stream.expect_snapshot();
  EXPECT_EQ(stream.output(frame(6, "y"), screen.sink()), frame_verdict::taken);
  EXPECT_EQ(screen.all, "");
  stream.snapshot({1, 7, wire::snapshot_reason::refresh, "picture"});
  EXPECT_EQ(stream.output(frame(7, "z"), screen.sink()), frame_verdict::taken);
  EXPECT_EQ(screen.all, "z");
}

TEST(viewer_stream, a_break_before_the_snapshot_leaves_no_place_to_resume_from) {
  viewer_stream stream;
  shown screen;
  stream.attached({{"e", 7}, 7, true});
  stream.expect_snapshot();
  stream.disconnected();
  EXPECT_FALSE(stream.position()) << "the screen before 7 was never drawn";
  stream.attached({{"e", 9}, 9, true});
  stream.expect_snapshot();
  stream.snapshot({1, 9, wire::snapshot_reason::first_attach, "picture"});
  stream.disconnected();
  EXPECT_EQ(stream.position(), (stream_position{"e", 9}));
}

TEST(viewer_stream, another_epoch_starts_over) {
  viewer_stream stream;
  shown screen;
  stream.attached({{"e", 0}, 0, true});
  (void)stream.output(frame(0, "abc"), screen.sink());
  stream.attached({{"f", 1}, 1, true});
  stream.expect_snapshot();
  stream.snapshot({1, 1, wire::snapshot_reason::epoch_changed, ""});
  (void)stream.output(frame(1, "x"), screen.sink());
  EXPECT_EQ(stream.position(), (stream_position{"f", 2}));
  EXPECT_EQ(screen.all, "abcx");
}

TEST(viewer_stream, acknowledges_what_is_written_and_not_what_came) {
  viewer_stream stream;
  shown screen;
  stream.attached({{"e", 100}, 100, true});
  (void)stream.output(frame(100, std::string(1000, 'x')), screen.sink());
  EXPECT_FALSE(stream.take_ack(1));
  stream.written(600);
  EXPECT_FALSE(stream.take_ack(501));
  EXPECT_EQ(stream.take_ack(500), 600U);
  EXPECT_FALSE(stream.take_ack(1));
  stream.written(1100);
  EXPECT_EQ(stream.take_ack(1), 1100U);
}

TEST(viewer_stream, a_new_connection_is_acknowledged_anew) {
  viewer_stream stream;
  shown screen;
  stream.attached({{"e", 0}, 0, true});
  (void)stream.output(frame(0, "abcdef"), screen.sink());
  stream.written(2);
  EXPECT_EQ(stream.take_ack(1), 2U);
  stream.disconnected();
  stream.attached({{"e", 6}, 6, true});
  EXPECT_FALSE(stream.take_ack(1)) << "the window of the new stream starts at 6";
  (void)stream.output(frame(6, "gh"), screen.sink());
  stream.written(6);
  EXPECT_FALSE(stream.take_ack(1));
  stream.written(8);
  EXPECT_EQ(stream.take_ack(1), 8U);
}

// Any schedule of frames, breaks and overlaps shows the output once and in order.
TEST(viewer_stream, random_schedules_lose_and_double_nothing) {
  const auto seed = test::pick_seed();
  ROOST_SEED_TRACE(seed);
  seeded_random random(seed);
  for (int round = 0; round < 300; ++round) {
    std::string program;
    for (int i = 0; i < 500; ++i)
      program += static_cast<char>('a' + random.between(0, 25));
    viewer_stream stream;
    shown screen;
    stream.attached({{"e", 0}, random.between(0, 500), true});
    std::uint64_t sent = 0;
    while (screen.all.size() < program.size()) {
      if (random.between(0, 9) == 0) {
        stream.disconnected();
        // The server may go back further than it was asked to.
        sent = stream.position()->offset -
               random.between(0, std::min<std::uint64_t>(20, stream.position()->offset));
        stream.attached({{"e", sent}, random.between(sent, 500), random.between(0, 1) == 0});
      }
      const auto size = random.between(1, 40);
      ASSERT_EQ(
          stream.output(frame(sent, std::string_view(program).substr(sent, size)), screen.sink()),
          frame_verdict::taken);
      sent = std::min<std::uint64_t>(sent + size, program.size());
    }
    ASSERT_EQ(screen.all, program);
  }
}

} // namespace
} // namespace roost::cli
