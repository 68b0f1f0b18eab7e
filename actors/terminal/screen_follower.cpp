#include "actors/terminal/screen_follower.hpp"

#include <algorithm>

namespace roost::terminal {

namespace {

// A program that is resized all the time between two looks: past this the screen is brought up to
// date.
constexpr std::size_t max_marks = 256;

} // namespace

screen_follower::screen_follower(const history& bytes, screen_config config)
    : bytes_(bytes), config_(config) {}

void screen_follower::on_evict(std::uint64_t offset, const slice& bytes) {
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

void screen_follower::resize(terminal_size size) { note({bytes_.end(), size}); }

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
  return screen_ ? screen_->take_events() : std::vector<osc_event>{};
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

terminal::screen& screen_follower::screen() {
  if (!screen_) {
    screen_ = std::make_unique<terminal::screen>(config_);
    screen_->answer_queries(true);
  }
  return *screen_;
}

} // namespace roost::terminal
