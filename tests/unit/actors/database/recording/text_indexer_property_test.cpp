// Whatever way output is cut, and wherever the indexer dies, the same pieces come, and each line is
// in one of them.
#include "actors/database/recording/text_indexer.hpp"

#include "tests/support/seeded_random.hpp"
#include "tests/unit/actors/database/recording/shell_output.hpp"

#include <fmt/format.h>

namespace roost::recording {
namespace {

using namespace test;

/// What a session printed, and the lines that can be found.
struct script {
  std::string bytes;
  std::vector<std::string> lines;
};

script random_script(random_source& random, bool has_marks) {
  script out;
  int number = 0;
  const auto output = [&] {
    std::string text;
    const auto count = random.between(0, 3) == 0 ? random.between(0, 3'000) : random.between(0, 20);
    for (std::uint64_t i = 0; i < count; ++i) {
      const auto line =
          fmt::format("line-{}-", ++number) + std::string(random.between(0, 200), 'x') + "!";
      out.lines.push_back(line);
      switch (random.between(0, 5)) {
      case 0: // a bar that is drawn over
        text += fmt::format(" 10%\r 50%\r{}\r\n", line);
        break;
      case 1:
        text += fmt::format("\x1b[3{}m{}\x1b[0m\r\n", random.between(0, 7), line);
        break;
      default:
        text += line + "\r\n";
      }
    }
    return text;
  };
  for (auto commands = random.between(1, 12); commands > 0; --commands) {
    if (has_marks)
      out.bytes += command(fmt::format("command {}", commands), output(),
                           static_cast<int>(random.between(0, 3)));
    else
      out.bytes += output();
    if (random.between(0, 4) == 0)
      out.bytes += "\x1b[?1049h\x1b[Hnever to be found\r\n\x1b[?1049l";
  }
  return out;
}

/// Chunks of random sizes, each of random events.
std::vector<chunk> cut(random_source& random, std::string_view bytes, terminal::terminal_size on) {
  chunk_writer writer(0, 0, on);
  std::vector<chunk> out;
  while (!bytes.empty()) {
    for (auto events = random.between(1, 5); events > 0 && !bytes.empty(); --events) {
      const auto most = random.between(0, 3) == 0 ? 30'000 : 50;
      const auto size = std::min<std::size_t>(random.between(1, most), bytes.size());
      writer.add_output(at(0), bytes.substr(0, size));
      bytes.remove_prefix(size);
    }
    out.push_back(writer.seal());
  }
  return out;
}

void expect_each_line_once(const kept_pieces& pieces, const std::vector<std::string>& lines) {
  std::string all;
  for (const auto& [from, each] : pieces)
    all += each.text;
  std::size_t begin = 0;
  for (const auto& line : lines) {
    const auto found = all.find(line + "\n", begin);
    ASSERT_NE(found, std::string::npos) << "missing, or out of order: " << line;
    begin = found + line.size();
    // The number makes each line a word of its own.
    const auto word = line.substr(0, line.find_last_of('-') + 1);
    ASSERT_EQ(all.find("\n" + word, begin), std::string::npos) << "twice: " << line;
  }
  EXPECT_EQ(all.find("never"), std::string::npos);
}

TEST(text_indexer_property, the_same_pieces_come_however_output_is_cut) {
  const auto seed = roost::test::pick_seed();
  ROOST_SEED_TRACE(seed);
  seeded_random random(seed);
  for (int round = 0; round < 40; ++round) {
    const terminal::terminal_size size{static_cast<std::uint16_t>(random.between(20, 200)),
                                       static_cast<std::uint16_t>(random.between(2, 50))};
    const auto written = random_script(random, round % 2 == 0);
    const auto whole = pieces_of(written.bytes, 200'000, size);
    expect_each_line_once(whole, written.lines);
    for (int again = 0; again < 3; ++again) {
      text_indexer tested({}, 1'000'000'000);
      kept_pieces pieces;
      for (const auto& each : cut(random, written.bytes, size)) {
        ASSERT_TRUE(tested.add(each, at(random.between(0, 100'000)).steady));
        keep(pieces, tested);
      }
      tested.finish();
      keep(pieces, tested);
      ASSERT_EQ(pieces, whole);
    }
  }
}

TEST(text_indexer_property, who_dies_anywhere_begins_again_without_a_trace) {
  const auto seed = roost::test::pick_seed();
  ROOST_SEED_TRACE(seed);
  seeded_random random(seed);
  for (int round = 0; round < 60; ++round) {
    const terminal::terminal_size size{80, 24};
    const auto written = random_script(random, round % 2 == 0);
    const auto whole = pieces_of(written.bytes, 200'000, size);
    const auto chunks = cut(random, written.bytes, size);
    kept_pieces pieces;
    std::size_t next = 0;
    while (next < chunks.size()) {
      // From the last piece on, as from a store.
      text_position from;
      if (!pieces.empty())
        from = {pieces.rbegin()->first, pieces.rbegin()->second.command, 0};
      std::size_t begin = 0;
      while (begin + 1 < chunks.size() && chunks[begin].end_offset <= from.offset)
        ++begin;
      text_indexer tested(from, 1'000'000'000);
      const auto end = random.between(std::max<std::size_t>(next, begin) + 1, chunks.size());
      for (next = begin; next < end; ++next) {
        ASSERT_TRUE(tested.add(chunks[next], at(0).steady));
        keep(pieces, tested);
      }
      if (next == chunks.size() || random.between(0, 1) == 0) {
        tested.finish(); // an orderly end
        keep(pieces, tested);
      }
    }
    expect_each_line_once(pieces, written.lines);
    ASSERT_EQ(pieces.size(), whole.size());
    for (const auto& [key, each] : whole) {
      ASSERT_TRUE(pieces.contains(key)) << key;
      const auto& now = pieces.at(key);
      EXPECT_EQ(now.text, each.text);
      EXPECT_EQ(now.command, each.command);
      EXPECT_EQ(now.to_offset, each.to_offset);
      // Who begins again does not know the earlier pieces of a command.
      EXPECT_EQ(now.exit_status.value_or(each.exit_status.value_or(0)),
                each.exit_status.value_or(0));
    }
  }
}

TEST(text_indexer_property, bears_any_output) {
  const auto seed = roost::test::pick_seed();
  ROOST_SEED_TRACE(seed);
  seeded_random random(seed);
  for (int round = 0; round < 100; ++round) {
    auto written = random_output(random, random.between(1, 5'000));
    for (auto marks = random.between(0, 10); marks > 0; --marks)
      written.insert(random.between(0, written.size()),
                     mark(std::string(1, "ABCD"[random.between(0, 3)])));
    const auto whole = pieces_of(written);
    // What was erased after it had been shown is there without text.
    auto parts = pieces_of(written, random.between(1, 500));
    std::erase_if(parts, [](const auto& each) {
      return each.second.text.find_first_not_of(" \n") == std::string::npos;
    });
    EXPECT_EQ(words_of(parts), words_of(whole));
    EXPECT_TRUE(parts == whole);
    std::uint64_t end = 0;
    for (const auto& [from, each] : whole) {
      EXPECT_GE(from, end);
      end = each.to_offset;
      for (const char byte : each.text)
        ASSERT_TRUE(byte == '\n' || static_cast<unsigned char>(byte) >= 0x20) << each.text;
    }
    EXPECT_LE(end, written.size());
  }
}

} // namespace
} // namespace roost::recording
