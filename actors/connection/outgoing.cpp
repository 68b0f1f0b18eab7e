#include "actors/connection/outgoing.hpp"

#include <algorithm>
#include <utility>

namespace roost::connection {

namespace {

// Large enough that the cost per frame vanishes, small enough that a text frame behind it does not
// wait long and that the write deadline sees progress on a slow line.
constexpr std::size_t largest_frame = std::size_t{64} << 10;
// Bounds the pieces of one gathered write; the kernel takes 1024.
constexpr std::size_t most_slices = 64;

void add_slice(outgoing_message& message, slice bytes) {
  message.payload += bytes.size;
  if (!message.slices.empty()) {
    auto& last = message.slices.back();
    if (last.data.get() + last.size == bytes.data.get() && !last.data.owner_before(bytes.data) &&
        !bytes.data.owner_before(last.data)) {
      last.size += bytes.size;
      return;
    }
  }
  message.slices.push_back(std::move(bytes));
}

} // namespace

void outgoing_queue::push_text(std::shared_ptr<const std::string> text) {
  outgoing_message message;
  message.payload = text->size();
  message.body = std::move(text);
  bytes_ += message.payload;
  text_bytes_ += message.payload + text_overhead;
  messages_.push_back(std::move(message));
}

void outgoing_queue::push_output(std::uint32_t stream, std::uint64_t offset, slice bytes) {
  bytes_ += bytes.size;
  if (!messages_.empty()) {
    auto& last = messages_.back();
    if (last.what == outgoing_message::kind::output && last.stream == stream &&
        last.offset + last.payload == offset && last.payload + bytes.size <= largest_frame &&
        last.slices.size() < most_slices) {
      add_slice(last, std::move(bytes));
      return;
    }
  }
  outgoing_message message;
  message.what = outgoing_message::kind::output;
  message.stream = stream;
  message.offset = offset;
  const auto header = wire::output_header(stream, offset);
  std::copy(header.begin(), header.end(), message.header.begin());
  message.header_size = header.size();
  add_slice(message, std::move(bytes));
  messages_.push_back(std::move(message));
}

void outgoing_queue::push_snapshot(std::uint32_t stream, std::uint64_t offset,
                                   wire::snapshot_reason reason,
                                   std::shared_ptr<const std::string> bytes) {
  outgoing_message message;
  message.what = outgoing_message::kind::snapshot;
  message.stream = stream;
  message.offset = offset;
  message.header = wire::snapshot_header(stream, offset, reason);
  message.header_size = message.header.size();
  message.payload = bytes->size();
  message.body = std::move(bytes);
  bytes_ += message.payload;
  messages_.push_back(std::move(message));
}

void outgoing_queue::drop_stream(std::uint32_t stream) {
  const auto is_dropped = [&](const outgoing_message& m) {
    if (m.what == outgoing_message::kind::text || m.stream != stream)
      return false;
    bytes_ -= m.payload;
    return true;
  };
  messages_.erase(std::remove_if(messages_.begin(), messages_.end(), is_dropped), messages_.end());
}

outgoing_message outgoing_queue::pop() {
  auto message = std::move(messages_.front());
  messages_.pop_front();
  bytes_ -= message.payload;
  if (message.what == outgoing_message::kind::text)
    text_bytes_ -= message.payload + text_overhead;
  return message;
}

} // namespace roost::connection
