#pragma once

namespace roost::keeper {

/// `roost-keeper --stage REPORT PROGRAM ARGUMENT…` inside a sandbox (`stage_option` in keeper.hpp):
/// says on the descriptor REPORT that PROGRAM can be run, or why not, and becomes it. Returns an
/// exit status if it could not.
int run_stage(int count, char** words);

/// What is said on REPORT when all is well; else a `trouble`.
inline constexpr char stage_is_ready = 'R';

} // namespace roost::keeper
