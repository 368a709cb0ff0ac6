# shellcheck shell=bash
# The last words: what is left to do, or how to begin.

finish() {
  local word
  if [ "$dry_run" = yes ]; then
    say "nothing was changed"
    return
  fi
  if [ "$changed" = no ]; then
    say "edgevoice $(current) is installed and runs as it should: nothing to do ($SECONDS s)"
    return
  fi
  if [ "$reboot_needed" = yes ]; then
    say "reboot once, for the sound card (sudo reboot); the rest happens by itself, and then"
  elif is_booted; then
    examine
  fi
  [ -z "$unpaired" ] ||
    fail "this board is not known to its relay yet: sudo edgevoice pair $unpaired"
  if [ "$(chosen_relay)" = only ]; then
    say "ready in $SECONDS s; sudo edgevoice relay init lets other machines call it"
  else
    word=$(first_wake_word)
    say "ready in $SECONDS s; say \"${word^}, what time is it?\""
  fi
}

examine() {
  local checks=()
  [ "$(chosen_relay)" != only ] || checks=(power clock versions relay)
  say "edgevoice doctor:"
  "$here/bin/edgevoice" doctor "${checks[@]}" || say "something of it needs you; \`edgevoice doctor\` says what, any time"
}

first_wake_word() {
  "$here/bin/python" -I -c 'from edgevoice.config_file import load
words = load().wake.words
print(words[0].name.replace("_", " ") if words else "press the button and say")'
}
