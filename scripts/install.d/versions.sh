# shellcheck shell=bash
# Versions side by side. /opt/edgevoice is a link to one of the folders in /opt/edgevoice.d, and
# what systemd and the owner's shell look at are links through it, so that a version comes and
# goes by one rename. Two are kept: the one that runs and the one before.

here=/opt/edgevoice
versions=/opt/edgevoice.d
before=$versions/before  # a link, like $here
older=""  # the one before that, should this one have to go
spare_mb=100
light=""  # the process that shows on it that something is going on

current() { version_behind "$here"; }

previous() { version_behind "$before"; }

version_behind() { [ ! -L "$1" ] || basename "$(readlink "$1")"; }

# Number, and a print of all that it is made of; the interpreter's packages are part of it.
version_name() {
  printf '%s-%s\n' "$(sed -n 's/^__version__ = "\(.*\)"/\1/p' edgevoice/__init__.py)" \
    "$(print_of_parts | sha256sum | cut -c1-8)"
}

print_of_parts() {
  echo "$(profile) $(/usr/bin/python3 -V 2>&1 | cut -d. -f1,2)"
  cat pyproject.toml README.md scripts/setup scripts/bootstrap.txt scripts/constraints.txt
  find edgevoice systemd config docs -name '*.pyc' -prune -o -type f -print0 | sort -z |
    xargs -0 sha256sum
}

profile() {
  case $(chosen_relay) in
    here) echo all ;;
    only) echo relay ;;
    *) echo device ;;
  esac
}

# Passed its self-test, and was seen to run where something runs here.
is_proven() { [ -e "$versions/$1/.edgevoice-proven" ]; }

prove() { touch "$versions/$1/.edgevoice-proven"; }

# -- a new one ------------------------------------------------------------------------------

bring_in() {
  local name=$1
  changed=yes
  make_version "$name"
  if [ "$dry_run" = yes ]; then
    say "would do: make $here a link to it, if it passes its self-test"
    return
  fi
  make_users "$name"
  if ! self_test "$name"; then
    [ "$name" = "$(current)" ] || rm -rf "${versions:?}/$name"
    fail "edgevoice $name failed its self-test, see above;" "$(what_runs_now)"
  fi
  try "manual pages and completion" write_manuals "$versions/$name" || true  # it runs without
  if [ "$name" != "$(current)" ]; then
    older=$(previous)
    [ ! -L "$here" ] || point "$before" "$(current)"
    step "edgevoice $name takes its place" point "$here" "$name"
  fi
  stop_showing
}

# As files of the version, which come and go with it.
write_manuals() {
  local shell folder=$1/share/completions
  mkdir -p "$folder" && "$1/bin/edgevoice" manual "$1/share/man" || return
  for shell in bash zsh fish; do
    "$1/bin/edgevoice" completion "$shell" >"$folder/$shell" || return
  done
}

what_runs_now() {
  if [ -L "$here" ]; then
    echo "nothing was changed, and edgevoice $(current) goes on"
  else
    echo "nothing was started"
  fi
}

# Packages that two versions have in common are the same files on the disk: the cache, the
# version before and this one share them.
make_version() {
  local name=$1 options=(--into "$versions/$1")
  case $(profile) in device | relay) options+=("--$(profile)") ;; esac
  [ ! -d "$here" ] || options+=(--like "$(readlink -f "$here")")
  if [ "$dry_run" = yes ]; then
    say "would do: edgevoice $name into $versions/$name, about 400 MB"
    return
  fi
  mkdir -p "$versions"
  drop_cut_short
  show_updating
  record_packages "$versions/.packages-before"
  # Nothing is to be left in the clone that its owner may not remove, nor in root's home.
  EDGEVOICE_SPEAKER=$speaker EDGEVOICE_PYTHON="" PYTHONDONTWRITEBYTECODE=1 UV_LINK_MODE=hardlink \
    UV_CACHE_DIR=${UV_CACHE_DIR:-$versions/cache/uv} PIP_CACHE_DIR=$versions/cache/pip \
    scripts/setup "${options[@]}" || leave_room "$name"
  note_new_packages
  sync -f "$versions"
}

# Half a version is worth keeping for the next try, but not the room that the running one needs.
leave_room() {
  if [ "$(free_mb)" -lt "$spare_mb" ]; then
    rm -rf "${versions:?}/$1" "$versions/cache"
    fail "the disk was full, and what was begun has gone again; make room and run $itself again"
  fi
  exit 1
}

