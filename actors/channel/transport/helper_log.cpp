#include "actors/channel/transport/helper_log.hpp"

#include "actors/runtime/text_escape.hpp"

#include <algorithm>
#include <utility>

namespace roost::channel {

void helper_log::roll(output& into, steady_time now) {
  if (window_start_ && now - *window_start_ < window)
    return;
  into.left_out += std::exchange(left_out_, 0);
  taken_ = 0;
  window_start_ = now;
}

void helper_log::end_line(output& into) {
  if (line_.ends_with('\r'))
    line_.pop_back();
  if (!line_.empty()) {
    if (taken_ < most_lines) {
      ++taken_;
      into.lines.emplace_back(utf8_prefix(line_, longest_line));
    } else
      ++left_out_;
  }
  line_.clear();
}

helper_log::output helper_log::take(std::string_view bytes, steady_time now) {
  output out;
  roll(out, now);
  while (!bytes.empty()) {
    const auto end = bytes.find('\n');
    const auto part = bytes.substr(0, end);
    // One byte more than is shown, so that a cut does not split a character unseen.
    line_ += part.substr(0, longest_line + 1 - std::min(line_.size(), longest_line + 1));
    if (end == std::string_view::npos)
      break;
    end_line(out);
    bytes.remove_prefix(end + 1);
  }
  return out;
}

helper_log::output helper_log::finish(steady_time now) {
  output out;
  roll(out, now);
  end_line(out);
  out.left_out += std::exchange(left_out_, 0);
  return out;
}

std::optional<steady_time> helper_log::due() const {
  if (left_out_ == 0 || !window_start_)
    return std::nullopt;
  return *window_start_ + window;
}

} // namespace roost::channel
