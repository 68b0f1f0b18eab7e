#include "actors/channel/transport/make_transport.hpp"

#include <gtest/gtest.h>

#include "actors/channel/transport/http_transport.hpp"
#include "actors/channel/transport/stdio_transport.hpp"
#include "actors/channel/transport/unix_transport.hpp"
#include "tests/unit/actors/channel/transport/transport_fixture.hpp"

namespace roost::channel {
namespace {

class make_transport_test : public transport_fixture {};

TEST_F(make_transport_test, each_kind_is_made_and_says_when_nobody_is_there) {
  transport_config config;
  config.kind = transport_kind::unix_socket;
  config.path = folder_ / "none.sock";
  const auto socket = make_transport(io_, config, 1000, "test", 1);
  EXPECT_NE(dynamic_cast<unix_transport*>(socket.get()), nullptr);
  config.kind = transport_kind::http;
  config.url = "http://127.0.0.1:1/";
  const auto http = make_transport(io_, config, 1000, "test", 1);
  EXPECT_NE(dynamic_cast<http_transport*>(http.get()), nullptr);
  config.kind = transport_kind::stdio;
  config.command = {"./none"};
  config.folder = folder_.path();
  const auto program = make_transport(io_, config, 1000, "test", 1);
  EXPECT_NE(dynamic_cast<stdio_transport*>(program.get()), nullptr);
  for (const auto& one : {socket, http, program}) {
    EXPECT_FALSE(one->view().is_up);
    begin(one);
    EXPECT_EQ(ask("echo").kind, reply_kind::unavailable);
    EXPECT_NE(one->view().last_trouble, "");
    stop();
  }
}

} // namespace
} // namespace roost::channel
