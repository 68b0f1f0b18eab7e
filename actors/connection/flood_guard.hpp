#pragma once

#include "actors/runtime/clock.hpp"
#include "actors/runtime/token_bucket.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace roost::connection {

/// Finds the client keys that go on hammering although they were refused again and again. Each key
/// has a token bucket of refusals; one that finds it empty is banned for a while. When the ban
/// ends, the bucket holds what its rate gave meanwhile: who goes on is banned again after few
/// refusals, who comes back later starts afresh.
///
/// Promises: at most `max_keys` keys are remembered besides at most `max_banned` banned ones; a key
/// whose refusals stay at or under `rate` is never banned; each ban ends. With more keys than
/// `max_keys` the ones refused longest ago are forgotten, and so forgiven.
///
/// Pure: time comes in and never goes back. Not thread-safe.
class flood_guard {
public:
  struct settings {
    std::uint64_t rate = 50;             ///< refusals per second and key; 0: nobody is banned
    std::uint64_t burst = 2000;          ///< refusals in a row; at least 1
    std::chrono::milliseconds ban{2000}; ///< how long a key is banned
    std::size_t max_banned = 64;         ///< at once; more are refused as before
    std::size_t max_keys = 1024;         ///< at least 1
  };

  explicit flood_guard(const settings& limits) : limits_(limits) {}
  // The index points into the lists.
  flood_guard(const flood_guard&) = delete;
  flood_guard& operator=(const flood_guard&) = delete;

  /// One more refusal of this key. True when the key is banned from now on. Refusals of a banned
  /// key, which had come in before, count for nothing.
  bool refused(std::string_view key, steady_time now);
  /// Ends the bans whose time is over; only this does. True when there were any.
  bool expire(steady_time now);
  /// When the next ban ends.
  [[nodiscard]] std::optional<steady_time> next_expiry() const;
  /// The banned keys, the next to be free first.
  [[nodiscard]] std::vector<std::string> banned() const;
  [[nodiscard]] std::size_t bans() const { return banned_.size(); }
  /// All keys that are remembered.
  [[nodiscard]] std::size_t size() const { return index_.size(); }

private:
  struct entry {
    std::string key;
    token_bucket bucket;
    std::optional<steady_time> banned_until;
  };
  using entries = std::list<entry>;

  void forget_oldest();

  const settings limits_;
  entries watched_;                                               ///< refused last first
  entries banned_;                                                ///< the next to be free first
  std::unordered_map<std::string_view, entries::iterator> index_; ///< of both; names live in them
};

} // namespace roost::connection
