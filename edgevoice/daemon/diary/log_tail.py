"""The last lines that were logged, in memory, for whoever looks into a failure."""

import logging
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

MOST_LINES = 200
LONGEST = 400


class LogTail(logging.Handler):
    """Messages only, as no word that was said is in them: an exception's text may quote one."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self._lines: deque[str] = deque(maxlen=MOST_LINES)

    @contextmanager
    def attached(self) -> Iterator[None]:
        logger = logging.getLogger("edgevoice")
        logger.addHandler(self)
        try:
            yield
        finally:
            logger.removeHandler(self)

    def emit(self, record: logging.LogRecord) -> None:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        try:
            told = record.getMessage()
        except (
            TypeError,
            ValueError,
            LookupError,
        ):  # a mistake in a line, which is told, not raised
            self.handleError(record)
            return
        self._lines.append(f"{at} {record.levelname} {record.name}: {told}"[:LONGEST])

    def forget(self) -> None:
        self._lines.clear()

    @property
    def text(self) -> str:
        return "".join(f"{line}\n" for line in self._lines.copy())
