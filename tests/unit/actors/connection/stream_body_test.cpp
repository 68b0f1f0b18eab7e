#include "actors/connection/stream_body.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace roost::connection {
namespace {

class stream_body_test : public testing::Test {
protected:
  using event = stream_body::event;

  std::vector<event> woken() {
    io.restart();
    io.poll();
    return std::exchange(events, {});
  }

  boost::asio::io_context io;
  std::vector<event> events;
  std::shared_ptr<stream_body> body = std::make_shared<stream_body>(
      io.get_executor(), 10, [this](event what) { events.push_back(what); });
};

TEST_F(stream_body_test, one_wake_is_enough_until_everything_was_taken) {
  EXPECT_TRUE(body->write("ab"));
  EXPECT_TRUE(body->write("cd"));
  EXPECT_EQ(woken(), std::vector<event>{event::ready});
  EXPECT_EQ(body->take().bytes, "abcd");
  EXPECT_TRUE(body->write("ef"));
  EXPECT_TRUE(woken().empty());
  body->sent();
  EXPECT_EQ(body->take().bytes, "ef");
  body->sent();
  EXPECT_TRUE(body->take().bytes.empty());
  EXPECT_TRUE(body->write("g"));
  EXPECT_EQ(woken(), std::vector<event>{event::ready});
}

TEST_F(stream_body_test, what_the_socket_has_not_taken_counts_against_the_bound) {
  EXPECT_TRUE(body->write("12345"));
  body->take();
  EXPECT_TRUE(body->write("67890"));
  EXPECT_FALSE(body->write("x"));
  EXPECT_EQ(woken(), (std::vector<event>{event::ready, event::overflow}));
  EXPECT_FALSE(body->write(""));
}

TEST_F(stream_body_test, room_comes_back_when_bytes_were_sent) {
  EXPECT_TRUE(body->write("1234567890"));
  body->take();
  body->sent();
  EXPECT_TRUE(body->write("1234567890"));
}

TEST_F(stream_body_test, a_writer_is_told_when_all_of_it_was_sent) {
  int told = 0;
  const auto tell = [&] { ++told; };
  body->when_empty(tell);
  EXPECT_EQ(told, 0); // never from inside
  woken();
  EXPECT_EQ(told, 1);
  EXPECT_TRUE(body->write("ab"));
  body->when_empty(tell);
  body->take();
  EXPECT_TRUE(body->write("cd"));
  body->sent();
  woken();
  EXPECT_EQ(told, 1); // more waits
  body->take();
  body->sent();
  woken();
  EXPECT_EQ(told, 2);
  body->sent();
  woken();
  EXPECT_EQ(told, 2);
}

TEST_F(stream_body_test, a_writer_that_waits_is_told_of_the_end) {
  int told = 0;
  EXPECT_TRUE(body->write("ab"));
  body->when_empty([&] { ++told; });
  body->end();
  woken();
  EXPECT_EQ(told, 1);
  body->when_empty([&] { ++told; });
  woken();
  EXPECT_EQ(told, 2);
}

TEST_F(stream_body_test, a_writer_may_break_it_off) {
  body->abort();
  body->abort();
  EXPECT_EQ(woken(), std::vector<event>{event::overflow});
  EXPECT_FALSE(body->write("a"));
}

TEST_F(stream_body_test, the_end_comes_after_the_bytes_and_once) {
  EXPECT_TRUE(body->write("ab"));
  body->close();
  body->close();
  EXPECT_FALSE(body->write("c"));
  EXPECT_EQ(woken(), std::vector<event>{event::ready});
  const auto last = body->take();
  EXPECT_EQ(last.bytes, "ab");
  EXPECT_TRUE(last.is_end);
  EXPECT_FALSE(body->take().is_end);
}

TEST_F(stream_body_test, letting_go_of_the_writer_ends_the_stream) {
  auto writer = stream_body::make_writer(body);
  EXPECT_TRUE(writer->write("ab"));
  writer.reset();
  EXPECT_TRUE(body->take().is_end);
}

TEST_F(stream_body_test, nothing_wakes_once_the_client_is_gone) {
  body->end();
  EXPECT_FALSE(body->write("ab"));
  body->close();
  EXPECT_TRUE(woken().empty());
}

} // namespace
} // namespace roost::connection
