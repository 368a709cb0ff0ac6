"""What answers: the interface every engine has, and the values that cross it.

The session (relay/session.py) owns the conversation and the protocol; an engine
hears utterances and produces parts of an answer. It never sees an event.
Cancelling is closing: the session closes the iterator or cancels the await, and
the engine stops recognising, generating and synthesising at once.
"""

from collections.abc import AsyncIterator, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from edgevoice.realtime.items import Item

HEARING_RATE_HZ = 16_000
SPEAKING_RATE_HZ = 24_000

Samples = NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Utterance:
    """One user turn: 16 kHz mono int16, from the prefix padding to the end of speech."""

    item_id: str
    samples: Samples
    wake_name: str | None = None
    """The utterance begins with this wake phrase; it is not part of what was said."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a response is made from."""

    items: Sequence[Item]
    """The conversation so far, only what was said and heard, oldest first."""
    instructions: str
    tools: Sequence[dict[str, Any]]
    """Function tools as in `session.tools`: type, name, description, parameters."""
    tool_choice: Any
    speak: bool
    """Audio is wanted; otherwise text alone."""
    utterance: Utterance | None
    """The user turn being answered, when it was spoken."""
    silence: bool = False
    """Nothing is being answered: nobody has spoken for long, and the user is to be asked to go
    on."""
    foreign: Collection[str] = frozenset()
    """Names of those of the tools that are other programs': no rule knows what they do."""


@dataclass(frozen=True, slots=True)
class Text:
    """A piece of the answer's text; the audio that follows, up to the next Text, speaks it."""

    text: str


@dataclass(frozen=True, slots=True)
class Audio:
    """24 kHz mono int16, any length; may come faster than real time."""

    samples: Samples


@dataclass(frozen=True, slots=True)
class FunctionCall:
    """A tool the client is to run; `arguments` is JSON text."""

    name: str
    arguments: str


Part = Text | Audio | FunctionCall


class Listener(Protocol):
    """Hears one utterance while it is being spoken. Used from the event loop only."""

    def hear(self, samples: Samples) -> None:
        """The next samples of the utterance, in order; returns at once."""

    def pause(self) -> None:
        """The speaker may have finished: a good moment to recognise what there is."""

    async def finish(self, utterance: Utterance) -> str:
        """The transcript of the whole utterance, wake phrase taken off; may be empty.

        Raises EngineError when recognition fails.
        """

    def abandon(self) -> None:
        """The utterance is not wanted after all."""


@runtime_checkable
class Guesser(Protocol):
    """A Listener that may know what was said before the turn is over."""

    async def guess(self) -> str:
        """What `finish` would say if the last pause were the end; empty: unknown.

        Called once after a `pause`, and cancelled when the speaker goes on.
        """


class Answerer(Protocol):
    def respond(self, request: Request) -> AsyncIterator[Part]:
        """The answer, part by part. Raises EngineError; closing the iterator cancels it.

        It may be asked in advance, and closed with nobody having heard of it: what has effects
        is a FunctionCall, and waits until the one after it is asked for.
        """


class Engine(Answerer, Protocol):
    """One per relay process, shared by all sessions; models are loaded once."""

    @property
    def name(self) -> str:
        """As `relay.engine` calls it."""

    async def start(self) -> None:
        """Load and warm up; raises ModelError or EngineError with the remedy."""

    def listen(self, wake_name: str | None, on_partial: Callable[[str], None]) -> Listener:
        """A new utterance begins. `on_partial` is given stable new words as they settle."""

    async def close(self) -> None:
        """Release threads and models."""
