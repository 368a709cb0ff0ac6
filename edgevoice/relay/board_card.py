"""The card that this board's own device finds us by: our address and a token of this run.

Where there is a runtime directory (systemd makes and removes it) and we are reached over
loopback in plain HTTP; elsewhere nobody needs it. The token is kept nowhere else.
"""

import json
import logging
import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

log = logging.getLogger(__name__)

NAME = "board.json"
TOKEN_NAME = "this-board"
"""As which its calls are counted and logged."""


def new_token() -> str:
    return "ev_" + secrets.token_urlsafe(32)


def directory() -> str:
    """Where the card goes; empty: nowhere."""
    return os.environ.get("RUNTIME_DIRECTORY", "").partition(":")[0]


@asynccontextmanager
async def shown(url: str, token: str) -> AsyncIterator[None]:
    """While it lasts the card is there, for our own group to read."""
    folder = directory()
    if not (folder and token and url.startswith("http://127.0.0.1:")):
        yield
        return
    path = Path(folder) / NAME
    try:
        _write(path, json.dumps({"url": url, "token": token}))
    except OSError as error:
        log.warning("this board's device cannot fall back on us: %s", error)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def _write(path: Path, text: str) -> None:
    """Never half of it, and never readable by others, not even for a moment."""
    aside = path.with_suffix(".new")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        os.fchmod(file.fileno(), 0o640)
    aside.replace(path)
