"""Everything the light can say, by name and in words, for those who want to see it. Pure."""

from collections.abc import Callable
from dataclasses import dataclass

from edgevoice.hardware.lights.patterns import PAIRING, UPDATING
from edgevoice.hardware.lights.scene import Scene, Volume
from edgevoice.transceiver.indication import Countdown, Hold, Indication

LASTS_S = 4.0
"""Long enough to see the slowest one come round."""


@dataclass(frozen=True, slots=True)
class Show:
    meaning: str
    scene: Callable[[float], Scene]
    """What it looks like from `now` on."""


def _saying(indication: Indication, meaning: str) -> tuple[str, Show]:
    return indication.value, Show(meaning, lambda now: Scene(indication, since=now, level=0.5))


SHOWS: dict[str, Show] = dict(
    [
        _saying(Indication.MUTED, "the microphone is closed until somebody opens it again"),
        _saying(Indication.ERROR, "the microphone or the loudspeaker is lost; `edgevoice doctor`"),
        _saying(Indication.RINGING, "a timer has run out; say stop, or press the button"),
        _saying(Indication.LISTENING, "what you say now is sent"),
        _saying(Indication.THINKING, "it has heard you and is about to answer"),
        _saying(Indication.SPEAKING, "it answers; you may interrupt"),
        _saying(Indication.CONNECTING, "it heard its name and calls the relay; go on speaking"),
        _saying(
            Indication.OFFLINE,
            "no relay in reach, or deaf to its name; `edgevoice why`",
        ),
        _saying(Indication.RECORDING, "the sound of turns is kept here; `edgevoice record off`"),
        _saying(Indication.IDLE, "it waits for its name, and nothing is sent"),
        (
            "countdown",
            Show(
                "a timer runs; the ring is what is left of it",
                lambda now: Scene(since=now, countdown=Countdown(now + LASTS_S, LASTS_S)),
            ),
        ),
        (
            "volume",
            Show("how loud it now is", lambda now: Scene(since=now, volume=Volume(60, now))),
        ),
        (
            "long press",
            Show(
                "keep the button down until the ring is full, or let go and nothing happens",
                lambda now: Scene(since=now, hold=Hold(now, now + LASTS_S)),
            ),
        ),
        (
            "pairing",
            Show(
                "it waits to be let in at the relay; `edgevoice pair` shows the code",
                lambda now: Scene(since=now, notice=PAIRING),
            ),
        ),
        (
            "updating",
            Show(
                "a new version is being installed; leave it plugged in",
                lambda now: Scene(since=now, notice=UPDATING),
            ),
        ),
    ]
)
