#include "actors/channel/transport/http_transport.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <filesystem>
#include <system_error>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "actors/terminal/pty/unique_fd.hpp"
#include "tests/unit/actors/channel/transport/http_server_script.hpp"
#include "tests/unit/actors/channel/transport/python_program.hpp"
#include "tests/unit/actors/channel/transport/transport_fixture.hpp"

namespace roost::channel {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

TEST(http_url_test, what_is_taken_and_what_is_not) {
  const auto plain = parse_http_url("http://helper.example/rpc?x=1");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->host, "helper.example");
  EXPECT_EQ(plain->port, "80");
  EXPECT_EQ(plain->target, "/rpc?x=1");
  EXPECT_EQ(plain->authority, "helper.example");
  const auto full = parse_http_url("http://[::1]:65535");
  ASSERT_TRUE(full);
  EXPECT_EQ(full->host, "::1");
  EXPECT_EQ(full->port, "65535");
  EXPECT_EQ(full->target, "/");
  EXPECT_EQ(full->authority, "[::1]:65535");
  EXPECT_EQ(parse_http_url("http://h?q")->target, "/?q");
  for (const auto* bad :
       {"", "h", "https://h/", "HTTP", "http://", "http:///x", "http://:80/", "http://h:/",
        "http://h:0/", "http://h:65536/", "http://h:8x/", "http://u:p@h/", "http://[::1/",
        "http://[::1]x/", "http://h/a b", "http://h/a\r\nX: y", "http://h/#f", "http://[]/"})
    EXPECT_FALSE(parse_http_url(bad)) << bad;
}

class http_transport_test : public transport_fixture {
protected:
  static constexpr std::uint64_t max_answer = std::uint64_t{1} << 20U;

  static void SetUpTestSuite() {
    const test::temp_folder home;
    server = std::make_unique<python_program>(home.file("server.py", http_server_script));
  }
  static void TearDownTestSuite() { server.reset(); }

  void begin_url(const std::string& url) {
    transport_config config;
    config.kind = transport_kind::http;
    config.url = url;
    begin(std::make_shared<http_transport>(io_, config, max_answer, "test"));
  }
  void begin_server(const std::string& path = "/rpc") {
    begin_url("http://127.0.0.1:" + server->first_line() + path);
  }

  static std::unique_ptr<python_program> server;
};

std::unique_ptr<python_program> http_transport_test::server;

TEST_F(http_transport_test, a_call_is_a_post_of_json) {
  begin_server("/rpc?a=b");
  EXPECT_FALSE(way_->view().is_up);
  const auto seen = boost::json::parse(ask("seen").value);
  EXPECT_EQ(seen.at("path").as_string(), "/rpc?a=b");
  EXPECT_EQ(seen.at("host").as_string(), "127.0.0.1:" + server->first_line());
  EXPECT_EQ(seen.at("type").as_string(), "application/json");
  EXPECT_EQ(seen.at("version").as_string(), "HTTP/1.1");
  EXPECT_EQ(ask("echo", "{\"a\":\n[1]}").value, R"({"a":[1]})");
  EXPECT_EQ(ask("chunked", "[\"in pieces\"]").value, "[\"in pieces\"]");
  EXPECT_EQ(ask("until_end", "[1]").value, "[1]");
  EXPECT_EQ(ask("big", "[1000000]").value.size(), 1'000'002U);
  const auto large = "[\"" + std::string(std::size_t{3} << 20U, 'x') + "\"]";
  EXPECT_EQ(ask("echo", large).kind, reply_kind::protocol) << "as much as it sent is too much";
  const auto got = ask("fail", R"({"code":-1,"message":"no","data":{"category":"busy"}})");
  EXPECT_EQ(got.kind, reply_kind::helper_error);
  EXPECT_EQ(got.code, -1);
  EXPECT_EQ(got.category, "busy");
  EXPECT_TRUE(way_->view().is_up);
  EXPECT_EQ(way_->view().queued_bytes, 0U);
}

TEST_F(http_transport_test, a_name_is_resolved) {
  begin_url("http://localhost:" + server->first_line());
  EXPECT_EQ(ask("echo", "[1]").value, "[1]");
}

