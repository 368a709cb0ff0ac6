"""The package itself, by nfpm (https://nfpm.goreleaser.com): control file, scripts, contents."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from tree import DOC, MAINTAINER, version

# nfpm's names for Debian's maintainer scripts.
SCRIPTS = {
    "preinstall": "preinst",
    "postinstall": "postinst",
    "preremove": "prerm",
    "postremove": "postrm",
}
CONFIGURATION = "etc/edgevoice/config.yaml"
DESCRIPTION = """\
voice assistant for small boards, and the relay it talks to
A Raspberry Pi with a microphone and a loudspeaker becomes a voice
assistant: it listens for its wake word on the board itself, sends sound
only then and shows it, can be interrupted, keeps timers and switches
lamps. What answers is a relay on the same board or another machine, which
needs no account, or any server that speaks OpenAI's Realtime API.
.
Wake words and models of speech recognition are not part of the package;
they are fetched when it is set up."""


class Deb:
    """`root` is what will be / on the machine."""

    def __init__(self, checkout: Path, root: Path) -> None:
        self._checkout = checkout
        self._root = root
        self.architecture = said("dpkg", "--print-architecture")
        self.name = f"edgevoice_{version(checkout)}_{self.architecture}.deb"

    @property
    def installed_kb(self) -> int:
        files = (path for path in self._root.rglob("*") if path.is_file() and not path.is_symlink())
        return sum(path.stat().st_size for path in files) // 1024

    def write(self, made: Path, date: int) -> None:
        for path in [self._root, *self._root.rglob("*")]:
            os.utime(path, (date, date), follow_symlinks=False)
        file = self._root.with_name("nfpm.json")
        file.write_text(json.dumps(self._config(date)))
        nfpm = self._checkout / ".venv/bin/nfpm"
        words = [nfpm, "package", "--packager", "deb", "--config", file, "--target", made]
        environ = os.environ | {"SOURCE_DATE_EPOCH": str(date)}
        done = subprocess.run(words, capture_output=True, text=True, env=environ)
        if done.returncode:
            sys.exit(f"build-deb: nfpm failed:\n{done.stdout}{done.stderr}")

    def _config(self, date: int) -> dict[str, object]:
        debian = self._checkout / "scripts/build-deb.d/debian"
        upstream, _, release = version(self._checkout).partition("-")
        stamp = datetime.fromtimestamp(date, UTC).isoformat()
        return {
            "name": "edgevoice",
            "arch": self.architecture,
            "platform": "linux",
            "version": upstream,
            "version_schema": "none",
            "release": release,
            "section": "sound",
            "priority": "optional",
            "maintainer": MAINTAINER,
            "description": DESCRIPTION,
            "mtime": stamp,
            "depends": list(depends()),
            "recommends": ["alsa-utils"],
            "suggests": ["pulseaudio | pipewire-pulse"],
            "contents": list(self._contents(stamp)),
            "deb": {"compression": "zstd"},
            "scripts": nfpm_scripts(debian),
        }

    def _contents(self, stamp: str):
        """Each file by name: a tree would keep the folders' owners."""
        for path in sorted(self._root.rglob("*")):
            inside = str(path.relative_to(self._root))
            entry: dict[str, object] = {"dst": "/" + inside, "file_info": {"mtime": stamp}}
            if path.is_symlink():
                yield entry | {"src": os.readlink(path), "type": "symlink"}
            elif path.is_dir():
                if is_ours(inside):
                    info = {"mtime": stamp, "mode": 0o755}
                    yield entry | {"type": "dir", "file_info": info}
            else:
                mode = 0o755 if os.access(path, os.X_OK) else 0o644
                info = {"mtime": stamp, "mode": mode, "owner": "root", "group": "root"}
                kind = {"type": "config|noreplace"} if inside == CONFIGURATION else {}
                yield entry | {"src": str(path), "file_info": info} | kind


def is_ours(folder: str) -> bool:
    """Folders of the system are not claimed."""
    ours = ("usr/lib/edgevoice", "var/lib/edgevoice-models", "etc/edgevoice", DOC)
    return any(folder == own or folder.startswith(own + "/") for own in ours)


def nfpm_scripts(debian: Path) -> dict[str, str]:
    return {theirs: str(debian / ours) for theirs, ours in SCRIPTS.items()}


def depends():
    """The interpreter whose version the environment was made for, and what wheels load."""
    minor = int(said("/usr/bin/python3", "-c", "import sys; print(sys.version_info[1])"))
    yield f"python3 (>= 3.{minor})"
    yield f"python3 (<< 3.{minor + 1})"
    yield "libc6 (>= 2.36)"
    yield from ("libgcc-s1", "libstdc++6", "zlib1g")
    yield from ("libportaudio2", "libasound2-plugins", "libusb-1.0-0")
    yield from ("systemd", "init-system-helpers (>= 1.54)", "passwd", "ca-certificates")


def said(*words: str) -> str:
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()
