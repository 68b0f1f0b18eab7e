#include "actors/connection/outgoing.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

namespace roost::connection {
namespace {

/// A block of memory as the history has it, and pieces of it.
struct block {
  explicit block(std::string_view text)
      : data(std::make_shared<char[]>(text.size())), size(text.size()) {
    std::memcpy(data.get(), text.data(), text.size());
  }
  [[nodiscard]] slice piece(std::size_t from, std::size_t n) const {
    return {std::shared_ptr<const char>(data, data.get() + from), n};
  }
  std::shared_ptr<char[]> data;
  std::size_t size;
};

std::string text_of(const outgoing_message& m) {
  std::string text;
  for (const auto& s : m.slices)
    text += s.view();
  return text;
}

std::shared_ptr<const std::string> shared(std::string text) {
  return std::make_shared<const std::string>(std::move(text));
}

TEST(outgoing_queue, output_that_follows_on_joins_what_waits) {
  const block b("hello world");
  outgoing_queue q;
  q.push_output(1, 100, b.piece(0, 6));
  q.push_output(1, 106, b.piece(6, 5));
  EXPECT_EQ(q.bytes(), 11U);
  const auto m = q.pop();
  EXPECT_EQ(m.offset, 100U);
  EXPECT_EQ(text_of(m), "hello world");
  EXPECT_EQ(m.slices.size(), 1U) << "side by side in memory: one piece";
  EXPECT_TRUE(q.is_empty());
  EXPECT_EQ(q.bytes(), 0U);
}

TEST(outgoing_queue, a_byte_at_a_time_costs_no_more_than_the_bytes) {
  const block b(std::string(10'000, 'x'));
  outgoing_queue q;
  for (std::size_t i = 0; i < b.size; ++i)
    q.push_output(1, i, b.piece(i, 1));
  const auto m = q.pop();
  EXPECT_EQ(m.slices.size(), 1U);
  EXPECT_EQ(m.payload, b.size);
}

TEST(outgoing_queue, pieces_of_two_blocks_stay_apart_though_their_addresses_meet) {
  // Two shares in one buffer with different owners: they must not be merged, since one may be
  // freed.
  const auto memory = std::make_shared<std::string>("abcdef");
  const std::shared_ptr<const char> first(std::make_shared<int>(1), memory->data());
  const std::shared_ptr<const char> second(std::make_shared<int>(2), memory->data() + 3);
  outgoing_queue q;
  q.push_output(1, 0, {first, 3});
  q.push_output(1, 3, {second, 3});
  const auto m = q.pop();
  EXPECT_EQ(m.slices.size(), 2U);
  EXPECT_EQ(text_of(m), "abcdef");
}

TEST(outgoing_queue, other_streams_jumps_and_text_start_a_new_message) {
  const block b("abcdef");
  outgoing_queue q;
  q.push_output(1, 0, b.piece(0, 1));
  q.push_output(2, 1, b.piece(1, 1));
  q.push_output(2, 9, b.piece(2, 1));
  q.push_text(shared("{}"));
  q.push_output(2, 10, b.piece(3, 1));
  EXPECT_EQ(q.text_bytes(), 2U + outgoing_queue::text_overhead);
  for (const auto* wanted : {"a", "b", "c"})
    EXPECT_EQ(text_of(q.pop()), wanted);
  EXPECT_EQ(*q.pop().body, "{}");
  EXPECT_EQ(text_of(q.pop()), "d");
  EXPECT_TRUE(q.is_empty());
}

TEST(outgoing_queue, frames_are_bounded) {
  const block b(std::string(std::size_t{64} << 10, 'x'));
  outgoing_queue q;
  for (std::uint64_t i = 0; i < 10; ++i)
    q.push_output(1, i * b.size, b.piece(0, b.size));
  int frames = 0;
  while (!q.is_empty()) {
    EXPECT_LE(q.pop().payload, 64U * 1024);
    ++frames;
  }
  EXPECT_EQ(frames, 10);
}

TEST(outgoing_queue, dropping_a_stream_leaves_the_others_and_the_text) {
  const block b("abc");
  outgoing_queue q;
  q.push_output(1, 0, b.piece(0, 1));
  q.push_text(shared("text"));
  q.push_snapshot(1, 5, wire::snapshot_reason::refresh, shared("shot"));
  q.push_output(2, 0, b.piece(1, 1));
  q.drop_stream(1);
  EXPECT_EQ(q.bytes(), 5U);
  EXPECT_EQ(*q.pop().body, "text");
  EXPECT_EQ(text_of(q.pop()), "b");
  EXPECT_TRUE(q.is_empty());
}

TEST(outgoing_queue, headers_are_those_of_the_wire) {
  outgoing_queue q;
  q.push_snapshot(3, 77, wire::snapshot_reason::fell_behind, shared("S"));
  const auto m = q.pop();
  const std::string whole = std::string(m.header.data(), m.header_size) + *m.body;
  EXPECT_EQ(whole,
            wire::encode(wire::snapshot_frame{3, 77, wire::snapshot_reason::fell_behind, "S"}));
}

} // namespace
} // namespace roost::connection
