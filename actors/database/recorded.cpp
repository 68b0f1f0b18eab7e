#include "actors/database/recorded.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace roost::database {

static_assert(recording::text_indexer::max_text <= most_text_bytes);

std::optional<recording_found> find_recording(store* in, const std::string& session,
                                              const std::string& epoch) {
  if (in == nullptr)
    return std::nullopt;
  const auto all = in->recordings(session);
  if (!all)
    return std::nullopt;
  for (const auto& each : *all)
    if (each.epoch == epoch)
      return recording_found{{each.last_seq + 1, each.end_offset, each.bytes}, true};
  return recording_found{};
}

std::optional<text_found> find_text(store* in, const recording_found& recorded,
                                    const std::string& session, const std::string& epoch) {
  if (in == nullptr)
    return std::nullopt;
  const auto known = in->texts(session, epoch);
  if (!known)
    return std::nullopt;
  const auto end = recorded.at.seq;
  const auto chunks =
      in->chunks_from(session, epoch, end - std::min<std::uint64_t>(end, most_behind), most_behind);
  if (!chunks)
    return std::nullopt;
  text_found out{{0, {}, known->bytes}, known->last, end};
  if (out.last)
    out.at = {out.last->from_offset, out.last->command, known->bytes};
  if (chunks->empty() || chunks->front().first_offset > out.at.offset) {
    // Where it began is not there any more: only what is new.
    const auto first = chunks->empty() ? recorded.at.end_offset : chunks->front().first_offset;
    out.at = {std::max(first, out.last ? out.last->to_offset : 0), {}, known->bytes};
  }
  for (const auto& each : *chunks)
    if (each.end_offset > out.at.offset) {
      out.next_seq = each.seq;
      break;
    }
  return out;
}

std::optional<std::vector<recording::chunk>> read_chunks(store* in, const std::string& session,
                                                         const std::string& epoch,
                                                         std::uint64_t seq, std::uint32_t most) {
  if (in == nullptr)
    return std::nullopt;
  auto found = in->chunks_from(session, epoch, seq, most);
  if (!found)
    return std::nullopt;
  std::vector<recording::chunk> out;
  for (auto& each : *found) {
    auto data = in->chunk_data(session, epoch, each.seq);
    if (!data)
      return std::nullopt;
    if (*data) // removed in between: a gap
      each.data = std::move(**data);
    out.push_back(to_chunk(std::move(each)));
  }
  return out;
}

recording_chunk to_record(recording::chunk from, const std::string& session,
                          const std::string& epoch) {
  recording_chunk out;
  out.session = session;
  out.epoch = epoch;
  out.seq = from.seq;
  out.first_offset = from.first_offset;
  out.end_offset = from.end_offset;
  out.began_at = from.began_at;
  out.ended_at = from.ended_at;
  out.cols = from.size.cols;
  out.rows = from.size.rows;
  out.raw_size = from.raw_size;
  out.event_count = from.event_count;
  out.data.bytes = std::move(from.blob);
  return out;
}

recording::chunk to_chunk(recording_chunk from) {
  const auto micros = [](wall_time at) {
    return std::chrono::time_point_cast<recording::wall_micros::duration>(at);
  };
  recording::chunk out;
  out.seq = from.seq;
  out.first_offset = from.first_offset;
  out.end_offset = from.end_offset;
  out.began_at = micros(from.began_at);
  out.ended_at = micros(from.ended_at);
  out.size = {static_cast<std::uint16_t>(from.cols), static_cast<std::uint16_t>(from.rows)};
  out.raw_size = from.raw_size;
  out.event_count = from.event_count;
  out.blob = std::move(from.data.bytes);
  return out;
}

screen_text to_record(recording::text_piece from, const std::string& session,
                      const std::string& epoch) {
  screen_text out;
  out.session = session;
  out.epoch = epoch;
  out.from_offset = from.from_offset;
  out.to_offset = from.to_offset;
  out.at = from.at;
  out.command = std::move(from.command);
  if (from.exit_status)
    out.exit_status = *from.exit_status;
  out.text = std::move(from.text);
  return out;
}

bool is_known(const recording::text_piece& piece, const std::optional<text_end>& last) {
  if (!last || piece.from_offset != last->from_offset)
    return last && piece.from_offset < last->from_offset;
  return piece.to_offset < last->to_offset ||
         (piece.to_offset == last->to_offset && piece.command == last->command &&
          piece.exit_status == last->exit_status);
}

} // namespace roost::database
