#!/usr/bin/env bash
# The HTTP API and the WebSocket against a real server. Ends with `N passed, N failed`.
#
# usage: run.sh [TEST…]      e.g. run.sh test_sessions test_websocket.Frames
# ROOSTD names the program; default: the one in ROOST_BUILD_DIR, build/release or build/dev.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
exec python3 -B "$here/../suite.py" "$here" "$@"
