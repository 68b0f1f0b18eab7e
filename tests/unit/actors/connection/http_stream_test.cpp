#include "tests/unit/actors/connection/server_fixture.hpp"

#include "actors/connection/problem.hpp"

#include <boost/asio/post.hpp>
#include <boost/json/parse.hpp>

#include <sys/socket.h>

#include <atomic>

namespace roost::connection {
namespace {

using namespace std::chrono_literals;
using test::eventually;
using test::http_client;
using test::http_request_text;

class http_stream_test : public test::server_fixture {};

std::string problem_of(const test::http_answer& answer) {
  if (answer.header("content-type") != "application/problem+json")
    return "not a problem: " + answer.body;
  const auto type = std::string(boost::json::parse(answer.body).as_object().at("type").as_string());
  return type.substr(type.rfind('/') + 1);
}

TEST_F(http_stream_test, a_request_is_answered) {
  start();
  auto client = connect();
  const auto answer = client.exchange(get("/api/v1/a%20b"));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "GET /api/v1/a b tester ");
  EXPECT_EQ(answer.header("x-correlation-id").size(), 32U);
  EXPECT_EQ(answer.header("x-content-type-options"), "nosniff");
  EXPECT_TRUE(client.is_open());
}

TEST_F(http_stream_test, an_incoming_trace_goes_on) {
  start();
  auto client = connect();
  const auto answer = client.exchange(http_request_text(
      "GET", "/api/v1/x",
      "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n"));
  EXPECT_EQ(answer.status, 401);
  EXPECT_EQ(answer.header("x-correlation-id"), "0af7651916cd43dd8448eb211c80319c");
  EXPECT_NE(answer.body.find("0af7651916cd43dd8448eb211c80319c"), std::string::npos);
}

TEST_F(http_stream_test, pipelined_requests_are_answered_in_order) {
  // Later requests have faster answers.
  std::vector<std::jthread> late;
  std::mutex mutex;
  api = [&](http_request request, responder answer) {
    const auto number = std::stoi(request.path.substr(8));
    const std::lock_guard lock(mutex);
    late.emplace_back([number, answer] {
      for (volatile int spin = (20 - number) * 1000; spin > 0;)
        spin = spin - 1;
      answer.send({200, {}, std::to_string(number)});
    });
  };
  start();
  auto client = connect();
  std::string all;
  for (int i = 0; i < 20; ++i)
    all += get("/api/v1/" + std::to_string(i));
  client.send(all);
  for (int i = 0; i < 20; ++i)
    EXPECT_EQ(client.receive().body, std::to_string(i));
  const std::lock_guard lock(mutex);
  late.clear();
}

TEST_F(http_stream_test, many_pipelined_requests_do_not_pile_up) {
  start();
  auto client = connect();
  std::string all;
  for (int i = 0; i < 900; ++i)
    all += get("/api/v1/" + std::to_string(i));
  std::jthread sender([&] { client.send(all); });
  for (int i = 0; i < 900; ++i)
    ASSERT_EQ(client.receive().body, "GET /api/v1/" + std::to_string(i) + " tester ");
}

// A client may have its answer, and have asked again, before the server knows that it was written.
TEST_F(http_stream_test, requests_that_come_while_an_answer_is_written_are_kept_apart) {
  start();
  auto client = connect();
  for (int i = 0; i < 3000; ++i) {
    const auto path =
        "/api/v1/" + std::string(static_cast<std::size_t>(i % 7 * 40), 'x') + std::to_string(i);
    ASSERT_EQ(client.exchange(get(path)).body, "GET " + path + " tester ");
    if (i % 900 == 899)
      client = connect();
  }
}

TEST_F(http_stream_test, head_has_the_headers_of_get_and_no_body) {
  start();
  auto client = connect();
  const auto body = client.exchange(get("/api/v1/x")).body;
  client.send(http_request_text("HEAD", "/api/v1/x", bearer()));
  const auto answer = client.receive(true);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("content-length"), std::to_string(body.size()));
  EXPECT_EQ(client.exchange(get("/api/v1/x")).body, body);
}

TEST_F(http_stream_test, http_10_closes_unless_asked_to_stay) {
  start();
  auto client = connect();
  const auto first = client.exchange("GET / HTTP/1.0\r\nHost: localhost\r\n"
                                     "Connection: keep-alive\r\n\r\n");
  EXPECT_EQ(first.header("connection"), "keep-alive");
  const auto last = client.exchange("GET / HTTP/1.0\r\nHost: localhost\r\n\r\n");
  EXPECT_EQ(last.status, 200);
  EXPECT_EQ(last.header("connection"), "close");
  EXPECT_TRUE(client.is_closed_within());
}

TEST_F(http_stream_test, a_connection_ends_after_its_number_of_requests) {
  limits.max_requests = 3;
  start();
  auto client = connect();
  EXPECT_EQ(client.exchange(get("/api/v1/x")).header("connection"), "");
  EXPECT_EQ(client.exchange(get("/api/v1/x")).header("connection"), "");
  EXPECT_EQ(client.exchange(get("/api/v1/x")).header("connection"), "close");
  EXPECT_TRUE(client.is_closed_within());
}

