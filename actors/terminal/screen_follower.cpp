#include "actors/terminal/screen_follower.hpp"

#include "protocols/wire/session_memory.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>
#include <utility>

namespace roost::terminal {

namespace {

// A program that is resized all the time between two looks: past this the screen is brought up to
// date.
constexpr std::size_t max_marks = 256;

constexpr std::size_t some_scrollback_bytes = std::size_t{128} << 10;

// A checkpoint begins with the size of its screen, as the sequence by which a program asks for one
// (XTWINOPS 8); no screen here takes that from a program.
std::string size_text(int cols, int rows) {
  return "\x1b[8;" + std::to_string(rows) + ';' + std::to_string(cols) + 't';
}

std::optional<terminal_size> size_of(std::string_view text) {
  constexpr std::string_view head = "\x1b[8;";
  if (text.substr(0, head.size()) != head)
    return std::nullopt;
  const auto* const end = text.data() + text.size();
  unsigned rows = 0;
  unsigned cols = 0;
  const auto after_rows = std::from_chars(text.data() + head.size(), end, rows);
  if (after_rows.ec != std::errc{} || after_rows.ptr == end || *after_rows.ptr != ';')
    return std::nullopt;
  const auto after_cols = std::from_chars(after_rows.ptr + 1, end, cols);
  if (after_cols.ec != std::errc{} || after_cols.ptr == end || *after_cols.ptr != 't' ||
      !is_valid_size(cols, rows))
    return std::nullopt;
  return terminal_size{static_cast<std::uint16_t>(cols), static_cast<std::uint16_t>(rows)};
}

} // namespace

screen_follower::screen_follower(const history& bytes, screen_config config)
    : bytes_(bytes), config_(config) {
  sizes_.push_back(
      {0, {static_cast<std::uint16_t>(config.cols), static_cast<std::uint16_t>(config.rows)}});
}

screen_follower::screen_follower(const history& bytes, screen_config config, screen_origin from)
    : screen_follower(bytes, config) {
  answers_at_first_ = false;
  parsed_ = std::min(from.checkpoint.empty() ? bytes.begin() : from.offset, bytes.end());
  checkpoint_at_ = parsed_;
  std::sort(from.sizes.begin(), from.sizes.end(),
            [](const auto& a, const auto& b) { return a.offset < b.offset; });
  // The size at that offset, then those that came later. At the offset itself the checkpoint may
  // have been made before or after.
  for (const auto& s : from.sizes)
    if (s.size.is_valid() && s.offset <= parsed_)
      sizes_.front() = {parsed_, s.size};
  sizes_.front().offset = parsed_;
  const auto own_size = size_of(from.checkpoint);
  if (own_size)
    sizes_.front().size = *own_size;
  config_.cols = sizes_.front().size.cols;
  config_.rows = sizes_.front().size.rows;
  for (const auto& s : from.sizes)
    if (s.size.is_valid() && (s.offset > parsed_ || (own_size && s.offset == parsed_)) &&
        s.offset <= bytes.end()) {
      marks_.push_back({s.offset, s.size});
      remember_size(s);
    }
  const mark answers{std::clamp(from.answers_from, parsed_, bytes.end()), true};
  marks_.insert(std::upper_bound(marks_.begin(), marks_.end(), answers.offset,
                                 [](std::uint64_t at, const mark& m) { return at < m.offset; }),
                answers);
  origin_ = std::move(from.checkpoint);
}

void screen_follower::on_evict(std::uint64_t offset, const slice& bytes) {
  cross_gap();
  if (offset + bytes.size <= parsed_)
    return;
  auto& target = screen();
  auto rest = bytes.view().substr(static_cast<std::size_t>(parsed_ - offset));
  while (!rest.empty()) {
    apply_marks();
    auto n = rest.size();
    if (!marks_.empty())
      n = std::min<std::size_t>(n, static_cast<std::size_t>(marks_.front().offset - parsed_));
    target.skip(rest.substr(0, n));
    parsed_ += n;
    rest.remove_prefix(n);
  }
}

void screen_follower::resize(terminal_size size) {
  remember_size({bytes_.end(), size});
  note({bytes_.end(), size});
}

void screen_follower::remember_size(size_change next) {
  if (sizes_.back().offset == next.offset)
    sizes_.back() = next;
  else
    sizes_.push_back(next);
  // What a restored screen is wrapped by in between matters less than what the note costs.
  if (sizes_.size() > max_sizes)
    sizes_.erase(sizes_.begin() + 1);
}

// Bytes that nobody has any more cannot be parsed: go on behind them.
void screen_follower::cross_gap() {
  if (parsed_ >= bytes_.begin())
    return;
  parsed_ = bytes_.begin();
  screen().set_offset(parsed_);
}

void screen_follower::answer_queries(bool on) {
  if (on != answering_)
    note({bytes_.end(), on});
  answering_ = on;
}

void screen_follower::note(mark next) {
  // Before the first byte and the first look, the beginning itself changes.
  if (!screen_ && bytes_.end() == 0 && std::holds_alternative<terminal_size>(next.what)) {
    const auto size = std::get<terminal_size>(next.what);
    config_.cols = size.cols;
    config_.rows = size.rows;
    return;
  }
  if (!marks_.empty() && marks_.back().offset == next.offset &&
      marks_.back().what.index() == next.what.index())
    marks_.back() = next;
  else
    marks_.push_back(next);
  if (marks_.size() > max_marks)
    current();
}

void screen_follower::apply_marks() {
  while (!marks_.empty() && marks_.front().offset <= parsed_) {
    auto& target = screen();
    if (const auto* size = std::get_if<terminal_size>(&marks_.front().what)) {
      target.resize(size->cols, size->rows);
      cached_ = {};
    } else {
      target.answer_queries(std::get<bool>(marks_.front().what));
    }
    marks_.pop_front();
  }
}

void screen_follower::advance(std::uint64_t limit) {
  cross_gap();
  const auto stop = parsed_ + std::min(limit, backlog());
  apply_marks();
  while (parsed_ < stop) {
    auto upto = stop;
    if (!marks_.empty())
      upto = std::min(upto, marks_.front().offset);
    const auto piece = bytes_.at(parsed_, static_cast<std::size_t>(upto - parsed_));
    screen().feed(piece.view());
    parsed_ += piece.size;
    apply_marks();
  }
}

terminal::screen& screen_follower::current() {
  advance(backlog());
  return screen();
}

std::string screen_follower::take_replies() {
  return screen_ ? screen_->take_replies() : std::string{};
}

std::vector<osc_event> screen_follower::take_events() {
  if (!screen_)
    return {};
  auto events = screen_->take_events();
  if (auto title = std::exchange(restored_title_, std::nullopt))
    events.insert(events.begin(), std::move(*title));
  return events;
}

screen_shot screen_follower::take_snapshot(const snapshot_options& options) {
  auto& now = current();
  if (!cached_.bytes || cached_.offset != parsed_ || cached_limit_ < options.max_bytes) {
    cached_ = {std::make_shared<const std::string>(now.snapshot(options)), parsed_};
    cached_limit_ = options.max_bytes;
  }
  return cached_;
}

screen_shot screen_follower::last_snapshot() const {
  return cached_.bytes && bytes_.holds(cached_.offset) ? cached_ : screen_shot{};
}

screen_shot screen_follower::take_checkpoint(checkpoint_depth depth) {
  cross_gap();
  apply_marks();
  auto& now = screen();
  auto text = size_text(now.cols(), now.rows());
  snapshot_options limits{0, 0};
  if (depth != checkpoint_depth::screen_only)
    limits = {config_.scrollback_lines, depth == checkpoint_depth::full
                                            ? keeper::checkpoint_bytes - text.size()
                                            : some_scrollback_bytes};
  text += now.snapshot(limits);
  // Should this one be lost, the one before needs what came after it.
  const auto needed = std::exchange(checkpoint_at_, parsed_);
  while (sizes_.size() > 1 && sizes_[1].offset <= needed)
    sizes_.erase(sizes_.begin());
  return {std::make_shared<const std::string>(std::move(text)), parsed_};
}

terminal::screen& screen_follower::screen() {
  if (!screen_) {
    screen_ = std::make_unique<terminal::screen>(config_);
    if (!origin_.empty()) {
      screen_->feed(origin_);
      origin_ = {};
      // What it says was said before. Only its title is told again, for who does not know it.
      const bool has_title = !screen_->title().empty();
      (void)screen_->take_events();
      if (has_title)
        restored_title_ = osc_event{parsed_, osc_kind::title, screen_->title()};
    }
    screen_->set_offset(parsed_);
    screen_->answer_queries(answers_at_first_);
  }
  return *screen_;
}

} // namespace roost::terminal
