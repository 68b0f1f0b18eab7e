#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace roost {

/// Reads a duration as people write it in the configuration: a whole number and one of the units
/// ms, s, m, h, d ("250ms", "5m", "30d"); a bare "0" is also fine. Nothing if the text is not
/// exactly that or does not fit.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

/// The shortest text that `parse_duration` reads back to the same value. Requires value >= 0.
std::string format_duration(std::chrono::milliseconds value);

/// Reads a size in bytes: a whole number and one of the units B, KiB, MiB, GiB ("64KiB"); a bare
/// "0" is also fine. Powers of 1000 (KB, MB) are not accepted, so that nobody has to guess.
std::optional<std::uint64_t> parse_size(std::string_view text);

/// The shortest text that `parse_size` reads back to the same value.
std::string format_size(std::uint64_t bytes);

} // namespace roost
