#!/usr/bin/env bash
# One server under load while its PostgreSQL stops, crashes, freezes and fills its disk, and while the server itself is
# killed: nothing that was written down is missing or doubled afterwards. Ends with `N passed, N failed`.
#
# usage: run.sh [TEST…]
#        run.sh --minutes N     the same for so long, with figures
#        run.sh --echo [--rounds N]
#                               how long a keystroke's echo takes meanwhile, as a table
# ROOSTD names the program; default: the one in ROOST_BUILD_DIR, build/release or build/dev. ROOST_SEED=N: the same schedule again.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
exec python3 -B "$here/main.py" "$@"
