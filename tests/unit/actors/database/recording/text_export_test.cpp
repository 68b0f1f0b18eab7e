#include "actors/database/recording/text_export.hpp"

#include "tests/support/seeded_random.hpp"
#include "tests/unit/actors/database/recording/samples.hpp"

#include <gtest/gtest.h>

namespace roost::recording {
namespace {

using namespace test;

std::string text_of(const std::vector<chunk>& chunks, terminal::terminal_size size = {20, 4}) {
  text_export tested(size);
  std::string text;
  for (const auto& one : chunks) {
    auto lines = tested.add(one);
    EXPECT_TRUE(lines) << (lines ? "" : lines.error().detail);
    if (lines)
      text += *lines;
  }
  return text + tested.finish();
}

/// The text of output that comes in pieces of this size, of which each is a chunk.
std::string text_of(std::string_view written, std::size_t piece = 1'000'000) {
  chunk_writer writer(0, 0, {20, 4});
  std::vector<chunk> chunks;
  for (; !written.empty(); written.remove_prefix(std::min(piece, written.size()))) {
    writer.add_output(at(0), written.substr(0, piece));
    chunks.push_back(writer.seal());
  }
  return text_of(chunks);
}

TEST(text_export, lines_without_sequences) {
  EXPECT_EQ(text_of("one\r\n\x1b[31mtwo\x1b[m\r\nthree"), "one\ntwo\nthree\n");
  EXPECT_EQ(text_of("one\r\n\r\n\r\n\r\n\r\n\r\ntwo"), "one\n\n\n\n\n\ntwo\n");
  EXPECT_EQ(text_of(" 50%\r100%\r\ndone\r\n"), "100%\ndone\n");
}

TEST(text_export, what_scrolled_by_comes_once_and_in_order) {
  std::string written;
  std::string expected;
  for (int i = 0; i < 20'000; ++i) {
    written += "line " + std::to_string(i) + "\r\n";
    expected += "line " + std::to_string(i) + "\n";
  }
  EXPECT_EQ(text_of(written, 50'000), expected);
  EXPECT_EQ(text_of(written, 1777), expected);
}

TEST(text_export, wrapped_lines_are_one) {
  const std::string line = "a line of more than one row, with a blank at 40     and   some more";
  EXPECT_EQ(text_of(line + "\r\nnext\r\n"), line + "\nnext\n");
  std::string endless(100'000, 'x');
  EXPECT_EQ(text_of(endless), endless + "\n");
}

TEST(text_export, programs_of_several_rows_leave_their_last_state) {
  EXPECT_EQ(text_of("a 1%\r\nb 1%\r\n\x1b[2Aa 100%\r\nb 100%\r\nend\r\n"), "a 100%\nb 100%\nend\n");
}

TEST(text_export, the_alternate_screen_is_left_out) {
  EXPECT_EQ(text_of("$ vim\r\n\x1b[?1049h\x1b[Hthe file\r\n\x1b[?1049l$ ls\r\nfile\r\n"),
            "$ vim\n[a full-screen program: not shown]\n$ ls\nfile\n");
  for (std::size_t piece = 1; piece < 40; ++piece)
    EXPECT_EQ(text_of("$ vim\r\n\x1b[?1049h\x1b[Hthe file\r\n\x1b[?1049l$ ls\r\nfile\r\n", piece),
              "$ vim\n[a full-screen program: not shown]\n$ ls\nfile\n");
  EXPECT_EQ(text_of("$ vim\r\n\x1b[?1049hthe file"), "$ vim\n[a full-screen program: not shown]\n");
}

TEST(text_export, what_is_cleared_is_kept) {
  EXPECT_EQ(text_of("one\r\ntwo\r\n\x1b[H\x1b[2J\x1b[3Jthree\r\n"), "one\ntwo\nthree\n");
  EXPECT_EQ(text_of("one\r\n\x1b[H\x1b[2J\x1b[2J\x1b[2Jthree\r\n"), "one\nthree\n");
  EXPECT_EQ(text_of("one\r\ntwo\r\n\x1b"
                    "cthree\r\n"),
            "one\ntwo\nthree\n");
}

TEST(text_export, lines_above_the_screen_are_kept_when_they_are_cleared) {
  EXPECT_EQ(text_of("1\r\n2\r\n3\r\n4\r\n5\r\n6\r\n\x1b[3J7\r\n"), "1\n2\n3\n4\n5\n6\n7\n");
}

TEST(text_export, gaps_are_told) {
  chunk_writer writer(0, 0, {20, 4});
  writer.add_output(at(0), "one\x1b[3");
  writer.add(at(0), gap{12, gap_reason::rate});
  writer.add_output(at(0), "two\r\n\x1b[?1049h");
  writer.add(at(0), gap{5, gap_reason::missing});
  writer.add_output(at(0), "\x1b[?1049l");
  std::vector<chunk> chunks;
  chunks.push_back(writer.seal());
  chunk_writer later(2, 100, {20, 4});
  later.add_output(at(0), "three");
  chunks.push_back(later.seal());
  const auto lost = 100 - chunks[0].end_offset;
  EXPECT_EQ(text_of(chunks),
            "one\n[12 bytes were not recorded (too fast for the recording)]\ntwo\n"
            "[a full-screen program: not shown]\n[5 bytes were not recorded (meanwhile)]\n[" +
                std::to_string(lost) + " bytes were not recorded (missing)]\nthree\n");
}

TEST(text_export, gives_no_more_than_it_says) {
  chunk_writer writer(0, 0, {4096, 4});
  std::string written;
  while (written.size() < 200'000)
    written += "\x1b[4096Gx\r\n";
  writer.add_output(at(0), written);
  text_export tested({4096, 4});
  const auto most = tested.add(writer.seal());
  ASSERT_TRUE(most);
  EXPECT_LE(most->size(), text_export::max_text + 100);
  EXPECT_GT(most->size(), text_export::max_text - 5000);
  EXPECT_NE(most->find("x\n[more text than one part may have: left out]\n"), std::string::npos);
  writer.add_output(at(0), "\r\nfurther\r\n");
  auto rest = *tested.add(writer.seal());
  rest += tested.finish();
  EXPECT_EQ(rest.substr(rest.size() - 8), "further\n");
}

TEST(text_export, follows_sizes) {
  chunk_writer writer(0, 0, {20, 4});
  writer.add_output(at(0), "0123456789012345678901234\r\n");
  writer.add(at(1), resize{{10, 3}});
  writer.add_output(at(2), "01234567890123\r\n");
  writer.add(at(3), resize{{40, 10}});
  writer.add_output(at(4), "end\r\n");
  std::vector<chunk> chunks;
  chunks.push_back(writer.seal());
  EXPECT_EQ(text_of(chunks), "0123456789012345678901234\n01234567890123\nend\n");
}

TEST(text_export, any_output_gives_text_without_controls) {
  const auto seed = roost::test::pick_seed();
  ROOST_SEED_TRACE(seed);
  seeded_random random(seed);
  for (int round = 0; round < 100; ++round) {
    const auto written = random_output(random, random.between(1, 3000));
    const auto text = text_of(written, random.between(1, 500));
    for (const char byte : text)
      ASSERT_TRUE(byte == '\n' || static_cast<unsigned char>(byte) >= 0x20) << text;
  }
}

} // namespace
} // namespace roost::recording
