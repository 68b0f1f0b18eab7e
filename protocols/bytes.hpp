#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

namespace roost {

/// A piece of terminal output that many viewers share without a copy: immutable bytes and a share
/// in the memory that holds them. Cheap to copy; safe to read on any thread. Never leaves the
/// process.
struct slice {
  std::shared_ptr<const char> data; ///< first byte; shares the whole block's memory
  std::size_t size = 0;

  [[nodiscard]] std::string_view view() const { return {data.get(), size}; }
  [[nodiscard]] bool empty() const { return size == 0; }

  /// The slice without its first `n` bytes; `n` is at most `size`.
  [[nodiscard]] slice drop(std::size_t n) const {
    return {std::shared_ptr<const char>(data, data.get() + n), size - n};
  }
  /// The first `n` bytes; `n` is at most `size`.
  [[nodiscard]] slice take(std::size_t n) const { return {data, n}; }
};

} // namespace roost
