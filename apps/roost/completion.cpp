#include "apps/roost/completion.hpp"

#include <algorithm>
#include <map>
#include <vector>

namespace roost::cli {

namespace {

/// The verbs as a shell sees them: first words, and under each the second words if there are any.
struct verb_tree {
  std::vector<std::string_view> firsts;
  std::map<std::string_view, std::vector<const command_row*>> rows;

  explicit verb_tree(command_table table) {
    for (const auto* row : table) {
      const auto first = row->name.substr(0, row->name.find(' '));
      if (std::ranges::find(firsts, first) == firsts.end())
        firsts.push_back(first);
      rows[first].push_back(row);
    }
  }
};

bool has_second_word(const command_row& row) {
  return row.name.find(' ') != std::string_view::npos;
}

std::string_view second_word(const command_row& row) {
  return row.name.substr(row.name.find(' ') + 1);
}

/// The second words that stand under one first word.
std::vector<std::string_view> second_words(const std::vector<const command_row*>& rows) {
  std::vector<std::string_view> words;
  for (const auto* row : rows)
    if (has_second_word(*row))
      words.push_back(second_word(*row));
  return words;
}

std::string join(const std::vector<std::string_view>& words) {
  std::string text;
  for (const auto word : words)
    text.append(text.empty() ? "" : " ").append(word);
  return text;
}

/// Inside single quotes of any of the three shells.
std::string quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text)
    out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::string flag_words(std::span<const option_row> rows) {
  std::string text;
  for (const auto& row : rows) {
    text += " --" + std::string(row.name);
    if (row.letter != 0)
      text += std::string(" -") + row.letter;
  }
  return text;
}

std::string patterns_of(const option_row& row) {
  std::string text = "--" + std::string(row.name);
  if (row.letter != 0)
    text += std::string("|-") + row.letter;
  return text;
}

// --- bash ---------------------------------------------------------------------------------------

/// What prints the words that are there to choose from; "" if nothing does.
std::string_view listing(completes offers) {
  switch (offers) {
  case completes::sessions:
    return "roost ls --quiet 2>/dev/null";
  case completes::sandboxes:
    return "roost sandboxes --quiet 2>/dev/null";
  case completes::channels:
    return "roost channels --quiet 2>/dev/null";
  case completes::files:
  case completes::folders:
  case completes::commands:
  case completes::choices:
  case completes::nothing:
    break;
  }
  return {};
}

std::string bash_offer(completes offers, std::string_view choices) {
  switch (offers) {
  case completes::files:
    return "COMPREPLY=($(compgen -f -- \"$cur\"))";
  case completes::folders:
    return "COMPREPLY=($(compgen -d -- \"$cur\"))";
  case completes::sessions:
  case completes::sandboxes:
  case completes::channels:
    return "COMPREPLY=($(compgen -W \"$(" + std::string(listing(offers)) + ")\" -- \"$cur\"))";
  case completes::commands:
    return "COMPREPLY=($(compgen -c -- \"$cur\"))";
  case completes::choices:
    return "COMPREPLY=($(compgen -W " + quoted(choices) + " -- \"$cur\"))";
  case completes::nothing:
    break;
  }
  return "COMPREPLY=()";
}

std::string bash_values(std::span<const option_row> rows, std::string_view indent) {
  std::string text;
  for (const auto& row : rows)
    if (!row.value.empty())
      text += std::string(indent) + patterns_of(row) + ") " + bash_offer(row.offers, row.choices) +
              "; return ;;\n";
  return text;
}

std::string bash_script(command_table table, std::span<const option_row> globals) {
  const verb_tree tree(table);
  std::string text =
      "# bash completion for roost: source it, or put it where bash-completion looks\n"
      "_roost() {\n"
      "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
      "  local verb= second= flags= i\n"
      "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
      "    case ${COMP_WORDS[i]} in\n"
      "      --server|--token) ((i++)) ;;\n"
      "      -*) ;;\n"
      "      *) if [[ -z $verb ]]; then verb=${COMP_WORDS[i]};"
      " elif [[ -z $second ]]; then second=${COMP_WORDS[i]}; fi ;;\n"
      "    esac\n"
      "  done\n"
      "  case $prev in\n" +
      bash_values(globals, "    ") + "  esac\n";
  text += "  if [[ -z $verb && $cur != -* ]]; then\n    COMPREPLY=($(compgen -W " +
          quoted(join(tree.firsts)) + " -- \"$cur\"))\n    return\n  fi\n  case $verb in\n";
  for (const auto first : tree.firsts) {
    const auto& rows = tree.rows.at(first);
    text += "    " + std::string(first) + ")\n";
    const auto& operands = rows.front()->operands;
    if (const auto seconds = second_words(rows); !seconds.empty()) {
      // A verb that is complete without an action has operands in the same place.
      const auto also = operands.empty() || has_second_word(*rows.front())
                            ? std::string_view()
                            : listing(operands.front().offers);
      text += "      if [[ -z $second && $cur != -* ]]; then COMPREPLY=($(compgen -W " +
              quoted(join(seconds)) + (also.empty() ? "" : "\" $(" + std::string(also) + ")\"") +
              " -- \"$cur\")); return; fi\n";
    }
    std::string flags;
    std::string values;
    for (const auto* row : rows) {
      flags += flag_words(row->options);
      values += bash_values(row->options, "        ");
    }
    if (!values.empty())
      text += "      case $prev in\n" + values + "      esac\n";
    text += "      flags=" + quoted(flags) + "\n";
    if (!operands.empty() && operands.front().offers != completes::nothing)
      text += "      if [[ $cur != -* ]]; then " +
              bash_offer(operands.front().offers, operands.front().choices) + "; return; fi\n";
    text += "      ;;\n";
  }
  text += "  esac\n  [[ $cur == -* ]] && COMPREPLY=($(compgen -W \"$flags" + flag_words(globals) +
          " --help --version\" -- \"$cur\"))\n}\ncomplete -F _roost roost\n";
  return text;
}

// --- zsh ----------------------------------------------------------------------------------------

std::string zsh_escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == ':' || c == '[' || c == ']' || c == '\\')
      out += '\\';
    out += c;
  }
  return out;
}

