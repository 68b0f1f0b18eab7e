#include "actors/runtime/config_load.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>
#include <set>
#include <span>

#include <fmt/format.h>

#include "actors/runtime/config_table.hpp"
#include "actors/runtime/config_values.hpp"
#include "actors/runtime/spelling.hpp"
#include "actors/runtime/text_escape.hpp"
#include "actors/runtime/units.hpp"

namespace roost {

namespace {

constexpr int exit_usage = 64;
constexpr int exit_config = 78;
// A person reads the first few; the rest is usually the same mistake.
constexpr std::size_t problem_limit = 20;
constexpr std::size_t shown_limit = 80;
constexpr std::string_view environment_prefix = "ROOST_";
// Above this a variable is somebody else's (Kubernetes sets ROOST_PORT and the like for a service
// named roost), below it is a misspelt one of ours.
constexpr std::size_t environment_edits = 2;

struct flag_row {
  std::string_view flag;
  std::string_view argument; ///< how the usage shows it; empty: takes none
  std::string_view path;     ///< the key that it sets; empty: an action
  std::string_view help;
};

constexpr std::array<flag_row, 12> flags = {{
    {"--config", "FILE", "", "read this YAML file"},
    {"--listen", "HOST:PORT", "listen", "accept connections here (default 127.0.0.1:7680)"},
    {"--data-dir", "DIR", "data_dir", "keep state here (default ~/.local/state/roost)"},
    {"--node-name", "NAME", "node_name", "what this server calls itself"},
    {"--database", "URL", "database.url",
     "sqlite: (default), memory: or postgresql://HOST/DATABASE"},
    {"--join", "HOST:PORT", "cluster.join", "not supported by this version"},
    {"--cluster-listen", "HOST:PORT", "cluster.listen", "not supported by this version"},
    {"--check-config", "", "", "check the configuration and exit"},
    {"--print-config", "", "", "print the configuration in effect and exit"},
    {"--version", "", "", "print the version and exit"},
    {"--help", "", "", "print this text and exit"},
    {"-h", "", "", ""},
}};

// Variables that the client and programs inside a terminal use; none of the server's business.
constexpr std::array<std::string_view, 4> foreign_variables = {"ROOST_SERVER", "ROOST_TOKEN",
                                                               "ROOST_SESSION_ID", "ROOST_SANDBOX"};

std::string visible(std::string_view text) {
  std::string out;
  append_visible(out, utf8_prefix(text, shown_limit));
  if (text.size() > shown_limit)
    out += "...";
  return out;
}

std::string join_path(std::string_view prefix, std::string_view key) {
  return prefix.empty() ? std::string(key) : fmt::format("{}.{}", prefix, key);
}

const yaml_node* find_member(const yaml_node& map, std::string_view key) {
  for (const auto& member : map.members)
    if (member.key == key)
      return &member.value;
  return nullptr;
}

/// The reserved node at a dotted path, or nullptr.
const yaml_node* find_reserved(std::string_view path) {
  const auto* node = &reserved_config();
  while (node != nullptr && !path.empty()) {
    const auto dot = path.find('.');
    node = find_member(*node, path.substr(0, dot));
    path = dot == std::string_view::npos ? std::string_view() : path.substr(dot + 1);
  }
  return node;
}

/// Whether two scalars mean the same: as text, or as the same duration or size.
bool same_scalar(std::string_view a, std::string_view b) {
  if (a == b)
    return true;
  if (const auto x = parse_duration(a), y = parse_duration(b); x && y)
    return *x == *y;
  if (const auto x = parse_size(a), y = parse_size(b); x && y)
    return *x == *y;
  return false;
}

class loader {
public:
  explicit loader(const config_inputs& inputs) : inputs_(inputs) {
    out_.origins.assign(config_table().size(), "default");
  }

