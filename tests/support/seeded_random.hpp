#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>

#include <gtest/gtest.h>

#include "actors/runtime/random.hpp"

namespace roost::test {

/// The seed of a property test: `ROOST_TEST_SEED` if set (to replay a failure), else a fresh one.
inline std::uint64_t pick_seed() {
  if (const auto* given = std::getenv("ROOST_TEST_SEED"))
    return std::strtoull(given, nullptr, 10);
  return os_random::instance().next();
}

} // namespace roost::test

/// Names the seed in every failure of the scope.
#define ROOST_SEED_TRACE(seed) SCOPED_TRACE("replay with ROOST_TEST_SEED=" + std::to_string(seed))
