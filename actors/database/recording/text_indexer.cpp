#include "actors/database/recording/text_indexer.hpp"

#include <algorithm>
#include <utility>

namespace roost::recording {

namespace {

// A piece ends when so much of it is left: room for a line, and for what comes until the next look.
constexpr std::size_t slack = std::size_t{6} << 10;
// Bytes of output between looks, at least; and of a line that is waited for.
constexpr std::uint64_t least_step = 512;
constexpr std::uint64_t long_line = 4096;
// A byte of output is up to so many of text, as tabs are.
constexpr std::uint64_t growth = 4;

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \n") == std::string_view::npos;
}

} // namespace

text_indexer::text_indexer(text_position from, std::uint64_t most)
    : most_(most), from_(from.offset), offset_(from.offset), check_at_(from.offset + long_line),
      written_(from.written) {
  if (from.command.empty())
    return;
  terminal::shell_state known;
  known.has_marks = true;
  known.is_running = true;
  known.command_line = from.command;
  marks_.restore(std::move(known), {});
  is_assumed_ = true;
}

// ---- what happens ----

result<void> text_indexer::add(const chunk& next, steady_time now) {
  ROOST_TRY(auto reader, chunks_.open(next));
  const auto resize_to = [this](terminal::terminal_size size) {
    size_ = size;
    if (!is_begun()) {
      screen_.emplace(joined_lines::screen_for(size));
      screen_->set_offset(offset_);
    } else if (size.cols != screen_->cols() || size.rows != screen_->rows()) {
      screen_->resize(size.cols, size.rows);
      if (screen_->scrollback_size() > 0)
        lines_.add(screen_->take_scrollback());
    }
  };
  resize_to(next.size);
  if (next.first_offset > offset_)
    on_gap(next.first_offset - offset_);
  while (const auto one = reader.next()) {
    now_ = one->at;
    if (const auto* size = std::get_if<resize>(&one->data)) {
      resize_to(size->size);
    } else if (const auto* lost = std::get_if<gap>(&one->data)) {
      if (const auto end = one->offset + lost->bytes; end > offset_)
        on_gap(end - offset_);
    } else if (const auto* written = std::get_if<output>(&one->data)) {
      const auto known = one->offset < offset_ ? offset_ - one->offset : 0;
      if (known < written->bytes.size())
        on_output(*one, written->bytes.substr(known));
    }
  }
  show(now);
  return {};
}

void text_indexer::on_output(const event& x, std::string_view bytes) {
  has_paused_ = has_paused_ || (from_ < offset_ && x.at - last_at_ >= pause);
  last_at_ = x.at;
  feed(bytes);
}

void text_indexer::on_gap(std::uint64_t bytes) {
  cancel_sequence();
  // What follows the alternate screen may still be on it; the shell's next word tells.
  const bool is_alternate = screen_->alternate();
  if (!is_alternate)
    cut_piece();
  offset_ += bytes;
  if (is_alternate)
    screen_->set_offset(offset_);
  else
    begin_piece();
}

void text_indexer::cancel_sequence() {
  screen_->feed(joined_lines::cancel);
  look_at_events();
  scanner_ = {};
  if (ended_)
    end_command();
}

// ---- output ----

void text_indexer::feed(std::string_view bytes) {
  std::size_t begin = 0;
  const auto first = offset_;
  const auto feed_to = [&](std::size_t end) {
    if (end > begin)
      feed_screen(bytes.substr(begin, end - begin));
    begin = end;
  };
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    if (const auto what = scanner_.clears(bytes[i]); what != cleared::nothing) {
      feed_to(i);
      if (what == cleared::screen && !screen_->alternate())
        lines_.add(screen_->printed_lines());
    }
    // Between characters, where no line ends.
    if (first + i >= check_at_ + long_line && scanner_.is_in_ground() && (byte & 0xc0U) != 0x80) {
      feed_to(i);
      look_whether_full();
    }
    const bool was_in_osc = scanner_.is_in_osc();
    const auto place = scanner_.step(byte);
    const bool may_do_much =
        place == byte_place::moves && (byte == 'h' || byte == 'l' || byte == 'b');
    // Each string by itself, so that no crowd of bells drives out what it tells.
    const bool has_told = was_in_osc != scanner_.is_in_osc();
    if (may_do_much || has_told || i + 1 - begin == joined_lines::piece_size)
      feed_to(i + 1);
    if (ended_ && scanner_.is_in_ground()) {
      feed_to(i + 1);
      end_command();
    }
    if (place == byte_place::line_end && byte == '\n' &&
        (has_paused_ || first + i + 1 >= check_at_)) {
      feed_to(i + 1);
      look_whether_full();
    }
  }
  feed_to(bytes.size());
}

void text_indexer::feed_screen(std::string_view bytes) {
  if (!at_)
    at_ = now_;
  screen_->feed(bytes);
  offset_ += bytes.size();
  if (screen_->scrollback_size() > 0)
    lines_.add(screen_->take_scrollback());
  look_at_events();
}