  loaded_config run() {
    set_computed_defaults();
    read_arguments();
    if (out_.action == config_action::help || out_.action == config_action::version)
      return finish();
    if (out_.file.empty())
      if (const auto found = inputs_.environment.find("ROOST_CONFIG");
          found != inputs_.environment.end())
        out_.file = found->second;
    if (!out_.file.empty())
      apply_file();
    apply_environment();
    for (const auto& [flag, text] : given_flags_)
      apply_text(flag->path, text, std::string(flag->flag), inputs_.working_dir);
    if (out_.problems.empty())
      check_together();
    return finish();
  }

private:
  struct given_flag {
    const flag_row* flag;
    std::string text;
  };

  loaded_config finish() {
    if (hidden_ > 0)
      out_.problems.push_back({"", "", fmt::format("{} more problems", hidden_)});
    if (!out_.problems.empty() && out_.exit_code == 0)
      out_.exit_code = exit_config;
    return std::move(out_);
  }

  void complain(std::string where, std::string path, std::string message) {
    if (out_.problems.size() >= problem_limit)
      ++hidden_;
    else
      out_.problems.push_back({std::move(where), std::move(path), std::move(message)});
  }

  void complain_usage(std::string where, std::string message) {
    out_.exit_code = exit_usage;
    complain(std::move(where), "", std::move(message));
  }

  [[nodiscard]] std::string variable(const std::string& name) const {
    const auto found = inputs_.environment.find(name);
    return found == inputs_.environment.end() ? "" : found->second;
  }

  void set_computed_defaults() {
    if (!config_values::check_node_name(inputs_.host_name))
      out_.values.node_name = inputs_.host_name;
    else
      out_.values.node_name = "roost";
    // The base directory specification: a relative value must be ignored.
    if (const auto state = variable("XDG_STATE_HOME"); state.starts_with('/'))
      out_.values.data_dir = state + "/roost";
    else if (const auto home = variable("HOME"); home.starts_with('/'))
      out_.values.data_dir = home + "/.local/state/roost";
  }

  void read_arguments() {
    const auto& arguments = inputs_.arguments;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      const std::string_view argument = arguments[i];
      const auto equals = argument.find('=');
      const auto name = argument.substr(0, equals);
      const auto* const row = std::find_if(flags.begin(), flags.end(),
                                           [name](const flag_row& f) { return f.flag == name; });
      if (row == flags.end()) {
        complain_unknown_flag(argument, name);
        continue;
      }
      if (row->argument.empty()) {
        if (equals != std::string_view::npos)
          complain_usage(std::string(name), "takes no value");
        set_action(name);
        continue;
      }
      std::string text;
      if (equals != std::string_view::npos) {
        text = argument.substr(equals + 1);
      } else if (i + 1 < arguments.size()) {
        text = arguments[++i];
      } else {
        complain_usage(std::string(name), fmt::format("needs a value: {} {}", name, row->argument));
        continue;
      }
      if (row->path.empty())
        out_.file = std::move(text);
      else
        given_flags_.push_back({row, std::move(text)});
    }
  }

  void complain_unknown_flag(std::string_view argument, std::string_view name) {
    if (!argument.starts_with('-')) {
      complain_usage(visible(argument), "unexpected argument, see --help");
      return;
    }
    std::vector<std::string_view> known;
    for (const auto& row : flags)
      known.push_back(row.flag);
    const auto meant = nearest(name, known);
    complain_usage(visible(name), meant.empty()
                                      ? "unknown option, see --help"
                                      : fmt::format("unknown option, did you mean {}?", meant));
  }

  void set_action(std::string_view flag) {
    const auto wanted = flag == "--check-config"   ? config_action::check_config
                        : flag == "--print-config" ? config_action::print_config
                        : flag == "--version"      ? config_action::version
                                                   : config_action::help;
    // The most harmless wish wins when there are several.
    out_.action = std::max(out_.action, wanted);
  }

