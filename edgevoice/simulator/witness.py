"""Writes down what the board does, and waits for what it is expected to do.

Sees every input the transceiver was given, after it was dealt with. Text that
was recognised or answered stays here and in the owner's terminal; it is not logged.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from edgevoice.daemon.diary.waterfall import TurnReport
from edgevoice.realtime.server_events import (
    ConversationItemInputAudioTranscriptionCompleted,
    ResponseOutputAudioTranscriptDone,
    ServerEvent,
)
from edgevoice.simulator.scenario import Expect
from edgevoice.transceiver.inputs import (
    BargeInConfirmed,
    ButtonPressed,
    EventReceived,
    Input,
    PlayoutStarted,
    SpeechStarted,
    WakeDetected,
)
from edgevoice.transceiver.states import State
from edgevoice.transceiver.transceiver import Transceiver

ANSWERED = "answered"
"""The outcome of a turn whose answer was played to its end."""


INTERRUPTED = "interrupted"
"""The outcome of a turn whose answer, or the wait for it, was cut short by the user."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """Something an expectation can be about: a kind from `scenario.EXPECTABLE`, with its text."""

    at: float
    what: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """One spoken answer; its samples are positions in the loudspeaker's recording."""

    heard: str
    text: str
    start: int
    stop: int


def state_of(transceiver: Transceiver) -> str:
    """One of the states of `scenario.EXPECTABLE`."""
    return "muted" if transceiver.facts.muted else transceiver.state.value


class Witness:
    def __init__(
        self,
        now: Callable[[], float],
        reports: Callable[[], Iterable[TurnReport]],
        speaker_position: Callable[[], int],
        state: str = State.IDLE.value,
    ) -> None:
        """`state` is the one at the beginning: only changes are sightings."""
        self._now = now
        self._reports = reports
        self._speaker_position = speaker_position
        self._seen_turn = 0
        self._state = state
        self._heard = ""
        self._said: list[str] = []
        self._answer_start: int | None = None
        self._changed = asyncio.Event()
        self._since = 0
        self.sightings: list[Sighting] = []
        self.answers: list[Answer] = []

    def observe(self, happened: Input, transceiver: Transceiver) -> None:
        """The runner's observer."""
        match happened:
            case WakeDetected(name):
                self.saw("wake", name)
            case SpeechStarted() if self._state == State.SPEAKING.value:
                self.saw("hint")
            case PlayoutStarted() if self._answer_start is None:
                self._answer_start = self._speaker_position()
            case EventReceived(event):
                self._read(event)
        state = state_of(transceiver)
        if state != self._state:
            self._state = state
            self.saw(state)
        self._look_at_turns(happened)

    def saw(self, what: str, text: str = "") -> None:
        self.sightings.append(Sighting(self._now(), what, text))
        self._changed.set()

    def turn_the_page(self) -> None:
        """Expectations are about what happens from here on."""
        self._since = len(self.sightings)

    async def expect(self, expected: Expect) -> Sighting | None:
        """The first sighting of it on this page; None when it did not come in time."""
        try:
            async with asyncio.timeout(expected.within_s):
                while (found := self._find(expected)) is None:
                    self._changed.clear()
                    await self._changed.wait()
                return found
        except TimeoutError:
            return None

    def _find(self, expected: Expect) -> Sighting | None:
        for sighting in self.sightings[self._since :]:
            matches = expected.matching is None or expected.matching.search(sighting.text)
            if sighting.what == expected.what and matches:
                return sighting
        return None

    def _read(self, event: ServerEvent) -> None:
        match event:
            case ConversationItemInputAudioTranscriptionCompleted(transcript=transcript):
                self._heard = transcript
                self.saw("heard", transcript)
            case ResponseOutputAudioTranscriptDone(transcript=transcript):
                self._said.append(transcript)

    def _look_at_turns(self, happened: Input) -> None:
        for report in self._reports():
            if report.number <= self._seen_turn:
                continue
            self._seen_turn = report.number
            if report.outcome == ANSWERED and self._answer_start is not None:
                self._finish_answer(self._answer_start)
            if report.outcome == INTERRUPTED:
                self.saw("interrupted", _by(happened))
            self._answer_start = None
            self._said.clear()

    def _finish_answer(self, start: int) -> None:
        text = " ".join(self._said)
        self.answers.append(Answer(self._heard, text, start, self._speaker_position()))
        self.saw("answer", text)


def _by(happened: Input) -> str:
    """What stopped an answer."""
    match happened:
        case BargeInConfirmed():
            return "voice"
        case WakeDetected():
            return "wake word"
        case ButtonPressed():
            return "button"
        case _:
            return "relay"
