#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <unordered_map>

#include "apps/keeper/descriptor.hpp"

namespace roost::keeper {

/// Which descriptors are ready: epoll, level-triggered, with a function for each descriptor. A
/// function may add and remove any, itself included.
class event_loop {
public:
  using handler = std::function<void(std::uint32_t events)>;
  /// Names what is watched. Never used again, so a stale event finds nothing.
  enum class watch : std::uint64_t { none = 0 };

  event_loop();

  /// `none`: the kernel has no room for it.
  [[nodiscard]] watch add(int fd, std::uint32_t events, handler run);
  void change(watch which, std::uint32_t events);
  /// Must come before the descriptor is closed: a copy of it in another process would keep the
  /// events coming. Sets `which` to `none`; harmless if it is.
  void remove(watch& which);

  /// Waits until something is ready, at most until `deadline`, and runs its functions.
  void turn(std::chrono::steady_clock::time_point deadline);

private:
  struct entry {
    int fd = -1;
    handler run;
  };

  descriptor epoll_;
  std::uint64_t last_ = 0;
  std::unordered_map<std::uint64_t, std::shared_ptr<entry>> entries_;
};

} // namespace roost::keeper
