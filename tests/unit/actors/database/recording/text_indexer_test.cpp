#include "actors/database/recording/text_indexer.hpp"

#include "tests/unit/actors/database/recording/shell_output.hpp"

namespace roost::recording {
namespace {

using namespace test;
using namespace std::chrono_literals;

TEST(text_indexer, a_piece_for_each_command) {
  EXPECT_EQ(words_of(pieces_of("hello\r\n" + command("make", "cc a.c\r\nerror: b\r\n", 2) +
                               command("ls", "a.c  b.c\r\n") + mark("A") + "$ ")),
            "make|2|hello/$ make/cc a.c/error: b/\n"
            "ls|0|$ ls/a.c  b.c/\n"
            "|-|$/\n");
}

TEST(text_indexer, where_a_piece_lies) {
  const auto first = command("one", "1\r\n");
  const auto second = command("two", "2\r\n");
  const auto pieces = pieces_of(first + second);
  ASSERT_EQ(pieces.size(), 2U);
  EXPECT_EQ(pieces.at(0).to_offset, first.size());
  EXPECT_EQ(pieces.at(first.size()).to_offset, first.size() + second.size());
}

TEST(text_indexer, what_the_shell_does_not_tell_is_not_known) {
  EXPECT_EQ(words_of(pieces_of("$ ls\r\na\r\n$ ")), "|-|$ ls/a/$/\n");
  // No command line, no end, an end twice, nothing that ran, a command within a command.
  EXPECT_EQ(words_of(pieces_of(mark("A") + "$ x\r\n" + mark("C") + "1\r\n" + mark("D;7"))),
            "|7|$ x/1/\n");
  EXPECT_EQ(words_of(pieces_of("\x1b]633;E;x\x07" + mark("C") + "1\r\n" + mark("A") + "$ ")),
            "x|-|1/\n|-|$/\n");
  EXPECT_EQ(words_of(pieces_of(command("x", "1\r\n") + mark("D") + mark("A") + "$ \r\n" +
                               mark("D") + command("y", "2\r\n", 3))),
            "x|0|$ x/1/\ny|3|$/$ y/2/\n");
  EXPECT_EQ(words_of(pieces_of("\x1b]633;E;bash\x07" + mark("C") + "in\r\n\x1b]633;E;ls\x07" +
                               mark("C") + "out\r\n" + mark("D;1"))),
            "bash|-|in/\nls|1|out/\n");
}

TEST(text_indexer, lines_are_as_the_screen_shows_them) {
  EXPECT_EQ(words_of(pieces_of(command("get", " 10%\r 50%\r100%\r\n" + std::string(100, 'x') +
                                                  "\r\n\x1b[31mred\x1b[m end\r\n"))),
            "get|0|$ get/100%/" + std::string(100, 'x') + "/red end/\n");
  EXPECT_EQ(words_of(pieces_of("one\r\ntwo\r\n\x1b[H\x1b[2J\x1b[3Jthree\r\n")),
            "|-|one/two/three/\n");
  EXPECT_EQ(words_of(pieces_of(command("vim", "\x1b[?1049h\x1b[Hthe file\r\n\x1b[?1049l") +
                               command("ls", "a\r\n"))),
            "vim|0|$ vim/\nls|0|$ ls/a/\n");
}

TEST(text_indexer, a_command_of_much_output_has_several_pieces) {
  std::string output;
  std::string lines;
  for (int i = 0; i < 20'000; ++i) {
    output += "line " + std::to_string(i) + "\r\n";
    lines += "line " + std::to_string(i) + "\n";
  }
  const auto pieces = pieces_of(command("seq", output, 4));
  ASSERT_GT(pieces.size(), 8U);
  std::string text;
  std::uint64_t end = 0;
  std::size_t with_status = 0;
  for (const auto& [from, each] : pieces) {
    EXPECT_EQ(from, end);
    end = each.to_offset;
    text += each.text;
    EXPECT_EQ(each.command, "seq");
    EXPECT_TRUE(from == pieces.rbegin()->first || each.text.size() > 15'000) << each.text.size();
    with_status += each.exit_status ? 1 : 0;
  }
  EXPECT_TRUE(text == "$ seq\n" + lines);
  EXPECT_EQ(with_status, text_indexer::max_kept + 1);
  EXPECT_EQ(pieces.rbegin()->second.exit_status, 4);
}

TEST(text_indexer, a_line_without_an_end_is_cut) {
  std::string line;
  while (line.size() < 100'000)
    line += "\xe4\xb8\x96" + std::to_string(line.size());
  std::string text;
  for (const auto& [from, each] : pieces_of(line)) {
    EXPECT_NE(static_cast<unsigned char>(each.text[0]) & 0xc0U, 0x80U) << "between characters";
    text += each.text.substr(0, each.text.size() - 1);
  }
  EXPECT_EQ(text, line);
}

TEST(text_indexer, output_without_marks_is_parted_where_it_paused) {
  chunk_writer writer(0, 0, {40, 6});
  text_indexer tested({}, 1'000'000);
  kept_pieces pieces;
  writer.add_output(at(0), "one\r\n");
  writer.add_output(at(9'000), "two\r\n$ ");
  writer.add_output(at(20'000), "ls\r");
  writer.add_output(at(20'001), "\na.c\r\n");
  ASSERT_TRUE(tested.add(writer.seal(), at(20'001).steady));
  tested.finish();
  keep(pieces, tested);
  EXPECT_EQ(words_of(pieces), "|-|one/two/$ ls/\n|-|a.c/\n");
  EXPECT_EQ(pieces.begin()->second.at, wall(0));
  EXPECT_EQ(pieces.rbegin()->second.at, wall(20'001));
}

TEST(text_indexer, a_command_is_one_piece_however_long_it_takes) {
  chunk_writer writer(0, 0, {40, 6});
  text_indexer tested({}, 1'000'000);
  kept_pieces pieces;
  writer.add_output(at(0), mark("A") + "$ ");
  writer.add_output(at(60'000), "make\r\n\x1b]633;E;make\x07" + mark("C"));
  writer.add_output(at(120'000), "one\r\n");
  writer.add_output(at(180'000), "two\r\n" + mark("D;0") + mark("A"));
  ASSERT_TRUE(tested.add(writer.seal(), at(0).steady));
  keep(pieces, tested);
  EXPECT_EQ(words_of(pieces), "make|0|$ make/one/two/\n");
  EXPECT_EQ(pieces.begin()->second.at, wall(60'000)) << "when it began, not its prompt";
}

TEST(text_indexer, what_is_not_finished_is_shown_from_time_to_time) {
  chunk_writer writer(0, 0, {40, 6});
  text_indexer tested({}, 1'000'000);
  const auto add = [&](std::int64_t when, const std::string& bytes) {
    EXPECT_TRUE(tested.add(chunk_of(writer, at(when), bytes), at(when).steady));
    kept_pieces now;
    keep(now, tested);
    return words_of(now);
  };
  EXPECT_EQ(add(0, mark("A") + "$ "), "") << "a prompt is nothing to find";
  EXPECT_FALSE(tested.next_tick());
  EXPECT_EQ(add(5'000, "make\r\n\x1b]633;E;make\x07" + mark("C") + "one\r\n"),
            "make|-|$ make/one/\n");
  EXPECT_EQ(add(10'000, "two\r\n"), "");
  EXPECT_EQ(tested.next_tick(), at(35'000).steady);
  tested.tick(at(34'000).steady);
  EXPECT_TRUE(tested.take().empty());
  tested.tick(at(35'000).steady);
  kept_pieces now;
  keep(now, tested);
  EXPECT_EQ(words_of(now), "make|-|$ make/one/two/\n");
  EXPECT_FALSE(tested.next_tick());
  tested.tick(at(90'000).steady);
  EXPECT_TRUE(tested.take().empty()) << "nothing new";
  EXPECT_EQ(add(95'000, mark("D;1") + mark("A") + "$ "), "make|1|$ make/one/two/\n");
}

TEST(text_indexer, what_was_shown_and_erased_is_taken_back) {
  chunk_writer writer(0, 0, {40, 6});
  text_indexer tested({}, 1'000'000);
  kept_pieces pieces;
  ASSERT_TRUE(tested.add(chunk_of(writer, at(0), "50%"), at(0).steady));
  keep(pieces, tested);
  EXPECT_EQ(words_of(pieces), "|-|50%/\n");
  ASSERT_TRUE(tested.add(chunk_of(writer, at(1), "\r\x1b[K"), at(1).steady));
  tested.finish();
  keep(pieces, tested);
  EXPECT_EQ(words_of(pieces), "|-|\n");
}

TEST(text_indexer, blank_output_is_no_piece) {
  EXPECT_EQ(words_of(pieces_of("\r\n   \r\n\x1b[2J\x1b]0;title\x07")), "");
}

TEST(text_indexer, a_gap_parts_and_the_command_goes_on) {
  chunk_writer writer(0, 0, {40, 6});
  text_indexer tested({}, 1'000'000);
  kept_pieces pieces;
  const auto first = "\x1b]633;E;make\x07" + mark("C") + "one\x1b[3";
  writer.add_output(at(0), first);
  writer.add(at(0), gap{12, gap_reason::rate});
  writer.add_output(at(0), "two\r\n");
  ASSERT_TRUE(tested.add(writer.seal(), at(0).steady));
  chunk_writer later(7, 1'000, {40, 6}); // others were lost
  ASSERT_TRUE(tested.add(chunk_of(later, at(0), "three\r\n" + mark("D;0")), at(0).steady));
  keep(pieces, tested);
  EXPECT_EQ(words_of(pieces), "make|0|one/\nmake|0|two/\nmake|0|three/\n");
  EXPECT_EQ(pieces.begin()->second.to_offset, first.size());
  EXPECT_TRUE(pieces.contains(first.size() + 12));
  EXPECT_TRUE(pieces.contains(1'000));
}

TEST(text_indexer, a_prompt_ends_an_alternate_screen_that_was_lost_in_a_gap) {
  chunk_writer writer(0, 0, {40, 6});
  text_indexer tested({}, 1'000'000);
  kept_pieces pieces;
  writer.add_output(at(0), "\x1b[?1049hdrawn");
  writer.add(at(0), gap{12, gap_reason::rate});
  writer.add_output(at(0), "drawn, too");
  writer.add(at(0), gap{12, gap_reason::rate});
  writer.add_output(at(0), command("ls", "a.c\r\n"));
  ASSERT_TRUE(tested.add(writer.seal(), at(0).steady));
  keep(pieces, tested);
  EXPECT_EQ(words_of(pieces), "ls|0|$ ls/a.c/\n");
}

TEST(text_indexer, has_bounds) {
  // A line of 4096 columns for eight bytes: more than a piece may have.
  std::string wide;
  while (wide.size() < 8'000)
    wide += "\x1b[4096Gx\r\n";
  chunk_writer writer(0, 0, {4096, 4});
  text_indexer tested({}, 60'000);
  ASSERT_TRUE(tested.add(chunk_of(writer, at(0), wide), at(0).steady));
  tested.finish();
  kept_pieces pieces;
  keep(pieces, tested); // which looks at each size
  EXPECT_FALSE(pieces.empty());
  EXPECT_GT(tested.skipped(), 2'000'000U);

  // And all pieces together have no more than they may.
  text_indexer bounded({0, {}, 30'000}, 60'000);
  chunk_writer second(0, 0, {80, 24});
  std::string lines;
  while (lines.size() < 100'000)
    lines += "some words of text\r\n";
  ASSERT_TRUE(bounded.add(chunk_of(second, at(0), lines), at(0).steady));
  bounded.finish();
  std::size_t all = 0;
  for (const auto& each : bounded.take())
    all += each.text.size();
  EXPECT_GT(all, 10'000U);
  EXPECT_LE(all, 30'000U);
  EXPECT_GT(bounded.skipped(), 60'000U);
}

TEST(text_indexer, chunks_come_in_order_and_whole) {
  chunk_writer writer(0, 0, {40, 6});
  auto first = chunk_of(writer, at(0), "one\r\n");
  auto second = chunk_of(writer, at(0), "two\r\n");
  auto third = chunk_of(writer, at(0), "three\r\n");
  second.blob[second.blob.size() / 2] ^= 1;
  text_indexer tested({}, 1'000'000);
  EXPECT_TRUE(tested.add(first, at(0).steady));
  EXPECT_FALSE(tested.add(first, at(0).steady));
  EXPECT_FALSE(tested.add(second, at(0).steady));
  EXPECT_TRUE(tested.add(third, at(0).steady));
  tested.finish();
  kept_pieces pieces;
  keep(pieces, tested);
  EXPECT_EQ(words_of(pieces), "|-|one/\n|-|three/\n");
}

} // namespace
} // namespace roost::recording
