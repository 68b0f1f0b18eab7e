#include "actors/connection/response_head.hpp"

#include "actors/connection/security_headers.hpp"

#include <gmock/gmock.h>

namespace roost::connection {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const wall_time then{std::chrono::seconds(784111777)};

std::string render(http_response answer, head_facts facts = {}) {
  facts.now = then;
  facts.correlation = "0af7651916cd43dd8448eb211c80319c";
  return render_head(answer, facts);
}

TEST(response_head, date_is_that_of_the_standard) {
  EXPECT_EQ(http_date(then), "Sun, 06 Nov 1994 08:49:37 GMT");
}

TEST(response_head, names_status_length_and_correlation) {
  const auto head = render({404, {{"Content-Type", "text/plain"}}, "abc"});
  EXPECT_THAT(head, StartsWith("HTTP/1.1 404 Not Found\r\nDate: Sun, 06 Nov 1994"));
  EXPECT_THAT(head, HasSubstr("\r\nContent-Type: text/plain\r\n"));
  EXPECT_THAT(head, HasSubstr("\r\nContent-Length: 3\r\n"));
  EXPECT_THAT(head, HasSubstr("\r\nX-Correlation-Id: 0af7651916cd43dd8448eb211c80319c\r\n"));
  EXPECT_THAT(head, HasSubstr("\r\nX-Content-Type-Options: nosniff\r\n"));
  EXPECT_THAT(head, Not(HasSubstr("Connection:")));
  EXPECT_TRUE(head.ends_with("\r\n\r\n"));
}

TEST(response_head, a_response_that_cannot_have_a_body_names_no_length) {
  EXPECT_THAT(render({204, {}, ""}), Not(HasSubstr("Content-Length")));
  EXPECT_THAT(render({304, {}, ""}), Not(HasSubstr("Content-Length")));
}

TEST(response_head, framing_and_fate_are_the_connections_affair) {
  head_facts facts;
  facts.framing = body_framing::chunked;
  facts.fate = connection_fate::close;
  const auto head = render({200,
                            {{"Content-Length", "5"},
                             {"transfer-encoding", "gzip"},
                             {"Connection", "upgrade"},
                             {"Date", "never"},
                             {"X-Correlation-Id", "mine"}},
                            ""},
                           facts);
  EXPECT_THAT(head, HasSubstr("Transfer-Encoding: chunked\r\n"));
  EXPECT_THAT(head, HasSubstr("Connection: close\r\n"));
  for (const auto* text : {"Content-Length", "gzip", "Connection: upgrade", "never", "mine"})
    EXPECT_THAT(head, Not(HasSubstr(text)));
  facts.fate = connection_fate::keep;
  facts.http_version = 10;
  EXPECT_THAT(render({}, facts), HasSubstr("Connection: keep-alive\r\n"));
}

TEST(response_head, no_header_can_end_a_line) {
  const auto head = render({200,
                            {{"X-A", "a\r\nSet-Cookie: x=1"},
                             {"X-B", std::string("b\0c", 3)},
                             {"X C", "d"},
                             {"X-D\r\nX-E", "e"},
                             {"", "f"},
                             {"X-F", "f\xc3\xa4\tg"}},
                            ""});
  for (const auto* text : {"Set-Cookie", "X-A", "X-B", "X C", "X-D", "X-E", ": f\r\n"})
    EXPECT_THAT(head, Not(HasSubstr(text)));
  EXPECT_THAT(head, HasSubstr("X-F: f\xc3\xa4\tg\r\n"));
}

TEST(response_head, the_uis_own_policy_replaces_the_strict_one) {
  const auto head = render({200, ui_security_headers(), ""});
  EXPECT_THAT(head, HasSubstr("default-src 'self'"));
  EXPECT_THAT(head, HasSubstr("frame-ancestors 'none'"));
  EXPECT_THAT(head, HasSubstr("Cross-Origin-Opener-Policy: same-origin"));
  EXPECT_THAT(head, HasSubstr("Referrer-Policy: no-referrer"));
  EXPECT_THAT(head, Not(HasSubstr("default-src 'none'")));
}

} // namespace
} // namespace roost::connection
