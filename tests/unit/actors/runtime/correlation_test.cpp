#include "actors/runtime/correlation.hpp"

#include <string>

#include <gtest/gtest.h>

namespace roost {
namespace {

// The example of the W3C specification.
constexpr auto example = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

TEST(correlation, reads_the_specification_s_example) {
  const auto context = parse_traceparent(example);
  ASSERT_TRUE(context);
  EXPECT_EQ(context->trace_id, "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(context->parent_id, "00f067aa0ba902b7");
  EXPECT_EQ(context->flags, 1);
  EXPECT_EQ(context->to_header(), example);
}

TEST(correlation, refuses_what_the_specification_forbids) {
  for (const auto* header : {
           "",
           "00",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-extra",
           "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
           "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
           "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
           "0g-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
           "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
           "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-zz",
           "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01x",
       })
    EXPECT_FALSE(parse_traceparent(header)) << header;
}

TEST(correlation, reads_a_future_version_by_its_first_fields) {
  const auto context =
      parse_traceparent("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-comes");
  ASSERT_TRUE(context);
  EXPECT_EQ(context->trace_id, "4bf92f3577b34da6a3ce929d0e0e4736");
}

TEST(correlation, continues_a_trace_under_a_new_span) {
  seeded_random random(1);
  const auto ours =
      continue_trace("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-ff", random);
  EXPECT_EQ(ours.trace_id, "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_NE(ours.parent_id, "00f067aa0ba902b7");
  EXPECT_EQ(ours.flags, 1);
  EXPECT_EQ(parse_traceparent(ours.to_header()), ours);
}

TEST(correlation, starts_a_trace_when_there_is_none) {
  seeded_random random(1);
  const auto first = continue_trace("", random);
  const auto second = continue_trace("nonsense", random);
  EXPECT_TRUE(is_correlation_id(first.trace_id));
  EXPECT_NE(first.trace_id, second.trace_id);
  EXPECT_EQ(parse_traceparent(first.to_header()), first);
}

TEST(correlation, knows_an_id_when_it_sees_one) {
  EXPECT_TRUE(is_correlation_id("4bf92f3577b34da6a3ce929d0e0e4736"));
  EXPECT_FALSE(is_correlation_id("4bf92f3577b34da6a3ce929d0e0e473"));
  EXPECT_FALSE(is_correlation_id("4bf92f3577b34da6a3ce929d0e0e473\n"));
  EXPECT_FALSE(is_correlation_id(std::string(32, '0')));
}

} // namespace
} // namespace roost