TEST_F(http_transport_test, connections_are_kept_and_bounded) {
  begin_server();
  const auto before = std::stoi(ask("connections").value);
  for (int i = 0; i < 20; ++i)
    EXPECT_EQ(ask("echo").kind, reply_kind::value);
  EXPECT_EQ(std::stoi(ask("connections").value), before) << "one after another: one connection";
  EXPECT_EQ(way_->view().starts, 1U);
  std::vector<std::uint64_t> sent;
  for (int i = 0; i < 40; ++i)
    sent.push_back(send("echo", "[" + std::to_string(i) + "]"));
  for (std::size_t i = 0; i < sent.size(); ++i)
    EXPECT_EQ(wait(sent[i]).value, "[" + std::to_string(i) + "]");
  const auto starts = way_->view().starts;
  EXPECT_GT(starts, 1U);
  sent.clear();
  for (int i = 0; i < 30; ++i)
    sent.push_back(send("wait_gone", "[\"bounds\"]"));
  way_->cancel(sent.back());
  sent.pop_back();
  EXPECT_TRUE(comes([&] { return way_->view().starts >= starts + 20; }))
      << "30 at a time, of which 8 at most are on kept connections";
  const auto silent = send("silent", "[\"bounds\"]");
  EXPECT_EQ(ask("wait_came", "[\"bounds\"]").value, "true");
  way_->cancel(silent);
  for (const auto id : sent)
    EXPECT_EQ(wait(id).value, "true") << "the server sees the end of a cancelled request";
  EXPECT_FALSE(has_answer(silent));
}

TEST_F(http_transport_test, a_connection_is_not_kept_for_ever) {
  const auto sockets = [] {
    int count = 0;
    std::error_code gone; // a descriptor may be closed meanwhile
    for (const auto& one : std::filesystem::directory_iterator("/proc/self/fd"))
      count +=
          std::filesystem::read_symlink(one.path(), gone).string().starts_with("socket:") ? 1 : 0;
    return count;
  };
  const auto before = sockets();
  transport_config config;
  config.url = "http://127.0.0.1:" + server->first_line() + "/";
  begin(std::make_shared<http_transport>(io_, config, max_answer, "test", 200ms));
  EXPECT_EQ(ask("echo").kind, reply_kind::value);
  EXPECT_EQ(sockets(), before + 1);
  EXPECT_TRUE(comes([&] { return sockets() == before; }));
  EXPECT_EQ(ask("echo").kind, reply_kind::value);
  EXPECT_EQ(way_->view().starts, 2U);
}

TEST_F(http_transport_test, a_request_is_sent_once) {
  begin_server();
  EXPECT_EQ(ask("close_after").kind, reply_kind::value);
  EXPECT_EQ(ask("echo").kind, reply_kind::value) << "what ended while it was idle is not used";
  EXPECT_EQ(way_->view().starts, 2U);
  EXPECT_EQ(ask("close_if_used").kind, reply_kind::transport)
      << "it may have been carried out before the connection ended";
  EXPECT_EQ(way_->view().starts, 2U);
  EXPECT_EQ(ask("close_if_used").value, "\"fresh\"");
  EXPECT_EQ(way_->view().starts, 3U);
  EXPECT_EQ(ask("close").kind, reply_kind::transport);
  EXPECT_EQ(ask("echo").kind, reply_kind::value);
  EXPECT_EQ(ask("half").kind, reply_kind::transport);
  EXPECT_EQ(way_->view().starts, 4U);
  EXPECT_EQ(ask("reset").kind, reply_kind::transport);
  EXPECT_EQ(ask("more").kind, reply_kind::value);
  EXPECT_EQ(ask("echo", "[1]").value, "[1]") << "what follows an answer is not the next answer";
  EXPECT_EQ(way_->view().violations, 0U);
}

