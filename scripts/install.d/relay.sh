# shellcheck shell=bash
# Where answers come from: asked once, remembered, changed by --relay.

chosen_relay() { echo "$relay"; }

choose_relay() {
  local noted=$notes/relay
  [ -n "$relay" ] || relay=$(cat "$noted" 2>/dev/null || true)
  [ -n "$relay" ] || ask_for_relay
  [ "$dry_run" = no ] || return 0
  mkdir -p "$notes"
  [ "$(cat "$noted" 2>/dev/null)" = "$relay" ] || echo "$relay" >"$noted"
}

ask_for_relay() {
  if on_terminal; then
    relay=$(answered_relay)
  elif [ "$(memory_mb)" -ge "$relay_needs_mb" ]; then
    relay=here
  else
    fail "this board has $(memory_mb) MB, and to answer by itself it would need $relay_needs_mb MB." \
      "Name a machine that answers for it: --relay https://NAME:8790; there, sudo scripts/install" \
      "--relay only makes one. Or decide that later: --relay none"
  fi
}

answered_relay() {
  local default=1 url
  [ "$(memory_mb)" -ge "$relay_needs_mb" ] || default=2
  case $(choice "where shall answers come from?" $default \
    "this board: needs no other machine and no account, and $relay_needs_mb MB of memory (it has $(memory_mb))" \
    "another machine, where edgevoice relay runs" \
    "I shall decide that later") in
    1) echo here ;;
    3) echo none ;;
    *)
      until [[ ${url:-} =~ ^https?://. ]]; do
        read -r -p "$speaker: its address, such as https://relay.lan:8790: " url || { echo none; return; }
      done
      echo "$url"
      ;;
  esac
}

# Somebody approves the code at the relay meanwhile, so its lines are shown as they come.
pair_with_relay() {
  case $relay in http*) ;; *) return 0 ;; esac
  ! is_paired || return 0
  changed=yes
  if [ "$dry_run" = yes ]; then
    say "would do: introduce this board to $relay"
  elif "$here/bin/edgevoice" pair "$relay"; then
    restart_wanted=yes
  else
    unpaired=$relay
  fi
}

key_file() { "$here/bin/python" -I -c 'from edgevoice.config import LinkConfig; print(LinkConfig().key_file)'; }

is_paired() {
  [ -e "$settings/token" ] ||
    { [ -e "$(key_file)" ] && grep -qsF "url: $relay" "$settings/config.d/30-relay.yaml"; }
}
