#include "actors/database/recorded.hpp"

#include "actors/database/migration.hpp"
#include "actors/database/sqlite/sqlite_schema.hpp"
#include "actors/database/store/sqlite_store.hpp"
#include "tests/unit/actors/database/recording/shell_output.hpp"

#include <gtest/gtest.h>

namespace roost::database {
namespace {

using namespace recording::test;

class recorded_test : public testing::Test {
protected:
  recorded_test() {
    auto up = sqlite_schema({.file = {.path = ":memory:"}, .application = "roost/test"},
                            *parse_migrations(sqlite_migrations()),
                            [](database_state, std::uint32_t, std::uint32_t) {})
                  .bring_up();
    file = std::move(up->file);
    kept = make_sqlite_store(*file);
  }
  void write(record what) {
    const keyed_record one{
        {"aaaaaaaa-0000-4000-8000-000000000001", 1, 0, seq + 1}, seq, std::move(what)};
    ++seq;
    ASSERT_TRUE(kept->apply({&one, 1}));
  }
  recording::chunk record(const std::string& bytes) {
    auto made = chunk_of(writer, at(0), bytes);
    write(to_record(made, "s", "e"));
    return made;
  }
  void write(std::uint64_t from, std::uint64_t to, const std::string& command,
             std::optional<int> status = {}) {
    write(to_record(recording::text_piece{from, to, wall(0), command, status, "text\n"}, "s", "e"));
  }
  text_found found() {
    const auto recording = find_recording(kept.get(), "s", "e");
    return find_text(kept.get(), *recording, "s", "e").value();
  }

  std::unique_ptr<sqlite_file> file;
  std::unique_ptr<store> kept;
  recording::chunk_writer writer{0, 0, {80, 24}};
  std::uint64_t seq = 0;
};

TEST_F(recorded_test, chunks_come_back_as_they_were) {
  const auto first = record("one");
  const auto second = record("two");
  const auto all = read_chunks(kept.get(), "s", "e", 0, 10);
  ASSERT_EQ(all->size(), 2U);
  EXPECT_EQ(words_of(events_of(*all)), "o:one o:two");
  EXPECT_EQ((*all)[1].blob, second.blob);
  EXPECT_EQ((*all)[1].size, second.size);
  EXPECT_EQ((*all)[0].began_at, first.began_at);
  EXPECT_EQ(read_chunks(kept.get(), "s", "e", 1, 10)->size(), 1U);
  EXPECT_EQ(read_chunks(kept.get(), "s", "e", 0, 1)->size(), 1U);
  EXPECT_FALSE(read_chunks(nullptr, "s", "e", 0, 1));
}

TEST_F(recorded_test, text_begins_where_the_recording_does) {
  EXPECT_EQ(found().at.offset, 0U);
  EXPECT_EQ(found().next_seq, 0U);
  record("0123456789");
  record("0123456789");
  const auto here = found();
  EXPECT_EQ(here.at.offset, 0U);
  EXPECT_EQ(here.next_seq, 0U);
  EXPECT_FALSE(here.last);
  EXPECT_FALSE(find_text(nullptr, {}, "s", "e"));
}

TEST_F(recorded_test, text_goes_on_with_its_last_piece) {
  for (int i = 0; i < 5; ++i)
    record("0123456789");
  write(0, 12, "ls", 0);
  write(12, 38, "make");
  const auto here = found();
  EXPECT_EQ(here.at.offset, 12U);
  EXPECT_EQ(here.at.command, "make");
  EXPECT_GT(here.at.written, 0U);
  EXPECT_EQ(here.next_seq, 1U);
  EXPECT_EQ(here.last->to_offset, 38U);
  EXPECT_FALSE(here.last->exit_status);
}

TEST_F(recorded_test, what_lies_too_far_back_is_not_made_again) {
  for (std::uint32_t i = 0; i < most_behind + 10; ++i)
    record("0123456789");
  write(5, 38, "make");
  auto here = found();
  EXPECT_EQ(here.at.offset, 100U);
  EXPECT_EQ(here.at.command, "");
  EXPECT_EQ(here.next_seq, 10U);
  write(5, 117, "make");
  here = found();
  EXPECT_EQ(here.at.offset, 117U) << "no line twice";
  EXPECT_EQ(here.next_seq, 11U);
}

TEST_F(recorded_test, a_piece_is_known_if_it_is_stored_like_that) {
  const text_end last{10, 20, "make", 1};
  const auto piece = [](std::uint64_t from, std::uint64_t to, std::optional<int> status) {
    return recording::text_piece{from, to, {}, "make", status, "text"};
  };
  EXPECT_TRUE(is_known(piece(10, 20, 1), last));
  EXPECT_TRUE(is_known(piece(10, 15, {}), last)) << "it is being made again";
  EXPECT_FALSE(is_known(piece(10, 25, {}), last));
  EXPECT_FALSE(is_known(piece(10, 20, 2), last));
  EXPECT_FALSE(is_known(piece(20, 30, {}), last));
  EXPECT_FALSE(is_known(piece(10, 20, 1), {}));
}

} // namespace
} // namespace roost::database
