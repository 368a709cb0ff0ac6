"""A device that answers and listens: its own ears, mind and playout buffer in a simulated room.

The relay is played by the few events that a conversation needs; virtual time.
"""

import math

import numpy as np

from edgevoice.audio.frames import CAPTURE_RATE_HZ, FRAME_SAMPLES, Samples
from edgevoice.audio.playout import PlayoutBuffer
from edgevoice.config import Config
from edgevoice.daemon.performer import DUCKED
from edgevoice.realtime import server_events as says
from edgevoice.realtime.items import ContentPart
from edgevoice.realtime.response import Response
from edgevoice.realtime.session import Session
from edgevoice.transceiver import actions as do
from edgevoice.transceiver import inputs
from edgevoice.transceiver.inputs import EventReceived, Input
from edgevoice.transceiver.states import State
from edgevoice.transceiver.transceiver import Transceiver
from sound.duplex import PLAYOUT_RATE_HZ, Acoustics, Duplex
from sound.hearing import Hearing

AUDIBLE = 300
"""A block of 10 ms whose loudest sample is below this is a pause, -40 dBFS."""

QUIETER = 0.3
"""Of the amplitude it would have had: below this it is ducked."""


class Answering:
    def __init__(self, acoustics: Acoustics, tape: Samples) -> None:
        self._tape = tape
        self._config = Config()
        self._playout = PlayoutBuffer(PLAYOUT_RATE_HZ)
        self._duplex = Duplex(acoustics, self._playout.pull, self._played)
        self._hearing = Hearing(self._config, PLAYOUT_RATE_HZ, self._post)
        self._mind: Transceiver
        self._given = 0
        self.stops = self.ducks = self.wakes = 0
        self._loud_until = self._heard_until = 0.0
        self.ducked_at = self.silent_at = math.inf

    @property
    def now_s(self) -> float:
        """Of the microphone's clock: where the next sample is captured."""
        return self._duplex.captured / CAPTURE_RATE_HZ

    def answer(self, near: Samples) -> None:
        """Begin to answer, and go on for as long as `near`, which is said meanwhile."""
        self._begin()
        for frame in self._duplex.frames(near):
            self._hearing.hear(frame, self._duplex.now)
            while (due := self._mind.deadline) is not None and due <= self._duplex.now:
                self._post(inputs.DeadlinePassed())

    def _begin(self) -> None:
        self._mind = Transceiver(
            self._config.turn, self._config.context, self._config.link, (), CAPTURE_RATE_HZ
        )
        for happened in conversation(self._duplex.captured):
            self._post(happened)
        assert self._mind.state is State.SPEAKING
        self.ducked_at = self.silent_at = math.inf
        self._playout.flush()
        self._playout.pull(FRAME_SAMPLES)  # the rest of what was flushed
        self._playout.begin_answer()
        self._playout.push(self._tape)
        self._given = 0

    def _post(self, happened: Input) -> None:
        self.wakes += isinstance(happened, inputs.WakeDetected) and self._given > 0
        actions = self._mind.handle(happened, self._duplex.now)
        for action in actions:
            self._perform(action)
        if do.UnduckPlayout() in actions and do.FlushPlayout() not in actions:
            self.ducked_at = math.inf  # a false alarm

    def _perform(self, action: do.Action) -> None:
        match action:
            case do.DuckPlayout():
                self.ducks += 1
                self._playout.duck(DUCKED)
            case do.UnduckPlayout():
                self._playout.duck(1.0)
            case do.FlushPlayout():
                self.stops += 1
                self._post(inputs.PlayoutFlushed(self._playout.flush()))

    def _played(self, block: Samples, now: float) -> None:
        """Notices when what is played becomes quieter than it was given, and when it ends."""
        self._hearing.played(block, now)
        given = np.abs(self._tape.take(np.arange(len(block)) + self._given, mode="wrap"))
        self._given += len(block)
        if given.max() < AUDIBLE:
            return  # a pause of the answer: nothing can be told
        if len(loud := np.flatnonzero(np.abs(block) > QUIETER * given + 1)):
            self._loud_until = now + (int(loud[-1]) + 1) / PLAYOUT_RATE_HZ
        else:
            self.ducked_at = min(self.ducked_at, self._loud_until)
        if len(heard := np.flatnonzero(block)):
            self._heard_until = now + (int(heard[-1]) + 1) / PLAYOUT_RATE_HZ
        else:
            self.silent_at = min(self.silent_at, self._heard_until)


def conversation(sample: int) -> list[Input]:
    """From being woken to the beginning of an answer."""
    events = (
        says.SessionCreated(session=Session(id="s")),
        says.InputAudioBufferSpeechStarted(item_id="u", audio_start_ms=0),
        says.InputAudioBufferSpeechStopped(item_id="u", audio_end_ms=900),
        says.InputAudioBufferCommitted(item_id="u"),
        says.ResponseCreated(response=Response(id="r", status="in_progress")),
        says.ResponseContentPartAdded(
            response_id="r",
            item_id="a",
            output_index=0,
            content_index=0,
            part=ContentPart("audio"),
        ),
        says.OutputAudioBufferStarted(response_id="r"),
    )
    return [
        inputs.ButtonPressed(sample),
        inputs.LinkOpened("relay", True),
        *(EventReceived(event) for event in events),
        inputs.PlayoutStarted(),
    ]
