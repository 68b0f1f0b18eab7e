#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "actors/runtime/config_table.hpp"
#include "actors/runtime/config_values.hpp"

/// What sections with keys of their own (profiles, channels) are read with.
namespace roost::config_values {

/// The value of the first member with this key, or nullptr.
const yaml_node* find_member(const yaml_node& map, std::string_view key);

/// Says that `path` has no such key, and which known one is near.
void complain_unknown(const complaint& complain, const std::string& path,
                      const yaml_node::member& member, std::span<const std::string_view> known);

/// Visits the members of the map at `path`, each key once. A null node is an empty section: all of
/// its lines are commented out.
template <class Visit>
void for_each_key(const complaint& complain, const std::string& path, const yaml_node& map,
                  Visit visit) {
  if (map.type == yaml_node::kind::null)
    return;
  if (map.type != yaml_node::kind::map) {
    complain(map.at, path, mismatch("a section of keys", map));
    return;
  }
  for (const auto& member : map.members) {
    if (find_member(map, member.key) != &member.value)
      complain(member.at, path + "." + member.key, "this key is there twice");
    else
      visit(member);
  }
}

/// One key of a section that is kept in a T.
template <class T>
struct section_key {
  std::string_view name;
  std::string expects;
  std::function<bool(T& into, const yaml_node& from)> read;
  std::function<std::string(const T& from)> show;
};

template <class T, class V, class Parse, class Show>
section_key<T> key(std::string_view name, V T::*member, std::string expects, Parse parse,
                   Show show) {
  return {name, std::move(expects),
          [member, parse](T& into, const yaml_node& from) {
            const auto value = parse(from);
            if (value)
              into.*member = static_cast<V>(*value);
            return value.has_value();
          },
          [member, show](const T& from) { return show(from.*member); }};
}

template <class T>
section_key<T> count_key(std::string_view name, std::uint32_t T::*member, std::uint32_t low,
                         std::uint32_t high) {
  return key(
      name, member, expects_count(low, high),
      [low, high](const yaml_node& from) {
        const auto value = parse_count(from);
        return value && *value >= low && *value <= high ? value : std::nullopt;
      },
      [](std::uint32_t value) { return std::to_string(value); });
}

template <class T>
section_key<T> duration_key(std::string_view name, std::chrono::milliseconds T::*member,
                            std::chrono::milliseconds low, std::chrono::milliseconds high) {
  return key(
      name, member, expects_duration(low, high),
      [low, high](const yaml_node& from) { return parse_duration_within(from, low, high); },
      show_duration);
}

template <class T>
section_key<T> rate_key(std::string_view name, double T::*member) {
  return key(
      name, member, "a number above 0, up to 1",
      [](const yaml_node& from) {
        const auto value = parse_fraction_within(from, 0, 1);
        return value && *value > 0 ? value : std::nullopt;
      },
      show_fraction);
}

template <class T>
section_key<T> truth_key(std::string_view name, bool T::*member) {
  return key(name, member, "true or false", parse_bool,
             [](bool value) { return std::string(value ? "true" : "false"); });
}

/// What differs from the defaults, as "a: 1, b: 2".
template <class T>
std::string show_changes(const T& from, const std::vector<section_key<T>>& keys) {
  const T usual;
  std::string out;
  for (const auto& known : keys)
    if (known.show(from) != known.show(usual))
      out += fmt::format("{}{}: {}", out.empty() ? "" : ", ", known.name, known.show(from));
  return out;
}

/// Reads the keys of a section; `visit_other` gets those of `others`.
template <class T, class Visit>
void read_keys(const complaint& complain, const std::string& path, const yaml_node& from, T& into,
               const std::vector<section_key<T>>& keys,
               std::initializer_list<std::string_view> others, Visit visit_other) {
  for_each_key(complain, path, from, [&](const yaml_node::member& member) {
    const auto known = std::find_if(keys.begin(), keys.end(),
                                    [&](const section_key<T>& k) { return k.name == member.key; });
    if (known != keys.end()) {
      if (!known->read(into, member.value))
        complain(member.value.at, path + "." + member.key, mismatch(known->expects, member.value));
    } else if (std::find(others.begin(), others.end(), member.key) != others.end()) {
      visit_other(member);
    } else {
      std::vector<std::string_view> names(others);
      for (const auto& k : keys)
        names.push_back(k.name);
      complain_unknown(complain, path, member, names);
    }
  });
}
template <class T>
void read_keys(const complaint& complain, const std::string& path, const yaml_node& from, T& into,
               const std::vector<section_key<T>>& keys) {
  read_keys(complain, path, from, into, keys, {}, [](const yaml_node::member&) {});
}

} // namespace roost::config_values