  void apply_file() {
    const auto text = inputs_.read_file(out_.file);
    if (!text) {
      complain(visible(out_.file), "", text.error().detail);
      return;
    }
    const auto parsed = parse_yaml(*text);
    if (const auto* failure = std::get_if<yaml_failure>(&parsed)) {
      complain(in_file(failure->at), "", failure->message);
      return;
    }
    const auto& root = std::get<yaml_node>(parsed);
    file_dir_ = absolute(inputs_.working_dir, out_.file);
    file_dir_.resize(file_dir_.rfind('/') + 1);
    apply_section("", root);
  }

  [[nodiscard]] std::string in_file(text_position at) const {
    return fmt::format("{}:{}:{}", visible(out_.file), at.line, at.column);
  }

  void apply_section(const std::string& prefix, const yaml_node& section) {
    // A section whose lines are all commented out is an empty one.
    if (section.type == yaml_node::kind::null)
      return;
    if (section.type != yaml_node::kind::map) {
      complain(in_file(section.at), prefix, config_values::mismatch("a section of keys", section));
      return;
    }
    for_each_member(prefix, section, [&](const std::string& path, const yaml_node::member& member) {
      if (const auto row = find_row(path))
        apply_value(
            *row, member.value, [this](text_position at) { return in_file(at); },
            in_file(member.at), file_dir_);
      else if (has_rows_below(path))
        apply_section(path, member.value);
      else if (const auto* reserved = find_reserved(path))
        check_reserved(path, *reserved, member.value, in_file(member.value.at));
      else
        complain_unknown_key(prefix, path, member);
    });
  }

  /// Visits the members of a map, refusing the second of two equal keys.
  template <class Visit>
  void for_each_member(const std::string& prefix, const yaml_node& map, Visit visit) {
    std::set<std::string_view> seen;
    for (const auto& member : map.members) {
      const auto path = join_path(prefix, visible(member.key));
      if (seen.insert(member.key).second)
        visit(path, member);
      else
        complain(in_file(member.at), path, "this key is there twice");
    }
  }

  static std::optional<std::size_t> find_row(std::string_view path) {
    const auto& table = config_table();
    for (std::size_t i = 0; i < table.size(); ++i)
      if (table[i].path == path)
        return i;
    return std::nullopt;
  }

  static bool has_rows_below(const std::string& path) {
    const auto& table = config_table();
    return std::any_of(table.begin(), table.end(), [&](const config_row& row) {
      return row.path.starts_with(path) && row.path.size() > path.size() &&
             row.path[path.size()] == '.';
    });
  }

  /// `place_of` names the place of a node for messages.
  template <class PlaceOf>
  void apply_value(std::size_t row, const yaml_node& value, PlaceOf place_of, std::string origin,
                   const std::string& base_dir) {
    const auto& known = config_table()[row];
    auto resolved = value;
    if (known.value.is_path && value.type == yaml_node::kind::scalar)
      resolved.text = absolute(base_dir, value.text);
    if (known.value.read_section) {
      const auto before = out_.problems.size() + hidden_;
      known.value.read_section(
          out_.values, value,
          [&](text_position at, const std::string& below, std::string message) {
            complain(place_of(at),
                     below.empty() ? std::string(known.path)
                                   : join_path(known.path, visible(below)),
                     std::move(message));
          },
          [&](const std::string& path) { return absolute(base_dir, path); });
      if (out_.problems.size() + hidden_ == before)
        out_.origins[row] = std::move(origin);
      return;
    }
    if (auto wrong = known.value.read(out_.values, resolved))
      complain(place_of(value.at), std::string(known.path), std::move(*wrong));
    else
      out_.origins[row] = std::move(origin);
  }

  void complain_unknown_key(const std::string& prefix, const std::string& path,
                            const yaml_node::member& member) {
    std::vector<std::string_view> siblings;
    const auto start = prefix.empty() ? 0 : prefix.size() + 1;
    for (const auto& row : config_table())
      if (row.path.starts_with(prefix) && (start == 0 || row.path[prefix.size()] == '.'))
        siblings.push_back(row.path.substr(start, row.path.find('.', start) - start));
    if (const auto* reserved = find_reserved(prefix))
      for (const auto& known : reserved->members)
        siblings.push_back(known.key);
    if (const auto meant = nearest(member.key, siblings); !meant.empty()) {
      complain(in_file(member.at), path, fmt::format("unknown key, did you mean '{}'?", meant));
      return;
    }
    // The right name in the wrong section.
    for (const auto& row : config_table())
      if (row.path.substr(row.path.rfind('.') + 1) == member.key) {
        complain(in_file(member.at), path,
                 fmt::format("unknown key here, did you mean '{}'?", row.path));
        return;
      }
    complain(in_file(member.at), path, "unknown key");
  }

