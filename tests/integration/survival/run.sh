#!/usr/bin/env bash
# Servers and keepers that are killed, restarted and damaged while programs run: no terminal ends, no byte
# is lost. Ends with `N passed, N failed`.
#
# usage: run.sh [TEST…]      e.g. run.sh test_kill_loop test_damage.Damage
# ROOST_BUILD_DIR names the build; default: build/release or build/dev.
# ROOST_ROUNDS=50: the long form. ROOST_SEED=N: the same moments again.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
exec python3 -B "$here/../suite.py" "$here" "$@"
