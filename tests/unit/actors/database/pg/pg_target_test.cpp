#include "actors/database/pg/pg_target.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace roost::database {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

std::string words_of(std::string_view url) {
  auto target = pg_target::parse(url);
  EXPECT_TRUE(target) << target.error().detail;
  return target->words(3s, "roost/a");
}

TEST(pg_target, finds_a_dead_server_within_seconds) {
  const auto words = words_of("postgresql://u@h:1/d");
  EXPECT_THAT(words, HasSubstr("connect_timeout='3' "));
  EXPECT_THAT(words, HasSubstr("tcp_user_timeout='5000' "));
  EXPECT_THAT(words, HasSubstr("keepalives_idle='10' "));
  EXPECT_THAT(words, HasSubstr("target_session_attrs='read-write' "));
  EXPECT_THAT(words, HasSubstr("application_name='roost/a' "));
}

TEST(pg_target, what_the_url_says_stays) {
  const auto words = words_of(
      "postgresql://u:p%27%5C@h/d?tcp_user_timeout=9&application_name=mine&sslmode=require");
  EXPECT_THAT(words, HasSubstr("tcp_user_timeout='9' "));
  EXPECT_THAT(words, HasSubstr("application_name='mine' "));
  EXPECT_THAT(words, HasSubstr("sslmode='require' "));
  EXPECT_THAT(words, HasSubstr(R"(password='p\'\\' )"));
}

TEST(pg_target, is_shown_without_user_and_password) {
  const auto target = pg_target::parse("postgres://somebody:geheim@db.example:99/roost");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->shown(), "db.example:99/roost");
}

TEST(pg_target, a_bad_url_is_not_repeated) {
  for (const auto* url : {"postgresql://u:geheim@[::1/d", "postgresql://h/d?geheim=1",
                          "postgresql://u:%zzgeheim@h/d"}) {
    const auto target = pg_target::parse(url);
    ASSERT_FALSE(target) << url;
    EXPECT_THAT(target.error().detail, Not(HasSubstr("geheim")));
    EXPECT_THAT(target.error().detail, HasSubstr("postgresql://"));
  }
}

} // namespace
} // namespace roost::database
