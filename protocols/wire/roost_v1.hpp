#pragma once

#include "protocols/errors.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

/// The binary frames of the WebSocket subprotocol `roost.v1` (docs/reference/websocket.md).
/// Integers are big-endian. The codec never allocates on a peer's word: a decoded frame refers to
/// the bytes it was decoded from. apps/web/src/protocol/frames.ts mirrors this file in the same
/// order, and both are proved by tests/golden/frames.
namespace roost::wire {

inline constexpr std::string_view subprotocol = "roost.v1";

enum class frame_kind : std::uint8_t {
  output = 0x01,
  snapshot = 0x02,
  input = 0x10,
  ack = 0x11,
};

/// Why a snapshot was sent in place of bytes.
enum class snapshot_reason : std::uint8_t {
  first_attach = 0,
  delta_gone = 1,
  fell_behind = 2,
  epoch_changed = 3,
  refresh = 4,
};

/// "first_attach", "delta_gone", …: the names used in JSON.
std::string_view to_string(snapshot_reason reason) noexcept;

struct output_frame {
  std::uint32_t stream = 0;
  std::uint64_t offset = 0; ///< absolute offset of the first byte in the session's output
  std::string_view bytes;
};

struct snapshot_frame {
  std::uint32_t stream = 0;
  std::uint64_t offset = 0; ///< live output continues here
  snapshot_reason reason = snapshot_reason::first_attach;
  std::string_view bytes;
};

struct input_frame {
  std::uint32_t stream = 0;
  std::string_view bytes;
};

struct ack_frame {
  std::uint32_t stream = 0;
  std::uint64_t offset = 0; ///< parsed by the client's terminal up to here
};

using frame = std::variant<output_frame, snapshot_frame, input_frame, ack_frame>;

/// Bytes before the payload of each kind.
inline constexpr std::size_t output_header_size = 1 + 4 + 8;
inline constexpr std::size_t snapshot_header_size = 1 + 4 + 8 + 1;
inline constexpr std::size_t input_header_size = 1 + 4;
inline constexpr std::size_t ack_size = 1 + 4 + 8;

/// Offsets travel through JSON numbers too, so they stay exact in a double.
inline constexpr std::uint64_t max_offset = (std::uint64_t{1} << 53) - 1;

/// Decodes one binary message. The views in the frame live as long as `message`.
/// On failure returns the reason and leaves `out` alone.
enum class decode_status : std::uint8_t {
  ok,
  empty,
  unknown_kind,
  too_short,
  too_long, ///< bytes after a frame of fixed size
  bad_reason,
  bad_offset,
};
decode_status decode(std::string_view message, frame& out) noexcept;

/// A sentence for the `error` frame.
std::string_view to_string(decode_status status) noexcept;

/// Headers alone, for gathered writes without a copy of the payload.
std::array<char, output_header_size> output_header(std::uint32_t stream,
                                                   std::uint64_t offset) noexcept;
std::array<char, snapshot_header_size> snapshot_header(std::uint32_t stream, std::uint64_t offset,
                                                       snapshot_reason reason) noexcept;

/// Whole frames.
std::string encode(const output_frame& x);
std::string encode(const snapshot_frame& x);
std::string encode(const input_frame& x);
std::string encode(const ack_frame& x);

} // namespace roost::wire