std::string zsh_action(completes offers, std::string_view choices) {
  switch (offers) {
  case completes::files:
    return "_files";
  case completes::folders:
    return "_files -/";
  case completes::sessions:
    return "_roost_sessions";
  case completes::sandboxes:
    return "_roost_sandboxes";
  case completes::channels:
    return "_roost_channels";
  case completes::commands:
    return "_command_names -e";
  case completes::choices:
    return "(" + std::string(choices) + ")";
  case completes::nothing:
    break;
  }
  return " ";
}

std::string zsh_options(std::span<const option_row> rows) {
  std::string text;
  for (const auto& row : rows) {
    std::vector<std::string> forms = {"--" + std::string(row.name)};
    if (row.letter != 0)
      forms.push_back(std::string("-") + row.letter);
    for (const auto& form : forms) {
      std::string spec = "*" + form + "[" + zsh_escaped(row.summary) + "]";
      if (!row.value.empty())
        spec += ":" + zsh_escaped(row.value) + ":" + zsh_action(row.offers, row.choices);
      text += " " + quoted(spec);
    }
  }
  return text;
}

std::string zsh_operands(const command_row& row) {
  std::string text;
  for (const auto& operand : row.operands) {
    const auto action = zsh_action(operand.offers, operand.choices);
    const bool repeats = operand.count == arity::any || operand.count == arity::rest;
    text += " " + quoted((repeats                            ? "*:"
                          : operand.count == arity::optional ? "::"
                                                             : ":") +
                         zsh_escaped(operand.name) + ":" + action);
  }
  return text;
}

std::string zsh_described(std::string_view word, std::string_view summary) {
  return " " + quoted(zsh_escaped(word) + ":" + std::string(summary));
}

std::string zsh_script(command_table table, std::span<const option_row> globals) {
  const verb_tree tree(table);
  std::string text = "#compdef roost\n"
                     "_roost_sessions() {\n"
                     "  local -a ids\n"
                     "  ids=(${(f)\"$(roost ls --quiet 2>/dev/null)\"})\n"
                     "  compadd -a ids\n"
                     "}\n"
                     "_roost_sandboxes() {\n"
                     "  local -a names\n"
                     "  names=(${(f)\"$(roost sandboxes --quiet 2>/dev/null)\"})\n"
                     "  compadd -a names\n"
                     "}\n"
                     "_roost_channels() {\n"
                     "  local -a names\n"
                     "  names=(${(f)\"$(roost channels --quiet 2>/dev/null)\"})\n"
                     "  compadd -a names\n"
                     "}\n"
                     "_roost() {\n"
                     "  local context state state_descr line ret=1\n"
                     "  typeset -A opt_args\n"
                     "  local -a globals verbs\n"
                     "  globals=(" +
                     zsh_options(globals) +
                     " '--help[show help]' '--version[show the version]')\n"
                     "  verbs=(";
  for (const auto first : tree.firsts) {
    const auto& row = *tree.rows.at(first).front();
    text += zsh_described(first, has_second_word(row) ? "several actions" : row.summary);
  }
  text += ")\n"
          "  _arguments -C $globals '1: :->verb' '*:: :->rest' && ret=0\n"
          "  case $state in\n"
          "    verb) _describe -t commands command verbs && ret=0 ;;\n"
          "    rest)\n"
          "      case $line[1] in\n";
  for (const auto first : tree.firsts) {
    const auto& rows = tree.rows.at(first);
    text += "        " + std::string(first) + ")";
    const auto seconds = second_words(rows);
    const auto arguments = [&](const command_row& row) {
      return " _arguments -S $globals" + zsh_options(row.options) + zsh_operands(row) +
             " && ret=0 ;;\n";
    };
    if (seconds.empty()) {
      text += arguments(*rows.front());
      continue;
    }
    text += "\n          local -a actions; actions=(";
    for (const auto* row : rows)
      if (has_second_word(*row))
        text += zsh_described(second_word(*row), row->summary);
    text += ")\n          (( CURRENT == 2 )) && _describe -t actions action actions && ret=0\n"
            "          case $(( CURRENT > 2 ))$words[2] in\n";
    for (const auto* row : rows)
      if (has_second_word(*row))
        text += "            1" + std::string(second_word(*row)) +
                ") shift words; (( CURRENT-- ));" + arguments(*row);
    if (!has_second_word(*rows.front()))
      text += "            *)" + arguments(*rows.front());
    text += "          esac ;;\n";
  }
  text += "      esac ;;\n"
          "  esac\n"
          "  return ret\n"
          "}\n"
          "if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _roost \"$@\";"
          " else compdef _roost roost; fi\n";
  return text;
}

