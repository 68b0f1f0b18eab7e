// Whatever a memory contains, it is taken over without a crash; what is given back of the output is
// true, or it is said that something is missing.
#include "actors/terminal/history.hpp"
#include "actors/terminal/session_memory.hpp"
#include "tests/support/memory_file.hpp"
#include "tests/support/seeded_random.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <memory>
#include <string>

namespace roost::terminal {
namespace {

using test::known_bytes;
using test::memory_file;

constexpr std::size_t segments = 300; // their records take more than one page
constexpr std::size_t capacity = 3 * keeper::segment_bytes;

bool is_true(const history& h) {
  for (auto at = h.begin(); at < h.end();) {
    const auto piece = h.at(at, 1 << 20);
    if (piece.view() != known_bytes(at, piece.size))
      return false;
    at += piece.size;
  }
  return true;
}

/// What damage may do, by where it is.
struct region {
  std::size_t begin = 0;
  std::size_t end = 0;
};

struct damage_fixture : testing::Test {
  damage_fixture() : seed(test::pick_seed()), random(seed) {}

  /// A session that has written for a while, with all that goes with it.
  void live(const memory_file& file) {
    auto opened = session_memory::open(file.fd(), 1);
    ASSERT_TRUE(opened);
    const auto memory = *opened;
    history bytes(capacity, nullptr, memory, memory->adopt(memory->recover()));
    for (auto n = random.between(0, 400); n > 0; --n) {
      bytes.append(known_bytes(bytes.end(), random.between(1, 20'000)));
      if (bytes.wants_checkpoint() || random.between(0, 50) == 0) {
        const auto at = bytes.end() - random.between(0, bytes.size());
        ASSERT_TRUE(memory->write_checkpoint(at, "at " + std::to_string(at)));
        bytes.on_checkpoint(at);
      }
      if (random.between(0, 20) == 0) {
        ASSERT_TRUE(memory->write_note("end " + std::to_string(bytes.end()), bytes.end()));
      }
    }
    end = bytes.end();
  }

  void damage(const memory_file& file, region where) {
    const auto at = random.between(where.begin, where.end - 1);
    auto* const bytes = file.bytes();
    const auto page = at / keeper::page_bytes * keeper::page_bytes;
    switch (random.between(0, 4)) {
    case 0:
      bytes[at] = static_cast<char>(bytes[at] ^ 1 << random.between(0, 7));
      break;
    case 1:
      bytes[at] = static_cast<char>(random.next());
      break;
    case 2: {
      const auto word = random.next();
      std::memcpy(bytes + at / 8 * 8, &word, 8);
      break;
    }
    case 3:
      std::memset(bytes + page, random.between(0, 1) == 0 ? 0 : 0xff, keeper::page_bytes);
      break;
    default:
      for (std::size_t i = 0; i < keeper::page_bytes; ++i)
        bytes[page + i] = static_cast<char>(random.next());
    }
  }

  /// Takes the memory over as a server does, and goes on. @returns false if it was refused.
  bool take_over(const memory_file& file, bool is_data_true) {
    file.hand_to(2); // as the keeper does before it hands it out
    auto opened = session_memory::open(file.fd(), 2);
    if (!opened)
      return false;
    {
      const auto memory = *opened;
      const auto found = memory->recover();
      if (const auto note = memory->read_note()) {
        EXPECT_EQ(note->text, "end " + std::to_string(note->offset));
        EXPECT_TRUE(!found.is_end_trustworthy || found.end >= note->offset);
        EXPECT_GE(found.next_offset, note->offset);
      }
      if (const auto checkpoint = memory->read_checkpoint()) {
        EXPECT_EQ(checkpoint->text, "at " + std::to_string(checkpoint->offset));
      }
      if (found.is_end_trustworthy) {
        // Damage behind the output looks like more of it.
        if (!is_data_true && found.end > end && found.end <= end + keeper::segment_bytes)
          end = found.end;
        EXPECT_EQ(found.end, end);
        EXPECT_EQ(found.next_offset, end);
      }
      EXPECT_GE(found.next_offset, found.end);
      history bytes(capacity, nullptr, memory, memory->adopt(found));
      EXPECT_EQ(bytes.begin(), found.begin);
      EXPECT_EQ(bytes.end(), found.end);
      EXPECT_TRUE(is_true(bytes) || !is_data_true);
      if (!found.is_end_trustworthy)
        bytes.jump(found.next_offset);
      memory->write_note("end " + std::to_string(bytes.end()), bytes.end());
      for (int i = 0; i < 30; ++i)
        bytes.append(known_bytes(bytes.end(), random.between(1, 20'000)));
      EXPECT_TRUE(is_true(bytes) || !is_data_true);
      end = bytes.end();
    }
    // Nothing of the damage is left to the one after.
    file.hand_to(3);
    opened = session_memory::open(file.fd(), 3);
    EXPECT_TRUE(opened);
    if (opened) {
      const auto found = (*opened)->recover();
      EXPECT_TRUE(found.is_end_trustworthy);
      EXPECT_EQ(found.end, end);
      EXPECT_EQ(found.damaged_segments, 0U);
    }
    return true;
  }

  std::uint64_t seed;
  seeded_random random;
  std::uint64_t end = 0;
};

TEST_F(damage_fixture, of_headers_records_and_texts_is_seen) {
  ROOST_SEED_TRACE(seed);
  const keeper::memory_map map{segments};
  // Not the texts of checkpoints: two MiB that would get nearly all of it.
  const region records{map.records(), map.records() + segments * sizeof(keeper::segment_record)};
  const region header{0, sizeof(keeper::memory_header)};
  const region notes{map.note(0), map.note(0) + 64};
  const region checkpoints{map.checkpoint(0), map.checkpoint(0) + 64};
  std::size_t refused = 0;
  for (int round = 0; round < 150; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    memory_file file(segments);
    live(file);
    for (auto n = random.between(1, 3); n > 0; --n)
      for (const auto& where : {records, header, notes, checkpoints})
        if (random.between(0, 2) == 0)
          damage(file, where);
    refused += take_over(file, true) ? 0 : 1;
    if (HasFailure())
      return;
  }
  EXPECT_EQ(refused, 0U) << "everything in the header can be repaired";
}

TEST_F(damage_fixture, anywhere_ends_nobody) {
  ROOST_SEED_TRACE(seed);
  for (int round = 0; round < 40; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    memory_file file(segments);
    live(file);
    for (auto n = random.between(1, 200); n > 0; --n)
      damage(file, {0, file.map().size()});
    (void)take_over(file, false);
    if (HasFailure())
      return;
  }
}

TEST_F(damage_fixture, no_memory_at_all_is_taken_for_one) {
  ROOST_SEED_TRACE(seed);
  for (int round = 0; round < 10; ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    memory_file file(segments);
    for (std::size_t i = 0; i < file.map().segment(0); ++i)
      file.bytes()[i] = round == 0 ? static_cast<char>(0xff) : static_cast<char>(random.next());
    (void)take_over(file, false);
    if (HasFailure())
      return;
  }
}

TEST_F(damage_fixture, two_records_of_the_same_bytes_are_not_believed) {
  memory_file file(segments);
  {
    auto memory = *session_memory::open(file.fd(), 1);
    history bytes(1 << 20, nullptr, memory, memory->adopt(memory->recover()));
    bytes.append(known_bytes(0, 200'000));
    end = bytes.end();
  }
  // True checks, but it cannot be.
  auto& false_one = file.record(100);
  false_one.start.store(150'000);
  false_one.fill.store(keeper::fill_of(150'000, 10));
  const auto found = (*session_memory::open(file.fd(), 1))->recover();
  EXPECT_FALSE(found.is_end_trustworthy);
  EXPECT_GE(found.next_offset, end);
  EXPECT_GE(found.damaged_segments, 1U);
  EXPECT_TRUE(take_over(file, true));
}

} // namespace
} // namespace roost::terminal
