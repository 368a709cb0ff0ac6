"""The indicator of a machine without LEDs: one line per change."""

import logging
import os
import sys
from typing import TextIO

from edgevoice.hardware.lights.colours import OKABE_ITO
from edgevoice.hardware.lights.indicator import NoIndicator
from edgevoice.hardware.lights.patterns import colour
from edgevoice.transceiver.indication import Indication

log = logging.getLogger(__name__)


class ConsoleIndicator(NoIndicator):
    """Coloured on a terminal. Bars and countdowns are not for lines."""

    def __init__(self, stream: TextIO | None = None) -> None:
        super().__init__()
        self._stream = stream or sys.stderr
        self._shown: Indication | None = None
        self.works = True
        self.failures = 0

    def show(self, indication: Indication) -> None:
        if indication is self._shown:
            return
        try:
            self._print(f"{self._dot(indication)} {indication.value}")
        except (OSError, ValueError) as error:  # ValueError: the console was closed
            self._failed(error)
        else:
            self._shown = indication
            self.works = True

    def demonstrate(self, name: str, seconds: float) -> None:
        try:
            self._print(f"◌ {name}, for show")
        except (OSError, ValueError) as error:
            self._failed(error)

    def _print(self, line: str) -> None:
        self._stream.write(line + "\n")
        self._stream.flush()

    def _failed(self, error: Exception) -> None:
        self._shown = None
        self.works = False
        self.failures += 1
        if self.failures == 1:
            log.error("the indicator does not work: %s", error)
        self.on_lost()

    def _dot(self, indication: Indication) -> str:
        if indication is Indication.IDLE:
            return "○"
        if "NO_COLOR" in os.environ or not self._stream.isatty():
            return "●"
        red, green, blue = colour(OKABE_ITO, indication)
        return f"\x1b[38;2;{red};{green};{blue}m●\x1b[0m"
