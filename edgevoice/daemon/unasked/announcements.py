"""The sound of announcements, from when it is at hand until it was heard or is not wanted.

When one is said is the transceiver's decision; here are its samples, by number.
"""

import logging
from collections.abc import Callable
from itertools import count

from edgevoice.audio.frames import Samples
from edgevoice.audio.playout import PlayoutBuffer
from edgevoice.hardware.sound.sounds import announced
from edgevoice.transceiver.announcing import PROGRAM_ENDS
from edgevoice.transceiver.inputs import AnnouncementReady, AnnouncementSaid, Input

log = logging.getLogger(__name__)

PREFIX = "announcement "


class Announcements:
    def __init__(self, playout: PlayoutBuffer, post: Callable[[Input], None]) -> None:
        """`post`: from the loop's thread."""
        self._playout = playout
        self._post = post
        self._numbers = count(1)
        self._sounds: dict[int, tuple[Samples, bool]] = {}
        """With whether it is urgent. Bounded by the transceiver, which drops the oldest of those
        that wait."""
        self._unsaid: list[tuple[Samples, bool]] = []
        """What waited when the device was stopped."""
        self._said = 0

    def go_on(self, before: "Announcements") -> None:
        """With what another one of this program has not said, where it fits the loudspeaker."""
        if before._playout.rate_hz == self._playout.rate_hz:
            for words, urgent in before._unsaid:
                self.add(words, urgent)

    def add(self, words: Samples, urgent: bool) -> int:
        """The words as they are to be heard, at the loudspeaker's rate; its number."""
        number = next(self._numbers)
        self._sounds[number] = words, urgent
        length_s = len(announced(words, self._playout.rate_hz)) / self._playout.rate_hz
        self._post(AnnouncementReady(number, length_s, urgent))
        return number

    def say(self, number: int) -> None:
        self._said = number
        found = self._sounds.get(number)
        if found is None:  # one of before the transceiver was built anew
            self._post(AnnouncementSaid(number))
            return
        sound = announced(found[0], self._playout.rate_hz)
        self._playout.mix(sound, name=f"{PREFIX}{number}")

    def stop(self) -> None:
        self._playout.stop_sounds(f"{PREFIX}{self._said}")

    def heard(self, name: str) -> None:
        """A sound of the loudspeaker's has come to its end; ours or another."""
        if name.startswith(PREFIX):
            self._post(AnnouncementSaid(int(name.removeprefix(PREFIX))))

    def drop(self, number: int, reason: str) -> None:
        dropped = self._sounds.pop(number, None)
        if reason == PROGRAM_ENDS and dropped is not None:
            self._unsaid.append(dropped)
        if reason:
            log.warning("an announcement was not said: %s", reason)
