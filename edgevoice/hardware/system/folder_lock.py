"""One process at a time in a folder that several may have, such as a state folder."""

import fcntl
import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

log = logging.getLogger(__name__)

LOOK_S = 0.05


@contextmanager
def alone_in(folder: Path, within_s: float) -> Iterator[None]:
    """Among those who ask, threads included. TimeoutError: another one does not leave. Blocking.

    Whoever dies has left.
    """
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        _lock(handle, folder, within_s)
        yield
    finally:
        os.close(handle)


def _lock(handle: int, folder: Path, within_s: float) -> None:
    for _ in range(max(1, round(within_s / LOOK_S))):
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(LOOK_S)
        except OSError as error:  # NFS has none for folders: it goes on as if alone
            log.debug("%s cannot be locked: %s", folder, error)
            return
        else:
            return
    raise TimeoutError(f"another program has been writing there for {within_s:g} s")
