# shellcheck shell=bash
# Taking it away again: everything that scripts/install has put anywhere, and with --purge also
# what the owner and the services have written.

uninstall() {
  local unit
  if [ ! -e "$here" ] && [ ! -e "$versions" ] && [ -z "$(own_places)" ] && ! { [ "$purge" = yes ] && has_state; }; then
    say "edgevoice is not installed: nothing to do"
    return
  fi
  confirm_purge
  step "services, links and manual pages go" remove_links
  step "programs and models go" rm -rf "$here" "$versions"
  if [ "$purge" = yes ]; then
    tell_packages
    step "settings, keys, memories and their users go" remove_state
  else
    tell_packages
    say "kept: $settings, ${states[*]} and the users they belong to; --uninstall --purge takes them too"
  fi
}

has_state() { [ -e "$settings" ] || [ -e "$notes" ] || [ -e "${states[0]}" ] || [ -e "${states[1]}" ]; }

confirm_purge() {
  [ "$purge" = yes ] && [ "$dry_run" = no ] || return 0
  agreed "take away settings, keys, timers, paired devices and what was logged, for good?" ||
    fail "nothing was removed; confirm --purge on a terminal, or add --yes"
}

remove_links() {
  local link
  while read -r link; do take_away "$link"; done < <(own_places)
  rm -f "$notes/enabled"
  while read -r link; do remove_empty "$link" "${link%/*}"; done < <(manual_folders)
  remove_empty /etc/sysusers.d /etc/tmpfiles.d
  is_booted || return 0
  systemctl daemon-reload && systemctl reset-failed 'edgevoice*' 2>/dev/null
  rm -rf /run/edgevoice /run/edgevoice-relay
}

# Folders that no package has brought, and in which nothing is left.
remove_empty() {
  local folder
  for folder in "$@"; do
    dpkg-query -S "$folder" >/dev/null 2>&1 || rmdir "$folder" 2>/dev/null || true
  done
}

remove_state() {
  local name
  rm -rf "$settings" "${states[@]}" &&
    for name in edgevoice edgevoice-relay; do
      ! id "$name" >/dev/null 2>&1 || userdel "$name" || return
    done
  # Its own groups, and those that had to be made for pins and buses.
  while read -r name; do
    ! getent group "$name" >/dev/null || groupdel "$name" || return
  done < <(sort -u "$notes/groups" 2>/dev/null)
  rm -rf "$notes"
}

# They may have come to serve others; apt knows.
tell_packages() {
  local names
  [ -s "$notes/packages" ] || return 0
  names=$(sort -u "$notes/packages" | tr '\n' ' ')
  step "Debian packages that came with it count as no longer needed" mark_packages "$names"
  say "sudo apt autoremove takes away those that nothing else needs: $names"
}

mark_packages() {
  local name
  for name in $1; do ! installed "$name" || apt-mark auto "$name" || return; done
}