TEST_F(http_transport_test, statuses_and_bodies_are_judged) {
  begin_server();
  const std::pair<const char*, reply_kind> statuses[] = {
      {"[429]", reply_kind::overload},  {"[503]", reply_kind::overload},
      {"[500]", reply_kind::transport}, {"[502]", reply_kind::transport},
      {"[504]", reply_kind::transport}, {"[400]", reply_kind::protocol},
      {"[401]", reply_kind::protocol},  {"[404]", reply_kind::protocol},
      {"[302]", reply_kind::protocol},  {"[201]", reply_kind::protocol}};
  std::uint64_t violations = 0;
  for (const auto& [status, kind] : statuses) {
    const auto got = ask("status", status);
    EXPECT_EQ(got.kind, kind) << status;
    EXPECT_NE(got.detail, "");
    violations += kind == reply_kind::protocol ? 1 : 0;
  }
  for (const auto* body :
       {R"([""])", R"(["<html>"])", R"(["[]"])",
        R"(["{\"jsonrpc\":\"2.0\",\"id\":0,\"result\":1}"])",
        R"(["{\"jsonrpc\":\"2.0\",\"id\":\"x\",\"result\":1}"])",
        R"(["{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":1,\"message\":\"\"}}"])",
        R"(["{\"jsonrpc\":\"2.0\",\"method\":\"m\"}"])"}) {
    EXPECT_EQ(ask("raw", body).kind, reply_kind::protocol) << body;
    ++violations;
  }
  for (const auto* method : {"not_http", "long_header", "big_chunked"}) {
    EXPECT_EQ(ask(method).kind, reply_kind::protocol) << method;
    ++violations;
  }
  EXPECT_EQ(ask("big", "[1048577]").kind, reply_kind::protocol);
  EXPECT_EQ(way_->view().violations, violations + 1);
  EXPECT_EQ(ask("echo").kind, reply_kind::value);
}

TEST_F(http_transport_test, a_refusal_that_comes_before_the_request_is_read_counts) {
  begin_server("/early");
  EXPECT_EQ(ask("echo", "[1]").kind, reply_kind::overload);
}

TEST_F(http_transport_test, nobody_there_is_unavailable_at_once) {
  // Bound, so that nobody else has the port; not listening.
  const terminal::unique_fd place(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(place.get(), reinterpret_cast<const sockaddr*>(&address), size), 0);
  ASSERT_EQ(::getsockname(place.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  for (const auto& url : {"http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/",
                          std::string("http://no-such-host.invalid/"), std::string("https://h/")}) {
    begin_url(url);
    const auto got = ask("echo");
    EXPECT_EQ(got.kind, reply_kind::unavailable) << url;
    EXPECT_NE(got.detail, "");
    EXPECT_FALSE(way_->view().is_up);
    EXPECT_EQ(way_->view().queued_bytes, 0U);
    stop();
  }
}

TEST_F(http_transport_test, calls_are_bounded) {
  // A listener that never accepts: the kernel connects, and nobody answers.
  const terminal::unique_fd place(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(::bind(place.get(), reinterpret_cast<const sockaddr*>(&address), size), 0);
  ASSERT_EQ(::listen(place.get(), 16), 0);
  ASSERT_EQ(::getsockname(place.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  begin_url("http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/");
  for (std::size_t i = 0; i < http_transport::most_calls; ++i)
    send("echo");
  EXPECT_EQ(ask("echo").kind, reply_kind::transport);
  EXPECT_LT(stop(), machine_is_busy);
  EXPECT_EQ(way_->view().queued_bytes, 0U);
}

TEST_F(http_transport_test, each_request_is_answered_once_and_none_after_stop) {
  begin_server();
  const std::vector<std::string> methods = {"echo",          "close",       "reset",    "half",
                                            "close_if_used", "close_after", "not_http", "silent"};
  std::vector<std::uint64_t> sent;
  for (int i = 0; i < 160; ++i) {
    const auto& method = methods[static_cast<std::size_t>(i) % methods.size()];
    const auto id = send(method, "[1]");
    if (method == "silent" || i % 5 == 0)
      way_->cancel(id);
    else
      sent.push_back(id);
  }
  for (const auto id : sent)
    wait(id);
  for (int i = 0; i < 50; ++i)
    send("echo");
  EXPECT_LT(stop(), machine_is_busy);
  EXPECT_LT(stop(), machine_is_busy);
  send("echo");
  way_->cancel(1);
}

TEST_F(http_transport_test, dropped_without_stop_it_closes_its_connections) {
  begin_server();
  const auto silent = send("silent", "[\"dropped\"]");
  EXPECT_EQ(ask("wait_came", "[\"dropped\"]").value, "true");
  way_.reset();
  begin_server();
  EXPECT_EQ(ask("wait_gone", "[\"dropped\"]").value, "true");
  EXPECT_FALSE(has_answer(silent));
}

} // namespace
} // namespace roost::channel
