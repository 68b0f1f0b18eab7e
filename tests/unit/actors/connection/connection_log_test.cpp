#include "actors/connection/connection_log.hpp"

#include <gtest/gtest.h>

namespace roost::connection {
namespace {

using database::connection_record;

class connection_log_test : public testing::Test {
protected:
  std::shared_ptr<connection_figures> open(std::uint64_t id) {
    auto figures = std::make_shared<connection_figures>();
    subject.opened(id, "laptop", "192.0.2.1", at(1), figures);
    return figures;
  }
  static wall_time at(int second) { return wall_time(std::chrono::seconds(second)); }
  std::vector<connection_record> take() {
    std::vector<connection_record> out;
    for (auto& each : subject.take())
      out.push_back(std::get<connection_record>(each));
    return out;
  }

  connection_log subject{{"node", 7, 3}};
};

TEST_F(connection_log_test, one_that_is_open_and_then_ends_is_written_twice) {
  const auto figures = open(5);
  auto rows = take();
  ASSERT_EQ(rows.size(), 1U);
  connection_record wanted{"node", 7, "c5", "laptop", "192.0.2.1", at(1), {}, {}, "", 0, 0};
  EXPECT_EQ(rows[0], wanted);
  EXPECT_TRUE(take().empty()) << "nothing has changed";

  figures->bytes_in = 10;
  figures->bytes_out = 20;
  figures->close_code = 4408;
  subject.closed(5, at(9));
  rows = take();
  ASSERT_EQ(rows.size(), 1U);
  wanted.closed_at = at(9);
  wanted.close_code = 4408;
  wanted.bytes_in = 10;
  wanted.bytes_out = 20;
  EXPECT_EQ(rows[0], wanted);
}

TEST_F(connection_log_test, one_that_ends_at_once_is_written_once) {
  open(1);
  subject.closed(1, at(2));
  const auto rows = take();
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].closed_at, at(2));
}

TEST_F(connection_log_test, of_a_flood_some_are_written_and_the_rest_counted) {
  for (std::uint64_t id = 1; id <= 10; ++id) {
    open(id);
    subject.closed(id, at(2));
  }
  EXPECT_EQ(take().size(), 3U);
  EXPECT_EQ(subject.passed_over(), 7U);
  open(11);
  EXPECT_EQ(take().size(), 1U);
  subject.closed(5, at(3)); // of which nothing is known
  EXPECT_TRUE(take().empty());
}

} // namespace
} // namespace roost::connection
