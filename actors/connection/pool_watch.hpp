#pragma once

#include "actors/connection/connection_totals.hpp"
#include "actors/connection/counter_windows.hpp"
#include "actors/connection/pool_desk.hpp"
#include "actors/connection/pool_report.hpp"
#include "actors/connection/pressure.hpp"
#include "actors/runtime/clock.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace roost::connection {

/// What the watch goes by; from `connections` in the configuration.
struct watch_settings {
  std::chrono::milliseconds idle_timeout{300'000}; ///< 0: nobody is ever idle
  pressure_settings pressure{};
  std::uint64_t memory_budget = std::uint64_t{1} << 30;
};

/// A WebSocket, as it came in.
struct newcomer {
  std::uint64_t id = 0;
  std::string user;    ///< for people: the token's label
  std::string user_id; ///< the token
  std::string address;
  std::string key; ///< of the address
  bool is_local = false;
  std::shared_ptr<const connection_figures> figures;
};

/// Watches over the open WebSockets: who is idle, how they do, how full everything is, and what the
/// last second, ten seconds and minute brought. Decides; its owner acts. A pure model apart from
/// the figures, which the sockets write. Confined to the pool's actor.
class pool_watch {
public:
  /// How often `look` is meant to be called.
  static constexpr std::chrono::milliseconds step{250};

  /// @param histories bytes of all terminals' histories. @param time outlives the watch.
  pool_watch(std::shared_ptr<pool_desk> desk, const watch_settings& settings,
             std::shared_ptr<const std::atomic<std::uint64_t>> histories, const clock& time);

  void set(const watch_settings& settings);
  void add(newcomer who);
  void remove(std::uint64_t id);

  /// Something that a connection is to be told, or that is to happen to it.
  struct order {
    enum class kind : std::uint8_t {
      warn_idle, ///< tell it: `seconds` are left
      end_idle,  ///< close with 4408
      pressure,  ///< tell it the level that concerns it
      shed,      ///< drop what waits for it; its viewers get snapshots
    };
    std::uint64_t id = 0;
    kind what = kind::warn_idle;
    std::int64_t seconds = 0;
    pressure_state pressure{};
  };
  struct outcome {
    std::vector<order> orders;
    std::optional<pressure_state> change; ///< of the level that concerns everybody
  };
  /// Looks at everything.
  outcome look();

  /// @param with_rows also each connection.
  [[nodiscard]] pool_report report(bool with_rows) const;
  [[nodiscard]] const pressure_state& state() const { return global_.state(); }

private:
  /// The connections of one key or user, which have a limit of their own.
  struct share {
    std::uint32_t count = 0;
    std::optional<pressure> level; ///< while it is anywhere near its limit
  };
  using share_map = std::unordered_map<std::string, share>;
  struct member {
    std::string user;
    std::string address;
    std::shared_ptr<const connection_figures> figures;
    wall_time opened_at;
    share_map::pointer key_share = nullptr; ///< nodes stay where they are; local ones have none
    share_map::pointer user_share = nullptr;
    std::uint64_t rtt_us = 0;
    std::uint64_t bytes_in = 0; ///< as of the last look
    std::uint64_t bytes_out = 0;
    bool is_warned = false;
    bool is_ended = false;
    std::int8_t told_level = 0;
  };

  void look_at(std::uint64_t id, member& m, steady_time now, outcome& out);
  void judge_idleness(std::uint64_t id, member& m, steady_time now, outcome& out) const;
  void tell_pressure(std::uint64_t id, member& m, outcome& out) const;
  void update_shares(share_map& shares, std::uint32_t limit, steady_time now);
  void shed_laggards(outcome& out) const;
  static void leave(share_map& shares, share_map::pointer which);
  [[nodiscard]] pool_numbers totals() const;
  [[nodiscard]] std::uint64_t memory_used() const;

  const std::shared_ptr<pool_desk> desk_;
  watch_settings settings_;
  const std::shared_ptr<const std::atomic<std::uint64_t>> histories_;
  const clock& clock_;
  std::map<std::uint64_t, member> members_;
  share_map keys_;
  share_map users_;
  pressure global_;
  counter_windows windows_;
  std::vector<std::uint64_t> rtt_ = std::vector<std::uint64_t>(log_histogram::buckets);
  std::vector<std::uint64_t> lag_ = std::vector<std::uint64_t>(log_histogram::buckets);
  std::uint64_t rtt_sum_us_ = 0;
  std::uint64_t lag_sum_bytes_ = 0;
  std::uint64_t live_in_ = 0; ///< of the open ones, as of the last look
  std::uint64_t live_out_ = 0;
  std::uint64_t queued_ = 0;
};

} // namespace roost::connection
