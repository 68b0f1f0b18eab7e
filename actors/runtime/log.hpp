#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

#include <fmt/format.h>

/// Structured logging. A message is a constant sentence, "subject verb object"; data goes into
/// fields: `log.warn("viewer fell behind, sending a snapshot", kv("lag_bytes", n))`.
///   error  somebody must act            warn   degraded, but handled
///   info   life-cycle facts             debug  decisions             trace  data path (dev builds)
/// Never terminal content, tokens, environment or SQL values. All functions are thread-safe.
namespace roost::log {

enum class severity : std::uint8_t { trace, debug, info, warn, error, off };
enum class layout : std::uint8_t { text, json };

struct settings {
  severity level = severity::info;
  layout format = layout::text;

  friend bool operator==(const settings&, const settings&) = default;
};

std::optional<severity> parse_severity(std::string_view name);
std::string_view to_string(severity level);
std::optional<layout> parse_layout(std::string_view name);
std::string_view to_string(layout format);

/// Starts logging to standard error. Before it is called, lines go there as text from info up.
void init(const settings& wanted);

/// Where finished lines go (each ends in a newline). Called under a lock: keep it short, and never
/// log from it.
using line_writer = std::function<void(std::string_view line)>;

/// Starts logging to `write`, for tests and for keeping the last lines of a crash.
void init(const settings& wanted, line_writer write);

/// Changes the level from now on (SIGHUP).
void set_level(severity level);
severity current_level();

/// Lines written at this level since the start; for metrics.
std::uint64_t written(severity level);
/// Lines that nobody read in time and that were therefore dropped.
std::uint64_t dropped();

/// One datum of a line. Holds a view of text: valid only inside the logging call.
struct field {
  std::string_view name;
  std::variant<bool, std::int64_t, std::uint64_t, double, std::string_view, std::string> value;
};

/// Names a value for a log line. Text, numbers and booleans are taken as they are; anything else
/// must be formattable by fmt.
template <class T>
field kv(std::string_view name, const T& value) {
  if constexpr (std::same_as<T, bool>)
    return {name, value};
  else if constexpr ((std::is_enum_v<T> && !fmt::is_formattable<T>::value) ||
                     (std::signed_integral<T> && !std::same_as<T, char>))
    return {name, static_cast<std::int64_t>(value)};
  else if constexpr (std::unsigned_integral<T>)
    return {name, static_cast<std::uint64_t>(value)};
  else if constexpr (std::floating_point<T>)
    return {name, static_cast<double>(value)};
  else if constexpr (std::convertible_to<const T&, std::string_view>)
    return {name, std::string_view(value)};
  else
    return {name, fmt::format("{}", value)};
}

/// What is on every line of one logger.
struct context {
  std::string actor;            ///< "terminal/3f2a…", or the name of a part ("http")
  std::uint64_t generation = 0; ///< the incarnation of a supervised actor; 0: not supervised
  std::string session;
  std::string correlation; ///< 32 hex digits, see correlation.hpp
};

/// Writes lines with a context. Cheap to copy but not free (strings): make one per actor or
/// request, not per line.
class logger {
public:
  logger() = default;
  explicit logger(context bound) : bound_(std::move(bound)) {}

  [[nodiscard]] const context& bound() const { return bound_; }

  /// This logger for one piece of work.
  [[nodiscard]] logger with_correlation(std::string id) const {
    auto copy = bound_;
    copy.correlation = std::move(id);
    return logger(std::move(copy));
  }
  [[nodiscard]] logger with_session(std::string id) const {
    auto copy = bound_;
    copy.session = std::move(id);
    return logger(std::move(copy));
  }

  template <std::same_as<field>... Fields>
  void error(std::string_view sentence, const Fields&... fields) const {
    write(severity::error, sentence, {fields...});
  }
  template <std::same_as<field>... Fields>
  void warn(std::string_view sentence, const Fields&... fields) const {
    write(severity::warn, sentence, {fields...});
  }
  template <std::same_as<field>... Fields>
  void info(std::string_view sentence, const Fields&... fields) const {
    write(severity::info, sentence, {fields...});
  }
  template <std::same_as<field>... Fields>
  void debug(std::string_view sentence, const Fields&... fields) const {
    write(severity::debug, sentence, {fields...});
  }
  /// Compiled out in release builds.
  template <std::same_as<field>... Fields>
  void trace([[maybe_unused]] std::string_view sentence,
             [[maybe_unused]] const Fields&... fields) const {
#ifndef NDEBUG
    write(severity::trace, sentence, {fields...});
#endif
  }

  void write(severity level, std::string_view sentence, std::initializer_list<field> fields) const;

private:
  context bound_;
};

} // namespace roost::log
