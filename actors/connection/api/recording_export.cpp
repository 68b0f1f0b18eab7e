#include "actors/connection/api/recording_export.hpp"

#include "actors/database/recorded.hpp"
#include "protocols/errors.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/system/error_code.hpp>

#include <array>
#include <iterator>
#include <utility>

namespace roost::connection::api {

namespace {

constexpr std::uint32_t most_ahead = 100;

struct format_row {
  recording_format format;
  std::string_view name;
  std::string_view media_type;
};
constexpr std::array formats = {
    format_row{recording_format::asciicast_v3, "asciicast-v3", "application/x-asciicast"},
    format_row{recording_format::asciicast_v2, "asciicast-v2", "application/x-asciicast"},
    format_row{recording_format::text, "text", "text/plain; charset=utf-8"},
};

const format_row& row_of(recording_format format) {
  return formats.at(static_cast<std::size_t>(format));
}

failure unavailable(const database::store_error& why) {
  return {request_error::store_unavailable, why.text};
}

/// The words of a command that is kept as a JSON array, as one line for people.
std::string line_of(const std::string& command) {
  boost::system::error_code error;
  const auto words = boost::json::parse(command, error);
  std::string out;
  if (error || !words.is_array())
    return out;
  for (const auto& word : words.get_array())
    if (word.is_string())
      out.append(out.empty() ? "" : " ").append(word.get_string().c_str());
  return out;
}

} // namespace

std::string_view to_string(recording_format format) { return row_of(format).name; }

std::string_view media_type_of(recording_format format) { return row_of(format).media_type; }

std::optional<recording_format> find_recording_format(std::string_view name) {
  for (const auto& row : formats)
    if (row.name == name)
      return row.format;
  return std::nullopt;
}

result<std::string> recording_export::begin(database::store& in) {
  const auto known = in.session(session_);
  if (!known)
    return unavailable(known.error());
  const auto all = in.recordings(session_);
  if (!all)
    return unavailable(all.error());
  if (all->empty() && !*known)
    return failure{terminal_error::no_such_session, session_};
  const auto nothing = failure{
      request_error::not_found,
      "nothing of this session is recorded: it has no output yet (what is younger than 5 s may "
      "still be on its way), it was not asked to be recorded, or recording.retention is over"};
  if (all->empty())
    return nothing;
  epoch_ = all->back().epoch;
  next_seq_ = all->back().first_seq;
  last_seq_ = all->back().last_seq;
  if (auto ok = look_ahead(in); !ok)
    return std::move(ok).error();
  if (ahead_.empty())
    return nothing;
  const auto& first = ahead_.front();
  recording::asciicast_header header;
  header.size = {static_cast<std::uint16_t>(first.cols), static_cast<std::uint16_t>(first.rows)};
  is_begun_ = true;
  if (as_ == recording_format::text) {
    text_.emplace(header.size);
    return std::string{};
  }
  header.term_type = "xterm-256color";
  header.began_at = std::chrono::time_point_cast<recording::wall_micros::duration>(first.began_at);
  if (*known) {
    header.command = line_of((*known)->command);
    header.title = (*known)->title;
  }
  cast_.emplace(as_ == recording_format::asciicast_v2 ? recording::asciicast_version::v2
                                                      : recording::asciicast_version::v3);
  return cast_->begin(header);
}

result<void> recording_export::look_ahead(database::store& in) {
  if (!ahead_.empty() || next_seq_ > last_seq_)
    return {};
  auto more = in.chunks_from(session_, epoch_, next_seq_, most_ahead);
  if (!more)
    return unavailable(more.error());
  ahead_.assign(std::make_move_iterator(more->begin()), std::make_move_iterator(more->end()));
  return {};
}

std::string recording_export::add(const recording::chunk& what) {
  auto made = cast_ ? cast_->add(what) : text_->add(what);
  return made ? std::move(*made) : std::string{};
}

std::string recording_export::finish() {
  is_finished_ = true;
  return cast_ ? cast_->finish() : text_->finish();
}

result<std::optional<std::string>> recording_export::next(database::store& in) {
  if (is_finished_)
    return std::optional<std::string>{};
  std::string out;
  if (!is_begun_) {
    ROOST_TRY(out, begin(in));
  }
  while (out.empty() && !is_finished_) {
    if (auto ok = look_ahead(in); !ok)
      return std::move(ok).error();
    if (ahead_.empty()) {
      out = finish();
      break;
    }
    auto chunk = std::move(ahead_.front());
    ahead_.pop_front();
    next_seq_ = chunk.seq + 1;
    auto data = in.chunk_data(session_, epoch_, chunk.seq);
    if (!data)
      return unavailable(data.error());
    if (!*data)
      continue; // removed meanwhile
    chunk.data = std::move(**data);
    out = add(database::to_chunk(std::move(chunk)));
  }
  return out.empty() ? std::nullopt : std::optional(std::move(out));
}

} // namespace roost::connection::api
