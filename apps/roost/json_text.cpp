#include "apps/roost/json_text.hpp"

#include <algorithm>
#include <cstddef>

namespace roost::cli {

namespace {

constexpr std::string_view blanks = " \t\r\n";

/// Where the string that begins at `at` (its first quote) ends, past its last quote.
std::size_t string_end(std::string_view json, std::size_t at) {
  for (++at; at < json.size() && json[at] != '"'; ++at)
    if (json[at] == '\\')
      ++at;
  return at < json.size() ? at + 1 : json.size();
}

/// Calls `visit` with each token: a string with its quotes, one of {}[],: or a bare word.
template <class Visit>
void for_each_token(std::string_view json, Visit visit) {
  for (auto at = json.find_first_not_of(blanks); at < json.size();) {
    auto end = at + 1;
    if (json[at] == '"')
      end = string_end(json, at);
    else if (std::string_view("{}[],:").find(json[at]) == std::string_view::npos)
      end = std::min(json.find_first_of("{}[],:\" \t\r\n", at), json.size());
    visit(json.substr(at, end - at));
    at = json.find_first_not_of(blanks, end);
  }
}

} // namespace

std::string_view raw_member(std::string_view json, std::string_view name) {
  std::string_view found;
  std::size_t depth = 0;
  std::size_t start = 0; // of the value that is being read
  bool is_value = false;
  bool is_wanted = false;
  const auto offset = [&](std::string_view token) {
    return static_cast<std::size_t>(token.data() - json.data());
  };
  for_each_token(json, [&](std::string_view token) {
    const char c = token.front();
    if (depth == 1 && is_value && start == 0)
      start = offset(token);
    if (depth == 1 && is_value && (c == ',' || c == '}')) {
      if (is_wanted)
        found = json.substr(start, offset(token) - start);
      is_value = is_wanted = false;
    } else if (depth == 1 && !is_value && c == ':') {
      is_value = true;
      start = 0;
    } else if (depth == 1 && !is_value && c == '"') {
      is_wanted = token.substr(1, token.size() - 2) == name;
    }
    if (c == '{' || c == '[')
      ++depth;
    else if (c == '}' || c == ']')
      --depth;
  });
  const auto last = found.find_last_not_of(blanks);
  return last == std::string_view::npos ? std::string_view() : found.substr(0, last + 1);
}

std::string compact_json(std::string_view json) {
  std::string out;
  for_each_token(json, [&](std::string_view token) { out += token; });
  return out;
}

std::string pretty_json(std::string_view json) {
  std::string out;
  std::size_t depth = 0;
  char before = 0;
  const auto new_line = [&] { out += "\n" + std::string(depth * 2, ' '); };
  for_each_token(json, [&](std::string_view token) {
    const char c = token.front();
    const bool closes = c == '}' || c == ']';
    const bool was_open = before == '{' || before == '[';
    if (closes)
      --depth;
    if (closes ? !was_open : was_open || before == ',')
      new_line();
    out += token;
    if (c == ':')
      out += ' ';
    if (c == '{' || c == '[')
      ++depth;
    before = c;
  });
  return out;
}

} // namespace roost::cli
