#!/usr/bin/env bash
# roost-keeper from outside, over its own protocol. Ends with `N passed, N failed`.
#
# usage: run.sh [TEST…]      e.g. run.sh test_escapes test_owners.Fencing
# ROOST_KEEPER names the program; default: the one in ROOST_BUILD_DIR, build/release or build/dev.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
exec python3 -B "$here/../suite.py" "$here" "$@"
