"""`scripts/try-install`: a newcomer's first hour, played on a clean Debian."""

import argparse
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.installing.clean_root import archive, furnish, unpack
from tests.installing.emulated import emulated_trial, emulation
from tests.installing.room import build_room, record, say
from tests.installing.transcript import Transcript
from tests.systemd.guest import CHECKOUT, Guest, booted, obstacle

CLONE = "git clone /srv/edgevoice.git edgevoice && cd edgevoice"
INSTALL = "sudo scripts/install"
QUESTION = CHECKOUT / "edgevoice/simulator/speech/alexa_what_time_is_it.wav"
ANSWERED_S = 20
# What a machine writes by itself while it runs, whatever is installed.
RESTLESS = ("/proc/*", "/sys/*", "/dev/*", "/run/*", "/tmp/*", "/var/tmp/*", "/var/log/*")
RESTLESS += ("/root/*", "/home/*", "/var/lib/systemd/*", "/var/cache/*", "/var/lib/apt/*")
RESTLESS += ("/var/lib/dpkg/*", "*/__pycache__*", "/var/lib/private*")


def main(words: Sequence[str]) -> int:
    asked = parse(words)
    if reason := obstacle():
        print(f"try-install: {reason}", file=sys.stderr)
        return 2
    out = asked.out or Path(f"install-{asked.suite}-{asked.arch}.txt")
    asked.roots.mkdir(parents=True, exist_ok=True)
    with ExitStack() as opened:
        if asked.arch == "arm64":
            opened.enter_context(emulation(asked.roots))
        folder = opened.enter_context(TemporaryDirectory(dir=asked.roots, prefix="trial-"))
        root = Path(folder) / "root"
        unpack(archive(asked.suite, asked.arch, asked.roots), root)
        furnish(root)
        if asked.arch == "arm64":
            return emulated_trial(root, out)
        build_room(root)
        guest = opened.enter_context(booted(root, network="host"))
        return trial(guest, Transcript(guest, out))


def parse(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/try-install")
    parser.add_argument("suite", nargs="?", default="trixie", choices=("bookworm", "trixie"))
    parser.add_argument("--arch", default="amd64", choices=("amd64", "arm64"))
    parser.add_argument("--roots", type=Path, default=Path("/var/tmp/edgevoice-roots"))
    parser.add_argument("--out", type=Path, metavar="FILE", help="of all that was printed")
    return parser.parse_args(words)


def trial(guest: Guest, screen: Transcript) -> int:
    before = files(guest)
    failures = []
    screen.types("head -n 1 /etc/os-release; uname -m; python3 -V; systemctl --version | head -n 1")
    screen.typed = 0
    began = time.monotonic()
    if screen.types(CLONE).returncode:
        failures.append("cloning")
    if screen.types(INSTALL).returncode:
        failures.append("installing")
    record(guest, ANSWERED_S)
    say(guest, QUESTION)
    screen.tells(f"(somebody says: {QUESTION.stem.replace('_', ' ')})")
    guest.run("while systemctl -q is-active ear; do sleep 0.2; done", ANSWERED_S + 10)
    heard = written_down(guest)
    screen.tells(f"(the loudspeaker says: {heard})")
    screen.tells(
        f"commands typed: {screen.typed}, files edited: 0, reboots: 0;"
        f" {time.monotonic() - began:.0f} s until the answer was recorded\n"
    )
    if "it" not in heard.lower():
        failures.append("answering")
        screen.shows(
            "(the journal)", "sudo journalctl -u edgevoice -u room -u room-air -n 40 --no-pager"
        )
    failures += afterwards(guest, screen, before)
    screen.tells(f"failed: {', '.join(failures)}" if failures else "all of it went well")
    return 1 if failures else 0


def written_down(guest: Guest) -> str:
    source = Path(__file__).with_name("recognise.py").read_text()
    guest.write("/root/recognise.py", source)
    done = guest.run("/opt/edgevoice/bin/python /root/recognise.py /root/heard.raw", 120)
    return (done.stdout or done.stderr).strip()


def afterwards(guest: Guest, screen: Transcript, before: set[str]) -> list[str]:
    """The second run, a look at it, and the way back."""
    failures = []
    screen.types("edgevoice status")
    screen.types(
        "sudo du -sh /opt/edgevoice.d; sudo du -sh /opt/edgevoice/; find ~/edgevoice -user root"
    )
    if "nothing to do" not in screen.types(INSTALL).stdout:
        failures.append("changing nothing the second time")
    screen.types(f"{INSTALL} --uninstall")
    if screen.types(f"{INSTALL} --uninstall --purge --yes").returncode:
        failures.append("taking it away")
    left = files(guest) - before - of_packages(guest)
    for path in sorted(left):
        screen.tells(f"left behind: {path}")
    return failures + (["leaving nothing behind"] if left else [])


def files(guest: Guest) -> set[str]:
    """All there are, but those that change by themselves."""
    left_out = " ".join(f"! -path '{pattern}'" for pattern in RESTLESS)
    return set(guest.said(f"find / -xdev {left_out}").splitlines())


def of_packages(guest: Guest) -> set[str]:
    """Debian packages stay, and say so."""
    listed = guest.said("cat /var/lib/dpkg/info/*.list").splitlines()
    return set(listed) | {f"/usr{path}" for path in listed}
