# shellcheck shell=bash
# What the board has: found out, asked where that leaves a choice, and never guessed.

find_board() {
  [ "$relay" != only ] || return 0
  if [ "$dry_run" = yes ]; then
    [ "$changed" = no ] || say "would do: look which board this is, and ask where that is not clear"
  elif [ -n "$board" ]; then
    set_board "$board"
  elif [ "$changed" = yes ] && [ "$(configured_board)" = none ]; then
    look_for_board
  fi
  [ "$changed" = no ] || [ "$dry_run" = yes ] || add_overlay
}

configured_board() {
  "$here/bin/python" -I -c 'from edgevoice.config_file import load; print(load().board)'
}

set_board() {
  [ "$(configured_board)" != "$1" ] || return 0
  changed=yes restart_wanted=yes
  step "board $1, in $settings/config.d" "$here/bin/edgevoice" board use "$1"
}

look_for_board() {
  local seen names
  seen=$("$here/bin/edgevoice" board detect --json "${enabling[@]}" 2>"$log") ||
    { say "the board could not be looked for: $(tail -n 1 "$log")"; return; }
  mapfile -t names < <(told_by "$seen" '[c["name"] for c in seen["candidates"]]')
  if [ -n "$(told_by "$seen" '[seen["detected"] or ""]')" ]; then
    set_board "$(told_by "$seen" '[seen["detected"]]')"
  elif [ ${#names[@]} -gt 0 ]; then
    choose_board "$(told_by "$seen" '[seen["question"]]')" "${names[@]}"
  else
    say "no board that edgevoice knows was found; sound goes where ALSA's default goes"
    told_by "$seen" '[seen["unseen"]]' | sed -n "s/./$speaker: &/p"
  fi
}

# On a Raspberry Pi the pins can be looked at only after this; on other machines there are none.
enabling=()
! command -v dtparam >/dev/null || enabling=(--enable-i2c)

# told_by JSON LIST: what a Python expression finds in it, a line for each
told_by() {
  "$here/bin/python" -I -c 'import json, sys
seen = json.loads(sys.argv[1])
for found in eval(sys.argv[2], {"seen": seen}):
    print(found)' "$1" "$2"
}

choose_board() {
  local question=$1 number
  shift
  if on_terminal; then
    number=$(choice "$question" $(($# + 1)) "$@" "none of them")
    [ "$number" -gt $# ] || set_board "${!number}"
  else
    say "$question" "sudo $itself --board NAME decides it, one of: $*"
  fi
}

# The kernel has to be told of boards on the pins by lines of config.txt, once.
add_overlay() {
  local told
  told=$("$here/bin/edgevoice" board overlay 2>/dev/null | sed -n 's/^kernel: //p') || return 0
  case $told in
    "reboot once"*) reboot_needed=yes ;;
    "add "*)
      say "the kernel does not know the board yet: $told"
      if agreed "add that now? (a copy of the file is kept)"; then
        step "lines for config.txt" "$here/bin/edgevoice" board overlay --write
        reboot_needed=yes
      fi
      ;;
    "" | "has what it needs" | "needs nothing for it") ;;
    *) say "$told" ;;
  esac
}