# By the version that runs, on its light. It has none of our files open: not the lock.
show_updating() {
  is_booted || return 0
  systemctl -q is-active edgevoice || return 0
  trap 'stop_showing; rm -f "$log"' EXIT
  "$here/bin/edgevoice" lights --once updating --seconds 900 >/dev/null 2>&1 </dev/null 9>&- &
  light=$!
}

stop_showing() {
  [ -z "$light" ] || kill "$light" 2>/dev/null || true
  light=""
}

# Of what was written before the power went, some files may be there by name only: those of the
# cache, too, from which the next try would take them.
drop_cut_short() {
  local mark
  for mark in "$versions"/*/.edgevoice-unfinished; do
    if [ ! -e "$mark" ] || cmp -s "$mark" /proc/sys/kernel/random/boot_id; then continue; fi
    step "what was begun before the power went goes" rm -rf "${mark%/*}" "$versions/cache"
  done
}

# As the user whom the services run as: what it may not read would not be read then either.
# A whole turn would not fit into memory beside a relay that runs.
self_test() {
  local user=edgevoice words=()
  [ "$(profile)" != relay ] || user=edgevoice-relay
  ! is_booted || [ "$relay" != here ] || systemctl -q is-active edgevoice-relay || words=(--turn)
  try "self-test of edgevoice $1" runuser -u "$user" -- \
    env -C / "$versions/$1/bin/edgevoice" self-test "${words[@]}"
}

# -- putting into place ---------------------------------------------------------------------

# Either the old or the new, whenever the power fails.
point() {
  ln -sfn "$versions/$2" "$versions/next" && sync -f "$versions" &&
    mv -T "$versions/next" "$1" && sync -f "$(dirname "$1")"
}

# Until now README.md had it made as a folder. The two change places, so that there is never none.
adopt_what_was_made_by_hand() {
  [ -d "$here" ] && [ ! -L "$here" ] || return 0
  changed=yes
  step "$here as made by hand moves to $versions/by-hand" adopt
}

adopt() {
  mkdir -p "$versions" && ln -sfn "$versions/by-hand" "$versions/by-hand.link" &&
    exchange "$here" "$versions/by-hand.link" &&
    mv -T "$versions/by-hand.link" "$versions/by-hand"
}

exchange() {
  python3 -c 'import ctypes, os, sys
libc, here = ctypes.CDLL(None, use_errno=True), -100
if libc.renameat2(here, sys.argv[1].encode(), here, sys.argv[2].encode(), 2):
    raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
' "$1" "$2"
}

drop_old_versions() {
  local folder name
  for folder in "$versions"/*/; do
    name=$(basename "$folder")
    case $name in "$(current)" | "$(previous)" | cache | before | next) continue ;; esac
    step "edgevoice $name, older than the two that are kept, goes" rm -rf "${folder%/}"
  done
  drop_stale_cache
}

# What no version uses any more takes room of its own there. It is only a cache.
drop_stale_cache() {
  local stale_mb
  [ -d "$versions/cache" ] || return 0
  stale_mb=$(find "$versions/cache" -type f -links 1 -printf '%k\n' |
    awk '{sum += $1} END {print int(sum / 1024)}')
  [ "$stale_mb" -lt 150 ] || rm -rf "$versions/cache"
}

# -- back -----------------------------------------------------------------------------------

roll_back_by_hand() {
  local now wanted
  choose_relay
  now=$(current) wanted=$(previous)
  [ -n "$wanted" ] && [ -d "$versions/$wanted" ] ||
    fail "there is no version before ${now:-this one} to go back to; check out an older one, and install that"
  if [ "$dry_run" = yes ]; then
    say "would do: go back from edgevoice $now to $wanted"
    return
  fi
  step "back from edgevoice $now to $wanted" go_back "$now" "$wanted"
  ! is_booted || stays_up ||
    fail "edgevoice $wanted does not run either, see above; --rollback goes to $now again"
  say "edgevoice $wanted runs; the same command goes to $now again"
}

# go_back FROM TO
go_back() {
  point "$here" "$2" && point "$before" "$1" && put_in_place
}

# The new one did not stay up: as if it had never been there.
fall_back() {
  local failed
  failed=$(current)
  [ -n "$(previous)" ] && [ -d "$versions/$(previous)" ] ||
    fail "edgevoice does not stay up, see above; mend that and run scripts/install again"
  step "back to edgevoice $(previous)" go_back "$failed" "$(previous)"
  rm -rf "${versions:?}/$failed" "$before"
  [ -z "$older" ] || point "$before" "$older"
  stays_up || fail "edgevoice $(current) does not stay up either: look for the fault around it"
  fail "edgevoice $failed did not stay up, see above; edgevoice $(current) goes on as before"
}
