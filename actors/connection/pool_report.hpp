#pragma once

#include "actors/connection/connection_totals.hpp"
#include "actors/connection/log_histogram.hpp"
#include "actors/connection/pool.hpp"
#include "actors/connection/pressure.hpp"
#include "actors/runtime/clock.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace roost::connection {

/// Where each total is in a vector of all totals, so that a window is one subtraction.
struct pool_columns {
  static constexpr std::size_t accepted = 0;
  static constexpr std::size_t opened = 1;
  static constexpr std::size_t bytes_in = 2;
  static constexpr std::size_t bytes_out = 3;
  static constexpr std::size_t refused = 4;
  static constexpr std::size_t timed_out = refused + refusals;
  static constexpr std::size_t closed = timed_out + slow_phases.size();
  static constexpr std::size_t rtt = closed + close_codes; ///< a log_histogram of microseconds
  static constexpr std::size_t lag = rtt + log_histogram::buckets; ///< and one of bytes
  static constexpr std::size_t count = lag + log_histogram::buckets;
};

/// Totals, or their growth over a window.
using pool_numbers = std::vector<std::uint64_t>;

/// One WebSocket for people who look at the pool.
struct connection_row {
  std::uint64_t id = 0;
  std::string user;
  std::string address;
  wall_time opened_at;
  std::uint64_t rtt_us = 0; ///< 0: not pinged yet
  std::uint32_t streams = 0;
  std::uint64_t queued_bytes = 0;
  std::uint64_t lag_bytes = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::chrono::milliseconds idle{0};
};

/// The pool at one moment. A plain value; immutable once made, so safe on any thread.
struct pool_report {
  static constexpr std::array<std::pair<std::string_view, std::chrono::seconds>, 3> spans = {
      {{"1s", std::chrono::seconds(1)},
       {"10s", std::chrono::seconds(10)},
       {"60s", std::chrono::seconds(60)}}};

  pool_limits limits;
  pool::counts usage;
  std::size_t open = 0; ///< WebSockets, the Unix socket's too
  pressure_state pressure;
  std::uint64_t queued_bytes = 0;
  std::uint64_t memory_used = 0; ///< queued bytes and histories
  std::uint64_t memory_budget = 0;
  std::uint64_t rtt_sum_us = 0; ///< of everything in the histogram, since the start
  std::uint64_t lag_sum_bytes = 0;
  pool_numbers totals;
  std::array<pool_numbers, 3> windows;
  std::vector<connection_row> rows;
};

} // namespace roost::connection
