#include "actors/runtime/correlation.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace roost {

namespace {

constexpr std::size_t trace_digits = 32;
constexpr std::size_t span_digits = 16;
// "00-" + trace + "-" + span + "-" + 2 flag digits.
constexpr std::size_t header_length = 3 + trace_digits + 1 + span_digits + 1 + 2;

// Only lower case: the specification forbids upper case in the header.
bool is_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_zero(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c == '0'; });
}

bool is_id(std::string_view text, std::size_t digits) {
  return text.size() == digits && is_hex(text) && !is_zero(text);
}

int hex_value(char c) { return c <= '9' ? c - '0' : c - 'a' + 10; }

std::uint64_t non_zero(random_source& random) {
  for (;;)
    if (const auto bits = random.next(); bits != 0)
      return bits;
}

} // namespace

std::string trace_context::to_header() const {
  return fmt::format("00-{}-{}-{:02x}", trace_id, parent_id, flags);
}

std::optional<trace_context> parse_traceparent(std::string_view header) {
  if (header.size() < header_length)
    return std::nullopt;
  const auto version = header.substr(0, 2);
  const auto trace = header.substr(3, trace_digits);
  const auto span = header.substr(4 + trace_digits, span_digits);
  const auto flags = header.substr(5 + trace_digits + span_digits, 2);
  if (header[2] != '-' || header[3 + trace_digits] != '-' ||
      header[4 + trace_digits + span_digits] != '-')
    return std::nullopt;
  if (!is_hex(version) || version == "ff" || !is_id(trace, trace_digits) ||
      !is_id(span, span_digits) || !is_hex(flags))
    return std::nullopt;
  if (header.size() > header_length && (version == "00" || header[header_length] != '-'))
    return std::nullopt;
  return trace_context{
      .trace_id = std::string(trace),
      .parent_id = std::string(span),
      .flags = static_cast<std::uint8_t>(hex_value(flags[0]) * 16 + hex_value(flags[1])),
  };
}

trace_context new_trace(random_source& random) {
  return {
      .trace_id = fmt::format("{:016x}{:016x}", random.next(), non_zero(random)),
      .parent_id = fmt::format("{:016x}", non_zero(random)),
      .flags = 0,
  };
}

trace_context continue_trace(std::string_view header, random_source& random) {
  auto incoming = parse_traceparent(header);
  if (!incoming)
    return new_trace(random);
  // Of the flags only "sampled" is defined; the others must not be passed on.
  return {
      .trace_id = std::move(incoming->trace_id),
      .parent_id = fmt::format("{:016x}", non_zero(random)),
      .flags = static_cast<std::uint8_t>(incoming->flags & 1),
  };
}

bool is_correlation_id(std::string_view text) { return is_id(text, trace_digits); }

} // namespace roost
