#include "apps/roost/json_read.hpp"

#include <gtest/gtest.h>

namespace roost::cli {
namespace {

TEST(json_read, takes_objects_and_nothing_else) {
  EXPECT_TRUE(read_object("{}"));
  for (const auto* const text : {"", "[]", "1", "{", "{} {}", "null"})
    EXPECT_FALSE(read_object(text)) << text;
}

TEST(json_read, fields_of_another_kind_are_not_there) {
  const auto object = *read_object(R"({"a":"x","b":7,"c":true,"d":null,"e":7.0,"f":1.5})");
  EXPECT_EQ(text_field(object, "a"), "x");
  EXPECT_EQ(text_field(object, "b"), "");
  EXPECT_EQ(text_field(object, "missing"), "");
  EXPECT_EQ(number_field(object, "b"), 7);
  EXPECT_EQ(number_field(object, "e"), 7);
  EXPECT_FALSE(number_field(object, "f"));
  EXPECT_FALSE(number_field(object, "a"));
  EXPECT_EQ(flag_field(object, "c"), true);
  EXPECT_FALSE(flag_field(object, "d"));
}

TEST(json_read, a_session_ends_with_a_status_or_a_signal) {
  const auto ended = [](const char* text) { return ended_with(*read_object(text)); };
  EXPECT_EQ(ended(R"({"exit_status":3,"signal":null})"), 3);
  EXPECT_EQ(ended(R"({"status":0})"), 0);
  EXPECT_EQ(ended(R"({"status":null,"signal":9})"), 137);
  EXPECT_EQ(ended(R"({"signal":"SIGTERM"})"), 143);
  EXPECT_EQ(ended(R"({"signal":"HUP"})"), 129);
  EXPECT_FALSE(ended(R"({"exit_status":null,"signal":null})"));
  const auto text = [](const char* json) { return ended_text(*read_object(json)); };
  EXPECT_EQ(text(R"({"exit_status":3})"), "exit 3");
  EXPECT_EQ(text(R"({"signal":1})"), "signal HUP");
  EXPECT_EQ(text(R"({"exit_status":null})"), "");
}

} // namespace
} // namespace roost::cli
