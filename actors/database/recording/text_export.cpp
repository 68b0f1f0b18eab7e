#include "actors/database/recording/text_export.hpp"

#include <algorithm>
#include <utility>

namespace roost::recording {

namespace {

// A byte scrolls one line at most, and lines are taken after each piece.
constexpr std::size_t piece_size = 4096;
constexpr std::string_view alternate_note = "[a full-screen program: not shown]";
// Ends whatever sequence is unfinished (CAN).
constexpr std::string_view cancel = "\x18";
constexpr std::string_view leave_alternate = "\x1b[?1049l";

terminal::screen_config config_of(terminal::terminal_size size) {
  // Twice what a piece can scroll: a resize brings rows, too.
  return {size.cols, size.rows, piece_size + terminal::max_rows};
}

} // namespace

text_export::text_export(terminal::terminal_size size) : screen_(config_of(size)) {}

result<std::string> text_export::add(const chunk& next) {
  ROOST_TRY(auto reader, chunks_.open(next));
  if (chunks_.lost() > 0)
    on_lost(chunks_.lost(), describe(gap_reason::missing));
  const auto resize_to = [this](terminal::terminal_size size) {
    if (size.cols == screen_.cols() && size.rows == screen_.rows())
      return;
    screen_.resize(size.cols, size.rows);
    take_scrolled();
  };
  resize_to(next.size);
  while (const auto one = reader.next()) {
    if (const auto* written = std::get_if<output>(&one->data))
      feed(written->bytes);
    else if (const auto* size = std::get_if<resize>(&one->data))
      resize_to(size->size);
    else if (const auto* lost = std::get_if<gap>(&one->data))
      on_lost(lost->bytes, describe(lost->reason));
  }
  return take();
}

std::string text_export::finish() {
  if (screen_.alternate()) {
    feed(cancel);
    feed(leave_alternate);
  }
  take_screen();
  if (is_in_line_)
    out_ += '\n';
  is_in_line_ = false;
  return take();
}

void text_export::feed(std::string_view bytes) {
  std::size_t begin = 0;
  const auto feed_to = [&](std::size_t end) {
    if (end > begin)
      feed_piece(bytes.substr(begin, end - begin));
    begin = end;
  };
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    // What the whole screen shows is about to go, and has not scrolled.
    if (bytes[i] == 'J' && scanner_.is_after_csi(2) && !screen_.alternate()) {
      feed_to(i);
      take_screen();
    }
    // The other screen may be shown now, or one character was repeated over many lines.
    const auto place = scanner_.step(static_cast<unsigned char>(bytes[i]));
    const bool may_do_much =
        place == byte_place::moves && (bytes[i] == 'h' || bytes[i] == 'l' || bytes[i] == 'b');
    if (may_do_much || i + 1 - begin == piece_size)
      feed_to(i + 1);
  }
  feed_to(bytes.size());
}

void text_export::feed_piece(std::string_view bytes) {
  screen_.feed(bytes);
  take_scrolled();
  const bool is_alternate = screen_.alternate();
  if (was_alternate_ && !is_alternate && scanner_.is_in_ground()) {
    note(std::string(alternate_note));
    if (lost_unseen_ > 0)
      note("[" + describe_gap(std::exchange(lost_unseen_, 0), "meanwhile") + "]");
  }
  was_alternate_ = is_alternate;
}

/// A line of ours, where the cursor stands.
void text_export::note(const std::string& text) {
  if (screen_.cursor().col > 0)
    screen_.feed("\r\n");
  screen_.feed(text);
  screen_.feed("\r\n");
  take_scrolled();
}

void text_export::on_lost(std::uint64_t bytes, std::string_view reason) {
  if (screen_.alternate()) {
    lost_unseen_ += bytes;
    return;
  }
  feed(cancel);
  note("[" + describe_gap(bytes, reason) + "]");
}

void text_export::take_scrolled() {
  if (screen_.scrollback_size() > 0)
    write(screen_.take_scrollback());
}

void text_export::take_screen() { write(screen_.printed_lines()); }

void text_export::write(const std::vector<terminal::printed_line>& lines) {
  for (const auto& line : lines) {
    is_too_much_ = is_too_much_ || out_.size() + blanks_ + line.text.size() > max_text;
    if (is_too_much_)
      return;
    if (!line.is_wrapped && is_in_line_)
      out_ += '\n';
    else
      out_.append(blanks_, ' ');
    const auto end = line.text.find_last_not_of(' ') + 1;
    out_.append(line.text, 0, end);
    blanks_ = line.text.size() - end;
    is_in_line_ = true;
  }
}

std::string text_export::take() {
  if (is_too_much_) {
    out_ += "\n[more text than one part may have: left out]\n";
    is_in_line_ = false;
    blanks_ = 0;
    is_too_much_ = false;
  }
  return std::exchange(out_, {});
}

} // namespace roost::recording
