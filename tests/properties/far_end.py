"""The relay as the device's rule machine meets it: real sessions, a way in memory, and moods."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import count
from types import TracebackType
from typing import Any, Self, cast

from aiohttp import ClientWebSocketResponse
from yarl import URL

from edgevoice.audio.frames import CAPTURE_RATE_HZ, Samples
from edgevoice.config import LimitsConfig, RelayConfig
from edgevoice.errors import LinkError, LinkRefused, LinkTimeout, LinkUntrusted
from edgevoice.link.announced import Announced
from edgevoice.link.signalling import (
    ANSWER_S,
    RESUME_HEADER,
    STANDBY_HEADER,
    WAKE_HEADER,
    Answer,
    Upgraded,
)
from edgevoice.relay.carrying.call_transport import Called
from edgevoice.relay.carrying.carrier import SocketCarrier
from edgevoice.relay.carrying.line import Leg
from edgevoice.relay.engine_brain import EngineBrain
from edgevoice.relay.engines.engine import SPEAKING_RATE_HZ
from edgevoice.relay.session import CallTerms, Session
from edgevoice.relay.turns import wake_phrase
from edgevoice.relay.turns.turn_judge import without_judge
from edgevoice.webrtc.media_header import MEDIA_HEADER
from edgevoice.webrtc.socket_call import SocketCall
from tests.properties.sound_in_memory import LoudnessVad
from tests.properties.wire_in_memory import Way
from tests.relay.story import FakeEngine
from tests.webrtc.raw_pcm import RawPcm

HEARD_HZ, SPOKEN_HZ = CAPTURE_RATE_HZ, SPEAKING_RATE_HZ
SESSION_S = 120.0
LIMITS = LimitsConfig(idle_s=40.0, hold_s=20.0)

MOODS: dict[str, Callable[[], Exception]] = {
    "away": lambda: LinkError("the relay cannot be reached"),
    "silent": lambda: LinkTimeout("the relay does not answer"),
    "401": lambda: LinkRefused(401, "the token is not known"),
    "429": lambda: LinkRefused(429, "too many calls", 5.0),
    "500": lambda: LinkRefused(500, "the relay has a bug"),
    "503": lambda: LinkRefused(503, "the relay is full", 2.0),
    "untrusted": lambda: LinkUntrusted("the certificate is somebody else's"),
}
SLOW_S = {"slow": 2.5, "very slow": ANSWER_S + 1.0, "silent": ANSWER_S}


class RawCarrier(SocketCarrier):
    def __init__(self, called: Called) -> None:
        self._call = SocketCall(
            on_audio=called.on_audio,
            on_message=called.on_message,
            on_open=called.on_open,
            on_closed=called.on_closed,
            codec=cast(Any, _Codec()),
        )


class _Codec:
    """What is heard has the microphone's rate, what is said the loudspeaker's."""

    def encoder(self) -> RawPcm:
        return RawPcm(SPOKEN_HZ)

    def decoder(self) -> RawPcm:
        return RawPcm(HEARD_HZ)


@dataclass
class Placed:
    session: Session
    running: "asyncio.Task[str]"
    began: float


class FarEnd:
    """A `Relay` of the device; opened and closed with each device of the program."""

    relay = "relay.test"
    url = "https://relay.test"
    rtt_s = None

    def __init__(self, hear: Callable[[Samples], None], leaves: Callable[[bytes], None]) -> None:
        """`hear` is told what arrives, `leaves` of each packet of sound as it is sent."""
        self.mood = "well"
        self.engine = FakeEngine()
        self.engine.words = ["well"] * 100_000
        self.placed: dict[str, Placed] = {}
        self.ways: list[Way] = []
        self.notes: list[Announced] = []
        self._hear = hear
        self._leaves = leaves
        self._numbers = count(1)

    # What a Relay does.

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        pass

    async def renew(self) -> None:
        pass

    async def call(self, offer: str, headers: dict[str, str]) -> Answer:
        raise AssertionError("the device was told to come by WebSocket")

    async def upgrade(self, headers: dict[str, str]) -> Upgraded:
        await self._receive()
        placed = self.placed.get(headers.get(RESUME_HEADER, ""))
        if placed is not None and placed.session.may_resume:
            return await self._go_on(headers[RESUME_HEADER], placed.session, headers)
        return await self._begin(headers)

    async def hang_up(self, location: URL) -> None:
        placed = self.placed.get(location.name)
        if placed is not None and self.mood not in ("away", "silent"):
            placed.session.hang_up("the client hung up")

    async def speech(self, text: str) -> bytes:
        await self._receive()
        return b"\x00\x10" * (SPOKEN_HZ // 2)

    async def announcements(self, wait_s: float) -> list[Announced]:
        await self._receive()
        if not self.notes:
            await asyncio.sleep(wait_s)
        told, self.notes = self.notes, []
        return told

    async def forget(self) -> int:
        await self._receive()
        return 0

    async def warm(self) -> None:
        await self._receive()

    # How it does it.

    async def _receive(self) -> None:
        await asyncio.sleep(SLOW_S.get(self.mood, 0.02))
        if self.mood in MOODS:
            raise MOODS[self.mood]()
        if self.mood == "very slow":
            raise LinkTimeout("the relay did not answer in time")

    async def _begin(self, headers: dict[str, str]) -> Upgraded:
        for placed in self.placed.values():  # one at a time
            placed.session.hang_up("another call took its place", code="session_replaced")
        carriers: list[RawCarrier] = []
        wake = headers.get(WAKE_HEADER)
        terms = CallTerms(
            SESSION_S,
            {},
            wake_phrase.parse_header(wake) if wake else None,
            extensions=True,
            standby=STANDBY_HEADER in headers,
        )
        session = Session(
            without_judge(RelayConfig(limits=LIMITS)),
            [partial(EngineBrain, self.engine, LoudnessVad())],
            terms,
            lambda leg: self._carry(carriers, leg),
        )
        loop = asyncio.get_running_loop()
        name = f"rtc_{next(self._numbers)}"
        self.placed[name] = Placed(session, loop.create_task(session.run()), loop.time())
        return await self._connect(name, carriers[0], headers, resumed=False)

    async def _go_on(self, name: str, session: Session, headers: dict[str, str]) -> Upgraded:
        carriers: list[RawCarrier] = []
        leg = session.new_leg(lambda leg: self._carry(carriers, leg))
        upgraded = await self._connect(name, carriers[0], headers, resumed=True)
        assert session.admit(leg)
        return upgraded

    def _carry(self, carriers: list[RawCarrier], called: Called) -> RawCarrier:
        carriers.append(RawCarrier(_Listening(cast(Leg, called), self._hear)))
        return carriers[-1]

    async def _connect(
        self, name: str, carrier: RawCarrier, headers: dict[str, str], *, resumed: bool
    ) -> Upgraded:
        text = await carrier.answer(headers[MEDIA_HEADER])
        way = Way()
        way.near.on_packet = self._leaves
        self.ways = [*self.ways[-3:], way]
        carrier._call.attach(way.far)
        place = URL(f"{self.url}/v1/realtime/calls/{name}")
        near = cast(ClientWebSocketResponse, way.near)
        return Upgraded(near, Answer(text, place, extensions=True, resumed=resumed))

    # What may become of it.

    @property
    def live(self) -> list[Placed]:
        return [placed for placed in self.placed.values() if not placed.running.done()]

    def hold(self) -> None:
        for way in self.ways:
            way.hold()

    def go_on(self) -> None:
        for way in self.ways:
            way.go_on()

    def tear(self) -> None:
        for way in self.ways:
            way.tear()

    def hang_up_all(self, reason: str, code: str = "") -> None:
        for placed in self.live:
            placed.session.hang_up(reason, code)

    def babble(self, event: dict[str, Any] | str) -> None:
        """Says what no session would, on the newest way."""
        if self.ways:
            self.ways[-1].near.push(event if isinstance(event, str) else json.dumps(event))


class _Listening:
    """A leg that is overheard."""

    def __init__(self, leg: Leg, hear: Callable[[Samples], None]) -> None:
        self._leg, self._hear = leg, hear
        self.on_open, self.on_message = leg.on_open, leg.on_message
        self.on_closed = leg.on_closed

    def on_audio(self, first: int, samples: Samples) -> None:
        self._hear(samples)
        self._leg.on_audio(first, samples)
