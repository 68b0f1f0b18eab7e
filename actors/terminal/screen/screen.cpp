#include "actors/terminal/screen/screen.hpp"

#include "actors/terminal/screen/vt_state.hpp"

#include <utility>

namespace roost::terminal {

screen::screen(screen_config config) : state_(std::make_unique<vt_state>(config)) {}
screen::screen(screen&&) noexcept = default;
screen& screen::operator=(screen&&) noexcept = default;
screen::~screen() = default;

void screen::feed(std::string_view bytes) {
  state_->parser.feed(bytes, *state_);
  state_->offset += bytes.size();
}

void screen::skip(std::string_view bytes) {
  state_->is_skipping = true;
  state_->join = 0;
  state_->parser.skip(bytes, *state_);
  state_->offset += bytes.size();
  state_->join = 0;
  state_->is_skipping = false;
}

void screen::resize(int cols, int rows) { state_->resize(cols, rows); }

void screen::set_offset(std::uint64_t offset) { state_->offset = offset; }
std::uint64_t screen::offset() const { return state_->offset; }

bool screen::answer_queries(bool on) { return std::exchange(state_->answers, on); }
std::string screen::take_replies() { return std::exchange(state_->replies, {}); }
std::vector<osc_event> screen::take_events() { return std::exchange(state_->events, {}); }
std::uint64_t screen::dropped_events() const { return state_->dropped_events; }

int screen::cols() const { return state_->cols; }
int screen::rows() const { return state_->rows; }

screen_cursor screen::cursor() const {
  const auto& pg = state_->active();
  return {pg.y, std::min(pg.x, state_->cols), state_->cursor_visible, state_->modes.style};
}

const std::string& screen::title() const { return state_->title; }
const std::string& screen::icon_title() const { return state_->icon_title; }
bool screen::alternate() const { return state_->alt_is_active; }
bool screen::application_cursor_keys() const { return state_->modes.application_cursor_keys; }
bool screen::bracketed_paste() const { return state_->modes.bracketed_paste; }
std::size_t screen::scrollback_size() const { return state_->normal.history.size(); }

std::size_t screen::memory_bytes() const {
  const auto& s = *state_;
  std::size_t bytes = sizeof(vt_state) - 2 * sizeof(page) + s.normal.memory_bytes() +
                      s.alt.memory_bytes() + s.tables.styles.memory_bytes() +
                      s.tables.clusters.memory_bytes() + s.links.memory_bytes() +
                      s.parser.memory_bytes() + s.title.capacity() + s.icon_title.capacity() +
                      s.replies.capacity() + s.palette.size() * 48;
  for (const auto& event : s.events)
    bytes += sizeof event + event.data.capacity();
  return bytes;
}

} // namespace roost::terminal