void text_indexer::look_at_events() {
  for (const auto& each : screen_->take_events()) {
    if (each.kind != terminal::osc_kind::mark_133 && each.kind != terminal::osc_kind::mark_633)
      continue;
    if (each.kind == terminal::osc_kind::mark_133 && std::exchange(is_assumed_, false) &&
        !each.data.starts_with('D')) {
      // The piece had begun before its command: it has been the next one's prompt.
      terminal::shell_state known;
      known.has_marks = true;
      marks_.restore(std::move(known), {});
    }
    const auto& state = marks_.state();
    const bool was_running = state.is_running;
    const auto commands = state.commands;
    const auto begun = state.output_begin;
    const auto line = state.command_line;
    marks_.apply(each);
    if (was_running && !ended_) {
      if (state.commands != commands)
        ended_ = command_end{state.last_command_line, state.last_exit_status};
      else if (state.output_begin != begun)
        ended_ = command_end{line, std::nullopt};
    }
    // The alternate screen was left where nobody saw it.
    if (!ended_ && screen_->alternate() && each.kind == terminal::osc_kind::mark_133 &&
        each.data.starts_with('A'))
      ended_.emplace();
    if (state.is_running && (!was_running || state.output_begin != begun))
      at_ = now_;
  }
}

/// The sequence is over that told of a command's end, and so is the piece.
void text_indexer::end_command() {
  auto end = *std::exchange(ended_, std::nullopt);
  if (screen_->alternate())
    screen_->feed(joined_lines::leave_alternate);
  const auto status = end.exit_status;
  end_piece(std::move(end));
  if (status)
    for (auto& each : kept_) {
      each.exit_status = status;
      made_.push_back(std::move(each));
    }
  kept_.clear();
  begin_piece();
}

// ---- pieces ----

void text_indexer::look_whether_full() {
  const bool has_paused = std::exchange(has_paused_, false);
  if (screen_->alternate()) {
    check_at_ = offset_ + long_line;
    return;
  }
  auto size = lines_.size();
  for (const auto& each : screen_->printed_lines())
    size += each.text.size() + 1;
  if ((has_paused && !marks_.state().has_marks) || size + slack >= max_text) {
    cut_piece();
    begin_piece();
    return;
  }
  check_at_ = offset_ + std::max<std::uint64_t>((max_text - slack - size) / growth, least_step);
}

/// The piece ends, and what it is of goes on.
void text_indexer::cut_piece() {
  auto made = end_piece(running());
  if (!made || !marks_.state().is_running)
    return;
  kept_.push_back(std::move(*made));
  if (kept_.size() > max_kept)
    kept_.pop_front();
}

std::optional<text_piece> text_indexer::end_piece(command_end of) {
  if (offset_ == from_)
    return std::nullopt;
  lines_.add(screen_->printed_lines());
  skipped_ += lines_.left_out();
  auto piece = make(std::move(lines_), std::move(of));
  // What was given and is gone since has to go there, too.
  if (is_blank(piece.text) && !is_shown_)
    return std::nullopt;
  if (written_ + piece.text.size() > most_) {
    skipped_ += piece.text.size();
    return std::nullopt;
  }
  written_ += piece.text.size();
  const bool is_given = is_shown_ && shown_to_ == offset_ && !piece.exit_status;
  if (!is_given)
    made_.push_back(piece);
  return piece;
}

void text_indexer::begin_piece() {
  screen_.emplace(joined_lines::screen_for(size_));
  screen_->set_offset(offset_);
  lines_ = joined_lines{max_text};
  from_ = offset_;
  check_at_ = offset_ + long_line;
  at_.reset();
  is_shown_ = false;
  has_paused_ = false;
}

text_piece text_indexer::make(joined_lines lines, command_end of) const {
  return {from_,          offset_,       at_.value_or(now_), std::move(of.command),
          of.exit_status, lines.finish()};
}

text_indexer::command_end text_indexer::running() const {
  if (!marks_.state().is_running)
    return {};
  return {marks_.state().command_line, std::nullopt};
}

bool text_indexer::may_show() const {
  const auto& shell = marks_.state();
  return is_begun() && offset_ > from_ && (!is_shown_ || offset_ > shown_to_) &&
         !screen_->alternate() && (!shell.has_marks || shell.is_running);
}

void text_indexer::show(steady_time now) {
  if (!may_show() || (is_shown_ && now < shown_at_ + show_interval))
    return;
  auto lines = lines_;
  lines.add(screen_->printed_lines());
  auto piece = make(std::move(lines), running());
  if ((is_blank(piece.text) && !is_shown_) || written_ + piece.text.size() > most_)
    return;
  is_shown_ = true;
  shown_to_ = offset_;
  shown_at_ = now;
  made_.push_back(std::move(piece));
}

void text_indexer::tick(steady_time now) { show(now); }

std::optional<steady_time> text_indexer::next_tick() const {
  return is_shown_ && may_show() ? std::optional(shown_at_ + show_interval) : std::nullopt;
}

void text_indexer::finish() {
  if (!is_begun())
    return;
  cancel_sequence();
  if (screen_->alternate())
    screen_->feed(joined_lines::leave_alternate);
  cut_piece();
}

std::vector<text_piece> text_indexer::take() { return std::exchange(made_, {}); }

} // namespace roost::recording
