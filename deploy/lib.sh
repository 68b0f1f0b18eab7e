# shellcheck shell=bash disable=SC2034
# What deploy/run and tests/run share: packages, the web build, the C++ build. Sourced by bash; expects
# `set -euo pipefail` and `root`, the top of the source tree.

say() { printf '== %s\n' "$*"; }

die() {
  printf '%s\n' "$*" >&2
  exit 1
}

# What the C++ build needs, and what the web build needs.
build_packages=(g++ cmake ninja-build libboost1.81-dev libboost-json1.81-dev libcaf-dev libfmt-dev
  libpqxx-dev libre2-dev libseccomp-dev libspdlog-dev libsqlite3-dev libssl-dev libyaml-cpp-dev libzstd-dev
  prometheus-cpp-dev)
web_packages=(nodejs npm ca-certificates)
# What the server starts by itself: sandboxes.
run_packages=(bubblewrap)

# npm installs and runs; it need not look for its own news or ask for money.
export npm_config_update_notifier=false npm_config_fund=false npm_config_audit=false

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "cannot install packages: neither root nor sudo. As root, run: $*"
  fi
}

# Installs those of the named Debian packages that are missing, and touches nothing when none is.
ensure_packages() {
  local wanted=("$@") missing=() package
  command -v dpkg-query >/dev/null ||
    die "this script installs Debian packages; on another system, install the like of: ${wanted[*]}"
  for package in "${wanted[@]}"; do
    case $package in
      # Node.js from elsewhere brings its own npm, and Debian's would replace it.
      nodejs) command -v node >/dev/null && continue ;;
      npm) command -v npm >/dev/null && continue ;;
    esac
    case $(dpkg-query -W -f='${db:Status-Abbrev}' "$package" 2>/dev/null || true) in
      ii*) ;;
      *) missing+=("$package") ;;
    esac
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  say "installing: ${missing[*]}"
  as_root apt-get -q -o Acquire::Retries=3 update
  case " ${missing[*]} " in
    *" postgresql "* | *" pgbouncer "*) install_packages quietly "${missing[@]}" ;;
    *) install_packages "" "${missing[@]}" ;;
  esac
}

# install_packages QUIETLY PACKAGE…: if it says so, no service of them is started. The tests run servers of
# their own. A policy that the machine has stays as it is (invoke-rc.d(8)).
# shellcheck disable=SC2016 # expanded inside
install_packages() {
  as_root env DEBIAN_FRONTEND=noninteractive sh -euc '
    policy=/usr/sbin/policy-rc.d
    quietly=$1
    shift
    if [ -n "$quietly" ] && [ ! -e "$policy" ]; then
      trap "rm -f $policy" EXIT
      trap "exit 1" HUP INT TERM
      printf "#!/bin/sh\nexit 101\n" >"$policy"
      chmod 755 "$policy"
    fi
    apt-get -q -y -o Acquire::Retries=3 -o Dpkg::Use-Pty=0 install --no-install-recommends "$@"' sh "$@"
}

# A hash over the files of a folder that are not made from the others.
hash_of_tree() {
  (cd "$1" && find . \( -name node_modules -o -name dist -o -name output \) -prune -o -type f -print0 |
    LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -d' ' -f1)
}

# npm_install FOLDER: exactly what the lock file names, again only after it changed.
npm_install() {
  local stamp=$1/node_modules/.installed want
  want=$(cat "$1/package.json" "$1/package-lock.json" | sha256sum)-$(node --version)
  if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$want" ]; then
    return 0
  fi
  say "installing the packages of ${1#"$root"/}"
  (cd "$1" && npm ci --loglevel=error)
  printf '%s\n' "$want" >"$stamp"
}

# Builds the web interface into apps/web/dist, which the server embeds.
build_web() {
  local web=$root/apps/web stamp=$root/build/web.stamp want
  [ "$(node -p 'process.versions.node.split(".")[0]')" -ge 18 ] ||
    die "the web interface needs Node.js 18 or newer, found $(node --version)"
  npm_install "$web"
  want=$(hash_of_tree "$web")
  if [ -f "$web/dist/index.html" ] && [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$want" ]; then
    return 0
  fi
  say "building the web interface"
  (cd "$web" && npm run --silent build)
  mkdir -p "$root/build"
  printf '%s\n' "$want" >"$stamp"
}

# build_cpp PRESET [TARGET…]
build_cpp() {
  local preset=$1 build=$root/build/$1 configured_for
  shift
  say "building C++ ($preset)"
  # A folder that was moved or copied is configured for where it was.
  configured_for=$(sed -n 's/^CMAKE_HOME_DIRECTORY:INTERNAL=//p' "$build/CMakeCache.txt" 2>/dev/null || true)
  if [ ! -f "$build/build.ninja" ] || [ ! "$root" -ef "$configured_for" ]; then
    (cd "$root" && cmake --fresh --preset "$preset")
  fi
  cmake --build "$build" --parallel "$(nproc)" ${1+--target "$@"}
}
