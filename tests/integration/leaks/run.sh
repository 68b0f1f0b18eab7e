#!/usr/bin/env bash
# Starts and ends many sessions and checks that the server keeps nothing of them. Ends with
# `N passed, N failed`.
#
# usage: run.sh [TEST…]      e.g. run.sh test_leaks.Sessions
# ROOSTD names the program; default: the one in ROOST_BUILD_DIR, build/release or build/dev.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
exec python3 -B "$here/../suite.py" "$here" "$@"
