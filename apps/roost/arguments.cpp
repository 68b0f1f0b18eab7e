#include "apps/roost/arguments.hpp"

#include <algorithm>

#include "actors/runtime/spelling.hpp"

namespace roost::cli {

namespace {

std::string_view first_word(std::string_view name) { return name.substr(0, name.find(' ')); }

const option_row* find_option(std::span<const option_row> rows, std::string_view name) {
  for (const auto& row : rows)
    if (row.name == name)
      return &row;
  return nullptr;
}

const option_row* find_letter(std::span<const option_row> rows, char letter) {
  for (const auto& row : rows)
    if (row.letter != 0 && row.letter == letter)
      return &row;
  return nullptr;
}

std::string meant(std::string_view word, std::span<const std::string_view> candidates,
                  std::string_view prefix, std::string_view otherwise) {
  if (const auto near = nearest(word, candidates); !near.empty())
    return "did you mean " + std::string(prefix) + std::string(near) + "?";
  return std::string(otherwise);
}

class parser {
public:
  parser(command_table table, std::span<const option_row> globals,
         std::span<const std::string> words)
      : table_(table), globals_(globals), words_(words) {}

  outcome<invocation> run() {
    bool reads_options = true;
    while (next_ < words_.size()) {
      const std::string& word = words_[next_++];
      if (reads_options && word == "--") {
        reads_options = false;
      } else if (reads_options && word.starts_with("--")) {
        if (auto done = read_long(std::string_view(word).substr(2)); !done)
          return done.error();
      } else if (reads_options && word.size() > 1 && word[0] == '-') {
        if (auto done = read_letters(word); !done)
          return done.error();
      } else if (call_.command == nullptr) {
        if (word == "help" && find_command("help") == nullptr) {
          call_.wants_help = true;
        } else if (auto done = read_verb(word); !done) {
          return done.error();
        }
      } else {
        call_.operands.push_back(word);
        if (is_rest_next())
          reads_options = false;
      }
    }
    if (call_.wants_help || call_.wants_version)
      return std::move(call_);
    if (call_.command == nullptr)
      return usage_failure("no command is named", {}, "`roost --help` lists them");
    if (auto done = check_operands(); !done)
      return done.error();
    return std::move(call_);
  }

private:
  const command_row* find_command(std::string_view name) const {
    for (const auto* row : table_)
      if (row->name == name)
        return row;
    return nullptr;
  }

  std::string help_hint() const {
    return call_.command == nullptr ? std::string("`roost --help` lists what there is")
                                    : "see `roost " + std::string(call_.command->name) + " --help`";
  }

  outcome<> read_verb(const std::string& word) {
    if (const auto* row = find_command(word)) {
      const auto* const action =
          next_ < words_.size() ? find_command(word + " " + words_[next_]) : nullptr;
      if (action != nullptr)
        ++next_;
      call_.command = action != nullptr ? action : row;
      return {};
    }
    std::vector<std::string_view> seconds;
    for (const auto* row : table_)
      if (first_word(row->name) == word)
        seconds.push_back(row->name.substr(word.size() + 1));
    if (seconds.empty())
      return unknown_verb(word);
    std::string listed;
    for (const auto second : seconds)
      listed += (listed.empty() ? "" : ", ") + std::string(second);
    if (next_ >= words_.size() || words_[next_].starts_with("-")) {
      // `roost token --help` shows the whole list, in which its rows stand together.
      const auto rest = words_.subspan(next_);
      if (std::ranges::find(rest, "--help") != rest.end() ||
          std::ranges::find(rest, "-h") != rest.end()) {
        call_.wants_help = true;
        next_ = words_.size();
        return {};
      }
      return usage_failure("an action is missing", word, "one of " + listed);
    }
    const std::string& second = words_[next_++];
    call_.command = find_command(word + " " + second);
    if (call_.command == nullptr)
      return usage_failure("unknown action", second,
                           meant(second, seconds, "", "one of " + listed));
    return {};
  }

  command_failure unknown_verb(const std::string& word) const {
    std::vector<std::string_view> names;
    for (const auto* row : table_)
      names.push_back(first_word(row->name));
    return usage_failure("unknown command", word,
                         meant(word, names, "", "`roost --help` lists them"));
  }

