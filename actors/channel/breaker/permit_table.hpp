#pragma once

#include "actors/runtime/clock.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace roost::channel {

/// What a breaker remembers of a permit that is out.
struct permit_note {
  std::uint64_t id = 0;
  std::uint64_t generation = 0;
  steady_time granted{};
  steady_time deadline{};
  std::chrono::milliseconds timeout{0};
  bool is_probe = false;
};

/// The permits that are out, by id and by deadline: a heap of places, without an allocation per
/// permit. An id is never used again and below 2^53 for the first 10^11 permits, so JSON can carry
/// it. Not thread-safe.
class permit_table {
public:
  static constexpr std::size_t max_size = std::size_t{1} << 16;

  /// With a new id and this deadline; the rest is the caller's to fill in, as the deadline is not
  /// to change. Valid until the next one is added. Only while size() < max_size.
  permit_note& add(steady_time deadline);
  /// Nothing when the id is unknown, or was taken before.
  std::optional<permit_note> take(std::uint64_t id);
  /// The one with the earliest deadline, of several the oldest; nullptr: none is out.
  [[nodiscard]] const permit_note* earliest() const;
  [[nodiscard]] std::size_t size() const { return heap_.size(); }

private:
  struct place {
    permit_note note; ///< id 0: free
    std::uint32_t heap_index = 0;
  };

  [[nodiscard]] bool is_before(std::uint32_t left, std::uint32_t right) const;
  void put(std::size_t heap_index, std::uint32_t at);
  void sift_up(std::size_t heap_index);
  void sift_down(std::size_t heap_index);

  std::vector<place> places_;
  std::vector<std::uint32_t> free_;
  std::vector<std::uint32_t> heap_; ///< of places; the earliest deadline first
  std::uint64_t granted_ = 0;
};

} // namespace roost::channel
