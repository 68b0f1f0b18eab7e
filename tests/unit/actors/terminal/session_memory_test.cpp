#include "actors/terminal/session_memory.hpp"

#include "actors/terminal/history.hpp"
#include "tests/support/memory_file.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace roost::terminal {
namespace {

using keeper::segment_bytes;
using test::known_bytes;
using test::memory_file;

std::shared_ptr<session_memory> open(const memory_file& file, std::uint64_t generation = 1) {
  auto opened = session_memory::open(file.fd(), generation);
  EXPECT_TRUE(opened) << opened.error().detail;
  return std::move(opened).value();
}

std::string text_of(const history& h) {
  std::string text;
  for (const auto& piece : h.read(h.begin(), h.size()))
    text += piece.view();
  return text;
}

/// A server's life with a memory: what was there, and a history that goes on.
struct server {
  server(const memory_file& file, std::size_t capacity, std::uint64_t generation = 1)
      : memory(open(file, generation)), found(memory->recover()),
        bytes(capacity, nullptr, memory, memory->adopt(found)) {}
  std::shared_ptr<session_memory> memory;
  recovery found;
  history bytes;

  void append(std::size_t size) { bytes.append(known_bytes(bytes.end(), size)); }
};

struct session_memory_fixture : testing::Test {
  memory_file file{90};
};

TEST_F(session_memory_fixture, a_new_one_holds_nothing_and_says_so) {
  const auto memory = open(file);
  EXPECT_TRUE(memory->is_owner());
  EXPECT_FALSE(memory->was_header_damaged());
  EXPECT_EQ(memory->segments(), 90U);
  const auto found = memory->recover();
  EXPECT_EQ(found.end, 0U);
  EXPECT_TRUE(found.segments.empty());
  EXPECT_TRUE(found.is_end_trustworthy);
  EXPECT_EQ(found.next_offset, 0U);
  EXPECT_FALSE(memory->read_note());
  EXPECT_FALSE(memory->read_checkpoint());
}

TEST(session_memory, what_could_end_the_process_is_refused) {
  // A file that somebody can make shorter under the mapping.
  EXPECT_FALSE(session_memory::open(memory_file(82, 1, 0).fd(), 1));
  EXPECT_FALSE(session_memory::open(memory_file(82, 1, F_SEAL_GROW).fd(), 1));
  EXPECT_TRUE(session_memory::open(memory_file(82, 1, F_SEAL_GROW | F_SEAL_SHRINK).fd(), 1));
  // No file at all, and one of a strange size.
  EXPECT_FALSE(session_memory::open(unique_fd(), 1));
  EXPECT_FALSE(session_memory::open(unique_fd(::open("/dev/null", O_RDWR | O_CLOEXEC)), 1));
  const unique_fd odd(::memfd_create("odd", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  ASSERT_EQ(::ftruncate(odd.get(), 12'345'678), 0);
  ::fcntl(odd.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW);
  EXPECT_FALSE(session_memory::open(unique_fd(::dup(odd.get())), 1));
}

TEST_F(session_memory_fixture, another_owner_s_is_refused) {
  EXPECT_FALSE(session_memory::open(file.fd(), 2));
}

TEST_F(session_memory_fixture, a_layout_of_another_version_is_refused) {
  auto& h = file.header();
  h.version = keeper::layout_version + 1;
  h.check = keeper::header_check(h.magic, h.version, h.segments);
  EXPECT_FALSE(session_memory::open(file.fd(), 1));
}

TEST(session_memory, every_number_of_segments_is_known_by_the_file_s_size) {
  for (const std::size_t n : {2, 82, 146, 255, 256, 257, 1000, 4000}) {
    const memory_file file(n);
    file.header().segments = 7;
    const auto memory = open(file);
    EXPECT_EQ(memory->segments(), n);
    EXPECT_TRUE(memory->was_header_damaged());
    EXPECT_EQ(file.header().segments, n) << "repaired";
    EXPECT_FALSE(open(file)->was_header_damaged());
  }
}

TEST_F(session_memory_fixture, output_is_there_for_the_next_server) {
  std::string written;
  {
    server first(file, 1 << 20);
    first.append(300'000);
    written = text_of(first.bytes);
  }
  file.hand_to(2);
  server second(file, 1 << 20, 2);
  EXPECT_TRUE(second.found.is_end_trustworthy);
  EXPECT_EQ(second.found.begin, 0U);
  EXPECT_EQ(second.found.end, 300'000U);
  EXPECT_EQ(text_of(second.bytes), written);
  second.append(100'000);
  EXPECT_EQ(second.bytes.end(), 400'000U);
  EXPECT_EQ(text_of(second.bytes), known_bytes(0, 400'000));
  EXPECT_EQ(second.memory->heap_blocks(), 0U);
}

/// A read into the history's room, whose process is killed before it can count it.
void read_and_die(server& s, std::string_view bytes) {
  const auto room = s.bytes.prepare();
  ASSERT_LE(bytes.size(), room.size());
  std::copy(bytes.begin(), bytes.end(), room.begin());
}

TEST_F(session_memory_fixture, output_that_was_read_and_not_counted_is_there) {
  {
    server first(file, 1 << 20);
    first.append(10);
    read_and_die(first, std::string_view("a\0b\0\0", 5));
  }
  file.hand_to(2);
  {
    server second(file, 1 << 20, 2);
    EXPECT_TRUE(second.found.is_end_trustworthy);
    EXPECT_EQ(text_of(second.bytes), known_bytes(0, 10) + std::string("a\0b", 3));
    EXPECT_EQ(second.bytes.end(), 13U) << "zeros at the end are not seen";
    second.bytes.append("!");
  }
  file.hand_to(3);
  server third(file, 1 << 20, 3);
  EXPECT_EQ(text_of(third.bytes), known_bytes(0, 10) + std::string("a\0b!", 4)) << "counted by now";
}

TEST_F(session_memory_fixture, the_very_first_read_counts_too) {
  {
    server first(file, 1 << 20);
    read_and_die(first, "hello");
  }
  file.hand_to(2);
  server second(file, 1 << 20, 2);
  EXPECT_TRUE(second.found.is_end_trustworthy);
  EXPECT_EQ(text_of(second.bytes), "hello");
}

TEST_F(session_memory_fixture, segments_that_were_used_before_are_blank) {
  for (std::uint64_t generation = 1; generation < 40; ++generation) {
    SCOPED_TRACE(generation);
    file.hand_to(generation);
    std::string expected;
    {
      server one(file, 150'000, generation);
      // Segments come back to be used again, with their pages.
      for (int i = 0; i < 20; ++i) {
        one.append(30'000 + 1000 * generation);
        one.bytes.on_checkpoint(one.bytes.begin());
      }
      read_and_die(one, "uncounted");
      expected = text_of(one.bytes) + "uncounted";
    }
    file.hand_to(generation + 100);
    const auto next = open(file, generation + 100);
    const auto found = next->recover();
    EXPECT_TRUE(found.is_end_trustworthy);
    history again(150'000, nullptr, next, next->adopt(found));
    EXPECT_TRUE(text_of(again) == expected);
  }
}

TEST_F(session_memory_fixture, what_an_older_build_left_behind_its_output_is_not_output) {
  {
    server first(file, 1 << 20);
    first.append(10);
  }
  // It uses a segment again and promises nothing.
  file.record(5).start.store(10);
  file.record(5).fill.store(keeper::fill_of(10, 3));
  std::memcpy(file.bytes() + file.map().segment(5), "newold", 6);
  file.hand_to(2);
  server second(file, 1 << 20, 2);
  EXPECT_TRUE(second.found.is_end_trustworthy);
  EXPECT_EQ(text_of(second.bytes), known_bytes(0, 10) + "new");
}

TEST_F(session_memory_fixture, what_the_keeper_put_behind_the_output_stays_there) {
  {
    server first(file, 1 << 20);
    first.append(10);
    read_and_die(first, "lost");
  }
  // A keeper of an older build goes on where the output that is counted ends.
  file.record(5).start.store(10);
  file.record(5).fill.store(keeper::fill_of(10, 3));
  std::memcpy(file.bytes() + file.map().segment(5), "new", 3);
  file.hand_to(2);
  server second(file, 1 << 20, 2);
  EXPECT_TRUE(second.found.is_end_trustworthy);
  EXPECT_EQ(second.found.damaged_segments, 0U);
  EXPECT_EQ(text_of(second.bytes), known_bytes(0, 10) + "new");
}

TEST_F(session_memory_fixture, a_new_owner_does_not_write_where_the_one_before_may_read_into) {
  server first(file, 1 << 20);
  first.append(10);
  const auto room = first.bytes.prepare();
  file.hand_to(2);
  server second(file, 1 << 20, 2);
  second.append(1000);
  room[0] = 'x'; // a read that had begun before
  first.bytes.commit(1);
  EXPECT_EQ(first.bytes.end(), 10U);
  EXPECT_TRUE(first.bytes.is_fenced());
  EXPECT_EQ(text_of(second.bytes), known_bytes(0, 1010));
  EXPECT_EQ(open(file, 2)->recover().end, 1010U);
}

TEST_F(session_memory_fixture, a_fenced_off_owner_changes_nothing) {
  server first(file, 100'000);
  first.append(50'000);
  ASSERT_TRUE(first.memory->write_note("first", 50'000));
  file.hand_to(2);
  server second(file, 100'000, 2);
  for (int i = 0; i < 100; ++i) {
    first.append(5000);
    const auto room = first.bytes.prepare();
    ASSERT_GE(room.size(), 1U);
    room[0] = 'x';
    first.bytes.commit(1);
  }
  first.bytes.on_checkpoint(50'000);
  EXPECT_FALSE(first.memory->write_note("again", 50'000));
  EXPECT_FALSE(first.memory->write_checkpoint(50'000, "again"));
  EXPECT_EQ(open(file, 2)->recover().end, 50'000U);
  EXPECT_EQ(text_of(second.bytes), known_bytes(0, 50'000));
}

TEST_F(session_memory_fixture, the_newest_text_is_read) {
  const auto memory = open(file);
  for (int i = 0; i < 5; ++i) {
    const auto text = "note " + std::to_string(i);
    ASSERT_TRUE(memory->write_note(text, static_cast<std::uint64_t>(i)));
    const auto read = open(file)->read_note();
    ASSERT_TRUE(read);
    EXPECT_EQ(read->text, text);
    EXPECT_EQ(read->offset, static_cast<std::uint64_t>(i));
  }
  ASSERT_TRUE(memory->write_checkpoint(77, std::string(keeper::checkpoint_bytes, 'x')));
  EXPECT_EQ(memory->read_checkpoint()->text.size(), keeper::checkpoint_bytes);
  EXPECT_FALSE(memory->write_checkpoint(78, std::string(keeper::checkpoint_bytes + 1, 'x')));
  EXPECT_FALSE(memory->write_note(std::string(keeper::note_bytes + 1, 'x'), 0));
  EXPECT_EQ(memory->read_checkpoint()->offset, 77U);
  EXPECT_EQ(memory->read_note()->text, "note 4");
}

TEST_F(session_memory_fixture, a_text_that_was_cut_off_leaves_the_one_before) {
  const auto memory = open(file);
  ASSERT_TRUE(memory->write_note("the first", 1));
  ASSERT_TRUE(memory->write_note("the second", 2));
  file.bytes()[file.map().note(1)] = 'X';
  EXPECT_EQ(open(file)->read_note()->text, "the first");
  // The next one goes into the damaged slot, not over the only good text.
  ASSERT_TRUE(open(file)->write_note("the third", 3));
  EXPECT_EQ(open(file)->read_note()->text, "the third");
  file.bytes()[file.map().note(1)] = 'X';
  EXPECT_EQ(open(file)->read_note()->text, "the first");
}

TEST_F(session_memory_fixture, evicted_output_stays_until_a_checkpoint_makes_up_for_it) {
  server first(file, 2 * segment_bytes);
  while (!first.bytes.wants_checkpoint())
    first.append(4000);
  EXPECT_GE(first.bytes.begin(), 15 * segment_bytes);
  EXPECT_EQ(open(file)->recover().begin, 0U) << "recorded still";
  const auto free_before = first.memory->free_segments();
  first.bytes.on_checkpoint(first.bytes.begin() - 1);
  EXPECT_TRUE(first.memory->free_segments() == free_before + history::most_retired - 1)
      << "one ends behind the checkpoint";
  first.bytes.on_checkpoint(first.bytes.begin());
  EXPECT_EQ(first.memory->free_segments(), free_before + history::most_retired);
  EXPECT_FALSE(first.bytes.wants_checkpoint());
  EXPECT_EQ(open(file)->recover().begin, first.bytes.begin());
  EXPECT_EQ(open(file)->recover().end, first.bytes.end());
}

TEST_F(session_memory_fixture, a_flood_uses_the_same_memory_again) {
  server first(file, 2 * segment_bytes);
  std::size_t most = 0;
  for (int i = 0; i < 3000; ++i) {
    first.append(4000);
    most = std::max(most, first.bytes.memory_bytes());
    if (first.bytes.wants_checkpoint())
      first.bytes.on_checkpoint(first.bytes.begin());
  }
  EXPECT_LE(most, (2 + 1 + history::most_retired + 1) * segment_bytes);
  EXPECT_EQ(first.memory->heap_blocks(), 0U);
  EXPECT_EQ(text_of(first.bytes), known_bytes(first.bytes.begin(), first.bytes.size()));
}

TEST_F(session_memory_fixture, a_segment_is_not_used_again_while_somebody_holds_its_bytes) {
  server first(file, 2 * segment_bytes);
  first.append(segment_bytes);
  auto held = first.bytes.at(0, 1000);
  const auto flood = [&first](int pieces) {
    for (int i = 0; i < pieces; ++i) {
      first.append(4000);
      first.bytes.on_checkpoint(first.bytes.begin());
    }
  };
  flood(2000);
  EXPECT_EQ(held.view(), known_bytes(0, 1000));
  const auto free_before = first.memory->free_segments();
  std::thread([&held] { held = {}; }).join(); // on any thread
  EXPECT_EQ(first.memory->free_segments(), free_before + 1);
  flood(200);
}

TEST_F(session_memory_fixture, slices_outlive_the_history_and_keep_the_mapping) {
  slice held;
  {
    server first(file, 1 << 20);
    first.append(1000);
    held = first.bytes.at(0, 1000);
  }
  EXPECT_EQ(held.view(), known_bytes(0, 1000));
  server second(file, 1 << 20); // the same owner: a terminal that was started again
  held = {};
  EXPECT_EQ(open(file)->recover().end, 1000U) << "not freed by whoever is gone";
}

TEST_F(session_memory_fixture, what_was_taken_over_and_not_used_is_still_there) {
  {
    server first(file, 1 << 20);
    first.append(200'000);
  }
  {
    const auto memory = open(file);
    EXPECT_EQ(memory->adopt(memory->recover()).size(),
              4U); // and dropped: the terminal did not start
  }
  const auto found = open(file)->recover();
  EXPECT_EQ(found.begin, 0U);
  EXPECT_EQ(found.end, 200'000U);
}

TEST_F(session_memory_fixture, an_offset_that_no_output_has_is_damage) {
  {
    server first(file, 1 << 20);
    first.append(1000);
  }
  const auto start = ~std::uint64_t{0} - 10;
  file.record(5).start.store(start);
  file.record(5).fill.store(keeper::fill_of(start, 100)); // its end is a small number again
  const auto found = open(file)->recover();
  EXPECT_FALSE(found.is_end_trustworthy);
  EXPECT_EQ(found.damaged_segments, 1U);
  EXPECT_EQ(found.end, 1000U);
}

TEST_F(session_memory_fixture, surplus_memory_is_given_back) {
  server first(file, 2 * segment_bytes);
  std::vector<slice> held;
  for (int i = 0; i < 60; ++i) { // slow viewers
    held.push_back(
        first.bytes.at(first.bytes.end() - std::min<std::uint64_t>(1, first.bytes.end()), 1));
    first.append(segment_bytes);
    first.bytes.on_checkpoint(first.bytes.begin());
  }
  EXPECT_GE(first.bytes.memory_bytes(), 55 * segment_bytes);
  held.clear();
  EXPECT_LE(first.bytes.memory_bytes(), (3 + 16 + 1) * segment_bytes);
}

TEST_F(session_memory_fixture, without_a_free_segment_output_goes_on_in_memory_that_a_crash_loses) {
  std::vector<slice> held;
  std::uint64_t end = 0;
  {
    server first(file, 2 * segment_bytes);
    for (int i = 0; i < 100; ++i) {
      first.append(segment_bytes);
      held.push_back(first.bytes.at(first.bytes.end() - 1, 1));
      first.bytes.on_checkpoint(first.bytes.begin());
    }
    EXPECT_GT(first.memory->heap_blocks(), 0U);
    EXPECT_EQ(text_of(first.bytes), known_bytes(first.bytes.begin(), first.bytes.size()));
    // A crash here loses the end, and the next server is told.
    const auto found = open(file)->recover();
    EXPECT_FALSE(found.is_end_trustworthy);
    EXPECT_LT(found.end, first.bytes.end());
    EXPECT_GE(found.next_offset, first.bytes.end());
    // The viewers are done: a segment is next.
    held.clear();
    while (open(file)->recover().end < first.bytes.end())
      first.append(1000);
    end = first.bytes.end();
  }
  const auto found = open(file)->recover();
  EXPECT_TRUE(found.is_end_trustworthy);
  EXPECT_EQ(found.end, end);
  EXPECT_GT(found.begin, 0U) << "only what comes after the gap";
  server second(file, 2 * segment_bytes);
  EXPECT_EQ(text_of(second.bytes), known_bytes(found.begin, found.end - found.begin));
}

TEST_F(session_memory_fixture, an_end_that_is_not_known_stays_so_until_there_is_output_again) {
  {
    server first(file, 1 << 20);
    first.append(200'000);
    file.record(2).fill.store(0); // the last of them: as if it had never been
    file.record(2).start.store(0);
  }
  const auto found = open(file)->recover();
  EXPECT_FALSE(found.is_end_trustworthy);
  EXPECT_GE(found.next_offset, 200'000U - segment_bytes);
  { server second(file, 1 << 20); } // dies before it has done anything
  server third(file, 1 << 20);
  EXPECT_FALSE(third.found.is_end_trustworthy);
  EXPECT_GE(third.found.next_offset, found.next_offset);
  third.bytes.jump(third.found.next_offset);
  EXPECT_FALSE(third.bytes.holds(third.found.end));
  third.append(10);
  const auto now = open(file)->recover();
  EXPECT_TRUE(now.is_end_trustworthy);
  EXPECT_EQ(now.begin, third.found.next_offset);
  EXPECT_EQ(now.end, third.found.next_offset + 10);
}

/// Output as the keeper puts it there while no server is.
void drain(const memory_file& file, std::size_t segment, std::uint64_t start, std::uint32_t size) {
  const auto bytes = known_bytes(start, size);
  std::copy(bytes.begin(), bytes.end(), file.bytes() + file.map().segment(segment));
  file.record(segment).start.store(start);
  file.record(segment).fill.store(keeper::fill_of(start, size));
}

TEST_F(session_memory_fixture, output_that_the_keeper_read_goes_on_where_the_server_s_ends) {
  {
    server first(file, 10 << 20);
    first.append(1000);
  }
  file.hand_to(0);
  std::uint64_t end = 1000;
  for (std::size_t i = 1; i < 90; ++i, end += segment_bytes) // the last one, too
    drain(file, i, end, segment_bytes);
  file.hand_to(2);
  server second(file, 2 * segment_bytes, 2);
  EXPECT_TRUE(second.found.is_end_trustworthy);
  EXPECT_EQ(second.found.begin, 0U);
  EXPECT_EQ(second.bytes.end(), end);
  EXPECT_EQ(text_of(second.bytes), known_bytes(0, end));
  EXPECT_EQ(second.memory->free_segments(), 0U);
  // No room at first, until what is evicted has its checkpoint.
  second.append(10);
  EXPECT_EQ(second.memory->heap_blocks(), 1U);
  EXPECT_TRUE(second.bytes.wants_checkpoint());
  second.bytes.on_checkpoint(second.bytes.end());
  for (int i = 0; i < 300; ++i) {
    second.append(4000);
    second.bytes.on_checkpoint(second.bytes.begin());
  }
  EXPECT_EQ(second.memory->heap_blocks(), 1U);
  EXPECT_EQ(text_of(second.bytes), known_bytes(second.bytes.begin(), second.bytes.size()));
  const auto found = open(file, 2)->recover();
  EXPECT_TRUE(found.is_end_trustworthy);
  EXPECT_EQ(found.end, second.bytes.end());
}

TEST_F(session_memory_fixture, room_that_the_keeper_only_prepared_is_no_sign_of_damage) {
  const auto fd = file.fd();
  ASSERT_EQ(::fallocate(fd.get(), 0, static_cast<off_t>(file.map().segment(0)), segment_bytes), 0);
  EXPECT_TRUE(open(file)->recover().is_end_trustworthy);
  file.bytes()[file.map().segment(0) + 5] = 'x';
  EXPECT_FALSE(open(file)->recover().is_end_trustworthy);
}

TEST_F(session_memory_fixture, a_note_is_a_witness_of_the_end) {
  {
    server first(file, 1 << 20);
    first.append(100);
    first.memory->write_note("{}", 100);
  }
  file.record(0).start.store(1);
  file.record(0).fill.store(keeper::fill_of(1, 20));
  EXPECT_FALSE(open(file)->recover().is_end_trustworthy);
  EXPECT_GE(open(file)->recover().next_offset, 100U);
}

} // namespace
} // namespace roost::terminal
