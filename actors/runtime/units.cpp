#include "actors/runtime/units.hpp"

#include <array>
#include <charconv>
#include <limits>
#include <span>

#include <fmt/format.h>

namespace roost {

namespace {

struct unit {
  std::string_view name;
  std::uint64_t factor;
};

// Largest last: formatting walks them backwards.
constexpr std::array duration_units = {
    unit{"ms", 1}, unit{"s", 1000}, unit{"m", 60'000}, unit{"h", 3'600'000}, unit{"d", 86'400'000},
};
constexpr std::array size_units = {
    unit{"B", 1},
    unit{"KiB", std::uint64_t{1} << 10},
    unit{"MiB", std::uint64_t{1} << 20},
    unit{"GiB", std::uint64_t{1} << 30},
};

std::optional<std::uint64_t> parse(std::string_view text, std::span<const unit> units) {
  std::uint64_t number = 0;
  const auto* const end = text.data() + text.size();
  const auto [rest, failure] = std::from_chars(text.data(), end, number);
  if (failure != std::errc{} || rest == text.data())
    return std::nullopt;
  const std::string_view name(rest, static_cast<std::size_t>(end - rest));
  if (name.empty())
    return number == 0 ? std::optional<std::uint64_t>(0) : std::nullopt;
  // Half the range, so that a value always fits the signed count of a duration as well.
  constexpr std::uint64_t most = std::numeric_limits<std::int64_t>::max();
  for (const auto& candidate : units)
    if (candidate.name == name)
      return number <= most / candidate.factor
                 ? std::optional<std::uint64_t>(number * candidate.factor)
                 : std::nullopt;
  return std::nullopt;
}

std::string format(std::uint64_t value, std::span<const unit> units) {
  for (auto it = units.rbegin(); it != units.rend(); ++it)
    if (value >= it->factor && value % it->factor == 0)
      return fmt::format("{}{}", value / it->factor, it->name);
  return fmt::format("{}{}", value, units.front().name);
}

} // namespace

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  const auto value = parse(text, duration_units);
  if (!value)
    return std::nullopt;
  return std::chrono::milliseconds(static_cast<std::int64_t>(*value));
}

std::string format_duration(std::chrono::milliseconds value) {
  return value.count() == 0 ? "0s"
                            : format(static_cast<std::uint64_t>(value.count()), duration_units);
}

std::optional<std::uint64_t> parse_size(std::string_view text) { return parse(text, size_units); }

std::string format_size(std::uint64_t bytes) { return format(bytes, size_units); }

} // namespace roost
