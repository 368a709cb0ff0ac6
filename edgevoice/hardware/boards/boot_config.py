"""`config.txt`, from which a Raspberry Pi's firmware learns what is on the pins.

Sections such as `[pi4]` hold for one model only; what is under one of another model is as
good as not written. https://www.raspberrypi.com/documentation/computers/config_txt.html
"""

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from edgevoice.errors import ConfigError

# Where it is since Debian 12; the file of the old name is then a note that says so.
PLACES = ("boot/firmware/config.txt", "boot/config.txt")
HEAD = "# Added by `edgevoice board overlay --write`"

# Which sections apply to which model, by a pattern of the model's name.
_SECTIONS = {
    "pi0": r"Pi Zero",
    "pi0w": r"Pi Zero (W|2)",
    "pi02": r"Pi Zero 2",
    "pi1": r"Pi Model",
    "pi2": r"Pi 2 ",
    "pi3": r"Pi 3 |Compute Module 3",
    "pi3+": r"Pi 3 Model [AB] Plus",
    "pi4": r"Pi 4 |Pi 400|Compute Module 4",
    "pi400": r"Pi 400",
    "cm4": r"Compute Module 4",
    "pi5": r"Pi 5 |Pi 500|Compute Module 5",
    "pi500": r"Pi 500",
    "cm5": r"Compute Module 5",
}
_ON = ("on", "true", "yes", "1", "")


class BootConfig:
    """The file of one machine; there may be none."""

    def __init__(self, root: Path, model: str) -> None:
        found = [root / place for place in PLACES if (root / place).exists()]
        self.path = found[0] if found else None
        self._model = model

    @property
    def overlays(self) -> Path | None:
        """Where the compiled overlays are."""
        return self.path.with_name("overlays") if self.path else None

    def has(self, line: str) -> bool:
        """Whether it applies to this model, however it is written."""
        kind, _, wanted = line.partition("=")
        for written_kind, written in self._settings():
            if kind != written_kind:
                continue
            if kind == "dtoverlay" and written.partition(",")[0].strip() == wanted:
                return True
            if kind == "dtparam" and _says(written, wanted):
                return True
        return False

    def with_lines(self, lines: Sequence[str]) -> str:
        """The file's text with these behind it, for every model."""
        text = self.text()
        if text and not text.endswith("\n"):
            text += "\n"
        return text + "\n".join(["", HEAD, "[all]", *lines, ""])

    def write(self, text: str) -> Path:
        """After keeping a copy of what was there, which is returned."""
        assert self.path is not None
        copy = self.path.with_name("config.txt.before-edgevoice")
        if not copy.exists():
            _put(copy, _bytes(self.text()))
        _put(self.path, _bytes(text))
        return copy

    def add_overlay(self, name: str, compiled: bytes) -> Path:
        """Into the folder where the firmware looks for it."""
        assert self.overlays is not None
        path = self.overlays / f"{name}.dtbo"
        _put(path, compiled)
        return path

    def text(self) -> str:
        """Byte for byte: a comment in another encoding stays, and so do the ends of lines."""
        try:
            return self.path.read_bytes().decode(errors="surrogateescape") if self.path else ""
        except OSError as error:
            raise ConfigError(
                f"{self.path} cannot be read ({error.strerror}): run it with sudo"
            ) from error

    def _settings(self) -> Iterator[tuple[str, str]]:
        """What applies to this model, as name and value."""
        applies = True
        for line in self.text().splitlines():
            line = line.partition("#")[0].strip()
            if section := re.fullmatch(r"\[(.*)\]", line):
                applies = self._is_for_us(section[1].strip().lower())
            elif applies and "=" in line:
                name, _, value = line.partition("=")
                yield name.strip().lower(), value.strip()

    def _is_for_us(self, section: str) -> bool:
        """Sections that are not about the model (a display, a pin's level) may or may not apply."""
        if section == "all":
            return True
        pattern = _SECTIONS.get(section)
        return pattern is not None and re.search(pattern, self._model) is not None


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogateescape")


def _put(path: Path, content: bytes) -> None:
    """At once or not at all, and before the power can be cut on the way to the reboot."""
    fresh = path.with_name(path.name + ".new")
    try:
        with fresh.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be written ({error.strerror}): run it with sudo"
        ) from error


def _says(written: str, wanted: str) -> bool:
    """`dtparam=i2c_arm=on,spi=on` says both; the later one of a name wins."""
    name, _, value = wanted.partition("=")
    said = None
    for part in written.split(","):
        key, _, setting = part.partition("=")
        if key.strip() == name:
            said = setting.strip().lower()
    return said is not None and (said in _ON) == (value in _ON)
