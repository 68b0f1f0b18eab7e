#!/usr/bin/env bash
# Many servers on one PostgreSQL at once, killed, cut and frozen at every point, and a PostgreSQL that goes
# away and comes back. Ends with `N passed, N failed`.
#
# usage: run.sh [TEST…]      e.g. run.sh test_kill_sweep test_away.Away
# ROOSTD names the program; default: the one in ROOST_BUILD_DIR, build/release or build/dev.
# ROOST_ROUNDS=50: the long form, every byte. ROOST_PLACES=N: so many of them. ROOST_SEED=N: the same bytes again.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
exec python3 -B "$here/../suite.py" "$here" "$@"
