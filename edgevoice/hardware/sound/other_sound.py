"""What other programs play is lowered during a conversation, and afterwards is as it was.

The difficulty is in "as it was". Servers remember how loud a program last was: one whose
stream ended while lowered begins its next one lowered, perhaps long after the conversation
or after we have been killed. So what was lowered is written down, and each entry stays
until its stream, or the next one of the same program, has its loudness back. A stream that
somebody else has changed meanwhile is theirs, and left alone.
"""

import asyncio
import logging
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Protocol

from edgevoice.errors import AudioError
from edgevoice.hardware.sound.pactl import PACTL, Playing
from edgevoice.hardware.system.state_file import StateFile

log = logging.getLogger(__name__)

LOWERED = 10 ** (-18 / 60)
"""-18 dB on the servers' cubic scale: still there, no longer in the way."""

SAME = 66
"""Volumes this near are the same (0.1 %): PipeWire keeps them as floats and rounds."""

WATCH_S = 1.0
"""Streams that begin during a conversation are noticed within this time."""

OWED_S, LONGEST_OWED_S = 5.0, 300.0
"""How often it is looked whether a program that is owed its loudness is back: ever more
seldom. A look takes 6 ms of processor time."""

MOST = 64
"""Streams remembered; the oldest are forgotten first."""


@dataclass(frozen=True, slots=True)
class Lowered:
    index: int
    owner: str
    before: tuple[int, ...]
    after: tuple[int, ...]

    @property
    def stream(self) -> tuple[int, str]:
        """Both, because a server that was restarted counts from the beginning."""
        return self.index, self.owner


class Streams(Protocol):
    @property
    def is_installed(self) -> bool: ...

    async def playing(self) -> list[Playing]: ...

    async def set_volumes(self, index: int, volumes: Sequence[int]) -> None: ...


class OtherSound:
    """`duck` and `restore` are orders that do not wait; `run` carries them out."""

    def __init__(
        self,
        enabled: bool,
        file: StateFile,
        streams: Streams = PACTL,
        own_process: int | None = None,
    ) -> None:
        self._enabled = enabled
        self._file = file
        self._streams = streams
        self._own_process = own_process or os.getpid()
        self._ducked = False
        self._ordered = asyncio.Event()
        self._lowered: list[Lowered] = []
        self._owed_s = OWED_S
        self._complained = False

    def duck(self) -> None:
        self._order(ducked=self._enabled)

    def restore(self) -> None:
        self._order(ducked=False)

    def _order(self, ducked: bool) -> None:
        if ducked != self._ducked:
            self._ducked = ducked
            self._owed_s = OWED_S
            self._ordered.set()

    async def run(self) -> None:
        """First gives back what an earlier run, which did not come to its end, still owed."""
        self._lowered = remembered(await asyncio.to_thread(self._file.load))
        if not self._streams.is_installed:
            if self._enabled:
                log.warning(
                    "other sound is not lowered: pactl is missing;"
                    " run: sudo apt install pulseaudio-utils"
                )
            return
        try:
            while self._enabled or self._lowered:
                self._ordered.clear()
                await self._attend()
                await self._wait()
        finally:
            self._ducked = False
            await self._attend()

    async def _wait(self) -> None:
        """Until there is something to do."""
        delay_s = WATCH_S if self._ducked else self._owed_s if self._lowered else None
        try:
            async with asyncio.timeout(delay_s):
                await self._ordered.wait()
        except TimeoutError:
            if not self._ducked:
                self._owed_s = min(2 * self._owed_s, LONGEST_OWED_S)

    async def _attend(self) -> None:
        if not self._ducked and not self._lowered:
            return
        try:
            playing = [
                stream
                for stream in await self._streams.playing()
                if stream.process_id not in (None, self._own_process)
            ]
            await (self._lower(playing) if self._ducked else self._give_back(playing))
        except AudioError as error:
            if not self._complained:
                log.warning("other sound is neither lowered nor restored: %s", error)
            self._complained = True
        else:
            self._complained = False

    async def _lower(self, playing: Sequence[Playing]) -> None:
        known = recognised(self._lowered, playing)
        lowered = {entry.stream for entry in known}
        fresh = [lower(s) for s in playing if s.stream not in lowered and any(s.volumes)]
        await asyncio.gather(
            self._remember([*known, *fresh]),
            *(self._set(entry.index, entry.after) for entry in fresh),
        )

    async def _give_back(self, playing: Sequence[Playing]) -> None:
        known = recognised(self._lowered, playing)
        now = {stream.stream: stream.volumes for stream in playing}
        await asyncio.gather(
            *(
                self._set(entry.index, entry.before)
                for entry in known
                if same(now.get(entry.stream), entry.after)
            )
        )
        await self._remember([entry for entry in known if entry.stream not in now])

    async def _set(self, index: int, volumes: tuple[int, ...]) -> None:
        try:
            await self._streams.set_volumes(index, volumes)
        except AudioError as error:
            log.debug("stream %d has ended: %s", index, error)

    async def _remember(self, lowered: list[Lowered]) -> None:
        lowered = lowered[-MOST:]
        if lowered != self._lowered:
            self._lowered = lowered
            state = {"lowered": [asdict(entry) for entry in lowered]}
            await asyncio.to_thread(self._file.save, state)


def lower(stream: Playing) -> Lowered:
    after = tuple(round(volume * LOWERED) for volume in stream.volumes)
    return Lowered(stream.index, stream.owner, stream.volumes, after)


def same(volumes: tuple[int, ...] | None, others: tuple[int, ...]) -> bool:
    return (
        volumes is not None
        and len(volumes) == len(others)
        and all(abs(a - b) <= SAME for a, b in zip(volumes, others, strict=True))
    )


def recognised(lowered: Sequence[Lowered], playing: Sequence[Playing]) -> list[Lowered]:
    """What is still to be given back, with the indices it is now found at.

    A stream that begins beside or after a lowered one of its program begins as low, and is
    owed as much. An entry whose program plays nothing waits for it.
    """
    owners = {stream.owner for stream in playing}
    found = [entry for entry in lowered if entry.owner not in owners]
    for stream in playing:
        of_it = [entry for entry in lowered if entry.stream == stream.stream]
        as_low = [e for e in lowered if e.owner == stream.owner and same(stream.volumes, e.after)]
        found += [replace(entry, index=stream.index) for entry in (of_it or as_low)[:1]]
    return found


def remembered(state: dict[str, Any]) -> list[Lowered]:
    """What the state file holds; what is damaged in it is left out."""
    entries = state.get("lowered")
    found = []
    for entry in entries if isinstance(entries, list) else []:
        match entry:
            case {"index": int(index), "owner": str(owner), "before": list(), "after": list()}:
                levels = entry["before"] + entry["after"]
                if all(isinstance(v, int) and 0 <= v < 2**31 for v in levels):
                    before, after = tuple(entry["before"]), tuple(entry["after"])
                    found.append(Lowered(index, owner, before, after))
    return found[-MOST:]
