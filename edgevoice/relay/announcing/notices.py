"""What is to be said on which device, until it has been fetched or is too old. Pure."""

from collections.abc import Collection
from dataclasses import dataclass, field

MOST = 64
MOST_FOR_ONE = 8
"""As many as a device lets wait; one more takes the place of the oldest."""
LONGEST = 500
"""Letters. That is half a minute of speech, and nobody listens longer."""
EVERYBODY = "all"


@dataclass(slots=True)
class Notice:
    device: str
    text: str
    urgent: bool
    until: float
    fetched_by: set[str] = field(default_factory=set)


class Notices:
    def __init__(self, held_s: float) -> None:
        """`held_s`: for a device that does not listen now."""
        self._held_s = held_s
        self._notices: list[Notice] = []

    def add(self, device: str, text: str, urgent: bool, now: float) -> int:
        """How many older ones gave way to it."""
        self._forget(now)
        before = len(self._notices) + 1
        self._notices.append(Notice(device.casefold(), text, urgent, now + self._held_s))
        for_it = [each for each in self._notices if each.device == device.casefold()]
        for surplus in for_it[:-MOST_FOR_ONE]:
            self._notices.remove(surplus)
        self._notices = self._notices[-MOST:]
        return before - len(self._notices)

    def take(self, names: Collection[str], now: float) -> list[Notice]:
        """For the device that is called so, each once; the oldest first."""
        self._forget(now)
        known = {name.casefold() for name in names}
        found = [
            notice
            for notice in self._notices
            if notice.device in known | {EVERYBODY} and not notice.fetched_by & known
        ]
        for notice in found:
            notice.fetched_by |= known
        self._notices = [
            notice for notice in self._notices if notice.device == EVERYBODY or notice not in found
        ]
        return found

    def _forget(self, now: float) -> None:
        self._notices = [notice for notice in self._notices if notice.until > now]
