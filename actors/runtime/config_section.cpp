#include "actors/runtime/config_section.hpp"

#include <fmt/format.h>

#include "actors/runtime/spelling.hpp"

namespace roost::config_values {

const yaml_node* find_member(const yaml_node& map, std::string_view key) {
  for (const auto& member : map.members)
    if (member.key == key)
      return &member.value;
  return nullptr;
}

void complain_unknown(const complaint& complain, const std::string& path,
                      const yaml_node::member& member, std::span<const std::string_view> known) {
  const auto meant = nearest(member.key, known);
  complain(member.at, path + "." + member.key,
           meant.empty() ? std::string("unknown key")
                         : fmt::format("unknown key, did you mean '{}'?", meant));
}

} // namespace roost::config_values
