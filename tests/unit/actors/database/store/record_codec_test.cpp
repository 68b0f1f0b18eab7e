#include "actors/database/store/record_codec.hpp"
#include "tests/support/seeded_random.hpp"

#include <gtest/gtest.h>

#include <set>
#include <span>

namespace roost::database {
namespace {

const std::string uuid = "0123abcd-0000-4000-8000-00000000000f";

std::vector<record> examples() {
  const wall_time at(std::chrono::microseconds(1'700'000'000'123'456));
  return {
      node_record{uuid, "a", "1.2", at, at + std::chrono::hours(1)},
      session_record{"s1", uuid, "title \xc3\xa9", R"(["bash"])", "/home", "me", "none", "me", "e1",
                     at, at, 3, std::nullopt, "exited", 77},
      session_event{"s1", at, "created", "{}"},
      audit_record{at, "me", "session.create", "s1", "ok", "{}", "0af"},
      connection_record{uuid, 4, "c17", "me", "127.0.0.1", at, std::nullopt, 4008, "slow", 1, 2},
      recording_chunk{"s1", "e1", 5, 100, 200, at, at, 80, 24, 100, 9, {std::string("\0\xff", 2)}},
      screen_text{"s1", "e1", 100, 200, at, "ls -l", 0, "total 0\n"},
      token_record{"t1", uuid, "0af7", "viewer", "phone", "s1", "games", at, at, std::nullopt}};
}

TEST(record_codec_test, every_kind_comes_back_as_it_was) {
  std::set<record_kind> kinds;
  for (auto each : examples()) {
    ASSERT_TRUE(fit(each));
    const auto back = decode(encode(each));
    ASSERT_TRUE(back) << back.error().text;
    EXPECT_TRUE(*back == each);
    kinds.insert(kind_of(each));
  }
  EXPECT_EQ(kinds.size(), std::variant_size_v<record>);
}

TEST(record_codec_test, the_bytes_of_a_version_do_not_change) {
  const record event = session_event{"s", wall_time(std::chrono::microseconds(258)), "w", "{}"};
  EXPECT_EQ(encode(event), std::string("\x01\x03"
                                       "\x01\0\0\0s"
                                       "\x02\x01\0\0\0\0\0\0"
                                       "\x01\0\0\0w"
                                       "\x02\0\0\0{}",
                                       26));
}

TEST(record_codec_test, what_is_cut_anywhere_is_refused_with_a_reason) {
  for (const auto& each : examples()) {
    const auto bytes = encode(each);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      const auto got = decode(std::string_view(bytes).substr(0, size));
      ASSERT_FALSE(got) << size;
      ASSERT_FALSE(got.error().text.empty());
    }
    EXPECT_TRUE(decode(bytes + "of a newer build")) << "fields behind ours are passed over";
  }
  EXPECT_EQ(decode("\x02\x01").error().text, "a record of version 2, and 1 is known");
  EXPECT_EQ(decode("\x01\x7f").error().text, "a record of kind 127, which is not known");
}

TEST(record_codec_test, a_length_that_is_a_lie_allocates_nothing) {
  const std::string bytes("\x01\x03\xff\xff\xff\xff", 6);
  const auto got = decode(bytes);
  ASSERT_FALSE(got);
  EXPECT_NE(got.error().text.find("session"), std::string::npos) << got.error().text;
}

TEST(record_codec_test, any_bytes_are_refused_or_fitted) {
  const auto seed = test::pick_seed();
  ROOST_SEED_TRACE(seed);
  seeded_random random(seed);
  const auto known = examples();
  int read = 0;
  for (int i = 0; i < 20'000; ++i) {
    auto bytes = encode(known[random.between(0, known.size() - 1)]);
    for (auto n = random.between(1, 4); n > 0; --n)
      bytes[random.between(0, bytes.size() - 1)] = static_cast<char>(random.next());
    auto got = decode(bytes);
    if (!got)
      continue;
    ++read;
    auto again = *got;
    ASSERT_TRUE(fit(again));
    ASSERT_TRUE(again == *got) << "what is read is fitted";
    ASSERT_TRUE(*decode(encode(again)) == again);
  }
  EXPECT_GT(read, 100);
}

TEST(record_codec_test, fitting_cuts_texts_at_characters_and_cleans_them) {
  session_record s;
  s.id = "s1";
  s.node = uuid;
  s.title = std::string("\xff\0x", 3) + std::string(1017, 'a') + "\xc3\xa9";
  s.command = "[\"" + std::string(70'000, 'x') + "\"]";
  s.created_at = wall_time(std::chrono::nanoseconds(-1));
  record r = s;
  ASSERT_TRUE(fit(r));
  const auto& fitted = std::get<session_record>(r);
  EXPECT_EQ(fitted.title, "\xef\xbf\xbd\xef\xbf\xbdx" + std::string(1017, 'a'))
      << "half of a character is not kept";
  EXPECT_EQ(fitted.command, "null") << "JSON is whole, or nothing";
  EXPECT_EQ(fitted.created_at, wall_time(std::chrono::microseconds(-1)));
  const auto once = r;
  ASSERT_TRUE(fit(r));
  EXPECT_TRUE(r == once);
}

TEST(record_codec_test, what_cannot_be_kept_is_refused) {
  const auto refused = [](record r) {
    const auto ok = fit(r);
    return ok ? std::string("taken") : ok.error().text;
  };
  EXPECT_EQ(refused(session_event{}), "session is empty");
  EXPECT_EQ(refused(session_event{std::string(65, 's'), {}, "", ""}), "session is too long");
  EXPECT_EQ(refused(node_record{"a", "", "", {}, {}}), "uuid is none");
  recording_chunk chunk;
  chunk.session = chunk.epoch = "x";
  chunk.end_offset = std::uint64_t{1} << 63;
  EXPECT_EQ(refused(chunk), "end_offset is too large");
  chunk.end_offset = 0;
  EXPECT_EQ(refused(chunk), "taken");
  chunk.data.bytes.resize(most_chunk_bytes + 1);
  EXPECT_EQ(refused(chunk), "data is too long");
}

TEST(record_codec_test, keys_sort_by_epoch_then_number) {
  const write_key early{uuid, 9, 5, 255};
  const write_key later{uuid, 9, 0, 256};
  const write_key newer{uuid, 10, 0, 1};
  EXPECT_LT(sortable(early), sortable(later));
  EXPECT_LT(sortable(later), sortable(newer));
  EXPECT_TRUE(check(early));
  EXPECT_FALSE(check({uuid, 1, 0, 0})) << "numbers begin with 1";
  EXPECT_FALSE(check({uuid, 1, 0, std::uint64_t{1} << 63}));
  EXPECT_FALSE(check({"0123ABCD-0000-4000-8000-00000000000f", 1, 0, 1}));
  EXPECT_FALSE(check({uuid + "0", 1, 0, 1}));
}

} // namespace
} // namespace roost::database
