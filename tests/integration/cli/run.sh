#!/usr/bin/env bash
# The client `roost` against a real server, in real pseudo-terminals. Ends with `N passed, N failed`.
#
# usage: run.sh [TEST…]      e.g. run.sh test_attach test_verbs.Waiting
# ROOST and ROOSTD name the programs; default: those in ROOST_BUILD_DIR, build/release or build/dev.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
exec python3 -B "$here/../suite.py" "$here" "$@"
