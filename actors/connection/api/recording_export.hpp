#pragma once

#include "actors/database/recording/asciicast.hpp"
#include "actors/database/recording/text_export.hpp"
#include "actors/database/store/store.hpp"
#include "actors/runtime/result.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

namespace roost::connection::api {

enum class recording_format : std::uint8_t { asciicast_v3, asciicast_v2, text };

/// The format's name in a query, and back.
std::string_view to_string(recording_format format);
std::optional<recording_format> find_recording_format(std::string_view name);
std::string_view media_type_of(recording_format format);

/// Makes a document of a session's latest recording, piece by piece, from what a store holds of it.
/// Holds one chunk, and the numbers of a hundred. Not thread-safe.
class recording_export {
public:
  recording_export(std::string session, recording_format as)
      : session_(std::move(session)), as_(as) {}

  [[nodiscard]] const std::string& session() const { return session_; }
  [[nodiscard]] recording_format format() const { return as_; }

  /// The next piece, never empty; nothing: that was all. Blocks. What is damaged or was removed
  /// meanwhile is left out, and told as a gap by what comes behind it.
  /// Errors: terminal_error::no_such_session, request_error::not_found when nothing of the session
  /// is recorded, request_error::store_unavailable.
  result<std::optional<std::string>> next(database::store& in);

private:
  result<std::string> begin(database::store& in);
  result<void> look_ahead(database::store& in);
  std::string add(const recording::chunk& what);
  std::string finish();

  std::string session_;
  recording_format as_;
  std::string epoch_;
  std::uint64_t next_seq_ = 0;
  std::uint64_t last_seq_ = 0; ///< as it was at the beginning
  std::deque<database::recording_chunk> ahead_;
  std::optional<recording::asciicast_writer> cast_;
  std::optional<recording::text_export> text_;
  bool is_begun_ = false;
  bool is_finished_ = false;
};

} // namespace roost::connection::api
