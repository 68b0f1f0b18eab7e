#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace roost {

/// A place in a text, counted from 1 as editors do.
struct text_position {
  int line = 1;
  int column = 1;
};

/// A YAML value with the place where it stands. Only what a configuration needs: no anchors,
/// aliases, merge keys or tags, one document, and bounded in depth and number.
struct yaml_node {
  enum class kind : std::uint8_t { null, scalar, sequence, map };

  struct member;

  kind type = kind::null;
  text_position at;
  std::string text;             ///< scalar: its value
  bool is_quoted = false;       ///< scalar: written in quotes, so it is text whatever it looks like
  std::vector<yaml_node> items; ///< sequence
  std::vector<member> members;  ///< map, in the order of the text, duplicates included
};

struct yaml_node::member {
  std::string key;
  text_position at; ///< of the key
  yaml_node value;
};

/// Why a text is not a usable document.
struct yaml_failure {
  text_position at;
  std::string message;
};

struct yaml_limits {
  std::size_t bytes = std::size_t{256} << 10;
  std::size_t depth = 16;
  std::size_t nodes = 10'000;
};

/// Reads one document; an empty text is a null node. Never throws for what the text holds.
std::variant<yaml_node, yaml_failure> parse_yaml(std::string_view text,
                                                 const yaml_limits& limits = {});

/// `text` as a YAML scalar: plain where that is read back unchanged, else in double quotes.
std::string quote_yaml(std::string_view text);

} // namespace roost
