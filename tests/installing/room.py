"""A room without walls around a booted guest: a sound server that stands for its sound card.

What is played to the sink `mouth` is what its microphone hears; what it plays itself
lands in the sink `loudspeaker`, and can be recorded there.
"""

import random
import shutil
from array import array
from pathlib import Path

from tests.installing.clean_root import inside
from tests.systemd.guest import Guest

SOCKET = "unix:/run/room/native"
SERVER = """\
load-module module-native-protocol-unix auth-anonymous=1 socket=/run/room/native
load-module module-null-sink sink_name=mouth rate=16000 channels=1
load-module module-null-sink sink_name=loudspeaker rate=48000 channels=1
load-module module-remap-source master=mouth.monitor source_name=microphone
set-default-sink loudspeaker
set-default-source microphone
"""
UNIT = """\
[Unit]
Description=stands for the sound card
[Service]
User=pi
RuntimeDirectory=room room-itself
RuntimeDirectoryMode=0755
Environment=PULSE_RUNTIME_PATH=/run/room-itself HOME=/run/room-itself
ExecStart=/usr/bin/pulseaudio -n -F /etc/room.pa --daemonize=no --exit-idle-time=-1 \
 --realtime=no --high-priority=no --log-target=stderr
"""
# A null sink that nobody plays to hands out its first sound two seconds late, and is more
# silent than any room: what is all zeros is no microphone.
QUIET = """\
[Unit]
Description=keeps the air moving
Wants=room.service
After=room.service
[Service]
User=pi
ExecStartPre=/bin/sh -c 'until [ -S /run/room/native ]; do sleep 0.1; done'
ExecStart=/bin/sh -c 'while cat /etc/room.raw; do :; done | \
 pacat -s unix:/run/room/native -d mouth --latency-msec=20 --rate=16000 --channels=1 --raw'
[Install]
WantedBy=multi-user.target
"""
CARD = """\
pcm.!default { type pulse server "unix:/run/room/native" }
ctl.!default { type pulse server "unix:/run/room/native" }
"""
ROOM_PACKAGES = ("pulseaudio", "pulseaudio-utils")


def build_room(root: Path) -> None:
    inside(root, "apt-get", "-qq", "update")
    install = ("apt-get", "-y", "-qq", "install", "--no-install-recommends")
    inside(root, "env", "DEBIAN_FRONTEND=noninteractive", *install, *ROOM_PACKAGES)
    inside(root, "systemctl", "--global", "mask", "pulseaudio.service", "pulseaudio.socket")
    units = root / "etc/systemd/system"
    (units / "room.service").write_text(UNIT)
    (units / "room-air.service").write_text(QUIET)
    inside(root, "systemctl", "enable", "room-air.service")
    (root / "etc/room.pa").write_text(SERVER)
    (root / "etc/room.raw").write_bytes(array("h", faint_noise(10 * 16_000)).tobytes())
    (root / "etc/asound.conf").write_text(CARD)


def faint_noise(samples: int) -> list[int]:
    """60 dB below full scale."""
    chance = random.Random(1)
    return [round(chance.gauss(0, 20)) for _ in range(samples)]


def record(guest: Guest, seconds: int) -> None:
    """Start to keep what the loudspeaker plays, in /root/heard.raw (16 kHz, mono)."""
    guest.said(
        f"systemd-run -q --unit=ear timeout {seconds} parec -s {SOCKET} -d loudspeaker.monitor"
        " --rate=16000 --channels=1 --format=s16le /root/heard.raw"
    )


def say(guest: Guest, recording: Path) -> None:
    """Somebody in the room says it."""
    shutil.copy(recording, guest.root / "root/said.wav")
    guest.said(f"paplay -s {SOCKET} -d mouth /root/said.wav")
