#pragma once

namespace roost::keeper {

/// Writes one line with the time to standard error: the keeper's log, or what a service manager
/// gave. Never what programs print, nor their arguments or environment.
[[gnu::format(printf, 1, 2)]] void note(const char* format, ...);

/// From now on standard error is a file that starts anew when it has grown to 1 MiB.
void bound_log();

} // namespace roost::keeper
