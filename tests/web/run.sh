#!/usr/bin/env bash
# Installs what the flows need and runs them; arguments select flows by name. See README.md.
set -euo pipefail
cd "$(dirname "$0")"
if [ ! -d node_modules/playwright-core ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  npm ci --no-audit --no-fund --loglevel=error
fi
exec node main.mjs "$@"
