// Whatever is written, and wherever reads are cut: no secret remains, no byte comes or goes.
#include "actors/database/recording/redactor.hpp"
#include "tests/support/seeded_random.hpp"
#include "tests/unit/actors/database/recording/samples.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace roost::recording {
namespace {

using namespace test;

const std::vector<std::string> list = {"AKIA[0-9A-Z]{8}", "password: \\S+", "(?i)bearer [a-z0-9]+"};

/// A secret as a program may write it, and in the middle of it colours.
std::string random_secret(random_source& random) {
  static const std::vector<std::string> secrets = {"AKIA0123WXYZ", "password: hunter2\xc3\xa4",
                                                   "Bearer abc0def1", "BEARER zz9"};
  const auto& plain = secrets[random.between(0, secrets.size() - 1)];
  std::string text;
  for (const char byte : plain) {
    const bool is_inside_character = (static_cast<unsigned char>(byte) & 0xc0) == 0x80;
    if (!is_inside_character && random.between(0, 15) == 0)
      text += random.between(0, 1) ? "\x1b[1;31m" : "\x1b[m\x1b[K";
    text += byte;
  }
  return text;
}

std::string feed(const std::shared_ptr<const redaction>& patterns, std::string_view text,
                 random_source& random, std::size_t longest) {
  redactor tested(patterns);
  std::string out;
  const auto to = [&out](moment, std::string_view bytes) {
    EXPECT_FALSE(bytes.empty());
    out += bytes;
  };
  while (!text.empty()) {
    const auto size = std::min<std::size_t>(random.between(1, longest), text.size());
    tested.feed(at(0), text.substr(0, size), to);
    text.remove_prefix(size);
  }
  tested.flush(to);
  return out;
}

TEST(redactor_property, no_secret_remains_wherever_reads_are_cut) {
  const auto seed = roost::test::pick_seed();
  ROOST_SEED_TRACE(seed);
  seeded_random random(seed);
  const auto patterns = *redaction::make(list);
  for (int round = 0; round < 2000; ++round) {
    std::string text;
    std::vector<std::pair<std::size_t, std::size_t>> secrets;
    // Lines of some length, or (rarely) one that is longer than what is held.
    const bool is_one_line = random.between(0, 4) == 0;
    for (auto left = random.between(1, is_one_line ? 400 : 60); left > 0; --left) {
      if (random.between(0, 2) == 0) {
        const auto secret = random_secret(random);
        text += " ";
        secrets.emplace_back(text.size(), text.size() + secret.size());
        text += secret + " ";
      } else {
        text += is_one_line ? std::string(random.between(1, 60), '.') : "some text\r\n";
      }
      if (random.between(0, 9) == 0)
        text += "\x1b]0;title\x07";
    }
    const auto out = feed(patterns, text, random, random.between(0, 1) ? 7 : 3000);
    ASSERT_EQ(out.size(), text.size());
    std::vector<bool> is_secret(text.size());
    for (const auto& [begin, end] : secrets)
      std::fill(is_secret.begin() + static_cast<std::ptrdiff_t>(begin),
                is_secret.begin() + static_cast<std::ptrdiff_t>(end), true);
    byte_scanner scanner;
    for (std::size_t i = 0; i < text.size(); ++i) {
      const auto place = scanner.step(static_cast<unsigned char>(text[i]));
      const bool is_masked = is_secret[i] && place == byte_place::text;
      ASSERT_EQ(out[i], is_masked ? '*' : text[i]) << "at " << i;
    }
  }
}

TEST(redactor_property, the_result_is_the_same_wherever_reads_are_cut) {
  const auto seed = roost::test::pick_seed();
  ROOST_SEED_TRACE(seed);
  seeded_random random(seed);
  const auto patterns = *redaction::make({"hello", "\\d{3}", "l.*h", "\xe4\xb8\x96"});
  for (int round = 0; round < 300; ++round) {
    const auto text = random_output(random, random.between(1, redactor::max_held));
    const auto whole = feed(patterns, text, random, text.size());
    for (int again = 0; again < 4; ++again)
      ASSERT_EQ(feed(patterns, text, random, random.between(1, 100)), whole);
    ASSERT_EQ(whole.size(), text.size());
    // What is no text stays as it is.
    byte_scanner scanner;
    for (std::size_t i = 0; i < text.size(); ++i) {
      const auto place = scanner.step(static_cast<unsigned char>(text[i]));
      const bool may_change = place == byte_place::text || place == byte_place::payload;
      ASSERT_TRUE(whole[i] == text[i] || (may_change && whole[i] == '*')) << "at " << i;
    }
  }
}

} // namespace
} // namespace roost::recording
