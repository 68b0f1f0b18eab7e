#pragma once

namespace roost::bench {

/// The least that a refusal can cost: a server that accepts, answers 503, closes, and does nothing
/// else. Prints `listening PORT` and serves until it is ended.
[[noreturn]] void run_floor();

} // namespace roost::bench
