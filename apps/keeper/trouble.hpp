#pragma once

#include <cstdint>

#include "protocols/wire/keeper.hpp"

namespace roost::keeper {

/// Why a start failed. Also what a program's process writes into a start pipe, in one piece.
struct trouble {
  step at = step::packet;
  std::int32_t error = 0; ///< errno
};

} // namespace roost::keeper
