"""Where log lines go: to the journal with their fields under systemd, else to stderr with a clock.

What is logged, and at which level, is decided where it happens.
"""

import logging
import os
import sys

from edgevoice.hardware.journal import JournalHandler, journal_handler

FOR_PEOPLE = logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s", "%H:%M:%S")
FOR_THE_JOURNAL = logging.Formatter("%(message)s")


def set_up(level: str, handler: logging.Handler | None = None) -> None:
    """Log edgevoice from this level on; libraries only when something is wrong."""
    if handler is None:
        handler = journal_handler(sys.stderr, os.environ) or logging.StreamHandler()
    # The journal keeps time, level and name in fields of their own.
    is_journal = isinstance(handler, JournalHandler)
    handler.setFormatter(FOR_THE_JOURNAL if is_journal else FOR_PEOPLE)
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("edgevoice").setLevel(level.upper())
    logging.captureWarnings(True)
