#pragma once

#include "actors/runtime/clock.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace roost::connection {

/// Slows down who keeps showing wrong tokens: after some free tries, each further failure blocks
/// the address for twice as long as the one before. Tokens have 256 bits, so this is about load and
/// log noise; whoever shows a *right* bearer token is never blocked by a neighbour behind the same
/// address. A pure model: time comes in. Not thread-safe.
class login_throttle {
public:
  static constexpr int free_tries = 5;
  static constexpr std::chrono::seconds first_block{1};
  static constexpr std::chrono::seconds longest_block{60};
  static constexpr std::chrono::minutes memory{10}; ///< forgotten after so long without a failure
  static constexpr std::size_t max_addresses = 4096;

  /// How long this address is still blocked; nothing when it is not. Rounded up to whole seconds.
  [[nodiscard]] std::optional<std::chrono::seconds> blocked(std::string_view address,
                                                            steady_time now) const;
  void failed(std::string_view address, steady_time now);
  void succeeded(std::string_view address);

  [[nodiscard]] std::size_t size() const { return entries_.size(); }

private:
  struct entry {
    int failures = 0;
    steady_time last;
    steady_time blocked_until;
  };
  void make_room(steady_time now);

  std::unordered_map<std::string, entry> entries_;
};

} // namespace roost::connection
