#include <algorithm>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "actors/runtime/config_load.hpp"
#include "actors/runtime/config_table.hpp"

namespace roost {

namespace {

// The comments of the printed YAML stay readable beside a shell prompt.
constexpr std::size_t comment_width = 96;

/// "a.b" for "a.b.c"; empty for a key at the top.
std::string_view section_of(std::string_view path) {
  const auto dot = path.rfind('.');
  return dot == std::string_view::npos ? std::string_view() : path.substr(0, dot);
}

std::string_view name_of(std::string_view path) { return path.substr(path.rfind('.') + 1); }

/// Opens `section` after `before`, with the sections that it lies in where they are not open yet.
void append_section(std::string& out, std::string_view section, std::string_view before) {
  if (section.empty() || before == section || before.starts_with(std::string(section) + "."))
    return;
  const auto around = section_of(section);
  append_section(out, around, before);
  const auto depth = static_cast<std::size_t>(std::count(section.begin(), section.end(), '.'));
  out += fmt::format("{}{}{}:\n", depth == 0 ? "\n" : "", std::string(depth * 2, ' '),
                     name_of(section));
}

void append_comment(std::string& out, std::string_view indent, std::string_view text) {
  std::string line;
  const auto flush = [&] {
    if (!line.empty())
      out += fmt::format("{}#{}\n", indent, line);
    line.clear();
  };
  while (!text.empty()) {
    const auto space = text.find(' ');
    const auto word = text.substr(0, space);
    if (indent.size() + line.size() + word.size() + 2 > comment_width)
      flush();
    line += ' ';
    line += word;
    text = space == std::string_view::npos ? std::string_view() : text.substr(space + 1);
  }
  flush();
}

/// Some defaults depend on the machine; the reference names the rule instead of a value.
std::string documented_default(const config_row& row) {
  if (row.path == "node_name")
    return "the host's name";
  if (row.path == "data_dir")
    return "`~/.local/state/roost`";
  return fmt::format("`{}`", row.value.show(config{}));
}

} // namespace

std::string print_config(const loaded_config& loaded) {
  std::string out =
      "# The configuration in effect. Each value is followed by where it comes from.\n";
  std::string_view section;
  const auto& table = config_table();
  for (std::size_t i = 0; i < table.size(); ++i) {
    const auto& row = table[i];
    const auto mine = section_of(row.path);
    append_section(out, mine, section);
    section = mine;
    const auto dots = static_cast<std::size_t>(std::count(row.path.begin(), row.path.end(), '.'));
    const std::string indent(dots * 2, ' ');
    append_comment(out, indent, row.doc);
    out += fmt::format("{}{}: {}  # {}\n", indent, name_of(row.path), row.value.show(loaded.values),
                       loaded.origins[i]);
  }
  return out;
}

std::string config_reference() {
  std::string out = R"(---
title: Configuration
kind: reference
status: current
owner: operations
sources: [actors/runtime/config_table.cpp]
---
# Configuration

This page is generated from the table in `actors/runtime/config_table.cpp`; a test fails when they
differ. Regenerate it with `ROOST_UPDATE_GOLDEN=1 ctest --preset dev -R config_reference`.

Flags win over the environment, which wins over the YAML file (`--config FILE`, `ROOST_CONFIG`), which
wins over the defaults. An unknown key or a bad value is refused with its place, and nothing is
started. `roostd --check-config` only checks, `roostd --print-config` shows every value and where it
comes from.

- Durations are a whole number and a unit: `250ms`, `5s`, `5m`, `1h`, `30d`.
- Sizes are a whole number and a unit: `B`, `KiB`, `MiB`, `GiB`.
- In the environment a list is written `[a, b]` or `a,b`.
- A relative file name in the YAML file is seen from the file's folder, elsewhere from the working
  directory; `~/` is the home of whoever runs the server.
- "At once" means that SIGHUP applies a change of the file; the rest needs a restart.
- The file may hold the keys of features that this version does not have, as long as they keep their
  defaults.

| key | environment | value | default | change |
| --- | --- | --- | --- | --- |
)";
  for (const auto& row : config_table())
    out += fmt::format("| `{}` | `{}` | {} | {} | {} |\n", row.path, environment_name(row.path),
                       row.value.expects, documented_default(row),
                       row.reloadable == reload::at_once ? "at once" : "restart");
  out += "\n## What they mean\n";
  for (const auto& row : config_table())
    out += fmt::format("\n**`{}`**: {}\n", row.path, row.doc);
  return out;
}

} // namespace roost
