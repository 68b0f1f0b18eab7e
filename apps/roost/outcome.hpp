#pragma once

#include <string>
#include <string_view>

#include "actors/runtime/result.hpp"

namespace roost::cli {

/// What the program's exit status means (docs: `roost --help`). Above 128: 128 + a signal's number.
namespace exit_status {
inline constexpr int ok = 0;
inline constexpr int no = 1; ///< the server's answer is no
inline constexpr int usage = 2;
inline constexpr int unreachable = 3;
inline constexpr int timed_out = 124; ///< as timeout(1) does
inline constexpr int signal_base = 128;
} // namespace exit_status

/// Why a verb stops: what happened, where, and what the reader can do about it, on one line.
struct command_failure {
  int exit = exit_status::no;
  std::string what;
  std::string where;       ///< a file, an address, a value; may be empty
  std::string advice;      ///< may be empty
  std::string correlation; ///< the server's id for its log; may be empty
};

/// A value, or the failure that ends the verb.
template <class T = void>
using outcome = result<T, command_failure>;

/// "roost: what (where): advice [correlation id]", without control characters and without a
/// newline.
std::string to_line(const command_failure& why);

/// A failure of exit status 2: the caller's own words were wrong.
command_failure usage_failure(std::string what, std::string where = {}, std::string advice = {});

} // namespace roost::cli
