# shellcheck shell=bash
# What machine this is, and whether edgevoice can be installed on it.

least_free_mb=1200
relay_needs_mb=900

check_machine() {
  check_package
  check_processor
  check_system
  check_space
}

# The two would take each other's services; the package refuses likewise.
check_package() {
  ! installed edgevoice ||
    fail "this machine has edgevoice as a Debian package already: sudo edgevoice setup makes it answer," \
      "apt brings it up to date. To have it from this clone instead: sudo apt remove edgevoice" \
      "(settings, keys and memories stay), and run scripts/install again"
}

check_processor() {
  local kind
  kind=$(dpkg --print-architecture 2>/dev/null) || fail "this is no Debian, there is no dpkg: use one, or scripts/setup"
  case $kind in
    amd64 | arm64) ;;
    *)
      fail "this system is of the kind $kind, and onnxruntime, on which the wake word runs, exists" \
        "for 64-bit only (arm64, amd64). A Raspberry Pi 3, 4, 5 or Zero 2 W can do that:" \
        "install the 64-bit Raspberry Pi OS on it"
      ;;
  esac
}

# Others than Debian's own may well do; the interpreter and its wheels decide.
check_system() {
  local ID="" VERSION_ID="" PRETTY_NAME="this system"
  # shellcheck source=/dev/null
  [ ! -e /etc/os-release ] || . /etc/os-release
  case $ID:$VERSION_ID in
    debian:12 | debian:13 | raspbian:12 | raspbian:13) ;;
    debian:[0-9] | debian:1[01] | raspbian:*)
      fail "$PRETTY_NAME is too old for its Python: install Debian 12 or 13" ;;
    *) say "$PRETTY_NAME is not what this was tried on (Debian 12 and 13); going on" >&2 ;;
  esac
}

check_space() {
  local free
  [ ! -e "$here" ] || return 0
  free=$(free_mb)
  [ "$free" -ge "$least_free_mb" ] ||
    fail "/opt has $free MB left, and $least_free_mb MB are needed (the half of it stays free)"
}

free_mb() { df --output=avail -BM /opt | tail -n 1 | tr -cd 0-9; }

memory_mb() { awk '/^MemTotal:/ {print int($2 / 1024)}' /proc/meminfo; }

is_booted() { [ -d /run/systemd/system ]; }

one_at_a_time() {
  [ "$dry_run" = no ] || return 0
  exec 9>/run/edgevoice-install.lock
  flock -n 9 || fail "another $itself is running; wait for it"
}
