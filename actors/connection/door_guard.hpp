#pragma once

#include "actors/connection/flood_guard.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace roost::connection {

/// Keeps floods off the server: a client key that goes on connecting after very many refusals is
/// dropped by the kernel for a while (syn_filter), since even the shortest refusal costs an accept,
/// an answer and a close. Connections that a banned client already has go on.
///
/// Where the kernel takes no such filter (no CAP_NET_ADMIN on newer ones, seccomp), this says so
/// once and does nothing more: floods are refused one by one then. Confined to the thread of its
/// io_context except where it says otherwise.
class door_guard : public std::enable_shared_from_this<door_guard> {
public:
  /// @param limits at most max_filtered_keys banned at once.
  explicit door_guard(boost::asio::io_context& io,
                      const flood_guard::settings& limits = flood_guard::settings())
      : guard_(limits), timer_(io) {}
  door_guard(const door_guard&) = delete;
  door_guard& operator=(const door_guard&) = delete;

  /// Another listening TCP socket to keep floods from, on this thread or before its listener
  /// starts. It stays its owner's, who calls `forget` before closing it.
  void watch(int listener_fd) { listeners_.push_back(listener_fd); }
  /// Never touches the descriptors again. From any thread: takes effect before whatever is posted
  /// to the io_context later, such as their closing.
  void forget();

  /// A client was refused at accept. @param key client_key() of the peer; empty for a trusted
  /// proxy, which speaks for many and is never banned.
  void refused(std::string_view key);

  /// Keys that are banned now. From any thread.
  [[nodiscard]] std::uint64_t banned_now() const { return banned_now_.load(); }
  /// Bans since the start; a key counts each time. From any thread.
  [[nodiscard]] std::uint64_t bans_total() const { return bans_total_.load(); }

private:
  void apply();
  void give_up(int error);
  void arm();
  void log_ban(std::string_view key, steady_time now);

  flood_guard guard_;
  boost::asio::steady_timer timer_; ///< until the next ban ends
  std::vector<int> listeners_;
  bool has_filter_ = false; ///< some listener has had one
  std::optional<steady_time> logged_at_;
  std::atomic<std::uint64_t> banned_now_{0};
  std::atomic<std::uint64_t> bans_total_{0};
};

} // namespace roost::connection
