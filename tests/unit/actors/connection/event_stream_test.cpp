#include "tests/unit/actors/connection/server_fixture.hpp"

namespace roost::connection {
namespace {

using namespace std::chrono_literals;
using test::eventually;
using test::http_request_text;

/// A handler that opens a stream for every request and keeps it.
class event_stream_test : public test::server_fixture {
protected:
  event_stream_test() {
    api = [this](const http_request&, const responder& answer) {
      http_response head;
      head.headers = {{"Content-Type", "text/event-stream"}};
      head.body = ": hello\n\n";
      auto opened = answer.start_stream(std::move(head), [this] { ++closed; });
      const std::lock_guard lock(mutex);
      stream = std::move(opened);
    };
  }
  ~event_stream_test() override { stop(); }

  bool write(std::string bytes) {
    const std::lock_guard lock(mutex);
    return stream->write(std::move(bytes));
  }
  void open(test::http_client& client) {
    client.send(get("/api/v1/events"));
    ASSERT_TRUE(client.receive_until(": hello\n\n"));
    ASSERT_TRUE(eventually([&] {
      const std::lock_guard lock(mutex);
      return stream.has_value();
    }));
  }
  [[nodiscard]] bool is_closed_once() const {
    return eventually([&] { return closed == 1; }) && has_no_connection() && closed == 1;
  }

  std::mutex mutex;
  std::optional<event_stream> stream;
  std::atomic<int> closed{0};
};

TEST_F(event_stream_test, pieces_arrive_as_they_are_written) {
  start();
  auto client = connect();
  open(client);
  EXPECT_TRUE(write("data: 1\n\n"));
  EXPECT_TRUE(client.receive_until("9\r\ndata: 1\n\n\r\n"));
  EXPECT_TRUE(write("data: 2\n\n"));
  EXPECT_TRUE(client.receive_until("data: 2\n\n\r\n"));
  EXPECT_EQ(closed, 0);
}

TEST_F(event_stream_test, the_handler_ends_it) {
  start();
  auto client = connect();
  open(client);
  EXPECT_TRUE(write("data: 1\n\n"));
  stream->close();
  EXPECT_TRUE(client.receive_until("data: 1\n\n\r\n0\r\n\r\n"));
  client.close();
  EXPECT_TRUE(is_closed_once());
  EXPECT_FALSE(write("more"));
}

TEST_F(event_stream_test, letting_go_of_it_ends_it) {
  start();
  auto client = connect();
  open(client);
  {
    const std::lock_guard lock(mutex);
    stream.reset();
  }
  EXPECT_TRUE(client.receive_until("0\r\n\r\n"));
  client.close();
  EXPECT_TRUE(is_closed_once());
}

TEST_F(event_stream_test, the_client_leaves) {
  start();
  auto client = connect();
  open(client);
  client.close();
  EXPECT_TRUE(is_closed_once());
  EXPECT_FALSE(write("more"));
}

TEST_F(event_stream_test, a_client_that_never_reads_costs_its_bound_and_is_cut) {
  limits.stream_queue = 64 * 1024;
  start();
  auto client = connect();
  open(client);
  std::size_t taken = 0;
  // The kernel's buffers take some; then the queue fills, and the next write fails.
  while (write(std::string(16 * 1024, 'x'))) {
    taken += 16 * 1024;
    ASSERT_LT(taken, std::size_t{256} << 20);
  }
  EXPECT_TRUE(is_closed_once());
  EXPECT_FALSE(write("x"));
}

TEST_F(event_stream_test, a_client_that_stopped_reading_is_cut_without_more_writes) {
  settings.connections.write_timeout = 100ms;
  limits.stream_queue = std::size_t{64} << 20;
  start();
  auto client = connect();
  open(client);
  EXPECT_TRUE(write(std::string(std::size_t{32} << 20, 'x')));
  EXPECT_TRUE(is_closed_once());
}

TEST_F(event_stream_test, http_10_reads_until_the_end) {
  start();
  auto client = connect();
  client.send("GET /api/v1/events HTTP/1.0\r\nHost: localhost\r\n" + bearer() + "\r\n");
  ASSERT_TRUE(client.receive_until("\r\n\r\n: hello\n\n"));
  EXPECT_TRUE(write("data: 1\n\n"));
  stream->close();
  EXPECT_EQ(client.receive_until("data: 1\n\n"), "data: 1\n\n");
  EXPECT_TRUE(client.is_closed_within());
}

TEST_F(event_stream_test, head_gets_the_head_only) {
  start();
  auto client = connect();
  client.send(http_request_text("HEAD", "/api/v1/events", bearer()));
  EXPECT_EQ(client.receive(true).header("content-type"), "text/event-stream");
  EXPECT_TRUE(client.is_closed_within());
  EXPECT_TRUE(is_closed_once());
}

TEST_F(event_stream_test, draining_ends_it_politely) {
  start();
  auto client = connect();
  open(client);
  std::atomic<bool> is_done{false};
  server_->drain(20s, [&] { is_done = true; });
  EXPECT_TRUE(client.receive_until("0\r\n\r\n"));
  client.close();
  EXPECT_TRUE(eventually([&] { return is_done.load(); }));
  EXPECT_TRUE(is_closed_once());
}

TEST_F(event_stream_test, stopping_closes_it) {
  start();
  auto client = connect();
  open(client);
  server_->stop();
  EXPECT_TRUE(is_closed_once());
}

} // namespace
} // namespace roost::connection
