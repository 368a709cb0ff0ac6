"""A call as a session wants its transport: by WebRTC or WebSocket. The only importer of webrtc."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from edgevoice.config import LimitsConfig
from edgevoice.relay.carrying.call_transport import Called, CallTransport
from edgevoice.webrtc.call import Call
from edgevoice.webrtc.codec import Codec
from edgevoice.webrtc.media_header import MEDIA_HEADER as MEDIA_HEADER
from edgevoice.webrtc.media_header import PROTOCOL as PROTOCOL
from edgevoice.webrtc.paced_output import PacedOutput
from edgevoice.webrtc.receiver import Receiver
from edgevoice.webrtc.socket_call import SocketCall
from edgevoice.webrtc.socket_line import WebSocket


class Carrier(CallTransport, Protocol):
    async def answer(self, offer: str) -> str:
        """The answer; RemoteProtocolError for an unusable offer, LinkError for our fault."""


MakeCarrier = Callable[[Called, str | None], Carrier]
"""From the one it calls and the address for its media socket."""


@dataclass(frozen=True, slots=True)
class Received:
    samples: int
    packets: int
    lost: int
    concealed: int


def received(receiver: Receiver) -> Received:
    return Received(receiver.samples, receiver.received, receiver.lost, receiver.concealed)


class _Carrier:
    """What both have in common; `_call` is theirs."""

    _call: Call | SocketCall

    @property
    def output(self) -> PacedOutput:
        return self._call.output

    @property
    def received(self) -> Received:
        return received(self._call.receiver)

    @property
    def lost(self) -> bool:
        return self._call.lost

    def send(self, text: str) -> None:
        self._call.send(text)

    async def run(self) -> None:
        await self._call.run()

    async def close(self) -> None:
        await self._call.close()


class WebRtcCarrier(_Carrier):
    _call: Call

    def __init__(
        self,
        limits: LimitsConfig,
        called: Called,
        media_host: str | None,
        *,
        codec: Codec | None = None,
    ) -> None:
        self._call = Call(
            on_audio=called.on_audio,
            on_message=called.on_message,
            on_open=called.on_open,
            on_closed=called.on_closed,
            media_host=media_host,
            codec=codec,
            event_bytes=limits.event_bytes,
            sdp_bytes=limits.sdp_bytes,
        )

    async def answer(self, offer: str) -> str:
        return await self._call.answer(offer)


class SocketCarrier(_Carrier):
    """Answers first; the WebSocket is attached when the call has been taken."""

    _call: SocketCall

    def __init__(self, limits: LimitsConfig, called: Called) -> None:
        self._call = SocketCall(
            on_audio=called.on_audio,
            on_message=called.on_message,
            on_open=called.on_open,
            on_closed=called.on_closed,
            event_bytes=limits.event_bytes,
        )

    async def answer(self, offer: str) -> str:
        return self._call.answer(offer)

    async def serve(self, socket: WebSocket) -> None:
        """Carry the call over this until it has ended."""
        self._call.attach(socket)
        await self._call.left()
