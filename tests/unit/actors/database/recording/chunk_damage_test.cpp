// Blobs that are not what a writer made: damaged, cut, or made to do harm.
#include "actors/database/recording/chunk.hpp"
#include "tests/support/seeded_random.hpp"
#include "tests/unit/actors/database/recording/samples.hpp"

#include <zstd.h>

#include <gtest/gtest.h>

#include <functional>

namespace roost::recording {
namespace {

using namespace test;

chunk sample() {
  chunk_writer writer(3, 50, {80, 24});
  writer.add_output(at(0), "some output, some more output\r\n");
  writer.add(at(10), resize{{90, 30}});
  writer.add(at(10), marker{"a place"});
  writer.add_output(at(20), "\x1b[31mred\x1b[m");
  writer.add(at(300), gap{70000, gap_reason::missing});
  writer.add(at(400), program_end{program_end::kind::status, 1});
  return writer.seal();
}

/// A chunk around an event list of any content.
chunk wrapped(const std::string& raw) {
  auto made = sample();
  made.raw_size = static_cast<std::uint32_t>(raw.size());
  made.blob.assign(1 + ZSTD_compressBound(raw.size()), '\1');
  made.blob.resize(
      1 + ZSTD_compress(made.blob.data() + 1, made.blob.size() - 1, raw.data(), raw.size(), 1));
  return made;
}

std::string raw_of(const chunk& from) {
  std::string raw(from.raw_size, '\0');
  EXPECT_EQ(ZSTD_decompress(raw.data(), raw.size(), from.blob.data() + 1, from.blob.size() - 1),
            raw.size());
  return raw;
}

void expect_damaged(const chunk& read, const char* what) {
  const auto reader = chunk_reader::open(read);
  ASSERT_FALSE(reader) << what;
  EXPECT_TRUE(reader.error().is(request_error::internal));
  EXPECT_EQ(reader.error().detail.rfind("chunk 3 of the recording is damaged: ", 0), 0U)
      << reader.error().detail;
}

TEST(chunk_damage, any_changed_bit_is_found_or_harmless) {
  const auto whole = sample();
  const auto events = events_of(whole);
  std::size_t found = 0;
  for (std::size_t i = 0; i < whole.blob.size(); ++i)
    for (int bit = 0; bit < 8; ++bit) {
      auto changed = whole;
      changed.blob[i] = static_cast<char>(changed.blob[i] ^ (1 << bit));
      if (auto reader = chunk_reader::open(changed)) {
        std::vector<kept_event> read;
        while (const auto one = reader->next())
          read.push_back(keep(*one));
        EXPECT_EQ(read, events) << "byte " << i << " bit " << bit;
      } else {
        ++found;
      }
    }
  // One bit of zstd's frame header means nothing.
  EXPECT_GE(found, whole.blob.size() * 8 - 1);
}

TEST(chunk_damage, any_cut_is_found_and_anything_behind_it) {
  const auto whole = sample();
  for (std::size_t size = 0; size < whole.blob.size(); ++size) {
    auto cut = whole;
    cut.blob.resize(size);
    expect_damaged(cut, "cut");
  }
  // A frame that the library passes over, too.
  const std::string skippable("\x50\x2a\x4d\x18\x03\0\0\0abc", 11);
  for (const auto& more :
       {std::string("x"), whole.blob.substr(1), std::string(1000, '\0'), skippable}) {
    auto longer = whole;
    longer.blob += more;
    expect_damaged(longer, "longer");
  }
}

TEST(chunk_damage, what_is_told_about_it_must_be_so) {
  const std::vector<std::function<void(chunk&)>> lies = {
      [](chunk& c) { ++c.first_offset; },
      [](chunk& c) { ++c.end_offset; },
      [](chunk& c) { --c.end_offset; },
      [](chunk& c) { c.end_offset = 0; },
      [](chunk& c) { ++c.raw_size; },
      [](chunk& c) { c.raw_size = 0; },
      [](chunk& c) { c.raw_size = ~0U; },
      [](chunk& c) { ++c.event_count; },
      [](chunk& c) { c.event_count = 0; },
      [](chunk& c) { c.size.cols = 0; },
      [](chunk& c) { c.size.rows = 5000; },
      [](chunk& c) { c.ended_at += std::chrono::microseconds(1); },
      [](chunk& c) { c.ended_at = c.began_at; },
      [](chunk& c) { c.began_at = c.ended_at + std::chrono::seconds(1); },
      [](chunk& c) { c.blob[0] = 2; },
      [](chunk& c) { c.began_at = wall_micros::min(); },
      [](chunk& c) {
        c.began_at = wall_micros::min();
        c.ended_at = wall_micros::max();
      },
      [](chunk& c) { c.blob.clear(); }};
  for (std::size_t i = 0; i < lies.size(); ++i) {
    auto told = sample();
    lies[i](told);
    expect_damaged(told, std::to_string(i).c_str());
  }
}

TEST(chunk_damage, a_bomb_is_not_unpacked) {
  auto bomb = sample();
  const std::string zeros(std::size_t{64} << 20, '\0');
  bomb.blob.assign(1 + ZSTD_compressBound(zeros.size()), '\1');
  bomb.blob.resize(
      1 + ZSTD_compress(bomb.blob.data() + 1, bomb.blob.size() - 1, zeros.data(), zeros.size(), 3));
  EXPECT_LT(bomb.blob.size(), 100'000U);
  expect_damaged(bomb, "the size is not the one that is told");
  bomb.raw_size = static_cast<std::uint32_t>(zeros.size());
  expect_damaged(bomb, "the size is out of range");
}

TEST(chunk_damage, an_event_list_that_lies_is_found_behind_a_good_checksum) {
  const auto whole = sample();
  const auto raw = raw_of(whole);
  ASSERT_TRUE(chunk_reader::open(wrapped(raw)));
  for (std::size_t size = 1; size < raw.size(); ++size)
    expect_damaged(wrapped(raw.substr(0, size)), "cut");
  expect_damaged(wrapped(raw + raw), "twice");
  for (std::size_t i = 0; i < raw.size(); ++i)
    for (int value = 0; value < 256; ++value) {
      auto changed = raw;
      changed[i] = static_cast<char>(value);
      // Text may be any; all else must still add up, and reading must end.
      if (auto reader = chunk_reader::open(wrapped(changed))) {
        std::uint32_t count = 0;
        auto last = whole.began_at;
        while (const auto one = reader->next()) {
          EXPECT_GE(one->at, last);
          EXPECT_LE(one->offset, whole.end_offset);
          last = one->at;
          ++count;
        }
        EXPECT_EQ(count, whole.event_count);
      }
    }
}

TEST(chunk_damage, noise_is_refused) {
  const auto seed = roost::test::pick_seed();
  ROOST_SEED_TRACE(seed);
  seeded_random random(seed);
  for (int round = 0; round < 20'000; ++round) {
    std::string noise(random.between(1, 64), '\0');
    random.fill(std::as_writable_bytes(std::span(noise)));
    auto read = wrapped(noise);
    read.event_count = static_cast<std::uint32_t>(random.between(1, 4));
    EXPECT_FALSE(chunk_reader::open(read));
    read.blob = "\1" + noise;
    EXPECT_FALSE(chunk_reader::open(read));
  }
}

} // namespace
} // namespace roost::recording
