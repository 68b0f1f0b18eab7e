#pragma once

#include "actors/runtime/result.hpp"

#include <chrono>
#include <string>
#include <string_view>

namespace roost::database {

/// Where a PostgreSQL server is and how it is spoken to.
class pg_target {
public:
  /// @param url postgresql://… or postgres://…, as libpq takes it (PostgreSQL manual, 34.1.1.2).
  /// A failure says what is wrong with it, without repeating it: it may hold a password.
  static result<pg_target> parse(std::string_view url);

  /// The words for libpq: those of the URL, and ours where it says nothing: time-outs that find a
  /// dead server within seconds, a primary only, the name that an operator sees in
  /// pg_stat_activity.
  [[nodiscard]] std::string words(std::chrono::seconds connect_timeout,
                                  std::string_view application) const;

  /// "HOST:PORT/DATABASE", for logs: without user and password.
  [[nodiscard]] const std::string& shown() const { return shown_; }

private:
  pg_target() = default;

  std::string url_;
  std::string shown_;
};

} // namespace roost::database
