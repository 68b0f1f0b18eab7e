#include <algorithm>
#include <array>
#include <filesystem>

#include <fmt/format.h>

#include "actors/runtime/config_section.hpp"
#include "actors/runtime/config_values.hpp"

namespace roost::config_values {

namespace {

constexpr std::size_t most_profiles = 32;
constexpr std::size_t most_paths = 64;
constexpr std::size_t longest_name = 32;
constexpr std::string_view limits_prefix = "terminals.limits.";

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= longest_name && text.front() != '-' &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
         });
}

/// "/a/b" or "~/a", without a slash at the end; nothing if it is another kind of path, or one whose
/// meaning would surprise: the whole system, the whole home (`home` is for that), or with "..".
std::optional<std::string> parse_profile_path(const std::string& text) {
  const auto start = text.starts_with("~/") ? std::size_t{1} : std::size_t{0};
  if (text.size() <= start || text[start] != '/' || check_nothing(text))
    return std::nullopt;
  auto path = std::filesystem::path(text.substr(start)).lexically_normal().string();
  while (path.ends_with('/'))
    path.pop_back();
  if (path.empty() || text.find("/../") != std::string::npos || text.ends_with("/.."))
    return std::nullopt;
  return text.substr(0, start) + path;
}

template <class Kind, std::size_t N>
std::optional<Kind> one_of(const std::array<Kind, N>& kinds, const yaml_node& from) {
  if (from.type == yaml_node::kind::scalar)
    for (const auto kind : kinds)
      if (to_string(kind) == from.text)
        return kind;
  return std::nullopt;
}

constexpr std::array bases = {sandbox_base::workspace, sandbox_base::isolated};
constexpr std::array networks = {network_access::keep, network_access::none};
constexpr std::array homes = {home_access::keep, home_access::read_only, home_access::hide};
constexpr std::array filters = {system_call_filter::none, system_call_filter::lenient,
                                system_call_filter::strict};

/// One key of a profile.
struct profile_key {
  std::string_view name;
  std::string_view expects;
  bool (*read)(sandbox_profile& into, const yaml_node& from);
  std::string (*show)(const sandbox_profile& from);
};

template <auto Member, const auto& Kinds>
bool read_choice(sandbox_profile& into, const yaml_node& from) {
  const auto kind = one_of(Kinds, from);
  if (kind)
    into.*Member = *kind;
  return kind.has_value();
}
template <auto Member>
std::string show_choice(const sandbox_profile& from) {
  return std::string(to_string(from.*Member));
}
template <auto Member>
bool read_paths(sandbox_profile& into, const yaml_node& from) {
  const auto texts = texts_of(from);
  if (!texts || texts->size() > most_paths)
    return false;
  std::vector<std::string> paths;
  for (const auto& text : *texts) {
    auto path = parse_profile_path(text);
    if (!path)
      return false;
    paths.push_back(std::move(*path));
  }
  into.*Member = std::move(paths);
  return true;
}
template <auto Member>
std::string show_paths(const sandbox_profile& from) {
  return show_list(from.*Member);
}

using sp = sandbox_profile;
constexpr std::string_view path_list =
    "a list of up to 64 absolute paths, or paths below the home like ~/cache";
constexpr std::array<profile_key, 7> keys = {{
    {"base", "workspace or isolated", read_choice<&sp::base, bases>, show_choice<&sp::base>},
    {"network", "keep or none", read_choice<&sp::network, networks>, show_choice<&sp::network>},
    {"home", "keep, read_only or hide", read_choice<&sp::home, homes>, show_choice<&sp::home>},
    {"seccomp", "none, default or strict", read_choice<&sp::seccomp, filters>,
     show_choice<&sp::seccomp>},
    {"writable", path_list, read_paths<&sp::writable>, show_paths<&sp::writable>},
    {"readable", path_list, read_paths<&sp::readable>, show_paths<&sp::readable>},
    {"hide", path_list, read_paths<&sp::hide>, show_paths<&sp::hide>},
}};

/// The rows of the table that bound a session's processes; a profile's limits are written alike.
std::vector<const config_row*> limit_rows() {
  std::vector<const config_row*> rows;
  for (const auto& row : config_table())
    if (row.path.starts_with(limits_prefix) && row.is_profile_key)
      rows.push_back(&row);
  return rows;
}

class profile_reader {
public:
  explicit profile_reader(const complaint& complain) : complain_(complain) {}

