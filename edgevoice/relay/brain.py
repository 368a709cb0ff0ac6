"""What thinks in a session: the client's events and sound in, events and an answer's sound out.

`Session` keeps the line to the client, its patience and the conversation, and has one brain at a
time. One that cannot go on is followed by the next, in mid-conversation. `engine_brain.py` thinks
with an engine of this relay.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from edgevoice.audio.frames import Samples
from edgevoice.errors import EdgeVoiceError
from edgevoice.realtime.client_events import ClientEvent
from edgevoice.relay.answers.voice import Voice
from edgevoice.relay.state import SessionState
from edgevoice.relay.turns.wake_phrase import WakePhrase


class BrainLost(EdgeVoiceError):
    """This brain cannot go on; the message says why, for the log."""


@dataclass(frozen=True, slots=True)
class Unanswered:
    """What a brain leaves to its successor."""

    first: int = 0
    """Place of the first sample in the client's stream."""
    samples: Samples = field(default_factory=lambda: np.zeros(0, np.int16))
    """16 kHz: what has come since then, with what the user has said and nobody has answered."""
    is_owed: bool = False
    """The conversation ends with something that wants an answer."""


@dataclass(frozen=True, slots=True)
class Stage:
    """What a session gives its brain."""

    state: SessionState
    voice: Voice
    wake: WakePhrase | None
    active: Callable[[], None]
    """Somebody spoke."""
    report: Callable[[], None]
    """A part of the exchange is over: the client may be told what has arrived."""


class Brain(Protocol):
    """Used from the event loop only. What it has to say it publishes on its stage."""

    @property
    def engine(self) -> str:
        """What answers, as `relay.engine` calls it."""

    @property
    def turns(self) -> int:
        """Of the user's."""

    @property
    def responses(self) -> int: ...

    @property
    def busy(self) -> bool:
        """Something is being made or spoken."""

    @property
    def speaking(self) -> bool:
        """The user is in the middle of a turn."""

    @property
    def position(self) -> int:
        """In the client's stream: the next sample that is wanted."""

    def follow(self, before: Unanswered) -> None:
        """Go on from what another brain has left; called first, if at all."""

    async def run(self) -> None:
        """Returns when there is nothing to wait for; BrainLost when another has to go on."""

    def receive(self, first: int, samples: Samples) -> None:
        """Sound of the client, 16 kHz; `first` counts from the first sample of the session."""

    def obey(self, event: ClientEvent) -> None:
        """One of the Realtime API's client events, decoded."""

    def moved(self) -> None:
        """The client comes by another transport now."""

    def abandon(self) -> Unanswered:
        """It is over for this brain: stop everything; nothing is published any more."""


MakeBrain = Callable[[Stage], Brain]
