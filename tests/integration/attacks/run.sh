#!/usr/bin/env bash
# Attacks on a default node: nobody else notices, nothing grows, each is counted under its reason;
# limits, liveness and drain with them. Ends with `N passed, N failed`.
#
# usage: run.sh [TEST…]  e.g. run.sh test_origins test_attacks.Floods
#        run.sh --report [--rounds N] [ATTACK…]
#                        each attack three times between quiet periods, and as often on another node, as a table
# ROOSTD names the program; default: the one in ROOST_BUILD_DIR, build/release or build/dev.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
exec python3 -B "$here/main.py" "$@"
