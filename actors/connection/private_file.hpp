#pragma once

#include "actors/runtime/result.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace roost::connection {

/// Writes a file that only its owner may read (0600), whole or not at all: a new file beside it,
/// fsync, rename, fsync of the folder. setup_error::data_dir_unusable when that fails.
result<void> write_private_file(const std::string& path, std::string_view content);

/// Reads a whole file of at most `limit` bytes. Nothing when it does not exist;
/// setup_error::data_dir_unusable when it cannot be read, is larger, or others may read it.
result<std::optional<std::string>> read_private_file(const std::string& path, std::size_t limit);

} // namespace roost::connection