// --- fish ---------------------------------------------------------------------------------------

std::string fish_quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text)
    out += c == '\'' || c == '\\' ? std::string("\\") + c : std::string(1, c);
  return out + "'";
}

std::string fish_offer(completes offers, std::string_view choices) {
  switch (offers) {
  case completes::files:
    return " -F";
  case completes::folders:
    return " -f -a '(__fish_complete_directories)'";
  case completes::sessions:
  case completes::sandboxes:
  case completes::channels:
    return " -f -a '(" + std::string(listing(offers)) + ")'";
  case completes::commands:
    return " -f -a '(__fish_complete_command)'";
  case completes::choices:
    return " -f -a " + fish_quoted(choices);
  case completes::nothing:
    break;
  }
  return " -f";
}

std::string fish_options(std::string_view condition, std::span<const option_row> rows) {
  std::string text;
  for (const auto& row : rows) {
    text += "complete -c roost" + std::string(condition) + " -l " + std::string(row.name);
    if (row.letter != 0)
      text += std::string(" -s ") + row.letter;
    if (!row.value.empty())
      text += " -r" + fish_offer(row.offers, row.choices);
    text += " -d " + fish_quoted(row.summary) + "\n";
  }
  return text;
}

std::string fish_script(command_table table, std::span<const option_row> globals) {
  const verb_tree tree(table);
  std::string text = "# fish completion for roost\ncomplete -c roost -f\n";
  text += fish_options("", globals);
  text += "complete -c roost -s h -l help -d 'Show help'\n"
          "complete -c roost -n __fish_use_subcommand -l version -d 'Show the version'\n";
  for (const auto first : tree.firsts) {
    const auto& rows = tree.rows.at(first);
    const auto seen = "__fish_seen_subcommand_from " + std::string(first);
    text +=
        "complete -c roost -n __fish_use_subcommand -a " + std::string(first) + " -d " +
        fish_quoted(has_second_word(*rows.front()) ? "several actions" : rows.front()->summary) +
        "\n";
    const auto seconds = second_words(rows);
    const auto before_action = seen + "; and not __fish_seen_subcommand_from " + join(seconds);
    for (const auto* row : rows) {
      auto condition = seen;
      if (!has_second_word(*row)) {
        if (!seconds.empty())
          condition = before_action;
      } else {
        text += "complete -c roost -n '" + before_action + "' -a " +
                std::string(second_word(*row)) + " -d " + fish_quoted(row->summary) + "\n";
        condition += "; and __fish_seen_subcommand_from " + std::string(second_word(*row));
      }
      text += fish_options(" -n '" + condition + "'", row->options);
      if (!row->operands.empty() && row->operands.front().offers != completes::nothing)
        text += "complete -c roost -n '" + condition + "'" +
                fish_offer(row->operands.front().offers, row->operands.front().choices) + "\n";
    }
  }
  return text;
}

} // namespace

outcome<std::string> completion_script(std::string_view shell, command_table table,
                                       std::span<const option_row> globals) {
  if (shell == "bash")
    return bash_script(table, globals);
  if (shell == "zsh")
    return zsh_script(table, globals);
  if (shell == "fish")
    return fish_script(table, globals);
  return usage_failure("no completions for this shell", std::string(shell),
                       "one of bash, zsh, fish");
}

} // namespace roost::cli
