#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "actors/runtime/yaml_tree.hpp"

namespace roost {

/// A YAML value as JSON text (RFC 8259) without spaces. What is not in quotes is null, a truth
/// value or a number by the core schema of YAML 1.2.2 (10.3.2), else text; a number keeps its
/// digits, however many. Fails for what JSON has no form for (infinities, NaN), for numbers to the
/// base 8 or 16 above 2^64 - 1, for a key that is there twice and for one of more than 510 bytes as
/// JSON.
std::variant<std::string, yaml_failure> to_json(const yaml_node& from);

/// JSON text with a space after each colon and comma, so that it reads as YAML, too.
std::string spaced_json(std::string_view json);

} // namespace roost
