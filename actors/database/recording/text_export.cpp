#include "actors/database/recording/text_export.hpp"

#include <utility>

namespace roost::recording {

namespace {

constexpr auto piece_size = joined_lines::piece_size;
constexpr std::string_view alternate_note = "[a full-screen program: not shown]";
constexpr auto cancel = joined_lines::cancel;

} // namespace

text_export::text_export(terminal::terminal_size size) : screen_(joined_lines::screen_for(size)) {}

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
    feed(joined_lines::leave_alternate);
  }
  take_screen();
  auto out = take();
  return out + lines_.finish();
}

void text_export::feed(std::string_view bytes) {
  std::size_t begin = 0;
  const auto feed_to = [&](std::size_t end) {
    if (end > begin)
      feed_piece(bytes.substr(begin, end - begin));
    begin = end;
  };
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    // What the whole screen shows is about to go, and has not scrolled; or what has.
    if (const auto what = scanner_.clears(bytes[i]); what != cleared::nothing) {
      feed_to(i);
      if (what == cleared::screen && !screen_.alternate())
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
    lines_.add(screen_.take_scrollback());
}

void text_export::take_screen() { lines_.add(screen_.printed_lines()); }

std::string text_export::take() {
  if (lines_.left_out() == 0)
    return lines_.take();
  return lines_.finish() + "[more text than one part may have: left out]\n";
}

} // namespace roost::recording
