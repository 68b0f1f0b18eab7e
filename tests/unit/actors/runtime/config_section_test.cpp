#include "actors/runtime/config_section.hpp"

#include <gtest/gtest.h>

#include <array>
#include <chrono>

namespace roost::config_values {
namespace {

struct listener {
  complaint as_complaint() {
    return [this](text_position at, const std::string& below, const std::string& message) {
      heard.push_back(std::to_string(at.line) + ":" + std::to_string(at.column) + " " + below +
                      ": " + message);
    };
  }
  std::vector<std::string> heard;
};

yaml_node tree(const std::string& text) { return std::get<yaml_node>(parse_yaml(text)); }

TEST(config_section, the_first_of_equal_keys_counts) {
  const auto map = tree("{a: 1, b: 2, a: 3}");
  ASSERT_NE(find_member(map, "a"), nullptr);
  EXPECT_EQ(find_member(map, "a")->text, "1");
  EXPECT_EQ(find_member(map, "c"), nullptr);

  listener says;
  std::string seen;
  for_each_key(says.as_complaint(), "x", map,
               [&](const yaml_node::member& member) { seen += member.key + member.value.text; });
  EXPECT_EQ(seen, "a1b2");
  EXPECT_EQ(says.heard, std::vector<std::string>{"1:14 x.a: this key is there twice"});
}

TEST(config_section, only_a_map_or_nothing_is_a_section) {
  listener says;
  for (const auto* text : {"", "~", "{}"})
    for_each_key(says.as_complaint(), "x", tree(text),
                 [](const yaml_node::member&) { FAIL() << "there is no key"; });
  EXPECT_TRUE(says.heard.empty());
  for_each_key(says.as_complaint(), "x", tree("[1]"),
               [](const yaml_node::member&) { FAIL() << "there is no key"; });
  EXPECT_EQ(says.heard, std::vector<std::string>{"1:1 x: expected a section of keys, got '[1]'"});
}

TEST(config_section, an_unknown_key_is_told_with_the_nearest_known_one) {
  listener says;
  const std::array<std::string_view, 2> known = {"window", "open"};
  const auto map = tree("{windw: 1, zebra: 2}");
  for (const auto& member : map.members)
    complain_unknown(says.as_complaint(), "x", member, known);
  EXPECT_EQ(says.heard,
            (std::vector<std::string>{"1:2 x.windw: unknown key, did you mean 'window'?",
                                      "1:12 x.zebra: unknown key"}));
}

struct sample {
  std::uint32_t count = 3;
  std::chrono::milliseconds time{1000};
  double rate = 0.5;
  bool truth = false;
};

const std::vector<section_key<sample>>& sample_keys() {
  using namespace std::chrono_literals;
  static const std::vector<section_key<sample>> keys = {
      count_key("count", &sample::count, 1, 9), duration_key("time", &sample::time, 10ms, 1min),
      rate_key("rate", &sample::rate), truth_key("truth", &sample::truth)};
  return keys;
}

TEST(config_section, keys_are_read_within_their_ranges_and_others_are_handed_on) {
  listener says;
  sample into;
  std::string others;
  const auto map = tree("{count: 10, time: 10ms, rate: 1, truth: true, other: x, cuont: 1}");
  read_keys(says.as_complaint(), "x", map, into, sample_keys(), {"other"},
            [&](const yaml_node::member& member) { others += member.value.text; });
  EXPECT_EQ(into.count, 3U);
  EXPECT_EQ(into.time.count(), 10);
  EXPECT_EQ(into.rate, 1);
  EXPECT_TRUE(into.truth);
  EXPECT_EQ(others, "x");
  EXPECT_EQ(says.heard,
            (std::vector<std::string>{"1:9 x.count: expected a whole number from 1 to 9, got '10'",
                                      "1:57 x.cuont: unknown key, did you mean 'count'?"}));
}

TEST(config_section, only_what_differs_from_the_defaults_is_shown) {
  sample shown;
  EXPECT_EQ(show_changes(shown, sample_keys()), "");
  shown.count = 4;
  shown.truth = true;
  EXPECT_EQ(show_changes(shown, sample_keys()), "count: 4, truth: true");
  shown = {3, std::chrono::milliseconds(1500), 0.25, false};
  EXPECT_EQ(show_changes(shown, sample_keys()), "time: 1500ms, rate: 0.25");
}

} // namespace
} // namespace roost::config_values
