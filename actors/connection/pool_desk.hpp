#pragma once

#include "actors/connection/connection_totals.hpp"
#include "actors/connection/pool.hpp"
#include "actors/runtime/clock.hpp"

#include <memory>
#include <mutex>
#include <string_view>
#include <utility>
#include <vector>

namespace roost::connection {

class pool_desk;

/// A claim on the pool's limits, given back when this goes (or earlier, by `release`). Move-only;
/// used by one thread at a time.
class place {
public:
  place() = default;
  place(std::shared_ptr<pool_desk> desk, place_id id) : desk_(std::move(desk)), id_(id) {}
  place(place&& other) noexcept : desk_(std::move(other.desk_)), id_(std::exchange(other.id_, 0)) {}
  place& operator=(place&& other) noexcept {
    if (this != &other) {
      release();
      desk_ = std::move(other.desk_);
      id_ = std::exchange(other.id_, 0);
    }
    return *this;
  }
  ~place() { release(); }

  explicit operator bool() const { return id_ != 0; }
  [[nodiscard]] place_id id() const { return id_; }
  // As the pool's functions of these names; on an empty one they do nothing and say yes.
  void settle() const;
  void rest() const;
  [[nodiscard]] bool wake() const;
  [[nodiscard]] bool commit() const;
  void release();

private:
  std::shared_ptr<pool_desk> desk_;
  place_id id_ = 0;
};

/// The pool behind a lock, for the threads that accept and the ones that speak HTTP. A message to
/// the pool's actor would cost a refused client as much as an accepted one, and would wait behind
/// others just when there are too many; here it is decided in under a microsecond where it is
/// asked (docs/decisions/0006). Owned by all who hold a place.
class pool_desk : public std::enable_shared_from_this<pool_desk> {
public:
  struct answer {
    place claim; ///< empty: refused
    refusal why = refusal::none;
    std::vector<place_id> evicted;
    std::chrono::milliseconds retry_after{0};
  };

  /// @param time outlives the desk.
  explicit pool_desk(const pool_limits& limits, const clock& time = system_clock::instance())
      : clock_(time), pool_(limits) {}

  answer accept(std::string_view key);
  answer accept_local();
  /// The claim stays with its owner, which lets go of it when refused.
  answer identify(const place& claim, std::string_view key);
  /// As `identify`.
  answer represent(const place& claim, std::string_view key);
  answer reserve(std::string_view key, std::string_view user, standing who);
  [[nodiscard]] refusal check(std::string_view key, std::string_view user, standing who) const;
  std::vector<place_id> expire();
  void set_limits(const pool_limits& limits);
  void drain();

  [[nodiscard]] pool_limits limits() const;
  [[nodiscard]] pool::counts usage() const;
  [[nodiscard]] connection_totals& totals() { return totals_; }

private:
  friend class place;

  template <class Question>
  answer ask(Question&& question);
  template <class Question>
  answer ask_about(const place& claim, Question&& question);

  const clock& clock_;
  mutable std::mutex mutex_;
  pool pool_;
  connection_totals totals_;
};

} // namespace roost::connection
