#include "actors/channel/outcome.hpp"

#include <gtest/gtest.h>

#include <string>

namespace roost::channel {
namespace {

reply error_of(std::int64_t code, std::string category = {}) {
  reply r;
  r.kind = reply_kind::helper_error;
  r.code = code;
  r.category = std::move(category);
  return r;
}

reply of(reply_kind kind) {
  reply r;
  r.kind = kind;
  return r;
}

TEST(outcome, a_value_is_a_success) {
  const auto j = judge(of(reply_kind::value));
  EXPECT_EQ(j.reason, call_reason::none);
  EXPECT_EQ(j.how, verdict::success);
}

TEST(outcome, what_breaks_counts_and_may_be_tried_again) {
  for (const auto kind : {reply_kind::transport, reply_kind::protocol}) {
    const auto j = judge(of(kind));
    EXPECT_EQ(j.how, verdict::failure);
    EXPECT_TRUE(j.is_retryable && j.may_try_again && j.may_fall_back);
  }
  EXPECT_EQ(judge(of(reply_kind::transport)).reason, call_reason::transport);
  EXPECT_EQ(judge(of(reply_kind::protocol)).reason, call_reason::protocol);
  EXPECT_EQ(judge_timeout().reason, call_reason::timeout);
  EXPECT_EQ(judge_timeout().how, verdict::failure);
}

TEST(outcome, what_is_not_there_costs_no_time_and_does_not_count) {
  const auto j = judge(of(reply_kind::unavailable));
  EXPECT_EQ(j.reason, call_reason::channel_unavailable);
  EXPECT_EQ(j.how, verdict::ignored);
  EXPECT_TRUE(j.may_fall_back);
  EXPECT_FALSE(j.may_try_again);
}

TEST(outcome, CB_11_overload_never_counts) {
  for (const auto& r : {of(reply_kind::overload), error_of(-32000, "overload")}) {
    EXPECT_EQ(judge(r).reason, call_reason::overload);
    EXPECT_EQ(judge(r).how, verdict::overload);
    EXPECT_FALSE(judge(r).may_try_again) << "more of the same makes it worse";
  }
}

TEST(outcome, CB_9_the_callers_mistake_is_neither_and_is_not_hidden_by_a_fallback) {
  for (const auto& r : {error_of(-32601), error_of(-32602), error_of(7, "caller_error"),
                        error_of(7, "not_found"), error_of(7, "auth")}) {
    EXPECT_EQ(judge(r).reason, call_reason::helper_error);
    EXPECT_EQ(judge(r).how, verdict::ignored);
    EXPECT_FALSE(judge(r).may_fall_back || judge(r).is_retryable || judge(r).may_try_again);
  }
}

TEST(outcome, a_category_is_believed_before_the_code) {
  EXPECT_EQ(judge(error_of(-32602, "internal")).how, verdict::failure);
  EXPECT_EQ(judge(error_of(-32603, "caller_error")).how, verdict::ignored);
  EXPECT_EQ(judge(error_of(1, "protocol")).reason, call_reason::protocol);
  EXPECT_EQ(judge(error_of(-32800)).how, verdict::cancelled);
  EXPECT_EQ(judge(error_of(5, "cancelled")).how, verdict::cancelled);
}

TEST(outcome, what_is_not_known_counts) {
  for (const auto code : {0L, 1L, -1L, -32603L, -32000L, 123456789L})
    EXPECT_EQ(judge(error_of(code)).how, verdict::failure) << code;
  EXPECT_EQ(judge(error_of(-32602, "no such category")).how, verdict::ignored)
      << "the code decides";
  EXPECT_EQ(judge(error_of(-32700)).reason, call_reason::protocol);
  EXPECT_EQ(judge(of(static_cast<reply_kind>(99))).how, verdict::failure);
}

} // namespace
} // namespace roost::channel
