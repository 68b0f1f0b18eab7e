#pragma once

#include "actors/database/recording/chunk.hpp"
#include "actors/database/recording/recorder.hpp"
#include "actors/database/recording/text_indexer.hpp"
#include "actors/database/store/store.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// What is recorded of a session, as records of a store and back. Blocks where a store is asked.
namespace roost::database {

/// The recording that an earlier server left, and where it goes on.
struct recording_found {
  recording::recorder_position at;
  bool exists = false;
};
/// What there is of a session's recording in this epoch; nothing: the store cannot say now.
std::optional<recording_found> find_recording(store* in, const std::string& session,
                                              const std::string& epoch);

/// The text that an earlier server left, and where it goes on.
struct text_found {
  recording::text_position at;
  /// The last piece as it is stored: it may have been unfinished, and is made again.
  std::optional<text_end> last;
  std::uint64_t next_seq = 0; ///< of the chunk in which it goes on
};
/// What there is of a session's text in this epoch; nothing: the store cannot say now. Goes at most
/// `most_behind` chunks back.
std::optional<text_found> find_text(store* in, const recording_found& recorded,
                                    const std::string& session, const std::string& epoch);
inline constexpr std::uint32_t most_behind = 64;

/// The chunks from this number on, at most so many; nothing: the store cannot say now.
std::optional<std::vector<recording::chunk>> read_chunks(store* in, const std::string& session,
                                                         const std::string& epoch,
                                                         std::uint64_t seq, std::uint32_t most);

/// A chunk as a record.
recording_chunk to_record(recording::chunk from, const std::string& session,
                          const std::string& epoch);
/// A record as a chunk.
recording::chunk to_chunk(recording_chunk from);
/// A piece of text as a record.
screen_text to_record(recording::text_piece from, const std::string& session,
                      const std::string& epoch);
/// Whether a store has this piece already, or a later state of it.
bool is_known(const recording::text_piece& piece, const std::optional<text_end>& last);

} // namespace roost::database
