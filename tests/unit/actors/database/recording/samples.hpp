#pragma once

#include "actors/database/recording/chunk.hpp"
#include "actors/runtime/random.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace roost::recording::test {

inline constexpr std::int64_t first_second = 1'700'000'000;

/// So many milliseconds after the beginning, on both clocks.
inline moment at(std::int64_t milliseconds) {
  const std::chrono::milliseconds since(milliseconds);
  return {steady_time(std::chrono::hours(1)) + since,
          wall_time(std::chrono::seconds(first_second)) + since};
}

inline wall_micros wall(std::int64_t milliseconds) {
  return std::chrono::time_point_cast<std::chrono::microseconds>(at(milliseconds).wall);
}

/// An event that owns its text.
struct kept_event {
  wall_micros at;
  std::uint64_t offset = 0;
  event_data data; ///< without the text
  std::string text;
  friend bool operator==(const kept_event&, const kept_event&) = default;
};

inline kept_event keep(const event& from) {
  kept_event kept{from.at, from.offset, from.data, {}};
  if (auto* written = std::get_if<output>(&kept.data))
    kept.text = std::exchange(written->bytes, {});
  if (auto* mark = std::get_if<marker>(&kept.data))
    kept.text = std::exchange(mark->label, {});
  return kept;
}

inline std::vector<kept_event> events_of(const chunk& from) {
  std::vector<kept_event> all;
  auto reader = chunk_reader::open(from);
  EXPECT_TRUE(reader) << (reader ? "" : reader.error().detail);
  if (reader)
    while (const auto one = reader->next())
      all.push_back(keep(*one));
  return all;
}

inline std::vector<kept_event> events_of(const std::vector<chunk>& chunks) {
  std::vector<kept_event> all;
  for (const auto& one : chunks)
    for (auto& kept : events_of(one))
      all.push_back(std::move(kept));
  return all;
}

/// A recording in words: "o:text r:90x30 m:label g:12/rate x:0".
inline std::string words_of(const std::vector<kept_event>& events) {
  std::string words;
  for (const auto& one : events) {
    words += words.empty() ? "" : " ";
    if (std::holds_alternative<output>(one.data))
      words += "o:" + one.text;
    else if (std::holds_alternative<marker>(one.data))
      words += "m:" + one.text;
    else if (const auto* size = std::get_if<resize>(&one.data))
      words += "r:" + std::to_string(size->size.cols) + "x" + std::to_string(size->size.rows);
    else if (const auto* lost = std::get_if<gap>(&one.data))
      words += "g:" + std::to_string(lost->bytes) + "/" +
               (lost->reason == gap_reason::missing ? "missing"
                : lost->reason == gap_reason::rate  ? "rate"
                                                    : "size");
    else if (const auto* end = std::get_if<program_end>(&one.data))
      words +=
          (end->how == program_end::kind::status ? "x:" : "signal:") + std::to_string(end->number);
  }
  return words;
}

/// Output as programs write it: text, colours, titles, characters beyond ASCII, noise.
inline std::string random_output(random_source& random, std::size_t size) {
  static const std::vector<std::string> parts = {"hello ",
                                                 "\r\n",
                                                 "\x1b[1;31m",
                                                 "\x1b[0m",
                                                 "\xc3\xa4",
                                                 "\xe4\xb8\x96",
                                                 "\xf0\x9f\x98\x80",
                                                 "\x1b[2J",
                                                 "\x1b[K",
                                                 "\x1b]0;t\x07",
                                                 "\t",
                                                 "\b",
                                                 "\x1b[5;3H",
                                                 "\x1b[?1049h",
                                                 "\x1b[?1049l",
                                                 "\xff",
                                                 "\xe4",
                                                 "12345",
                                                 "\x1b[",
                                                 std::string(1, '\0')};
  std::string text;
  while (text.size() < size)
    text += parts[random.between(0, parts.size() - 1)];
  text.resize(size);
  return text;
}

} // namespace roost::recording::test
