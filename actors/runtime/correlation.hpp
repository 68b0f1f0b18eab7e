#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "actors/runtime/random.hpp"

namespace roost {

/// Where one piece of work belongs, after W3C Trace Context (https://www.w3.org/TR/trace-context/).
/// The correlation id that appears in logs, errors and `X-Correlation-Id` is the trace id.
struct trace_context {
  std::string trace_id;  ///< 32 lower-case hex digits, not all zero
  std::string parent_id; ///< 16 lower-case hex digits, not all zero: the caller's span
  std::uint8_t flags = 0;

  /// The `traceparent` header value, version 00.
  std::string to_header() const;

  friend bool operator==(const trace_context&, const trace_context&) = default;
};

/// Reads a `traceparent` header. Nothing if it is malformed or forbidden (version ff, an all-zero
/// id, upper-case digits, trailing data in version 00); a higher version is read by its first four
/// fields, as the specification asks.
std::optional<trace_context> parse_traceparent(std::string_view header);

/// A fresh trace that starts here.
trace_context new_trace(random_source& random);

/// The context for work asked for by a peer: its trace goes on under a new span of ours, or a new
/// trace starts when `header` is missing or unusable.
trace_context continue_trace(std::string_view header, random_source& random);

/// Whether `text` could be a correlation id: 32 lower-case hex digits, not all zero.
bool is_correlation_id(std::string_view text);

} // namespace roost
