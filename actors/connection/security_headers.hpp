#pragma once

#include <string>
#include <utility>
#include <vector>

namespace roost::connection {

/// Headers for the UI's pages: scripts, connections and everything else only from this server,
/// never inside a frame, no referrer, no type guessing. Inline styles are allowed because the
/// terminal widget positions its cells with them, WebAssembly because the player of recordings has
/// its terminal in it (`'wasm-unsafe-eval'`; text is never run). Pages must ask with fetch's
/// default mode `cors`: under `no-referrer` the other modes send `Origin: null`, which is refused.
const std::vector<std::pair<std::string, std::string>>& ui_security_headers();

/// Headers for every other response: nothing in it may be run, framed or guessed.
const std::vector<std::pair<std::string, std::string>>& api_security_headers();

} // namespace roost::connection
