#include "actors/terminal/screen/color.hpp"
#include "actors/terminal/screen/vt_state.hpp"

#include <algorithm>
#include <charconv>

namespace roost::terminal {

namespace {

// Longest title that is kept, in bytes.
constexpr std::size_t max_title = 4096;

constexpr unsigned foreground_slot = 256;

/// Takes what comes before the next semicolon.
std::string_view take_field(std::string_view& rest) {
  const auto end = rest.find(';');
  const auto field = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
  return field;
}

std::optional<unsigned> palette_index(std::string_view text) {
  unsigned index = 0;
  const auto* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, index);
  if (text.empty() || error != std::errc{} || at != end || index > 255)
    return std::nullopt;
  return index;
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(' ');
  if (first == std::string_view::npos)
    return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

/// The longest beginning of at most `most` bytes that ends with a whole character.
std::string_view cut(std::string_view text, std::size_t most) {
  if (text.size() <= most)
    return text;
  while (most > 0 && is_utf8_continuation(static_cast<unsigned char>(text[most])))
    --most;
  return text.substr(0, most);
}

} // namespace

void vt_state::osc(const std::string& payload) {
  join = 0;
  const auto number_end = payload.find_first_not_of("0123456789");
  if (payload.empty() || number_end == 0 ||
      (number_end != std::string::npos && payload[number_end] != ';'))
    return;
  unsigned number = 0;
  const auto digits = std::min(number_end, payload.size());
  if (std::from_chars(payload.data(), payload.data() + digits, number).ec != std::errc{})
    return;
  const auto data = number_end == std::string::npos
                        ? std::string_view{}
                        : std::string_view(payload).substr(number_end + 1);
  switch (number) {
  case 0:
    set_title(data);
    set_icon_title(data);
    break;
  case 1:
    set_icon_title(data);
    break;
  case 2:
    set_title(data);
    break;
  case 4:
    change_palette(data);
    break;
  case 7:
    note(osc_kind::cwd, data);
    break;
  case 8:
    set_link(data);
    break;
  case 9:
    // `9;4;...` is a progress bar, not a text.
    if (data.substr(0, 2) != "4;")
      note(osc_kind::notify, data);
    break;
  case 10:
  case 11:
  case 12:
    change_special_colors(number - 10, data);
    break;
  case 104:
    restore_palette(data);
    break;
  case 110:
  case 111:
  case 112:
    palette.erase(foreground_slot + number - 110);
    palette_was_changed = true;
    break;
  case 133:
    note(osc_kind::mark_133, data);
    break;
  case 633:
    note(osc_kind::mark_633, data);
    break;
  case 777:
    note(osc_kind::notify, data);
    break;
  default:
    break;
  }
}

void vt_state::set_title(std::string_view text) {
  title = cut(text, max_title);
  title_is_set = true;
  note(osc_kind::title, title);
}

void vt_state::set_icon_title(std::string_view text) {
  icon_title = cut(text, max_title);
  icon_is_set = true;
  note(osc_kind::icon, icon_title);
}

void vt_state::set_link(std::string_view data) {
  const auto end = data.find(';');
  if (end == std::string_view::npos)
    return;
  const auto params = trimmed(data.substr(0, end));
  const auto uri = data.substr(end + 1);
  if (uri.empty() && !params.empty())
    return;
  if (links.wants_sweep())
    sweep_links();
  pen.link = uri.empty() ? 0 : links.add(params, uri);
  pen.update_extended();
  pen_changed();
}

void vt_state::change_palette(std::string_view data) {
  while (data.find(';') != std::string_view::npos) {
    const auto index = palette_index(take_field(data));
    const auto spec = take_field(data);
    if (!index)
      continue;
    if (spec == "?") {
      reply_color(*index);
    } else if (const auto color = parse_color(spec)) {
      palette[*index] = *color;
      palette_was_changed = true;
    }
  }
}

void vt_state::restore_palette(std::string_view data) {
  palette_was_changed = true;
  if (data.empty()) {
    palette.erase(palette.begin(), palette.lower_bound(foreground_slot));
    return;
  }
  while (!data.empty())
    if (const auto index = palette_index(take_field(data)))
      palette.erase(*index);
}

void vt_state::change_special_colors(unsigned first, std::string_view data) {
  for (auto slot = foreground_slot + first; slot < foreground_slot + 3; ++slot) {
    const bool is_last = data.find(';') == std::string_view::npos;
    const auto spec = take_field(data);
    if (spec == "?") {
      reply_color(slot);
    } else if (const auto color = parse_color(spec)) {
      palette[slot] = *color;
      palette_was_changed = true;
    }
    if (is_last)
      break;
  }
}

void vt_state::reply_color(unsigned slot) {
  const auto changed = palette.find(slot);
  std::uint32_t color = 0;
  if (changed != palette.end())
    color = changed->second;
  else if (slot < foreground_slot)
    color = default_palette_color(slot);
  else
    color = slot == foreground_slot       ? default_foreground
            : slot == foreground_slot + 1 ? default_background
                                          : default_cursor_color;
  const auto name = slot < foreground_slot ? "4;" + std::to_string(slot)
                                           : std::to_string(slot - foreground_slot + 10);
  reply("\x1b]" + name + ';' + format_color(color) + "\x1b\\");
}

// ---- links ----

std::string link_table::key_of(std::string_view params, std::string_view uri) {
  return std::string(params) + ';' + std::string(uri);
}

std::uint32_t link_table::add(std::string_view params, std::string_view uri) {
  const auto [at, is_new] = numbers_.try_emplace(key_of(params, uri), 0);
  if (!is_new)
    return at->second;
  const auto size = params.size() + uri.size() + sizeof(link);
  if (bytes_ + size > max_bytes) {
    numbers_.erase(at);
    return 0;
  }
  bytes_ += size;
  if (free_.empty()) {
    links_.push_back({std::string(params), std::string(uri)});
    return at->second = static_cast<std::uint32_t>(links_.size());
  }
  const auto number = free_.back();
  free_.pop_back();
  links_[number - 1] = {std::string(params), std::string(uri)};
  return at->second = number;
}

void link_table::sweep(const std::vector<std::uint32_t>& used) {
  std::vector<bool> is_used(links_.size() + 1);
  for (const auto number : used)
    is_used[number] = true;
  for (std::uint32_t number = 1; number <= links_.size(); ++number) {
    auto& l = links_[number - 1];
    if (is_used[number] || l.uri.empty())
      continue;
    numbers_.erase(key_of(l.params, l.uri));
    bytes_ -= l.params.size() + l.uri.size() + sizeof(link);
    l = {};
    free_.push_back(number);
  }
  sweep_at_ = std::max<std::size_t>(std::size_t{64} << 10, bytes_ * 2);
}

} // namespace roost::terminal