  outcome<> read_long(std::string_view text) {
    const auto equals = text.find('=');
    const auto name = text.substr(0, equals);
    if (name == "help" || name == "version") {
      (name == "help" ? call_.wants_help : call_.wants_version) = true;
      return {};
    }
    const auto* row = find_option(globals_, name);
    if (row == nullptr && call_.command != nullptr)
      row = find_option(call_.command->options, name);
    if (row == nullptr)
      return unknown_option(name);
    if (row->value.empty()) {
      if (equals != std::string_view::npos)
        return usage_failure("the option takes no value", "--" + std::string(name), help_hint());
      call_.options.emplace_back(row->name, "");
      return {};
    }
    if (equals != std::string_view::npos) {
      call_.options.emplace_back(row->name, text.substr(equals + 1));
      return {};
    }
    return take_value(*row, "--" + std::string(name));
  }

  outcome<> read_letters(std::string_view word) {
    for (std::size_t i = 1; i < word.size(); ++i) {
      const char letter = word[i];
      if (letter == 'h') {
        call_.wants_help = true;
        continue;
      }
      const auto* row = find_letter(globals_, letter);
      if (row == nullptr && call_.command != nullptr)
        row = find_letter(call_.command->options, letter);
      if (row == nullptr)
        return usage_failure("unknown option", std::string("-") + letter, help_hint());
      if (row->value.empty()) {
        call_.options.emplace_back(row->name, "");
        continue;
      }
      if (i + 1 < word.size()) {
        call_.options.emplace_back(row->name, word.substr(i + 1));
        return {};
      }
      return take_value(*row, std::string("-") + letter);
    }
    return {};
  }

  outcome<> take_value(const option_row& row, const std::string& shown) {
    if (next_ >= words_.size())
      return usage_failure("the option needs a value", shown + " " + std::string(row.value),
                           help_hint());
    call_.options.emplace_back(row.name, words_[next_++]);
    return {};
  }

  command_failure unknown_option(std::string_view name) const {
    std::vector<std::string_view> names;
    for (const auto& row : globals_)
      names.push_back(row.name);
    if (call_.command != nullptr)
      for (const auto& row : call_.command->options)
        names.push_back(row.name);
    return usage_failure("unknown option", "--" + std::string(name),
                         meant(name, names, "--", help_hint()));
  }

  bool is_rest_next() const {
    const auto& rows = call_.command->operands;
    return !rows.empty() && rows.back().count == arity::rest &&
           call_.operands.size() >= rows.size();
  }

  outcome<> check_operands() const {
    const auto& rows = call_.command->operands;
    const auto given = call_.operands.size();
    for (std::size_t i = 0; i < rows.size(); ++i)
      if (rows[i].count == arity::one && given <= i)
        return usage_failure(std::string(rows[i].name) + " is missing",
                             "roost " + std::string(call_.command->name), help_hint());
    const bool has_tail =
        !rows.empty() && (rows.back().count == arity::any || rows.back().count == arity::rest);
    if (!has_tail && given > rows.size())
      return usage_failure("one word too many", call_.operands[rows.size()], help_hint());
    return {};
  }

  command_table table_;
  std::span<const option_row> globals_;
  std::span<const std::string> words_;
  std::size_t next_ = 0;
  invocation call_;
};

} // namespace

bool invocation::has(std::string_view name) const {
  return std::ranges::any_of(options, [&](const auto& given) { return given.first == name; });
}

std::optional<std::string> invocation::value(std::string_view name) const {
  std::optional<std::string> last;
  for (const auto& [key, text] : options)
    if (key == name)
      last = text;
  return last;
}

std::vector<std::string> invocation::values(std::string_view name) const {
  std::vector<std::string> found;
  for (const auto& [key, text] : options)
    if (key == name)
      found.push_back(text);
  return found;
}

outcome<invocation> parse_arguments(command_table table, std::span<const option_row> globals,
                                    std::span<const std::string> words) {
  return parser(table, globals, words).run();
}

} // namespace roost::cli
