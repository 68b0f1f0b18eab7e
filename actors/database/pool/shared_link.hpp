#pragma once

#include "actors/database/store/store.hpp"
#include "actors/runtime/clock.hpp"
#include "actors/runtime/result.hpp"

#include <functional>
#include <memory>

namespace roost::database {

/// Looks something up. Called on a thread that may block; does not throw, and keeps what it found
/// itself.
using store_look = std::function<void(store&)>;

/// A worker's way to the shared database.
class shared_link {
public:
  shared_link() = default;
  virtual ~shared_link() = default;
  shared_link(const shared_link&) = delete;
  shared_link& operator=(const shared_link&) = delete;

  /// Connects if it is not, and calls `look`. Blocks; for the worker's thread.
  /// @returns why there was no connection; `look` was not called then.
  virtual store_result<void> answer(const store_look& look, steady_time deadline) = 0;
  /// Makes the answer that is under way end soon, whatever it waits for. Does not block; for any
  /// thread.
  virtual void cancel() = 0;
};
using link_maker = std::function<std::shared_ptr<shared_link>()>;

} // namespace roost::database
