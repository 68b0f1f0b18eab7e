#include "actors/channel/transport/stream_link.hpp"

#include "actors/channel/transport/json_rpc.hpp"

#include <iterator>

namespace roost::channel {

bool stream_link::push(line what) {
  if (what.text.size() > most_queued - queued_bytes_)
    return false;
  queued_bytes_ += what.text.size();
  queue_.push_back(std::move(what));
  return true;
}

void stream_link::pop(queue::iterator which) {
  queued_bytes_ -= which->text.size();
  if (which == queue_.begin()) {
    queued_bytes_ += written_;
    written_ = 0;
  }
  queue_.erase(which);
}

bool stream_link::add(const request& what) {
  if (!push({what.id, true, render_request(what.id, what.method, what.params) + '\n'}))
    return false;
  waiting_[what.id] = std::prev(queue_.end());
  return true;
}

void stream_link::cancel(std::uint64_t id) {
  const auto found = waiting_.find(id);
  if (found == waiting_.end())
    return;
  const auto place = found->second;
  waiting_.erase(found);
  if (place && (*place != queue_.begin() || written_ == 0)) {
    pop(*place);
    return;
  }
  if (place)
    (*place)->is_request = false; // what has been begun must be written to its end
  // Only a hint: where there is no room for it, the helper works in vain.
  push({id, false, render_cancel(id) + '\n'});
}

std::string_view stream_link::to_write() const {
  return queue_.empty() ? std::string_view()
                        : std::string_view(queue_.front().text).substr(written_);
}

void stream_link::wrote(std::size_t bytes) {
  written_ += bytes;
  queued_bytes_ -= bytes;
  const auto& first = queue_.front();
  if (written_ < first.text.size())
    return;
  if (first.is_request)
    waiting_[first.id].reset();
  written_ = 0;
  queue_.pop_front();
}

std::optional<std::string> stream_link::take(std::string_view bytes, std::vector<reply>& answers) {
  framer_.add(bytes);
  std::string_view text;
  for (;;) {
    switch (framer_.next(text)) {
    case line_framer::step::more:
      return std::nullopt;
    case line_framer::step::too_long:
      ++violations_;
      return "a message is longer than " + std::to_string(max_answer_) + " bytes";
    case line_framer::step::line:
      break;
    }
    auto message = parse_message(text);
    if (message.is == incoming::kind::violation) {
      ++violations_;
      return std::move(message.what.detail);
    }
    if (message.is == incoming::kind::ignored)
      continue;
    // An answer to what has not been written to its end was never asked for, either.
    const auto found =
        message.is == incoming::kind::response ? waiting_.find(message.what.id) : waiting_.end();
    if (found == waiting_.end() || found->second) {
      ++unknown_;
      continue;
    }
    waiting_.erase(found);
    answers.push_back(std::move(message.what));
  }
}

void stream_link::fail_all(reply_kind kind, const std::string& detail,
                           std::vector<reply>& answers) {
  for (const auto& [id, place] : waiting_) {
    reply one;
    one.id = id;
    one.kind = kind;
    one.detail = detail;
    answers.push_back(std::move(one));
  }
  waiting_.clear();
  queue_.clear();
  written_ = 0;
  queued_bytes_ = 0;
  framer_ = line_framer(max_answer_);
}

} // namespace roost::channel
