#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "actors/runtime/config_table.hpp"

/// The kinds of value that rows of the configuration table are made of. Each maker takes `at`, a
/// generic function from a (const or mutable) config to the member.
namespace roost::config_values {

/// "expected X, got 'Y'", with what was written made safe to print.
std::string mismatch(std::string_view expected, const yaml_node& got);

/// The texts of a list of scalars; nothing if `from` is anything else.
std::optional<std::vector<std::string>> texts_of(const yaml_node& from);
std::string show_list(const std::vector<std::string>& items);

std::optional<bool> parse_bool(const yaml_node& from);
std::optional<std::uint64_t> parse_count(const yaml_node& from);
std::optional<endpoint> parse_endpoint(std::string_view text);
std::optional<std::vector<kill_step>> parse_ladder(const std::vector<std::string>& steps);
std::string show_ladder(const std::vector<kill_step>& steps);
/// Says what is wrong with an origin ("https://host[:port]", nothing after it).
std::optional<std::string> check_origin(std::string_view text);
std::optional<std::string> check_host(std::string_view text);
std::optional<std::string> check_node_name(std::string_view text);
/// Says what is wrong with an address or a block of them ("10.0.0.0/8").
std::optional<std::string> check_address_block(std::string_view text);
std::optional<std::string> check_nothing(std::string_view text);
std::optional<std::string> check_profile_name(std::string_view text);

/// terminals.sandbox.profiles.
config_value sandbox_profiles();
/// channels.
config_value channels();

template <class At, class Parse, class Show>
config_value make(std::string expects, At at, Parse parse, Show show) {
  config_value made;
  made.read = [at, parse, expects](config& into,
                                   const yaml_node& from) -> std::optional<std::string> {
    auto parsed = parse(from);
    if (!parsed)
      return mismatch(expects, from);
    at(into) = std::move(*parsed);
    return std::nullopt;
  };
  made.expects = std::move(expects);
  made.show = [at, show](const config& from) { return show(at(from)); };
  made.copy = [at](config& into, const config& from) { at(into) = at(from); };
  return made;
}

std::string expects_count(std::uint64_t low, std::uint64_t high);
std::string expects_duration(std::chrono::milliseconds low, std::chrono::milliseconds high);
std::string expects_size(std::uint64_t low, std::uint64_t high);
std::optional<std::chrono::milliseconds> parse_duration_within(const yaml_node& from,
                                                               std::chrono::milliseconds low,
                                                               std::chrono::milliseconds high);
std::optional<std::uint64_t> parse_size_within(const yaml_node& from, std::uint64_t low,
                                               std::uint64_t high);
std::optional<double> parse_fraction_within(const yaml_node& from, double low, double high);
std::string show_fraction(double value);
std::string show_duration(std::chrono::milliseconds value);
std::string show_size(std::uint64_t value);

template <class At>
config_value boolean(At at) {
  return make("true or false", at, parse_bool,
              [](bool value) { return std::string(value ? "true" : "false"); });
}

template <class At>
config_value count(At at, std::uint32_t low, std::uint32_t high) {
  return make(
      expects_count(low, high), at,
      [low, high](const yaml_node& from) -> std::optional<std::uint32_t> {
        const auto value = parse_count(from);
        if (!value || *value < low || *value > high)
          return std::nullopt;
        return static_cast<std::uint32_t>(*value);
      },
      [](std::uint32_t value) { return std::to_string(value); });
}

/// 0 for "no bound", else at least `low`: less would only break programs.
template <class At>
config_value bound(At at, std::uint64_t low, std::uint64_t high) {
  return make(
      "0 or " + expects_count(low, high), at,
      [low, high](const yaml_node& from) -> std::optional<std::uint64_t> {
        const auto value = parse_count(from);
        return value && (*value == 0 || (*value >= low && *value <= high)) ? value : std::nullopt;
      },
      [](std::uint64_t value) { return std::to_string(value); });
}

/// The same of bytes.
template <class At>
config_value size_bound(At at, std::uint64_t low, std::uint64_t high) {
  return make(
      "0 or " + expects_size(low, high), at,
      [low, high](const yaml_node& from) -> std::optional<std::uint64_t> {
        const auto value = parse_size_within(from, 0, high);
        if (from.type == yaml_node::kind::scalar && from.text == "0")
          return 0;
        return value && (*value == 0 || *value >= low) ? value : std::nullopt;
      },
      show_size);
}

template <class At>
config_value duration(At at, std::chrono::milliseconds low, std::chrono::milliseconds high) {
  return make(
      expects_duration(low, high), at,
      [low, high](const yaml_node& from) { return parse_duration_within(from, low, high); },
      show_duration);
}

template <class At>
config_value size(At at, std::uint64_t low, std::uint64_t high) {
  return make(
      expects_size(low, high), at,
      [low, high](const yaml_node& from) { return parse_size_within(from, low, high); }, show_size);
}

template <class At>
config_value fraction(At at, double low, double high) {
  return make(
      "a number from " + show_fraction(low) + " to " + show_fraction(high), at,
      [low, high](const yaml_node& from) { return parse_fraction_within(from, low, high); },
      show_fraction);
}

/// One of a closed set of names; `parse` maps a name to the value, `name_of` maps it back.
template <class At, class Parse, class NameOf>
config_value choice(At at, std::string expects, Parse parse, NameOf name_of) {
  return make(
      std::move(expects), at,
      [parse](const yaml_node& from) {
        return from.type == yaml_node::kind::scalar ? parse(from.text) : parse("");
      },
      [name_of](auto value) { return std::string(name_of(value)); });
}

using text_check = std::optional<std::string> (*)(std::string_view);

template <class At>
config_value text(At at, std::string expects, text_check check) {
  auto made = make(
      expects, at,
      [check](const yaml_node& from) -> std::optional<std::string> {
        if (from.type != yaml_node::kind::scalar || check(from.text))
          return std::nullopt;
        return from.text;
      },
      [](const std::string& value) { return quote_yaml(value); });
  return made;
}

template <class At>
config_value path(At at, std::string expects) {
  auto made = text(at, std::move(expects), check_nothing);
  made.is_path = true;
  return made;
}

template <class At>
config_value text_list(At at, std::string expects, std::size_t most, text_check check) {
  auto made = make(
      expects, at,
      [check, most](const yaml_node& from) -> std::optional<std::vector<std::string>> {
        auto items = texts_of(from);
        if (!items || items->size() > most)
          return std::nullopt;
        for (const auto& item : *items)
          if (check(item))
            return std::nullopt;
        return items;
      },
      show_list);
  made.form = config_value::shape::list;
  return made;
}

} // namespace roost::config_values
