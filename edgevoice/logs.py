"""Where log lines go: to the journal with their fields under systemd, else to stderr with a clock.

What is logged, and at which level, is decided where it happens.
"""

import logging
import os
import sys
from collections.abc import Mapping
from typing import TextIO

from edgevoice.hardware.journal import journal_handler

FOR_PEOPLE = logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s", "%H:%M:%S")
FOR_THE_JOURNAL = logging.Formatter("%(message)s")


def set_up(
    level: str, stream: TextIO | None = None, environ: Mapping[str, str] = os.environ
) -> None:
    """Log edgevoice from this level on; libraries only when something is wrong."""
    stream = stream or sys.stderr
    handler: logging.Handler | None = journal_handler(stream, environ)
    if handler is None:
        handler = logging.StreamHandler(stream)
        handler.setFormatter(FOR_PEOPLE)
    else:  # which keeps time, level and name in fields of their own
        handler.setFormatter(FOR_THE_JOURNAL)
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("edgevoice").setLevel(level.upper())
    logging.captureWarnings(True)
