# shellcheck shell=bash
# Where systemd, udev and the owner's shell look: links through /opt/edgevoice, so that all of it
# belongs to the version that runs. Only units are copies, because `systemctl enable` follows
# links to their end, and would keep to the version that was there then.

settings=/etc/edgevoice
states=(/var/lib/edgevoice /var/lib/edgevoice-relay)
notes=/var/lib/edgevoice-install  # what scripts/install has to know again
shipped=$here/share/edgevoice/systemd
# Where the shells and `man` look, and what lies there of a version's share.
manuals=(
  "/usr/local/share/man/man1/edgevoice.1 man/man1/edgevoice.1"
  "/usr/local/share/man/man5/edgevoice.yaml.5 man/man5/edgevoice.yaml.5"
  "/usr/local/share/bash-completion/completions/edgevoice completions/bash"
  "/usr/local/share/zsh/site-functions/_edgevoice completions/zsh"
  "/usr/local/share/fish/vendor_completions.d/edgevoice.fish completions/fish"
)

# Each place and what lies there.
places() {
  local unit place page
  for unit in $(units); do echo "/etc/systemd/system/$unit.service $shipped/$unit.service"; done
  echo "/etc/sysusers.d/edgevoice.conf $shipped/edgevoice.sysusers.conf"
  echo "/etc/tmpfiles.d/edgevoice.conf $shipped/edgevoice.tmpfiles.conf"
  echo "/etc/udev/rules.d/70-edgevoice.rules $shipped/edgevoice.udev.rules"
  echo "/usr/local/bin/edgevoice $here/bin/edgevoice"
  while read -r place page; do
    [ ! -e "$here/share/$page" ] || echo "$place $here/share/$page"
  done < <(printf '%s\n' "${manuals[@]}")
}

manual_folders() { for each in "${manuals[@]}"; do dirname "${each% *}"; done; }

is_unit() { [[ $1 == *.service ]]; }

is_placed() {
  if is_unit "$1"; then cmp -s "$1" "$2"; else [ "$(readlink "$1")" = "$2" ]; fi
}

# All of ours that may be there, whatever is installed.
own_places() {
  local folders
  mapfile -t folders < <(manual_folders)
  find /etc/sysusers.d /etc/tmpfiles.d /etc/udev/rules.d /usr/local/bin "${folders[@]}" \
    -maxdepth 1 -type l -name '*edgevoice*' -lname "$here/*" 2>/dev/null
  grep -lsx "ExecStart=$here/bin/edgevoice .*" /etc/systemd/system/edgevoice{,-relay}.service
}

place_everything() {
  local missing
  missing=$(missing_places)
  [ -n "$missing$(unwanted_places)" ] || return 0
  changed=yes
  step "units, groups, udev rules, manuals and the command edgevoice" put_in_place
}

missing_places() {
  local place target
  while read -r place target; do
    is_placed "$place" "$target" || echo "$place"
  done < <(places)
}

unwanted_places() { comm -23 <(own_places | sort) <(places | cut -d' ' -f1 | sort); }

put_in_place() {
  local place target
  while read -r place; do take_away "$place"; done < <(unwanted_places)
  while read -r place target; do
    if [ ! -e "$target" ]; then  # an older version may not have it
      take_away "$place"
    elif ! is_placed "$place" "$target"; then
      step_aside "$place" && mkdir -p "$(dirname "$place")" && put "$place" "$target" || return
    fi
  done < <(places)
  take_effect
}

put() {
  if is_unit "$1"; then
    install_file "$2" "$1.new" && mv "$1.new" "$1"
  else
    ln -s "$2" "$1"
  fi
}

install_file() { command install -m 644 "$1" "$2"; }

take_away() {
  local unit=${1##*/}
  if is_unit "$1" && [ -e "$1" ]; then
    systemctl -q disable "$unit"
    ! is_booted || systemctl -q stop "$unit" || true
    # Should it come again, it starts with the board again.
    [ ! -e "$notes/enabled" ] || sed -i "/^${unit%.service}\$/d" "$notes/enabled"
  fi
  rm -f "$1"
}

# Files of the owner's own are kept under another name; those of another version are not.
step_aside() {
  if [ -L "$1" ]; then
    rm -f "$1"
  elif [ -e "$1" ] && ! cmp -s "$1" "$before/share/edgevoice/systemd/${1##*/}"; then
    mv "$1" "$1.before-edgevoice"
  fi
}

take_effect() {
  systemd-tmpfiles --create "$shipped/edgevoice.tmpfiles.conf" || return
  is_booted || return 0
  systemctl daemon-reload || return
  ! command -v udevadm >/dev/null || ! [ -S /run/udev/control ] ||
    { udevadm control --reload && udevadm trigger --subsystem-match={gpio,spidev,i2c-dev,usb}; }
}

# Before anything of it is in place, because the self-test runs as one of them.
make_users() {
  local file=$versions/$1/share/edgevoice/systemd/edgevoice.sysusers.conf had
  if [ "$dry_run" = yes ] && [ ! -e "$file" ]; then
    say "would do: user and groups of the services"
  elif ! id edgevoice edgevoice-relay >/dev/null 2>&1 || ! groups_are_there "$file"; then
    changed=yes
    had=$(getent group | cut -d: -f1 | sort)
    step "user and groups of the services" systemd-sysusers "$file"
    [ "$dry_run" = yes ] || comm -13 <(echo "$had") <(getent group | cut -d: -f1 | sort) >>"$notes/groups"
  fi
  let_owner_in
}

groups_are_there() {
  local kind user group rest
  # shellcheck disable=SC2034 # the rest of the line
  while read -r kind user group rest; do
    case $kind in
      g) getent group "$user" >/dev/null || return ;;
      m) id -nG "$user" | tr ' ' '\n' | grep -qx "$group" || return ;;
    esac
  done <"$1"
}

write_starting_config() {
  [ ! -e "$settings/config.yaml" ] || return 0
  changed=yes
  step "an empty $settings/config.yaml to write settings into" starting_config
}

starting_config() {
  mkdir -p "$settings" && cat >"$settings/config.yaml" <<END
# Settings of this board. What is not said here has its default, so this file may stay empty.
# All of them and what they mean: $here/share/doc/edgevoice/edgevoice.yaml
# \`edgevoice config check\` finds mistakes; \`sudo systemctl restart edgevoice\` applies changes.
END
}

# -- Debian packages that came with it ------------------------------------------------------

record_packages() { dpkg-query -W -f '${Package}\n' | sort >"$1"; }

note_new_packages() {
  record_packages "$versions/.packages-after"
  comm -13 "$versions"/.packages-{before,after} >>"$notes/packages"
  rm "$versions"/.packages-{before,after}
}
