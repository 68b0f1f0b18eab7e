#include "apps/roost/key_list.hpp"

namespace roost::cli {

outcome<std::vector<std::string>> split_key_list(std::string_view list) {
  const std::string whole(list);
  std::vector<std::string> names;
  if (list == ",")
    return std::vector<std::string>{","};
  for (;;) {
    if (list.starts_with(",,")) {
      names.emplace_back(",");
      list.remove_prefix(2);
      if (list.empty())
        return names;
      // What follows is the next name, with or without a comma of its own.
      if (list.starts_with(',') && !list.starts_with(",,"))
        list.remove_prefix(1);
      continue;
    }
    const auto comma = list.find(',');
    const auto name = list.substr(0, comma);
    if (name.empty())
      return usage_failure("a key name is empty", whole, "a comma as a key is written ,,");
    names.emplace_back(name);
    if (comma == std::string_view::npos)
      return names;
    list.remove_prefix(comma + 1);
  }
}

} // namespace roost::cli
