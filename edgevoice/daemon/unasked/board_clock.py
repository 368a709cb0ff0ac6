"""What the board knows of the time: of day, in its zone, and whether the network has set it."""

import os
import time
from collections.abc import Callable
from datetime import UTC, tzinfo
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from edgevoice.hardware.system import boot
from edgevoice.tools.alarm_clock import Moment

LOCALTIME = Path("/etc/localtime")
TIMESYNC = Path("/run/systemd/timesync")
"""systemd-timesyncd's; it puts a file `synchronized` there when it has set the clock."""


class _Whole(BytesIO):
    """ValueError at the end: `zoneinfo` would look there for the end of the last line for ever."""

    def read(self, size: int | None = -1, /) -> bytes:
        found = super().read(size)
        if size is not None and len(found) < size:
            raise ValueError("the time zone's file ends too early")
        return found


class BoardClock:
    def __init__(
        self,
        monotonic: Callable[[], float],
        wall: Callable[[], float] = time.time,
        *,
        localtime: Path = LOCALTIME,
        timesync: Path = TIMESYNC,
        boot_id: Path = boot.BOOT_ID,
    ) -> None:
        self._monotonic = monotonic
        self._wall = wall
        self._localtime = localtime
        self._timesync = timesync
        self._boot = boot.boot_id(boot_id)
        self._zone: tzinfo = UTC
        self._zone_read: tuple[int, int] | None = None

    def moment(self) -> Moment:
        return Moment(
            self._monotonic(), self._wall(), self.zone(), self._synchronised(), self._boot
        )

    def zone(self) -> tzinfo:
        """The board's own, read again when it was changed; UTC where it has none."""
        if name := os.environ.get("TZ", "").removeprefix(":"):
            try:
                return ZoneInfo(name)
            except (ZoneInfoNotFoundError, ValueError, OSError):
                pass
        try:
            now = self._localtime.stat()
            if self._zone_read != (now.st_ino, now.st_mtime_ns):
                self._zone = ZoneInfo.from_file(_Whole(self._localtime.read_bytes()))
                self._zone_read = (now.st_ino, now.st_mtime_ns)
        except (OSError, ValueError, IndexError, OverflowError):
            self._zone, self._zone_read = UTC, None
        return self._zone

    def _synchronised(self) -> bool | None:
        """Nothing is known where another program sets the clock, or nobody does."""
        if not self._timesync.is_dir():
            return None
        return (self._timesync / "synchronized").exists()
