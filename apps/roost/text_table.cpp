#include "apps/roost/text_table.hpp"

#include <algorithm>
#include <clocale>
#include <cwchar>

#include "actors/runtime/text_escape.hpp"

namespace roost::cli {

namespace {

/// The first character of a printable text: how many bytes and columns it takes.
struct character {
  std::size_t length = 1;
  std::size_t columns = 1;
};

character first_character(std::string_view text) {
  // glibc's table of widths; C.UTF-8 is built into it, so no locale file has to be there.
  [[maybe_unused]] static const char* const locale = std::setlocale(LC_CTYPE, "C.UTF-8");
  std::mbstate_t state{};
  wchar_t code = 0;
  const auto length = std::mbrtowc(&code, text.data(), text.size(), &state);
  if (length == 0 || length > text.size())
    return {};
  const int columns = ::wcwidth(code);
  return {length, columns < 0 ? 1 : static_cast<std::size_t>(columns)};
}

} // namespace

std::string printable(std::string_view text) {
  std::string out;
  for (;;) {
    const auto backslash = text.find('\\');
    append_visible(out, text.substr(0, backslash));
    if (backslash == std::string_view::npos)
      return out;
    // Shown as it is: key names ("Ctrl-\") and commands are full of them.
    out += '\\';
    text.remove_prefix(backslash + 1);
  }
}

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    const auto [length, columns] = first_character(text);
    width += columns;
    text.remove_prefix(length);
  }
  return width;
}

std::string cut_to_width(std::string_view text, std::size_t columns) {
  if (display_width(text) <= columns)
    return std::string(text);
  if (columns == 0)
    return {};
  std::size_t used = 0;
  std::size_t end = 0;
  while (end < text.size()) {
    const auto [length, width] = first_character(text.substr(end));
    if (used + width > columns - 1)
      break;
    used += width;
    end += length;
  }
  return std::string(text.substr(0, end)) + "…";
}

std::string render_table(const std::vector<std::vector<table_cell>>& rows, colour colours,
                         std::size_t width) {
  constexpr std::size_t gap = 2;
  std::vector<std::size_t> widths;
  std::vector<std::vector<std::string>> texts;
  for (const auto& row : rows) {
    auto& line = texts.emplace_back();
    for (std::size_t i = 0; i < row.size(); ++i) {
      line.push_back(printable(row[i].text));
      if (widths.size() <= i)
        widths.push_back(0);
      widths[i] = std::max(widths[i], display_width(line[i]));
    }
  }
  std::string out;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    std::size_t column = 0;
    for (std::size_t i = 0; i < rows[r].size(); ++i) {
      const bool is_last = i + 1 == rows[r].size();
      auto text = texts[r][i];
      if (is_last && width > 0)
        text = cut_to_width(text, width > column ? width - column : 0);
      const auto used = display_width(text);
      const auto style = rows[r][i].style;
      if (colours == colour::on && !style.empty() && !text.empty())
        out.append("\x1b[").append(style).append("m").append(text).append("\x1b[0m");
      else
        out += text;
      if (!is_last)
        out.append(widths[i] - used + gap, ' ');
      column += widths[i] + gap;
    }
    while (!out.empty() && out.back() == ' ')
      out.pop_back();
    out += '\n';
  }
  return out;
}

} // namespace roost::cli
