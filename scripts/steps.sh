# shellcheck shell=bash
# What scripts/setup and scripts/install have in common: lines that say what is done and how
# long it took, and Debian packages. Sourced, from the checkout's folder.

# Who speaks: scripts/install wants the lines of scripts/setup to look like its own.
speaker=${EDGEVOICE_SPEAKER:-${0##*/}}
dry_run=no

fail() {
  printf "$speaker: %s\n" "$@" >&2
  exit 1
}

say() { printf "$speaker: %s\n" "$@"; }

log=$(mktemp)
trap 'rm -f "$log"' EXIT
# What pip, uv and apt say when nobody answers. (pip only misses the package.)
offline='dns error|temporary failure|could not resolve|unreachable|connection (refused|failed)'
offline+='|error sending request|timed out|no matching distribution found'

# step WHAT COMMAND...: as `try`, and the end of it all if it fails
step() {
  try "$@" && return
  grep -qiE "$offline" "$log" &&
    fail "that needs the network: go online, or name a mirror with PIP_INDEX_URL" \
      "and run ${itself:-scripts/$speaker} again; what is done stays done"
  fail "$1 failed, see above"
}

# try WHAT COMMAND...: one line that says what and how long, and what it said if it fails. (Where
# COMMAND is a function, its lines are tied by &&: bash does not stop at one that fails there.)
try() {
  local what=$1 began=$SECONDS
  shift
  if [ "$dry_run" = yes ]; then
    say "would do: $what"
    return
  fi
  printf '%s: %s ... ' "$speaker" "$what"
  if "$@" >"$log" 2>&1 </dev/null; then
    printf '%d s\n' $((SECONDS - began))
  else
    printf 'failed\n'
    tail -n 25 "$log" >&2
    return 1
  fi
}

# -- Debian packages ------------------------------------------------------------------------

may_be_root() { [ "$(id -u)" = 0 ] || command -v sudo >/dev/null; }

installed() { dpkg-query -W -f '${db:Status-Abbrev}' "$1" 2>/dev/null | grep -q '^ii'; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

apt_install() {
  local missing=() name
  for name in "$@"; do
    installed "$name" || missing+=("$name")
  done
  [ ${#missing[@]} = 0 ] && return
  command -v apt-get >/dev/null ||
    missing_packages "this is no Debian: install what corresponds to: ${missing[*]}" || return 0
  may_be_root ||
    missing_packages "root has to install packages: apt-get install ${missing[*]}" || return 0
  step "Debian packages ${missing[*]}" fetch_packages "${missing[@]}"
}

# Whoever can do without them says so by a function of this name.
missing_packages() { fail "$1"; }

# A board that has just come up may be busy with its first updates.
fetch_packages() {
  as_root apt-get -qq -o DPkg::Lock::Timeout=300 update &&
    as_root env DEBIAN_FRONTEND=noninteractive \
      apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "$@"
}
