#pragma once

#include <string>

#include "actors/runtime/config_channels.hpp"
#include "actors/runtime/config_table.hpp"

/// The configuration of one channel's transport, for config_channels.cpp.
namespace roost::config_values {

/// Reads the section at `path` ("policy.transport") and complains about what is wrong with it.
transport_config read_transport(const std::string& path, const yaml_node& from,
                                const complaint& complain, const path_resolver& resolve);

/// As YAML on one line.
std::string show_transport(const transport_config& transport);

} // namespace roost::config_values
