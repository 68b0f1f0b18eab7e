#pragma once

#include "actors/database/store/records.hpp"
#include "actors/runtime/result.hpp"

#include <string>
#include <string_view>

namespace roost::database {

/// Why a record is refused: for the log.
struct codec_error {
  std::string text;
};

/// Makes a record as every store keeps it: texts are valid UTF-8 without zeros and within their
/// bounds, times are whole microseconds. Refused: a key that is empty or too long, a number beyond
/// 2^63, too much data. Doing it twice changes nothing more.
result<void, codec_error> fit(record& r);
/// Whether a key can name a write.
result<void, codec_error> check(const write_key& key);

/// A record as bytes: version, kind, then its fields, numbers in little-endian order.
/// @param r fitted.
std::string encode(const record& r);
/// The record that the bytes are; whatever they hold, nothing beyond the bounds is allocated. What
/// is read is fitted. Fields that a newer build has added behind ours are passed over.
result<record, codec_error> decode(std::string_view bytes);

} // namespace roost::database
