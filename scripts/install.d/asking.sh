# shellcheck shell=bash
# Questions to the owner: on a terminal, and only what cannot be found out.

on_terminal() { [ -t 0 ] && [ -t 1 ] && [ "$assume_yes" = no ] && [ "$dry_run" = no ]; }

# agreed QUESTION: yes by Enter. Without a terminal: only if --yes said so.
agreed() {
  local answer
  on_terminal || { [ "$assume_yes" = yes ]; return; }
  read -r -p "$speaker: $1 [Y/n] " answer || answer=n
  case $answer in "" | [yY]*) return 0 ;; *) return 1 ;; esac
}

# choice QUESTION DEFAULT ANSWER...: one of the answers, by its number
choice() {
  local question=$1 default=$2 number=0 answer
  shift 2
  {
    say "$question"
    for answer in "$@"; do printf '  %d  %s\n' $((number += 1)) "$answer"; done
  } >&2
  while read -r -p "$speaker: number [$default]: " answer; do
    answer=${answer:-$default}
    if [[ $answer =~ ^[0-9]{1,3}$ ]] && [ "$answer" -ge 1 ] && [ "$answer" -le $# ]; then
      echo "$answer"
      return
    fi
  done
  echo "$default"
}
