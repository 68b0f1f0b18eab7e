#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <span>

namespace roost {

/// Where randomness comes from. Not thread-safe unless an implementation says so.
class random_source {
public:
  virtual ~random_source() = default;

  /// 64 uniformly distributed bits.
  virtual std::uint64_t next() = 0;

  /// A uniform number in [low, high], both included. Requires low <= high.
  std::uint64_t between(std::uint64_t low, std::uint64_t high);

  /// Fills `out` with uniform bytes.
  void fill(std::span<std::byte> out);
};

/// Reproducible numbers for jitter and for tests: the same seed gives the same sequence with every
/// compiler. Never for anything an attacker must not guess.
class seeded_random final : public random_source {
public:
  explicit seeded_random(std::uint64_t seed) : engine_(seed) {}
  std::uint64_t next() override { return engine_(); }

private:
  std::mt19937_64 engine_;
};

/// The kernel's generator (getrandom): for tokens, session ids, trace ids and seeds. Stateless, so
/// it may be used from any thread. Aborts if the kernel has no randomness to give, since a token
/// made without it would be guessable.
class os_random final : public random_source {
public:
  std::uint64_t next() override;

  /// The one instance that production code shares; lives for the whole program.
  static os_random& instance() noexcept;
};

} // namespace roost
