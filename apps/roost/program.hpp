#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>

#include "apps/roost/api.hpp"
#include "apps/roost/arguments.hpp"
#include "apps/roost/text_table.hpp"

namespace roost::cli {

/// What a running verb has around it: the server, the way answers are printed, the environment.
/// Single thread.
class program {
public:
  program(const invocation& call, environment env);

  /// The server of this call (choosing it may fail with exit status 2; nothing is sent yet).
  outcome<api> server() const;
  /// True with --json: answers are printed as the server's JSON.
  [[nodiscard]] bool wants_json() const noexcept { return wants_json_; }
  /// Colours are for a terminal, unless --no-color or NO_COLOR says otherwise.
  [[nodiscard]] colour colours() const;
  /// Width of the terminal on standard output, or 0 if it is none.
  [[nodiscard]] std::size_t width() const;
  [[nodiscard]] const environment& env() const noexcept { return env_; }

  /// Writes to standard output. Fails with exit status 1 if the reader is gone or the disk full.
  outcome<> print(std::string_view text) const;
  /// Prints the object on one line.
  outcome<> print_json(const boost::json::object& value) const;

private:
  const invocation& call_;
  environment env_;
  bool wants_json_ = false;
};

/// Reads a whole number from an operand or option; exit status 2, naming `what`, if it is none or
/// not within [least, most].
outcome<std::int64_t> read_number(std::string_view text, std::string_view what, std::int64_t least,
                                  std::int64_t most);

/// Reads seconds, with a fraction if wanted ("1.5"); exit status 2 if it is none.
outcome<std::chrono::milliseconds> read_seconds(std::string_view text, std::string_view what);

/// "3 s", "5 min", "2 h", "4 d": how long ago an RFC 3339 time in UTC was; "" if it is none.
std::string age_text(std::string_view rfc3339);

} // namespace roost::cli