TEST_F(http_stream_test, an_idle_connection_is_closed) {
  limits.keep_alive = 50ms;
  start();
  auto client = connect();
  EXPECT_EQ(client.exchange(get("/api/v1/x")).status, 200);
  EXPECT_TRUE(client.is_closed_within());
}

TEST_F(http_stream_test, a_slow_header_has_an_absolute_deadline) {
  settings.connections.handshake_timeout = 300ms;
  start();
  auto client = connect();
  const auto begin = std::chrono::steady_clock::now();
  // A byte every 20 ms is progress for ever to anything but an absolute deadline.
  bool is_closed = false;
  for (const char c : get("/api/v1/" + std::string(4000, 'x'))) {
    if (!client.send(std::string_view(&c, 1)) || client.is_closed_within(20ms)) {
      is_closed = true;
      break;
    }
  }
  EXPECT_TRUE(is_closed);
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 290ms);
  EXPECT_TRUE(has_no_connection());
}

TEST_F(http_stream_test, a_silent_client_is_closed) {
  settings.connections.handshake_timeout = 50ms;
  start();
  auto client = connect();
  EXPECT_TRUE(client.is_closed_within());
}

TEST_F(http_stream_test, giant_headers_are_refused) {
  start();
  auto one = connect();
  one.send("GET / HTTP/1.1\r\nHost: localhost\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n");
  EXPECT_EQ(problem_of(one.receive()), "headers-too-large");
  EXPECT_TRUE(one.is_closed_within());

  auto many = connect();
  std::string text = "GET / HTTP/1.1\r\nHost: localhost\r\n";
  for (int i = 0; i < 2000; ++i)
    text += "X-" + std::to_string(i) + ": y\r\n";
  many.send(text + "\r\n");
  EXPECT_EQ(problem_of(many.receive()), "headers-too-large");

  auto endless = connect();
  endless.send("GET /" + std::string(40'000, 'x'));
  EXPECT_EQ(problem_of(endless.receive()), "headers-too-large");
}

TEST_F(http_stream_test, what_is_not_http_is_refused) {
  start();
  for (const auto* text :
       {"hello\r\n\r\n", "GET / HTTP/3.0\r\nHost: localhost\r\n\r\n",
        "GET http://localhost/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\nBad Name: x\r\n\r\n",
        "GET /../x HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n"
        "Transfer-Encoding: chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"}) {
    auto client = connect();
    const auto answer = client.exchange(text);
    EXPECT_EQ(answer.status, 400) << text << answer.body;
    EXPECT_EQ(problem_of(answer), "bad-request") << text;
  }
}

TEST_F(http_stream_test, a_body_arrives_whole_by_length_and_in_chunks) {
  start();
  auto client = connect();
  const std::string body(300'000, 'b');
  EXPECT_EQ(client.exchange(http_request_text("POST", "/api/v1/x", bearer(), body)).body,
            "POST /api/v1/x tester " + body);
  client.send(http_request_text("POST", "/api/v1/x", bearer() + "Transfer-Encoding: chunked\r\n"));
  client.send("3\r\nabc\r\n");
  client.send("5;ext=1\r\ndefgh\r\n0\r\n\r\n");
  EXPECT_EQ(client.receive().body, "POST /api/v1/x tester abcdefgh");
}

TEST_F(http_stream_test, a_body_over_its_bound_is_refused_before_it_is_read) {
  start();
  auto announced = connect();
  announced.send(http_request_text("POST", "/api/v1/x", bearer() + "Content-Length: 1048577\r\n"));
  EXPECT_EQ(problem_of(announced.receive()), "body-too-large");

  auto chunked = connect();
  chunked.send(http_request_text("POST", "/api/v1/x", bearer() + "Transfer-Encoding: chunked\r\n"));
  const std::string piece = "10000\r\n" + std::string(0x10000, 'x') + "\r\n";
  for (int i = 0; i < 17; ++i)
    chunked.send(piece);
  EXPECT_EQ(problem_of(chunked.receive()), "body-too-large");

  auto input = connect();
  const auto accepted = input.exchange(http_request_text("POST", "/api/v1/sessions/s1/input",
                                                         bearer(), std::string(2'000'000, 'x')));
  EXPECT_EQ(accepted.status, 200);
}

TEST_F(http_stream_test, what_surrounds_a_body_is_bounded_too) {
  start();
  const auto chunked = http_request_text("POST", "/login", "Transfer-Encoding: chunked\r\n");
  auto extension = connect();
  extension.send(chunked + "1;x=" + std::string(200'000, 'x'));
  EXPECT_EQ(problem_of(extension.receive()), "bad-request");

  auto trailers = connect();
  trailers.send(chunked + "1\r\n{\r\n0\r\n");
  for (int i = 0; i < 2000; ++i)
    trailers.send("X-" + std::to_string(i) + ": y\r\n");
  EXPECT_EQ(problem_of(trailers.receive()), "bad-request");

  auto crumbs = connect();
  std::string text = chunked;
  for (int i = 0; i < 4096; ++i)
    text += "1\r\nx\r\n";
  crumbs.send(text + "1\r\nx\r\n0\r\n\r\n");
  EXPECT_EQ(problem_of(crumbs.receive()), "body-too-large");
}

TEST_F(http_stream_test, a_refusal_reaches_a_client_that_is_still_sending) {
  start();
  auto client = connect();
  std::jthread sender([&] {
    client.send(http_request_text("POST", "/api/v1/x", "Content-Length: 900000\r\n") +
                std::string(900'000, 'x'));
  });
  const auto answer = client.receive();
  EXPECT_EQ(answer.status, 401);
  EXPECT_EQ(answer.header("connection"), "close");
}

TEST_F(http_stream_test, a_slow_body_has_a_deadline) {
  limits.body_timeout = 50ms;
  start();
  auto client = connect();
  client.send(http_request_text("POST", "/api/v1/x", bearer() + "Content-Length: 10\r\n") + "abc");
  EXPECT_TRUE(client.is_closed_within());
}

TEST_F(http_stream_test, a_client_that_waits_for_100_gets_it_or_the_refusal) {
  start();
  auto client = connect();
  client.send(http_request_text("POST", "/api/v1/x",
                                bearer() + "Expect: 100-continue\r\nContent-Length: 3\r\n"));
  EXPECT_EQ(client.receive().status, 100);
  client.send("abc");
  EXPECT_EQ(client.receive().body, "POST /api/v1/x tester abc");

  auto refused = connect();
  refused.send(
      http_request_text("POST", "/api/v1/x", "Expect: 100-continue\r\nContent-Length: 3\r\n"));
  EXPECT_EQ(refused.receive().status, 401);
}

TEST_F(http_stream_test, a_client_that_finished_sending_still_gets_its_answer) {
  std::optional<responder> kept;
  std::mutex mutex;
  api = [&](const http_request&, const responder& answer) {
    const std::lock_guard lock(mutex);
    kept = answer;
  };
  start();
  auto client = connect();
  client.send(get("/api/v1/x"));
  client.finish_sending();
  ASSERT_TRUE(eventually([&] {
    const std::lock_guard lock(mutex);
    return kept.has_value();
  }));
  kept->send({200, {}, "late"});
  EXPECT_EQ(client.receive().body, "late");
  EXPECT_TRUE(client.is_closed_within());
  EXPECT_TRUE(has_no_connection());
}

TEST_F(http_stream_test, a_local_client_that_left_is_noticed_while_its_answer_is_prepared) {
  std::optional<responder> kept;
  std::mutex mutex;
  api = [&](const http_request&, const responder& answer) {
    const std::lock_guard lock(mutex);
    kept = answer;
  };
  start();
  auto client = connect_unix();
  client.send(get("/api/v1/x"));
  ASSERT_TRUE(eventually([&] {
    const std::lock_guard lock(mutex);
    return kept.has_value();
  }));
  client.close();
  EXPECT_TRUE(has_no_connection());
  kept->send({});
  kept.reset();
}

TEST_F(http_stream_test, a_request_that_nobody_answers_is_an_error) {
  api = [](const http_request&, const responder&) {};
  start();
  auto client = connect();
  const auto answer = client.exchange(get("/api/v1/x"));
  EXPECT_EQ(problem_of(answer), "internal");
  EXPECT_NE(answer.body.find(answer.header("x-correlation-id")), std::string::npos);
}

TEST_F(http_stream_test, a_client_that_never_reads_is_cut) {
  settings.connections.write_timeout = 100ms;
  api = [](const http_request&, const responder& answer) {
    answer.send({200, {}, std::string(std::size_t{64} << 20, 'x')});
  };
  start();
  auto client = connect();
  client.send(get("/api/v1/x"));
  EXPECT_TRUE(eventually([&] { return places() == 1; }));
  EXPECT_TRUE(has_no_connection());
}

TEST_F(http_stream_test, a_slow_reader_is_not_cut_while_it_makes_progress) {
  settings.connections.write_timeout = 400ms;
  const std::size_t size = std::size_t{12} << 20;
  api = [=](const http_request&, const responder& answer) {
    answer.send({200, {}, std::string(size, 'x')});
  };
  start();
  auto client = connect();
  client.send(get("/api/v1/x"));
  std::size_t got = 0;
  std::vector<char> piece(512 * 1024);
  // The whole takes several write_timeouts; each pause is well under one.
  const auto begin = std::chrono::steady_clock::now();
  while (got < size) {
    EXPECT_FALSE(eventually([] { return false; }, 50ms));
    const auto n = ::recv(client.fd(), piece.data(), piece.size(), 0);
    ASSERT_GT(n, 0) << got;
    got += static_cast<std::size_t>(n);
  }
  EXPECT_GT(std::chrono::steady_clock::now() - begin, 800ms);
}

} // namespace
} // namespace roost::connection
