#include "actors/terminal/screen/shell_marks.hpp"

#include <charconv>
#include <utility>

namespace roost::terminal {

namespace {

std::string_view take_field(std::string_view& rest) {
  const auto end = rest.find(';');
  const auto field = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
  return field;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/// The byte of two hexadecimal digits at `at`; -1 when there are none.
int hex_byte(std::string_view text, std::size_t at) {
  if (at + 2 > text.size())
    return -1;
  const auto high = hex_value(text[at]);
  const auto low = hex_value(text[at + 1]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/// `%HH` decoded; nothing for a bad escape, or a NUL.
std::optional<std::string> percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const auto byte = hex_byte(text, i + 1);
    if (byte <= 0)
      return std::nullopt;
    out += static_cast<char>(byte);
    i += 2;
  }
  return out;
}

std::optional<int> exit_status(std::string_view text) {
  int status = 0;
  const auto field = text.substr(0, text.find(';'));
  const auto* const end = field.data() + field.size();
  const auto [at, error] = std::from_chars(field.data(), end, status);
  if (field.empty() || error != std::errc{} || at != end)
    return std::nullopt;
  return status;
}

} // namespace

std::optional<std::string> path_of_file_url(std::string_view url, std::string_view host) {
  constexpr std::string_view scheme = "file://";
  if (url.substr(0, scheme.size()) != scheme)
    return std::nullopt;
  url.remove_prefix(scheme.size());
  const auto slash = url.find('/');
  if (slash == std::string_view::npos)
    return std::nullopt;
  const auto named = url.substr(0, slash);
  if (!named.empty() && named != "localhost" && !host.empty() && named != host)
    return std::nullopt;
  return percent_decoded(url.substr(slash));
}

std::string unescape_633(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) {
      if (text[i + 1] == '\\') {
        out += '\\';
        ++i;
        continue;
      }
      if (const auto byte = text[i + 1] == 'x' ? hex_byte(text, i + 2) : -1; byte >= 0) {
        out += static_cast<char>(byte);
        i += 3;
        continue;
      }
    }
    out += text[i];
  }
  return out;
}

bool shell_marks::set_cwd(std::string path) {
  if (path.empty() || path == state_.cwd)
    return false;
  state_.cwd = std::move(path);
  return true;
}

bool shell_marks::apply(const osc_event& event) {
  std::string_view data = event.data;
  switch (event.kind) {
  case osc_kind::title:
    if (state_.title == data)
      return false;
    state_.title = data;
    return true;
  case osc_kind::cwd: {
    auto path = path_of_file_url(data, host_);
    return path && set_cwd(std::move(*path));
  }
  case osc_kind::mark_133:
  case osc_kind::mark_633: {
    const auto what = take_field(data);
    if (what.size() != 1)
      return false;
    state_.has_marks = true;
    if (event.kind == osc_kind::mark_633 && what == "E") {
      next_command_ = unescape_633(take_field(data)); // a nonce may follow
      return false;
    }
    if (event.kind == osc_kind::mark_633 && what == "P") {
      constexpr std::string_view name = "Cwd=";
      return data.substr(0, name.size()) == name && set_cwd(unescape_633(data.substr(name.size())));
    }
    return mark(what[0], data, event.offset);
  }
  default:
    return false;
  }
}

bool shell_marks::mark(char what, std::string_view rest, std::uint64_t offset) {
  switch (what) {
  case 'A': // the prompt begins
    if (state_.is_running) {
      // The shell did not tell of the end.
      state_.is_running = false;
      state_.last_exit_status.reset();
      state_.last_command_line = std::exchange(state_.command_line, {});
      state_.output_end = offset;
      ++state_.commands;
    }
    state_.at_prompt = true;
    return true;
  case 'B': // the prompt has ended, input begins
    state_.at_prompt = true;
    return true;
  case 'C': // the command's output begins
    state_.at_prompt = false;
    state_.is_running = true;
    for (auto field = take_field(rest); !field.empty(); field = take_field(rest)) {
      // kitty's shells tell the command line here.
      constexpr std::string_view plain = "cmdline=";
      constexpr std::string_view encoded = "cmdline_url=";
      if (field.substr(0, plain.size()) == plain)
        next_command_ = field.substr(plain.size());
      else if (field.substr(0, encoded.size()) == encoded)
        next_command_ = percent_decoded(field.substr(encoded.size())).value_or("");
    }
    state_.command_line = std::exchange(next_command_, {});
    state_.output_begin = offset;
    return true;
  case 'D': // the command has ended
    next_command_.clear();
    if (!state_.is_running)
      return false;
    state_.is_running = false;
    state_.last_exit_status = exit_status(rest);
    state_.last_command_line = std::exchange(state_.command_line, {});
    state_.output_end = offset;
    ++state_.commands;
    return true;
  default:
    return false;
  }
}

} // namespace roost::terminal
