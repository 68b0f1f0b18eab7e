#include "apps/roost/outcome.hpp"

#include "apps/roost/text_table.hpp"

namespace roost::cli {

std::string to_line(const command_failure& why) {
  std::string line = "roost: " + printable(why.what);
  if (!why.where.empty())
    line += " (" + printable(why.where) + ")";
  if (!why.advice.empty())
    line += ": " + printable(why.advice);
  if (!why.correlation.empty())
    line += " [correlation id " + printable(why.correlation) + "]";
  return line;
}

command_failure usage_failure(std::string what, std::string where, std::string advice) {
  return {exit_status::usage, std::move(what), std::move(where), std::move(advice), {}};
}

} // namespace roost::cli
