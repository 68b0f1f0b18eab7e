#include "actors/connection/http_types.hpp"

#include <gtest/gtest.h>

namespace roost::connection {
namespace {

TEST(http_request, the_first_header_and_parameter_count) {
  http_request request;
  request.headers = {{"accept", "a"}, {"accept", "b"}};
  request.query = {{"since", "1"}, {"since", "2"}};
  EXPECT_EQ(request.header("accept"), "a");
  EXPECT_EQ(request.header("host"), "");
  ASSERT_NE(request.parameter("since"), nullptr);
  EXPECT_EQ(*request.parameter("since"), "1");
  EXPECT_EQ(request.parameter("limit"), nullptr);
}

TEST(responder, answers_once) {
  std::vector<unsigned> seen;
  {
    const responder answer([&](http_response r) { seen.push_back(r.status); });
    answer.send({200, {}, ""});
    answer.send({201, {}, ""});
    EXPECT_FALSE(answer.start_stream({}, nullptr));
  }
  EXPECT_EQ(seen, std::vector<unsigned>{200});
}

TEST(responder, a_forgotten_request_is_answered_with_an_error) {
  std::vector<http_response> seen;
  {
    const responder answer([&](http_response r) { seen.push_back(std::move(r)); }, "c0ffee");
    const auto copy = answer;
  }
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].status, 500U);
  EXPECT_NE(seen[0].body.find("c0ffee"), std::string::npos);
}

class recording_writer final : public event_stream::writer {
public:
  bool write(std::string bytes) override {
    text += bytes;
    return true;
  }
  void close() override { text += "|"; }
  void when_empty(std::function<void()> call) override { call(); }
  void abort() override { text += "!"; }
  std::string text;
};

TEST(responder, a_stream_is_an_answer) {
  int sent = 0;
  const auto writer = std::make_shared<recording_writer>();
  const responder answer([&](const http_response&) { ++sent; }, {},
                         [&](const http_response& head, const std::function<void()>&) {
                           writer->text = std::to_string(head.status) + ":";
                           return writer;
                         });
  const auto stream = answer.start_stream({}, nullptr);
  ASSERT_TRUE(stream);
  EXPECT_FALSE(answer.start_stream({}, nullptr));
  answer.send({});
  EXPECT_TRUE(stream->write("a"));
  stream->close();
  EXPECT_EQ(writer->text, "200:a|");
  EXPECT_EQ(sent, 0);
}

TEST(responder, without_streams_the_request_stays_unanswered) {
  int sent = 0;
  const responder answer([&](const http_response&) { ++sent; });
  EXPECT_FALSE(answer.start_stream({}, nullptr));
  answer.send({});
  EXPECT_EQ(sent, 1);
}

} // namespace
} // namespace roost::connection
