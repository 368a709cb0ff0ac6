# shellcheck shell=bash
# The services: enabled once, restarted when something of theirs has changed, and watched then.

steady_s=${EDGEVOICE_STEADY_S:-5}
patience_s=90
restart_wanted=no

units() {
  case $(chosen_relay) in
    here) echo edgevoice-relay edgevoice ;;
    only) echo edgevoice-relay ;;
    *) echo edgevoice ;;
  esac
}

run_services() {
  local name
  enable_new_units
  name=$(current)
  if [ "$dry_run" = yes ]; then
    return
  fi
  if is_proven "$name" && [ "$restart_wanted" = no ]; then
    tell_what_rests
    return
  fi
  changed=yes
  if is_booted; then
    stays_up || blame "$name"
  else
    say "systemd does not run here; the services will, from the next boot on"
  fi
  prove "$name"
  drop_old_versions
}

# What was to be proven is the version; afterwards it may be the settings that are at fault.
blame() {
  if is_proven "$1"; then
    fail "the settings keep it from running, see above; mend them and run $itself again"
  fi
  fall_back
}

# An owner who disables one has reasons; it is enabled when it comes, and never again.
enable_new_units() {
  local unit noted=$notes/enabled
  for unit in $(units); do
    grep -qsx "$unit" "$noted" && continue
    changed=yes restart_wanted=yes
    step "$unit starts with the board" systemctl -q enable "$unit.service"
    [ "$dry_run" = yes ] || echo "$unit" >>"$noted"
  done
}

# Those that run, or should: what the owner has stopped stays so.
running_units() {
  local unit
  for unit in $(units); do
    case $(systemctl show "$unit" -p ActiveState --value):$(systemctl is-enabled "$unit" 2>/dev/null) in
      active:* | activating:* | reloading:* | failed:*) echo "$unit" ;;
      inactive:enabled) ! never_ran "$unit" || echo "$unit" ;;
    esac
  done
}

never_ran() { [ -z "$(systemctl show "$1" -p InactiveEnterTimestamp --value)" ]; }

tell_what_rests() {
  local unit
  is_booted || return 0
  for unit in $(units); do
    systemctl -q is-active "$unit" ||
      say "$unit is not running: sudo systemctl start $unit; journalctl -u $unit says why it ended"
  done
}

# Ready, and for some seconds so, with the watchdog fed; else says why not.
stays_up() {
  local unit list
  list=$(running_units)
  for unit in $list; do
    try "$unit gets ready" restart "$unit" || { tell_why "$unit"; return 1; }
  done
  for unit in $list; do
    try "$unit stays up, its watchdog fed" watch "$unit" || { tell_why "$unit"; return 1; }
  done
}

restart() { systemctl reset-failed "$1" 2>/dev/null; systemctl restart "$1"; }

watch() {
  local unit=$1 deadline=$((SECONDS + patience_s)) restarts
  restarts=$(property "$unit" NRestarts)
  until is_steady "$unit"; do
    [ "$(property "$unit" ActiveState)" = active ] || { echo "it ended"; return 1; }
    [ "$(property "$unit" NRestarts)" = "$restarts" ] || { echo "it was restarted"; return 1; }
    [ "$SECONDS" -lt "$deadline" ] || { echo "it does not feed its watchdog"; return 1; }
    sleep 0.2
  done
}

property() { systemctl show "$1" -p "$2" --value; }

is_steady() {
  local since fed now
  since=$(property "$1" ActiveEnterTimestampMonotonic)
  fed=$(property "$1" WatchdogTimestampMonotonic)
  now=$(awk '{printf "%.0f", $1 * 1000000}' /proc/uptime)
  [ "$(property "$1" ActiveState)" = active ] && [ $((now - since)) -ge $((steady_s * 1000000)) ] &&
    [ "$fed" -gt $((since + 100000)) ]
}

tell_why() {
  say "$1: $(property "$1" Result), status $(property "$1" ExecMainStatus); its last words:" >&2
  journalctl -u "$1" -n 8 -o cat --no-pager >&2 || true
}

# Whoever installs it may ask and mute it without sudo.
let_owner_in() {
  local owner=${SUDO_USER:-root}
  [ "$owner" != root ] && ! id -nG "$owner" | tr ' ' '\n' | grep -qx edgevoice || return 0
  step "$owner may use it without sudo, from the next login on" usermod -aG edgevoice "$owner"
}
