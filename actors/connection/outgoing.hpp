#pragma once

#include "protocols/bytes.hpp"
#include "protocols/wire/roost_v1.hpp"

#include <boost/container/devector.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace roost::connection {

/// One message for the client, as pieces that are written together.
struct outgoing_message {
  enum class kind : std::uint8_t { text, output, snapshot };

  kind what = kind::text;
  std::uint32_t stream = 0;
  std::uint64_t offset = 0; ///< of the first byte (output)
  std::array<char, wire::snapshot_header_size> header{};
  std::size_t header_size = 0;
  std::shared_ptr<const std::string> body; ///< text and snapshot
  std::vector<slice> slices;               ///< output
  std::size_t payload = 0;                 ///< bytes without the header
};

/// The queue of one WebSocket. Output of a stream that follows on what waits already joins it, up
/// to a frame's size; bytes that lie side by side in memory become one piece again, so that a
/// program that prints a byte at a time costs no more than the bytes. Pure; confined to the
/// socket's thread.
class outgoing_queue {
public:
  void push_text(std::shared_ptr<const std::string> text);
  void push_output(std::uint32_t stream, std::uint64_t offset, slice bytes);
  void push_snapshot(std::uint32_t stream, std::uint64_t offset, wire::snapshot_reason reason,
                     std::shared_ptr<const std::string> bytes);
  /// Forgets output and snapshots of a stream.
  void drop_stream(std::uint32_t stream);

  [[nodiscard]] bool is_empty() const { return messages_.empty(); }
  /// Takes the next message off; the queue must not be empty. Its header is complete.
  outgoing_message pop();

  /// Payload bytes that wait.
  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  /// What the texts among them take, their overhead included.
  [[nodiscard]] std::size_t text_bytes() const { return text_bytes_; }

  /// Memory of a text beside its bytes, about.
  static constexpr std::size_t text_overhead = 256;

private:
  /// Not a std::deque, which takes half a kilobyte when it is empty, as it mostly is.
  boost::container::devector<outgoing_message> messages_;
  std::size_t bytes_ = 0;
  std::size_t text_bytes_ = 0;
};

} // namespace roost::connection
