#include "actors/channel/transport/line_framer.hpp"

namespace roost::channel {

namespace {

// A buffer that one long line has made larger than this is given back.
constexpr std::size_t kept_capacity = std::size_t{256} << 10U;

} // namespace

void line_framer::add(std::string_view bytes) {
  if (is_broken_)
    return;
  // What is moved came with the read before, so each byte is moved once at most.
  if (start_ > 0) {
    buffer_.erase(0, start_);
    scanned_ -= start_;
    start_ = 0;
    if (buffer_.empty() && buffer_.capacity() > kept_capacity)
      std::string().swap(buffer_);
  }
  buffer_ += bytes;
}

line_framer::step line_framer::next(std::string_view& line) {
  line = {};
  while (!is_broken_) {
    const auto end = buffer_.find('\n', scanned_);
    const auto size = (end == std::string::npos ? buffer_.size() : end) - start_;
    if (size > max_) {
      is_broken_ = true;
      std::string().swap(buffer_);
      start_ = scanned_ = 0;
      break;
    }
    if (end == std::string::npos) {
      scanned_ = buffer_.size();
      return step::more;
    }
    line = std::string_view(buffer_).substr(start_, size);
    start_ = scanned_ = end + 1;
    if (line.ends_with('\r'))
      line.remove_suffix(1);
    if (!line.empty())
      return step::line;
  }
  return step::too_long;
}

} // namespace roost::channel
