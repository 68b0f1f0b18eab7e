#include "actors/runtime/metrics.hpp"

#include <gtest/gtest.h>

#include <array>
#include <limits>

namespace roost {
namespace {

constexpr auto infinity = std::numeric_limits<double>::infinity();

TEST(metrics, an_empty_page_is_empty) { EXPECT_EQ(metric_page().text(), ""); }

TEST(metrics, a_page_reads_as_prometheus_wants_it) {
  metric_page page;
  page.gauge("roost_connections_open", "Connections now.", 3, {{"kind", "websocket"}});
  page.counter("roost_connections_accepted_total", "Connections accepted.", 12);
  page.gauge("roost_connections_open", "Connections now.", 1, {{"kind", "http"}});
  EXPECT_EQ(page.text(), "# HELP roost_connections_open Connections now.\n"
                         "# TYPE roost_connections_open gauge\n"
                         "roost_connections_open{kind=\"websocket\"} 3\n"
                         "roost_connections_open{kind=\"http\"} 1\n"
                         "# HELP roost_connections_accepted_total Connections accepted.\n"
                         "# TYPE roost_connections_accepted_total counter\n"
                         "roost_connections_accepted_total 12\n");
}

TEST(metrics, a_histogram_is_made_cumulative) {
  const std::array<metric_bucket, 3> buckets{{{0.001, 2}, {0.5, 0}, {infinity, 3}}};
  metric_page page;
  page.histogram("roost_rtt_seconds", "Round trips.", buckets, 4.25);
  EXPECT_EQ(page.text(), "# HELP roost_rtt_seconds Round trips.\n"
                         "# TYPE roost_rtt_seconds histogram\n"
                         "roost_rtt_seconds_count 5\n"
                         "roost_rtt_seconds_sum 4.25\n"
                         "roost_rtt_seconds_bucket{le=\"0.001\"} 2\n"
                         "roost_rtt_seconds_bucket{le=\"0.5\"} 2\n"
                         "roost_rtt_seconds_bucket{le=\"+Inf\"} 5\n");
}

TEST(metrics, a_histogram_without_a_last_bucket_gets_one) {
  const std::array<metric_bucket, 1> buckets{{{16, 7}}};
  metric_page page;
  page.histogram("roost_lag_bytes", "Lag.", buckets, 70, {{"kind", "a"}});
  const auto text = page.text();
  EXPECT_NE(text.find("roost_lag_bytes_bucket{kind=\"a\",le=\"16\"} 7\n"), std::string::npos);
  EXPECT_NE(text.find("roost_lag_bytes_bucket{kind=\"a\",le=\"+Inf\"} 7\n"), std::string::npos);
}

TEST(metrics, what_would_break_a_line_is_escaped) {
  metric_page page;
  page.gauge("roost_x", "one\ntwo \\ three", 0, {{"text", "a\"b\\c\nd"}});
  EXPECT_EQ(page.text(), "# HELP roost_x one\\ntwo \\\\ three\n"
                         "# TYPE roost_x gauge\n"
                         "roost_x{text=\"a\\\"b\\\\c\\nd\"} 0\n");
}

TEST(metrics, large_counts_keep_their_digits) {
  metric_page page;
  page.counter("roost_sent_bytes_total", "Bytes.", 123'456'789'012'345);
  EXPECT_NE(page.text().find("roost_sent_bytes_total 123456789012345\n"), std::string::npos);
}

TEST(metrics, a_page_can_be_handed_on) {
  metric_page page;
  page.gauge("roost_x", "X.", 1);
  auto other = std::move(page);
  other.gauge("roost_y", "Y.", 2);
  EXPECT_NE(other.text().find("roost_x 1\n"), std::string::npos);
  EXPECT_NE(other.text().find("roost_y 2\n"), std::string::npos);
}

TEST(metrics_death, a_wrong_name_is_a_mistake_of_the_caller) {
  metric_page page;
  page.gauge("roost_x", "X.", 1, {{"kind", "a"}});
  EXPECT_DEBUG_DEATH(page.gauge("connections", "No prefix.", 1), "starts_with");
  EXPECT_DEBUG_DEATH(page.gauge("roost_a-b", "A minus.", 1), "CheckMetricName");
  EXPECT_DEBUG_DEATH(page.gauge("roost_y", "Y.", 1, {{"a-b", "c"}}), "CheckLabelName");
  EXPECT_DEBUG_DEATH(page.counter("roost_x", "X.", 1), "type");
  EXPECT_DEBUG_DEATH(page.gauge("roost_x", "X.", 1, {{"kind", "a"}}), "label");
}

} // namespace
} // namespace roost
