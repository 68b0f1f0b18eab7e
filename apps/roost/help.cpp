#include "apps/roost/help.hpp"

#include <vector>

#include "apps/roost/text_table.hpp"

namespace roost::cli {

namespace {

constexpr std::string_view exit_statuses =
    "Exit status: 0 ok; 1 the answer is no; 2 usage; 3 the server cannot be reached; 124 a wait\n"
    "timed out; for `attach` and `send --wait` the session's own (128+N after signal N).\n";

constexpr std::string_view environment_text =
    "Environment: ROOST_SERVER and ROOST_TOKEN stand for --server and --token, ROOST_DATA_DIR is "
    "the\n"
    "server's data dir, ROOST_DETACH_KEY the detach key, NO_COLOR switches colours off.\n";

std::string operand_text(const operand_row& row) {
  const std::string name(row.name);
  switch (row.count) {
  case arity::one:
    return name;
  case arity::optional:
    return "[" + name + "]";
  case arity::any:
    return "[" + name + "…]";
  case arity::rest:
    return "[--] [" + name + "…]";
  }
  return name;
}

std::string option_text(const option_row& row) {
  std::string text = row.letter != 0 ? std::string("-") + row.letter + ", " : std::string("    ");
  text += "--" + std::string(row.name);
  if (!row.value.empty())
    text += " " + std::string(row.value);
  return text;
}

std::string option_list(std::span<const option_row> rows) {
  std::vector<std::vector<table_cell>> lines;
  for (const auto& row : rows)
    lines.push_back({{" "}, {option_text(row)}, {std::string(row.summary)}});
  return render_table(lines, colour::off, 0);
}

} // namespace

std::string usage_line(const command_row& row) {
  std::string text = "roost " + std::string(row.name);
  if (!row.options.empty())
    text += " [options]";
  for (const auto& operand : row.operands)
    text += " " + operand_text(operand);
  return text;
}

std::string program_help(command_table table, std::span<const option_row> globals) {
  std::vector<std::vector<table_cell>> lines;
  for (const auto* row : table)
    lines.push_back({{" "}, {std::string(row->name)}, {std::string(row->summary)}});
  return "roost: terminals that survive a disconnect, from the command line\n\n"
         "Usage: roost COMMAND [options] [operands]\n\nCommands:\n" +
         render_table(lines, colour::off, 0) + "\nEverywhere:\n" + option_list(globals) +
         "\nID is a session's id, the start of it, or its title, as long as only one session "
         "fits.\n"
         "`roost COMMAND --help` tells more about each.\n\n" +
         std::string(environment_text) + std::string(exit_statuses);
}

std::string command_help(const command_row& row, std::span<const option_row> globals) {
  std::string text = "Usage: " + usage_line(row) + "\n\n" + std::string(row.summary) + "\n";
  if (!row.details.empty())
    text += "\n" + std::string(row.details) + "\n";
  if (!row.options.empty())
    text += "\nOptions:\n" + option_list(row.options);
  return text + "\nEverywhere:\n" + option_list(globals);
}

} // namespace roost::cli