  void read_all(std::vector<sandbox_profile>& into, const yaml_node& from) {
    if (from.type != yaml_node::kind::null && from.type != yaml_node::kind::map) {
      complain_(from.at, "", mismatch("a section of profiles", from));
      return;
    }
    if (from.members.size() > most_profiles) {
      complain_(from.at, "", fmt::format("more than {} profiles", most_profiles));
      return;
    }
    std::vector<sandbox_profile> profiles;
    for (const auto& member : from.members) {
      if (!is_name(member.key))
        complain_(member.at, "",
                  "a profile's name is 1 to 32 of the characters a-z, 0-9, '-' and '_'");
      else if (is_taken(builtin_sandbox_profiles(), member.key))
        complain_(member.at, member.key, "this profile is built in, take another name");
      else if (is_taken(profiles, member.key))
        complain_(member.at, member.key, "this key is there twice");
      else
        profiles.push_back(read_one(member.key, member.value));
    }
    into = std::move(profiles);
  }

private:
  static bool is_taken(const std::vector<sandbox_profile>& by, std::string_view name) {
    return std::any_of(by.begin(), by.end(),
                       [name](const sandbox_profile& p) { return p.name == name; });
  }

  sandbox_profile read_one(const std::string& name, const yaml_node& from) {
    // The base gives the defaults of all other keys, wherever it stands.
    auto base = std::string_view("workspace");
    if (const auto* const given = find_member(from, "base"))
      if (const auto kind = one_of(bases, *given))
        base = to_string(*kind);
    auto profile = find_sandbox_profile({}, base).value();
    profile.name = name;
    for_each_key(complain_, name, from, [&](const yaml_node::member& member) {
      if (member.key == "limits") {
        read_limits(profile, name + ".limits", member.value);
        return;
      }
      const auto* const key = std::find_if(
          keys.begin(), keys.end(), [&](const profile_key& k) { return k.name == member.key; });
      if (key == keys.end()) {
        std::vector<std::string_view> known{"limits"};
        for (const auto& k : keys)
          known.push_back(k.name);
        complain_unknown(complain_, name, member, known);
      } else if (!key->read(profile, member.value)) {
        complain_(member.value.at, name + "." + member.key, mismatch(key->expects, member.value));
      }
    });
    return profile;
  }

  void read_limits(sandbox_profile& into, const std::string& path, const yaml_node& from) {
    const auto rows = limit_rows();
    for_each_key(complain_, path, from, [&](const yaml_node::member& member) {
      const auto row = std::find_if(rows.begin(), rows.end(), [&](const config_row* r) {
        return r->path.substr(limits_prefix.size()) == member.key;
      });
      if (row == rows.end()) {
        std::vector<std::string_view> known;
        for (const auto* r : rows)
          known.push_back(r->path.substr(limits_prefix.size()));
        complain_unknown(complain_, path, member, known);
        return;
      }
      config scratch;
      scratch.terminals.limits = into.limits;
      if (const auto wrong = (*row)->value.read(scratch, member.value))
        complain_(member.value.at, path + "." + member.key, *wrong);
      else
        into.limits = scratch.terminals.limits;
    });
  }

  const complaint& complain_;
};

/// What differs from the base, as YAML on one line.
std::string show_profile(const sandbox_profile& profile) {
  const auto base = find_sandbox_profile({}, to_string(profile.base)).value();
  auto out = fmt::format("{{base: {}", to_string(profile.base));
  for (const auto& key : keys)
    if (key.show(profile) != key.show(base))
      out += fmt::format(", {}: {}", key.name, key.show(profile));
  std::string limits;
  config mine;
  config theirs;
  mine.terminals.limits = profile.limits;
  theirs.terminals.limits = base.limits;
  for (const auto* row : limit_rows())
    if (row->value.show(mine) != row->value.show(theirs))
      limits += fmt::format("{}{}: {}", limits.empty() ? "" : ", ",
                            row->path.substr(limits_prefix.size()), row->value.show(mine));
  if (!limits.empty())
    out += fmt::format(", limits: {{{}}}", limits);
  return out + "}";
}

} // namespace

config_value sandbox_profiles() {
  config_value made;
  made.expects = "a section of up to 32 profiles, see sandbox.md";
  made.form = config_value::shape::section;
  made.read_section = [](config& into, const yaml_node& from, const complaint& complain,
                         const path_resolver& /*resolve*/) {
    profile_reader(complain).read_all(into.terminals.sandbox.profiles, from);
  };
  made.show = [](const config& from) {
    std::string out;
    for (const auto& profile : from.terminals.sandbox.profiles)
      out += fmt::format("{}{}: {}", out.empty() ? "" : ", ", profile.name, show_profile(profile));
    return "{" + out + "}";
  };
  made.copy = [](config& into, const config& from) {
    into.terminals.sandbox.profiles = from.terminals.sandbox.profiles;
  };
  return made;
}

std::optional<std::string> check_profile_name(std::string_view text) {
  return is_name(text) ? std::nullopt : std::optional<std::string>("not a name");
}

} // namespace roost::config_values
