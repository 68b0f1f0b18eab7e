#include "actors/runtime/redact.hpp"

#include <gtest/gtest.h>

#include <string>

namespace roost {
namespace {

TEST(redact, knows_secret_names) {
  for (const auto* name : {"token", "session_token", "Authorization", "Set-Cookie", "db_password",
                           "x-api_key", "SECRET"})
    EXPECT_TRUE(is_secret_name(name)) << name;
  for (const auto* name : {"tokens_left", "secretary", "broken", "path", "", "notatoken"})
    EXPECT_FALSE(is_secret_name(name)) << name;
}

TEST(redact, hides_credentials_inside_text) {
  EXPECT_EQ(redact("open http://127.0.0.1:7680/#token=abc.DEF_123 now"),
            "open http://127.0.0.1:7680/#token=[redacted] now");
  EXPECT_EQ(redact("Authorization: Bearer s3cr3t"), "Authorization: Bearer [redacted]");
  EXPECT_EQ(redact("a BASIC dXNlcjpwdw==, b"), "a BASIC [redacted], b");
  EXPECT_EQ(redact("postgresql://roost:pa@ss@db:5432/x"),
            "postgresql://roost:[redacted]@db:5432/x");
  EXPECT_EQ(redact("postgresql://db/x?user=a&password=p,a;s#s&sslpassword=q"),
            "postgresql://db/x?user=a&password=[redacted]&sslpassword=[redacted]");
  for (const auto* password : {"a/b", "a?b", "a#b", "a/b@c"})
    EXPECT_EQ(redact(std::string("postgresql://u:") + password + "@db/x, next a@b"),
              "postgresql://u:[redacted]@db/x, next a@b")
        << password;
  EXPECT_EQ(redact(R"({"token":"abc"})"), R"({"token":"[redacted]"})");
  EXPECT_EQ(redact("token=a token=b"), "token=[redacted] token=[redacted]");
}

TEST(redact, leaves_the_rest_alone) {
  for (const auto* text :
       {"", "nothing here", "https://example.org:80/a@b", "token=", "bearer ",
        "https://user@example.org/", "http://[::1]:80/a@b", "see https://example.org, or a@b: c@d"})
    EXPECT_EQ(redact(text), text);
}

} // namespace
} // namespace roost
