"""What somebody types and what is printed then, as it would look on the screen."""

import subprocess
import time
from pathlib import Path

from tests.installing.clean_root import OWNER
from tests.systemd.guest import Guest


class Transcript:
    def __init__(self, guest: Guest, path: Path) -> None:
        self._guest = guest
        self._file = path.open("w", encoding="utf-8")
        self.typed = 0

    def types(self, command: str, *, timeout_s: float = 1200.0) -> subprocess.CompletedProcess[str]:
        """A command of the owner's, in his home; what it prints is kept."""
        self.typed += 1
        return self.shows(f"$ {command}", f"cd edgevoice 2>/dev/null; {command}", timeout_s)

    def shows(
        self, told: str, command: str, timeout_s: float = 1200.0
    ) -> subprocess.CompletedProcess[str]:
        self.tells(told)
        began = time.monotonic()
        done = self._guest.run(f"exec 2>&1; su - {OWNER} -c '{command}'", timeout_s)
        self.tells(done.stdout.rstrip())
        self.tells(f"[{time.monotonic() - began:.1f} s, status {done.returncode}]\n")
        return done

    def tells(self, text: str) -> None:
        print(text, flush=True)
        self._file.write(text + "\n")
        self._file.flush()
