"""`edgevoice relay` itself, with the engine `parrot`, which here answers every turn the same.

python -m peers.ends.edgevoice_relay FOLDER relay --set ...

FOLDER/answer.pcm is the answer, 24 kHz. What the turn detector is given is written down by
the same ear as at the other servers; nothing else differs from the program as it is.
"""

import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import numpy as np

from edgevoice import cli
from edgevoice.audio.frames import Samples
from edgevoice.relay.engines.engine import Audio, Part, Request, Text
from edgevoice.relay.engines.parrot import Parrot
from edgevoice.relay.turns.hearing import Hearing
from edgevoice.relay.turns.turn_detector import TurnEvent
from peers.ends.ear import Ear


def listen_in(ear: Ear) -> None:
    made, received = Hearing.__init__, Hearing.receive

    def begin(self: Hearing, *words: object, **more: object) -> None:
        made(self, *words, **more)  # type: ignore[arg-type]
        ear.call()

    def receive(self: Hearing, first: int, samples: Samples) -> Iterator[TurnEvent]:
        ear.hear(first, samples)
        return received(self, first, samples)

    Hearing.__init__, Hearing.receive = begin, receive  # type: ignore[method-assign]


def answer_always(sound: Samples, ear: Ear) -> None:
    async def respond(self: Parrot, request: Request) -> AsyncIterator[Part]:
        ear.say("turn")
        yield Text("this")
        yield Audio(sound)

    Parrot.respond = respond  # type: ignore[method-assign]


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    ear = Ear(folder)
    listen_in(ear)
    answer = np.frombuffer((folder / "answer.pcm").read_bytes(), "<i2").astype(np.int16)
    answer_always(answer, ear)
    sys.exit(cli.main(sys.argv[2:]))
