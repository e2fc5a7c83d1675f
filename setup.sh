#!/bin/sh
# Run first by every npm script that needs more than npm: brings node_modules, and Node 26 in it, up to date with
# package-lock.json, and builds the panel when what it is made of has changed.
# Not `npm ci`: since 11.16 it refuses a lock file without the optional packages of other platforms (npm/cli issue 9846),
# and a registry mirror may lack those. `npm install --no-save` takes the same locked versions and changes no file.
set -eu
cd "$(dirname "$0")"

install_packages() {
  stamp=node_modules/.package-lock.installed.json
  if cmp -s package-lock.json "$stamp"; then
    return
  fi
  if ! command -v npm >/dev/null; then
    echo 'npm is missing: install Node.js 20 or later, which brings it (https://nodejs.org).' >&2
    exit 1
  fi

  echo 'npm packages: installing (about 30 s)…'
  log=$(mktemp)
  retry='--fetch-retries=1 --fetch-retry-mintimeout=1000 --fetch-retry-maxtimeout=2000'
  # shellcheck disable=SC2086
  if ! npm install --no-save $retry --no-audit --no-fund --loglevel=error >"$log" 2>&1; then
    grep 'npm error' "$log" | head -n 6 >&2
    echo "The npm packages cannot be installed: is the npm registry within reach? (all of it: $log)" >&2
    exit 1
  fi
  rm -f "$log"
  cp package-lock.json "$stamp"
}

# Built aside and then put in place, so that what is served is whole.
build_panel() {
  made_of=$(find panel domain package-lock.json -path 'panel/dist*' -prune -o -type f -exec cksum {} + | sort | cksum)
  stamp=panel/dist/.made-of
  if [ "$made_of" = "$(cat "$stamp" 2>/dev/null)" ]; then
    return
  fi
  echo 'Panel: building (a few seconds)…'
  log=$(mktemp)
  draft=panel/dist.$$
  if ! PATH=$PWD/node_modules/node/bin:$PATH node node_modules/vite/bin/vite.js build panel --outDir "dist.$$" >"$log" 2>&1; then
    cat "$log" >&2
    rm -rf "$log" "$draft"
    echo 'The panel cannot be built.' >&2
    exit 1
  fi
  rm -f "$log"
  echo "$made_of" >"$draft/.made-of"
  rm -rf panel/dist
  mv "$draft" panel/dist
}

install_packages
build_panel
