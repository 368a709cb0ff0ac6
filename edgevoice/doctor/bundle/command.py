"""Shows what a bundle would hold, and writes it when its owner has said yes."""

import io
import os
import sys
import tarfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from edgevoice.doctor.bundle.contents import Sheet
from edgevoice.errors import DoctorError

FOLDER = "edgevoice-bundle"
QUESTION = "Write it? [y]es, [N]o, or [p]rint everything first: "

Say = Callable[[str], None]
Answer = Callable[[str], str]


def default_name(now: float) -> str:
    return f"{FOLDER}-{datetime.fromtimestamp(now, UTC):%Y%m%d-%H%M%S}.tar.gz"


def offer(
    sheets: Sequence[Sheet], path: Path, now: float, *, yes: bool, say: Say, answer: Answer
) -> bool:
    """Whether it was written; nothing is before its owner has seen what is in it."""
    say(f"{path} would hold:")
    for sheet in sheets:
        say(f"  {len(sheet.text.encode()):8} bytes  {sheet.name}")
    say("secrets, names, addresses and what was said were taken out; nothing is sent anywhere")
    while not yes:
        said = answer(QUESTION).strip().lower()
        if said.startswith("p"):
            for sheet in sheets:
                say(f"--- {sheet.name}")
                say(sheet.text)
        elif said.startswith("y"):
            break
        else:
            say("nothing was written")
            return False
    write(sheets, path, now)
    say(f"written to {path}; attach it to your report")
    return True


def ask(question: str) -> str:
    """Of whoever sits there."""
    if not sys.stdin.isatty():
        raise DoctorError("nobody is there to be asked whether to write it: add --yes")
    return input(question)


def write(sheets: Sequence[Sheet], path: Path, now: float) -> None:
    """For its owner alone; an older file stays as it is."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    try:
        with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
            file.write(packed(sheets, now))
    except FileExistsError:
        raise DoctorError(f"{path} is there already: name another file") from None
    except OSError as error:
        raise DoctorError(
            f"{path} cannot be written ({error.strerror}): name a file in a folder of your own"
        ) from error


def packed(sheets: Sequence[Sheet], now: float) -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        for sheet in sheets:
            data = sheet.text.encode()
            entry = tarfile.TarInfo(f"{FOLDER}/{sheet.name}")
            entry.size, entry.mtime, entry.mode = len(data), int(now), 0o600
            archive.addfile(entry, io.BytesIO(data))
    return content.getvalue()