  /// Accepts what leaves a key of the full contract at its default, and refuses the rest: a setting
  /// that looks accepted and does nothing would be worse.
  void check_reserved(const std::string& path, const yaml_node& reserved, const yaml_node& value,
                      const std::string& where) {
    if (reserved.type == yaml_node::kind::map) {
      if (value.type == yaml_node::kind::null)
        return;
      if (value.type != yaml_node::kind::map) {
        complain(where, path, config_values::mismatch("a section of keys", value));
        return;
      }
      for_each_member(path, value, [&](const std::string& below, const yaml_node::member& member) {
        if (const auto* known = find_member(reserved, member.key))
          check_reserved(below, *known, member.value, in_file(member.value.at));
        else if (reserved.members.empty())
          complain(in_file(member.at), below, "not supported by this version, remove it");
        else
          complain_unknown_key(path, below, member);
      });
      return;
    }
    const bool same =
        reserved.type == yaml_node::kind::sequence
            ? value.type == yaml_node::kind::sequence && value.items.empty()
            : value.type == yaml_node::kind::scalar && same_scalar(value.text, reserved.text);
    if (!same) {
      const auto fallback = reserved.type == yaml_node::kind::sequence ? "[]"
                            : reserved.text.empty()                    ? "\"\""
                                                                       : reserved.text;
      complain(where, path,
               fmt::format("not supported by this version, only the default ({}) is", fallback));
    }
  }

  void apply_environment() {
    for (const auto& [name, text] : inputs_.environment) {
      if (!name.starts_with(environment_prefix) || name == "ROOST_CONFIG" ||
          std::find(foreign_variables.begin(), foreign_variables.end(), name) !=
              foreign_variables.end())
        continue;
      const auto path = path_of_variable(name);
      if (!path.empty())
        apply_text(path, text, "environment " + name, inputs_.working_dir);
      else
        judge_unknown_variable(name);
    }
  }

  /// The key that a variable sets; empty if none.
  static std::string path_of_variable(const std::string& name) {
    if (name == "ROOST_DATABASE")
      return "database.url";
    for (const auto& row : config_table())
      if (environment_name(row.path) == name)
        return std::string(row.path);
    return reserved_path("", reserved_config(), name);
  }

  static std::string reserved_path(const std::string& prefix, const yaml_node& map,
                                   const std::string& name) {
    for (const auto& member : map.members) {
      const auto path = join_path(prefix, member.key);
      if (environment_name(path) == name)
        return path;
      if (auto below = reserved_path(path, member.value, name); !below.empty())
        return below;
    }
    return {};
  }

  void judge_unknown_variable(const std::string& name) {
    std::vector<std::string> names{"ROOST_CONFIG", "ROOST_DATABASE"};
    for (const auto& row : config_table())
      names.push_back(environment_name(row.path));
    std::vector<std::string_view> endings;
    for (const auto& known : names)
      endings.push_back(std::string_view(known).substr(environment_prefix.size()));
    const auto meant = nearest(std::string_view(name).substr(environment_prefix.size()), endings,
                               environment_edits);
    if (meant.empty())
      out_.warnings.push_back(
          fmt::format("environment {}: no such setting, it is ignored", visible(name)));
    else
      complain("environment " + visible(name), "",
               fmt::format("unknown setting, did you mean {}{}?", environment_prefix, meant));
  }

