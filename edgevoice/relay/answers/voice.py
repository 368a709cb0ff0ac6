"""The voice of a session: an answer at a time, each announced and accounted for.

Outlives the output it speaks through. Without one the answer's clock stands still, and
at the next one it goes on from what the client has heard.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from edgevoice.audio.departures import Departures
from edgevoice.audio.frames import Samples
from edgevoice.relay.answers.answer_sound import AnswerSound
from edgevoice.relay.carrying.call_transport import Output
from edgevoice.relay.engines.engine import SPEAKING_RATE_HZ

MIN_REST_MS = 60
"""Less than this of a finished answer is rounding and no words."""


@dataclass(frozen=True, slots=True)
class _Past:
    """An answer that has been sent to its end; whether it was heard is another matter."""

    response_id: str
    sound: AnswerSound
    ended_at: float


class Voice:
    on_made: Callable[[str], None]
    """The first sound of this answer has been made."""

    def __init__(
        self,
        output: Output,
        on_started: Callable[[str], None],
        on_stopped: Callable[[str], None],
        hold_s: float = 0.0,
    ) -> None:
        """`hold_s`: for so long the client may come back and ask for what it has not heard."""
        self.on_made = lambda response_id: None
        self._on_started = on_started
        self._on_stopped = on_stopped
        self._hold_s = hold_s
        self._free = asyncio.Event()
        self._free.set()
        self._sound = AnswerSound()
        self._cuts = 0
        self._past: _Past | None = None
        self._ended = False
        self._announced = False
        self._is_made = False
        self._departed = Departures()
        """From outputs that are not in use any more."""
        self.response_id: str | None = None
        """The answer that is being sent."""
        self._stands_at_ms = 0
        self._heard_until = 0.0
        self._output: Output | None
        self._use(output)

    @property
    def sent_ms(self) -> int:
        return self._stands_at_ms if self._output is None else self._output.sent_ms

    async def begin(self, response_id: str) -> None:
        """Wait for the answers before to end, then begin this one; not if all are silenced."""
        cuts = self._cuts
        while self.response_id is not None:
            await self._free.wait()
            if self._cuts != cuts:
                return
        self._take(response_id, AnswerSound(), ended=False)
        self._past, self._stands_at_ms = None, 0
        if self._output is not None:
            self._output.begin()

    def departures(self) -> Departures:
        """Packets that have left since the last time, whichever way."""
        departed, self._departed = self._departed, Departures()
        return departed if self._output is None else departed + self._output.departures()

    @property
    def is_heard(self) -> bool:
        """What was made is longer than the time since: somebody is still listening to it."""
        return _now() < self._heard_until

    def play(self, samples: Samples) -> None:
        self._heard_until = max(self._heard_until, _now()) + len(samples) / SPEAKING_RATE_HZ
        if not self._is_made and self.response_id is not None:
            self._is_made = True
            self.on_made(self.response_id)
        if self._hold_s > 0:
            self._sound.add(samples)
            self._sound.forget(self.sent_ms)
        if self._output is not None:
            self._output.play(samples)

    def end(self) -> None:
        self._ended = True
        if self._output is not None:
            self._output.end()

    def cut(self) -> tuple[str, int] | None:
        """Be silent at once: which answer, and how many milliseconds of it were sent."""
        self._heard_until = 0.0
        if self.response_id is None:
            return None
        sent_ms = self._stands_at_ms if self._output is None else self._output.clear()
        cut = self.response_id, sent_ms
        self._cuts += 1
        self._release()
        return cut

    def detach(self) -> None:
        """The output leads nowhere any more."""
        output, self._output = self._output, None
        if output is not None:
            self._stands_at_ms = output.clear()
            self._departed += output.departures()

    def attach(self, output: Output, response_id: str, heard_ms: int) -> bool:
        """Go on here. The client has heard so much of that answer, and nothing of a later one.

        True: the last answer had stopped, and is opened again.
        """
        self.detach()
        self._use(output)
        is_reopened = self.response_id is None and self._reopens(response_id, heard_ms)
        if self.response_id is None:
            return False
        heard_ms = min(heard_ms, self._stands_at_ms) if response_id == self.response_id else 0
        from_ms, rest = self._sound.since(heard_ms)
        output.begin(from_ms)
        if len(rest):
            output.play(rest)
        if self._ended:
            output.end()
        return is_reopened

    def _use(self, output: Output) -> None:
        self._output = output
        output.on_first_packet = self._first_packet
        output.on_drained = self._drained

    def _reopens(self, response_id: str, heard_ms: int) -> bool:
        """The last answer was sent to its end, but not heard to its end."""
        past, now = self._past, _now()
        if past is None or past.response_id != response_id or now > past.ended_at + self._hold_s:
            return False
        if heard_ms > past.sound.duration_ms - MIN_REST_MS:
            return False
        self._past = None
        self._take(response_id, past.sound, ended=True)
        return True

    def _take(self, response_id: str, sound: AnswerSound, *, ended: bool) -> None:
        self._free.clear()
        self.response_id, self._sound = response_id, sound
        self._ended, self._announced = ended, False
        self._is_made = ended

    def _first_packet(self) -> None:
        if self.response_id is not None and not self._announced:
            self._announced = True
            self._on_started(self.response_id)

    def _drained(self) -> None:
        """A buffer that runs dry in the middle of an answer is not its end."""
        if self.response_id is None or not self._ended:
            return
        stopped = self.response_id
        self._past = _Past(stopped, self._sound, _now())
        self._release()
        self._on_stopped(stopped)

    def _release(self) -> None:
        self.response_id = None
        self._sound = AnswerSound()
        self._free.set()


def _now() -> float:
    return asyncio.get_running_loop().time()
