#pragma once

#include "actors/connection/refusal.hpp"
#include "actors/runtime/clock.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace roost::connection {

/// How many connections there may be; `connections` in the configuration.
struct pool_limits {
  std::uint32_t max = 100;           ///< WebSockets; plain HTTP connections; the Unix socket: each
  std::uint32_t max_per_key = 20;    ///< of one client key: WebSockets; plain HTTP: each
  std::uint32_t max_per_user = 20;   ///< WebSockets of one token
  std::uint32_t admin_reserve = 2;   ///< of `max`, for administrators; half of it at most
  std::uint32_t max_handshakes = 64; ///< connections that have not shown a whole header yet
  std::uint32_t handshake_rate = 10; ///< per key and second; 0: no limit
  std::uint32_t handshake_burst = 20;
  std::chrono::milliseconds reservation{10'000}; ///< from the admission to the 101
  std::chrono::milliseconds patience{1'000};     ///< with a handshake, while newcomers wait
};

/// Names one connection's claim on the limits; never used again. 0 is none.
using place_id = std::uint64_t;

/// Who has a claim to the reserve.
enum class standing : std::uint8_t { ordinary, admin };

/// The books of all connections: who may come in, and what each holds. Every connection has one
/// place at a time: `http` from its accept on (a *handshake* until its first whole header), then
/// perhaps one as a WebSocket, which is *reserved* before the 101 and *active* after it. A client
/// key is an address, or the /64 of an IPv6 one; a user is a token.
///
/// Promises, whatever the order of calls (WS-1, WS-2): what is counted never exceeds the limits
/// that were in force when it was let in, and each place is given back exactly once, however often
/// its end is reported.
///
/// At the limit a newcomer takes the place of an idle HTTP connection (browsers keep some open just
/// in case), or of the oldest handshake of the key that has the most of them: so a flood from one
/// address pushes out itself and nobody else, as sshd's random early drop would not. A flood from
/// many addresses has no such key: there the oldest handshake goes that is older than `patience`,
/// which honest clients seldom need.
///
/// Pure: time comes in. Not thread-safe; see pool_desk. Memory: the places and a bounded number of
/// keys.
class pool {
public:
  /// An answer to a newcomer.
  struct verdict {
    place_id place = 0; ///< 0: refused
    refusal why = refusal::none;
    std::vector<place_id> evicted;            ///< these have lost their place: close them
    bool has_evicted_handshake = false;       ///< the last of them, which never got anywhere
    std::chrono::milliseconds retry_after{0}; ///< when it is known, with handshake_rate
  };
  struct counts {
    std::uint32_t websockets = 0; ///< active and reserved, over TCP
    std::uint32_t reserved = 0;
    std::uint32_t http = 0; ///< handshakes included
    std::uint32_t handshakes = 0;
    std::uint32_t idle = 0;
    std::uint32_t local = 0; ///< over the Unix socket, of any kind
  };

  explicit pool(const pool_limits& limits) : limits_(limits) {}
  pool(const pool&) = delete;
  pool& operator=(const pool&) = delete;

  /// A TCP connection was accepted. @param key empty for a trusted proxy's, which speaks for many:
  /// it counts against the caps of all only.
  verdict accept(std::string_view key, steady_time now);
  /// A connection over the Unix socket.
  verdict accept_local();
  /// A proxy has told whose connection this is. Refused: the place is still to be released.
  verdict identify(place_id place, std::string_view key, steady_time now);
  /// It has asked something that may be answered: no handshake any more, and its token is given
  /// back.
  void settle(place_id place);
  /// A trusted proxy's connection brings a request of this client, whose share it counts against
  /// until it rests.
  verdict represent(place_id place, std::string_view key, steady_time now);
  /// It waits for another request, and may be evicted.
  void rest(place_id place);
  /// A request has come. False when the place was lost meanwhile: answer it, and close.
  bool wake(place_id place);

  /// A WebSocket wants in: counts at once, and lapses unless `commit` follows in time.
  verdict reserve(std::string_view key, std::string_view user, standing who, steady_time now);
  /// What `reserve` would say.
  [[nodiscard]] refusal check(std::string_view key, std::string_view user, standing who) const;
  /// The 101 was sent. False when the reservation has lapsed: close it.
  bool commit(place_id place);
  /// The connection has ended. False when the place was given back before.
  bool release(place_id place);
  /// Ends reservations whose time is over; returns them. Forgets keys that owe nothing.
  std::vector<place_id> expire(steady_time now);

  /// From now on; whoever is in stays in.
  void set_limits(const pool_limits& limits) { limits_ = limits; }
  [[nodiscard]] const pool_limits& limits() const { return limits_; }
  /// Lets nobody in any more.
  void drain() { is_draining_ = true; }

  [[nodiscard]] counts usage() const { return counts_; }
  /// WebSockets of one key, and of one user.
  [[nodiscard]] std::uint32_t of_key(std::string_view key) const;
  [[nodiscard]] std::uint32_t of_user(std::string_view user) const;
  [[nodiscard]] std::uint32_t http_of_key(std::string_view key) const;
  /// Keys that are remembered.
  [[nodiscard]] std::size_t keys() const { return keys_.size(); }

private:
  enum class kind : std::uint8_t { handshake, http, idle, reserved, active, local };
  struct text_hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  struct key_entry {
    std::uint32_t http = 0;
    std::uint32_t handshakes = 0;
    std::uint32_t websockets = 0;
    double tokens = 0; ///< a bucket (RFC 2698 has the idea), full when new
    steady_time refilled{};

    [[nodiscard]] bool is_used() const { return http > 0 || websockets > 0; }
  };
  using key_map = std::unordered_map<std::string, key_entry, text_hash, std::equal_to<>>;
  using user_map = std::unordered_map<std::string, std::uint32_t, text_hash, std::equal_to<>>;
  struct entry {
    kind what = kind::http;
    key_map::pointer key = nullptr; ///< nodes stay where they are while they are used
    user_map::pointer user = nullptr;
    steady_time since{};
    bool is_for_another = false; ///< a proxy's, for `key`
  };

  static constexpr std::size_t max_keys = 8192;

  key_map::pointer key_of(std::string_view key, steady_time now);
  [[nodiscard]] verdict check_key(key_map::pointer key, steady_time now);
  static void count_handshake(key_entry& key);
  void refill(key_entry& key, steady_time now) const;
  place_id add(const entry& what);
  void leave(entry& what);
  [[nodiscard]] place_id oldest_idle(key_map::const_pointer key) const;
  [[nodiscard]] place_id handshake_to_give_way(std::uint32_t newcomers, steady_time now) const;
  void stop_representing(entry& what);
  void forget_keys(steady_time now);

  pool_limits limits_;
  counts counts_;
  bool is_draining_ = false;
  place_id next_ = 1;
  std::unordered_map<place_id, entry> places_;
  std::set<place_id> handshakes_; ///< oldest first
  std::set<place_id> idle_;       ///< oldest connection first
  std::deque<std::pair<steady_time, place_id>> reservations_;
  key_map keys_;
  user_map users_;
};

} // namespace roost::connection
