#include "protocols/wire/roost_v1.hpp"

#include <cstring>

namespace roost::wire {

namespace {

template <class T>
T read_integer(const char* at) noexcept {
  T result = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i)
    result = static_cast<T>((result << 8) | static_cast<unsigned char>(at[i]));
  return result;
}

template <class T>
void write_integer(char* at, T value) noexcept {
  for (std::size_t i = sizeof(T); i-- > 0;) {
    at[i] = static_cast<char>(value & 0xff);
    value = static_cast<T>(value >> 8);
  }
}

template <std::size_t N>
std::string join(const std::array<char, N>& header, std::string_view bytes) {
  std::string result;
  result.reserve(N + bytes.size());
  result.append(header.data(), N);
  result.append(bytes);
  return result;
}

} // namespace

std::string_view to_string(snapshot_reason reason) noexcept {
  switch (reason) {
  case snapshot_reason::first_attach:
    return "first_attach";
  case snapshot_reason::delta_gone:
    return "delta_gone";
  case snapshot_reason::fell_behind:
    return "fell_behind";
  case snapshot_reason::epoch_changed:
    return "epoch_changed";
  case snapshot_reason::refresh:
    return "refresh";
  }
  return "first_attach";
}

decode_status decode(std::string_view message, frame& out) noexcept {
  if (message.empty())
    return decode_status::empty;
  const char* at = message.data();
  switch (static_cast<frame_kind>(static_cast<unsigned char>(*at))) {
  case frame_kind::output: {
    if (message.size() < output_header_size)
      return decode_status::too_short;
    const auto offset = read_integer<std::uint64_t>(at + 5);
    if (offset > max_offset)
      return decode_status::bad_offset;
    out = output_frame{read_integer<std::uint32_t>(at + 1), offset,
                       message.substr(output_header_size)};
    return decode_status::ok;
  }
  case frame_kind::snapshot: {
    if (message.size() < snapshot_header_size)
      return decode_status::too_short;
    const auto offset = read_integer<std::uint64_t>(at + 5);
    if (offset > max_offset)
      return decode_status::bad_offset;
    const auto reason = static_cast<unsigned char>(at[13]);
    if (reason > static_cast<unsigned char>(snapshot_reason::refresh))
      return decode_status::bad_reason;
    out =
        snapshot_frame{read_integer<std::uint32_t>(at + 1), offset,
                       static_cast<snapshot_reason>(reason), message.substr(snapshot_header_size)};
    return decode_status::ok;
  }
  case frame_kind::input:
    if (message.size() < input_header_size)
      return decode_status::too_short;
    out = input_frame{read_integer<std::uint32_t>(at + 1), message.substr(input_header_size)};
    return decode_status::ok;
  case frame_kind::ack: {
    if (message.size() < ack_size)
      return decode_status::too_short;
    if (message.size() > ack_size)
      return decode_status::too_long;
    const auto offset = read_integer<std::uint64_t>(at + 5);
    if (offset > max_offset)
      return decode_status::bad_offset;
    out = ack_frame{read_integer<std::uint32_t>(at + 1), offset};
    return decode_status::ok;
  }
  }
  return decode_status::unknown_kind;
}

std::string_view to_string(decode_status status) noexcept {
  switch (status) {
  case decode_status::ok:
    return "ok";
  case decode_status::empty:
    return "the frame is empty";
  case decode_status::unknown_kind:
    return "the first byte is not a known frame kind";
  case decode_status::too_short:
    return "the frame is shorter than its header";
  case decode_status::too_long:
    return "the frame is longer than its kind allows";
  case decode_status::bad_reason:
    return "the snapshot reason is not known";
  case decode_status::bad_offset:
    return "the offset is 2^53 or more";
  }
  return "the frame is not valid";
}

std::array<char, output_header_size> output_header(std::uint32_t stream,
                                                   std::uint64_t offset) noexcept {
  std::array<char, output_header_size> result{};
  result[0] = static_cast<char>(frame_kind::output);
  write_integer(&result[1], stream);
  write_integer(&result[5], offset);
  return result;
}

std::array<char, snapshot_header_size> snapshot_header(std::uint32_t stream, std::uint64_t offset,
                                                       snapshot_reason reason) noexcept {
  std::array<char, snapshot_header_size> result{};
  result[0] = static_cast<char>(frame_kind::snapshot);
  write_integer(&result[1], stream);
  write_integer(&result[5], offset);
  result[13] = static_cast<char>(reason);
  return result;
}

std::string encode(const output_frame& x) {
  return join(output_header(x.stream, x.offset), x.bytes);
}

std::string encode(const snapshot_frame& x) {
  return join(snapshot_header(x.stream, x.offset, x.reason), x.bytes);
}

std::string encode(const input_frame& x) {
  std::array<char, input_header_size> header{};
  header[0] = static_cast<char>(frame_kind::input);
  write_integer(&header[1], x.stream);
  return join(header, x.bytes);
}

std::string encode(const ack_frame& x) {
  std::array<char, ack_size> header{};
  header[0] = static_cast<char>(frame_kind::ack);
  write_integer(&header[1], x.stream);
  write_integer(&header[5], x.offset);
  return join(header, {});
}

} // namespace roost::wire