  /// A value from outside YAML: lists are written [a, b] or a,b there.
  void apply_text(std::string_view path, const std::string& text, const std::string& where,
                  const std::string& base_dir) {
    yaml_node value;
    value.type = yaml_node::kind::scalar;
    value.text = text;
    const auto row = find_row(path);
    const auto* const reserved = row ? nullptr : find_reserved(path);
    const bool is_list = row ? config_table()[*row].value.form == config_value::shape::list
                             : reserved != nullptr && reserved->type == yaml_node::kind::sequence;
    if (row && config_table()[*row].value.form == config_value::shape::section) {
      auto section = parse_yaml(text);
      if (const auto* failure = std::get_if<yaml_failure>(&section)) {
        complain(where, std::string(path), failure->message);
        return;
      }
      value = std::move(std::get<yaml_node>(section));
    }
    if (is_list) {
      auto list = parse_list(text);
      if (const auto* failure = std::get_if<yaml_failure>(&list)) {
        complain(where, std::string(path), failure->message);
        return;
      }
      value = std::move(std::get<yaml_node>(list));
    }
    if (row)
      apply_value(
          *row, value, [&](text_position) { return where; }, where, base_dir);
    else if (reserved != nullptr)
      check_reserved(std::string(path), *reserved, value, where);
  }

  static std::variant<yaml_node, yaml_failure> parse_list(const std::string& text) {
    if (text.starts_with('['))
      return parse_yaml(text);
    yaml_node list;
    list.type = yaml_node::kind::sequence;
    std::string_view rest = text;
    while (!rest.empty()) {
      const auto comma = rest.find(',');
      yaml_node item;
      item.type = yaml_node::kind::scalar;
      item.text = rest.substr(0, comma);
      list.items.push_back(std::move(item));
      rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
    }
    return list;
  }

  /// `path` seen from `base_dir`; a leading ~/ is the home of whoever runs the server. Empty stays
  /// empty: it means "none".
  [[nodiscard]] std::string absolute(const std::string& base_dir, const std::string& path) const {
    if (path.empty() || path.starts_with('/'))
      return path;
    if (const auto home = variable("HOME");
        home.starts_with('/') && (path == "~" || path.starts_with("~/")))
      return home + path.substr(1);
    return (std::filesystem::path(base_dir) / path).lexically_normal().string();
  }

  [[nodiscard]] const std::string& origin(std::string_view path) const {
    return out_.origins[find_row(path).value()];
  }

  /// Rules about several values at once.
  void check_together() {
    const auto& values = out_.values;
    if (values.data_dir.empty())
      complain(origin("data_dir"), "data_dir",
               "neither HOME nor XDG_STATE_HOME is set, say where with --data-dir");
    if (!values.database.init_url.empty() && !is_postgresql_url(values.database.url))
      complain(origin("database.init_url"), "database.init_url",
               "it is for a database.url of PostgreSQL; remove it, or set database.url");
    if (values.tls.certificate.empty() != values.tls.key.empty()) {
      const auto* const given = values.tls.key.empty() ? "tls.certificate" : "tls.key";
      complain(origin(given), given, "tls.certificate and tls.key are needed together");
    }
    if (!is_loopback(values.listen) && !values.tls.is_enabled() && !values.insecure_listen)
      complain(origin("listen"), "listen",
               fmt::format("{} can be reached from other machines and has no TLS: set "
                           "tls.certificate and tls.key, or listen on 127.0.0.1, or set "
                           "insecure_listen: true if a proxy adds TLS",
                           to_string(values.listen)));
    if (values.connections.pressure_release >= values.connections.pressure_at)
      complain(origin("connections.pressure_release"), "connections.pressure_release",
               "must be below connections.pressure_at, or pressure would come and go all the time");
    if (values.connections.proxy_protocol && values.connections.trusted_proxies.empty())
      complain(origin("connections.proxy_protocol"), "connections.proxy_protocol",
               "say in connections.trusted_proxies who may send PROXY headers");
    check_sandbox();
    check_run_as();
  }

