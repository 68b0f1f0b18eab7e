#include "actors/terminal/screen/text_stream.hpp"

#include <algorithm>
#include <utility>

namespace roost::terminal {

namespace {

/// Bytes of the character at `at`.
std::size_t length_at(std::string_view text, std::size_t at) {
  return std::min(std::max<std::size_t>(utf8_length(static_cast<unsigned char>(text[at])), 1),
                  text.size() - at);
}

} // namespace

void text_stream::feed(std::string_view bytes) { parser_.feed(bytes, *this); }

std::string text_stream::take() { return std::exchange(done_, {}); }

std::string text_stream::finish() {
  done_ += line_;
  line_.clear();
  at_ = 0;
  return take();
}

void text_stream::print_ascii(const char* text, std::size_t n) { put({text, n}); }

void text_stream::print(char32_t code) {
  std::string text;
  append_utf8(text, code);
  put(text);
}

void text_stream::put(std::string_view text) {
  if (at_ == line_.size()) {
    line_ += text;
    at_ = line_.size();
  } else {
    // Overwrites one character for each new one.
    for (std::size_t i = 0; i < text.size();) {
      const auto length = length_at(text, i);
      line_.replace(at_, at_ < line_.size() ? length_at(line_, at_) : 0, text.substr(i, length));
      at_ += length;
      i += length;
    }
  }
  if (line_.size() > max_line)
    end_line();
}

void text_stream::end_line() {
  const auto end = line_.find_last_not_of(' ');
  line_.resize(end == std::string::npos ? 0 : end + 1);
  done_ += line_;
  done_ += '\n';
  line_.clear();
  at_ = 0;
}

std::size_t text_stream::column() const {
  std::size_t characters = 0;
  for (std::size_t i = 0; i < at_; i += length_at(line_, i))
    ++characters;
  return characters;
}

void text_stream::move_to(std::size_t column) {
  at_ = 0;
  for (; column > 0 && at_ < line_.size(); --column)
    at_ += length_at(line_, at_);
  if (const auto gap = std::min(column, max_line); gap > 0) {
    line_.append(gap, ' ');
    at_ = line_.size();
  }
}

void text_stream::execute(unsigned code) {
  switch (code) {
  case '\n':
  case 0x0b:
  case 0x0c:
  case 0x85:
    end_line();
    break;
  case '\r':
    at_ = 0;
    break;
  case '\b':
    if (at_ > 0)
      do {
        --at_;
      } while (at_ > 0 && is_utf8_continuation(static_cast<unsigned char>(line_[at_])));
    break;
  case '\t':
    put("\t");
    break;
  default:
    break;
  }
}

void text_stream::esc(std::uint32_t ident) {
  if ((ident == 'D' || ident == 'E' || ident == 'M' || ident == 'c') && !line_.empty())
    end_line();
}

void text_stream::csi(std::uint32_t ident, const csi_params& params) {
  const auto n = static_cast<std::size_t>(std::min(params.count(), 1 << 12));
  switch (ident) {
  case 'K':
    if (params[0] == 0)
      line_.resize(at_);
    else if (params[0] == 2)
      line_.assign(at_, ' ');
    break;
  case 'C':
    move_to(column() + n);
    break;
  case 'D':
    move_to(column() - std::min(column(), n));
    break;
  case 'G':
  case '`':
    move_to(n - 1);
    break;
  case 'P':
    for (auto i = n; i > 0 && at_ < line_.size(); --i)
      line_.erase(at_, length_at(line_, at_));
    break;
  case 'A':
  case 'B':
  case 'E':
  case 'F':
  case 'H':
  case 'f':
  case 'd':
  case 'J':
    // Somewhere else on the screen: what follows is not this line's.
    if (!line_.empty() && !(ident == 'J' && params[0] == 0))
      end_line();
    else if (ident == 'J')
      line_.resize(at_);
    break;
  default:
    break;
  }
}

} // namespace roost::terminal
