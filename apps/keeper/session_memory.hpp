#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

#include "apps/keeper/descriptor.hpp"
#include "protocols/wire/session_memory.hpp"

namespace roost::keeper {

/// A session's memory as the keeper sees it: the file, and a mapping of its header and records
/// only. The server may write anything into it, so what is read here is checked by whoever uses it.
class session_memory {
public:
  /// Makes one that can keep `history` bytes, sealed against any change of its size. Nothing: errno
  /// says why; EINVAL for more than `most_segments`.
  static std::optional<session_memory> make(std::uint64_t history);

  session_memory(session_memory&& other) noexcept;
  session_memory& operator=(session_memory&& other) noexcept;
  session_memory(const session_memory&) = delete;
  session_memory& operator=(const session_memory&) = delete;
  ~session_memory();

  /// Says who may write: an owner's generation, or 0 for the keeper.
  void set_owner(std::uint64_t generation);

  [[nodiscard]] const shared_descriptor& file() const { return file_; }
  /// From the keeper's own knowledge, not from the header.
  [[nodiscard]] const memory_map& map() const { return map_; }
  [[nodiscard]] memory_header& header() const;
  [[nodiscard]] segment_record& record(std::size_t index) const;

private:
  session_memory() = default;

  shared_descriptor file_;
  memory_map map_;
  void* mapped_ = nullptr;
};

} // namespace roost::keeper
