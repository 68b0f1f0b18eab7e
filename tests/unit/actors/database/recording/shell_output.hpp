#pragma once

#include "actors/database/recording/chunk.hpp"
#include "actors/database/recording/text_indexer.hpp"
#include "tests/unit/actors/database/recording/samples.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace roost::recording::test {

inline std::string mark(std::string_view what) { return "\x1b]133;" + std::string(what) + "\x07"; }
/// What a shell with marks writes for a command: its prompt, what was typed, output, the end.
inline std::string command(const std::string& line, const std::string& output, int status = 0) {
  return mark("A") + "$ " + mark("B") + line + "\r\n\x1b]633;E;" + line + "\x07" + mark("C") +
         output + mark("D;" + std::to_string(status));
}

/// Pieces as a store keeps them: of those that begin at one offset the last one.
using kept_pieces = std::map<std::uint64_t, text_piece>;

inline void keep(kept_pieces& in, text_indexer& from) {
  for (auto& each : from.take()) {
    EXPECT_LT(each.from_offset, each.to_offset);
    EXPECT_LE(each.text.size(), text_indexer::max_text);
    in.insert_or_assign(each.from_offset, std::move(each));
  }
}

/// What a chunk begins with, and what it ends with.
inline chunk chunk_of(chunk_writer& writer, moment when, std::string_view bytes) {
  EXPECT_EQ(writer.add_output(when, bytes), bytes.size());
  return writer.seal();
}

/// The pieces of output that comes in chunks of this size at most, all at one time.
inline kept_pieces pieces_of(std::string_view written, std::size_t size = 200'000,
                             terminal::terminal_size on = {40, 6}) {
  chunk_writer writer(0, 0, on);
  text_indexer tested({}, 1'000'000'000);
  kept_pieces out;
  for (; !written.empty(); written.remove_prefix(std::min(size, written.size()))) {
    EXPECT_TRUE(tested.add(chunk_of(writer, at(0), written.substr(0, size)), at(0).steady));
    keep(out, tested);
  }
  tested.finish();
  keep(out, tested);
  return out;
}

/// The pieces in words, a line each: "command|status|text", with `/` for newlines.
inline std::string words_of(const kept_pieces& pieces) {
  std::string out;
  for (const auto& [from, each] : pieces) {
    auto text = each.text;
    std::replace(text.begin(), text.end(), '\n', '/');
    out += each.command + "|" +
           (each.exit_status ? std::to_string(*each.exit_status) : std::string("-")) + "|" + text +
           "\n";
  }
  return out;
}

} // namespace roost::recording::test
