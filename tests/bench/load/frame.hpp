#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace roost::bench {

enum class opcode : std::uint8_t { text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

/// One WebSocket frame (RFC 6455, 5.2).
struct frame {
  opcode what = opcode::text;
  std::string_view payload;
  std::size_t size = 0; ///< with its header
};

/// The frame at the start of `bytes`, which a server sent; size 0 when it is not whole yet.
inline frame first_frame(std::string_view bytes) {
  const auto at = [&](std::size_t i) { return static_cast<std::uint8_t>(bytes[i]); };
  if (bytes.size() < 2)
    return {};
  std::size_t header = 2;
  std::size_t length = at(1) & 127U;
  if (length >= 126) {
    header += length == 126 ? 2 : 8;
    if (bytes.size() < header)
      return {};
    length = 0;
    for (std::size_t i = 2; i < header; ++i)
      length = length << 8U | at(i);
  }
  if (bytes.size() - header < length)
    return {};
  return {static_cast<opcode>(at(0) & 15U), bytes.substr(header, length), header + length};
}

/// A frame from a client, of less than 126 bytes. Clients must mask; a key of zeros leaves the
/// bytes as they are.
inline std::string client_frame(opcode what, std::string_view payload) {
  std::string bytes;
  bytes += static_cast<char>(0x80U | static_cast<unsigned>(what));
  bytes += static_cast<char>(0x80U | payload.size());
  return bytes.append(4, '\0').append(payload);
}

} // namespace roost::bench