  void check_sandbox() {
    const auto& values = out_.values;
    const auto& sandbox = values.terminals.sandbox;
    if (!find_sandbox_profile(sandbox, sandbox.default_profile)) {
      std::vector<std::string_view> names;
      for (const auto* list : {&builtin_sandbox_profiles(), &sandbox.profiles})
        for (const auto& profile : *list)
          names.emplace_back(profile.name);
      const auto meant = nearest(sandbox.default_profile, names);
      complain(origin("terminals.sandbox.default"), "terminals.sandbox.default",
               meant.empty() ? std::string("there is no such profile")
                             : fmt::format("there is no such profile, did you mean '{}'?", meant));
    }
    // What is in there would let a program in the sandbox command the server.
    for (const auto& profile : sandbox.profiles)
      for (const auto* list : {&profile.writable, &profile.readable})
        for (const auto& path : *list)
          if (path == values.data_dir || path.starts_with(values.data_dir + "/"))
            complain(origin("terminals.sandbox.profiles"),
                     "terminals.sandbox.profiles." + profile.name,
                     "the server's data_dir is never visible in a sandbox");
  }

  /// A session as somebody else's user must never come about by a slip: neither a name that means
  /// nobody, nor root because nothing else was said.
  void check_run_as() {
    const auto& run_as = out_.values.terminals.run_as;
    constexpr auto default_key = "terminals.run_as.default";
    constexpr auto allowed_key = "terminals.run_as.allowed";
    if (!run_as.is_set())
      return;
    if (!inputs_.is_root) {
      const auto* const given = run_as.default_user.empty() ? allowed_key : default_key;
      complain(origin(given), given,
               "only a roostd that root runs can start sessions as other users: run it as root, or "
               "remove terminals.run_as");
      return;
    }
    if (run_as.default_user.empty())
      complain(origin(allowed_key), allowed_key,
               "say in terminals.run_as.default who sessions run as when nobody asks (root, if you "
               "mean it)");
    else
      check_user(default_key, run_as.default_user);
    for (const auto& name : run_as.allowed)
      check_user(allowed_key, name);
  }

  void check_user(const char* key, const std::string& name) {
    if (!inputs_.has_user(name))
      complain(origin(key), key,
               fmt::format("this system has no user '{}' (getent passwd lists those it has)",
                           visible(name)));
  }

  const config_inputs& inputs_;
  loaded_config out_;
  std::vector<given_flag> given_flags_;
  std::string file_dir_;
  std::size_t hidden_ = 0;
};

} // namespace

std::string config_problem::to_string() const {
  auto out = where;
  for (const auto* part : {&path, &message})
    if (!part->empty()) {
      if (!out.empty())
        out += ": ";
      out += *part;
    }
  return out;
}

loaded_config load_config(const config_inputs& inputs) { return loader(inputs).run(); }

reload_plan plan_reload(const config& running, const config& fresh) {
  reload_plan plan{.next = running, .applied = {}, .needs_restart = {}};
  for (const auto& row : config_table()) {
    if (row.value.show(running) == row.value.show(fresh))
      continue;
    if (row.reloadable == reload::at_once) {
      row.value.copy(plan.next, fresh);
      plan.applied.emplace_back(row.path);
    } else {
      plan.needs_restart.emplace_back(row.path);
    }
  }
  return plan;
}

std::string config_usage() {
  std::string out =
      "usage: roostd [options]\n       roostd migrate (status|up|verify) [options]\n\n";
  for (const auto& row : flags) {
    if (row.help.empty())
      continue;
    const auto shown =
        row.argument.empty() ? std::string(row.flag) : fmt::format("{} {}", row.flag, row.argument);
    out += fmt::format("  {:<28} {}\n", shown, row.help);
  }
  out += "\nEvery key of the configuration can also be set in the environment: terminals.max is\n"
         "ROOST_TERMINALS_MAX, the file is ROOST_CONFIG. Flags win over the environment, which "
         "wins\nover the file. roostd --print-config shows all keys.\n";
  return out;
}

} // namespace roost
