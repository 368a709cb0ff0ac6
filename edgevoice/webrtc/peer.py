"""One end of a WebRTC session: connection, event channel, arriving RTP, and its death.

aiortc calls us from its own tasks, where an exception of ours would end the
session without a word. So its callbacks only put something into the inbox, and
`run`, which is our task, takes it out. Used by the device's RelayLink and by the
relay's Call; what events and samples mean is theirs to know.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from functools import partial
from math import inf
from typing import Protocol

from aiortc import (
    RTCBundlePolicy,
    RTCConfiguration,
    RTCDataChannel,
    RTCPeerConnection,
    RTCRtpSender,
    RTCRtpTransceiver,
)

from edgevoice.webrtc import hardening
from edgevoice.webrtc.outbox import Outbox
from edgevoice.webrtc.sdp import MAX_MESSAGE_BYTES

log = logging.getLogger(__name__)

CHANNEL = "oai-events"

CONFIGURATION = RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE)
"""An empty list, because None means Google's STUN server."""

OPEN_S = 10.0
"""ICE, DTLS and SCTP together; 0.4 s is usual, 5 s were seen under heavy loss."""
SILENCE_S = 1.8
"""Not even an answer to a check, of which two a second are due. With 150 ms on the way, dead is
known within 2 s."""
CLOSE_S = 2.0
INBOX_LIMIT = 4096
"""80 s of packets. When it is full new ones are dropped: nobody is reading."""

EARLY_LIMIT = 64
"""Events held until the channel is open; it is a few milliseconds, and more ends the session."""

Task = Callable[[], None]


class RtpSink(Protocol):
    """What becomes of arriving packets."""

    @property
    def deadline(self) -> float | None: ...

    def push(
        self, ssrc: int, sequence: int, timestamp: int, payload: bytes, now: float
    ) -> None: ...

    def expire(self, now: float) -> None: ...


class Peer:
    """Made, then used for one session. `ended` holds the reason once there is one."""

    def __init__(
        self, max_message_bytes: int = MAX_MESSAGE_BYTES, silence_s: float = SILENCE_S
    ) -> None:
        self.on_open: Task = lambda: None
        self.on_message: Callable[[str], None] = lambda text: None
        self.receiver: RtpSink | None = None
        self.outbox = Outbox(self.end)
        self.ended: str | None = None
        self.is_open = False
        self.overruns = 0
        self.connection: RTCPeerConnection
        self.rtp_transceiver: RTCRtpTransceiver
        self._max_message_bytes = max_message_bytes
        self._silence_s = silence_s
        self._inbox: deque[Task] = deque()
        self._news = asyncio.Event()
        self._early: list[str] = []
        self._alive_at: float | None = None
        self._open_by = 0.0
        self._closing = asyncio.Lock()
        self._is_closed = False

    def connect(self) -> None:
        """Make the connection object and its one audio transceiver; nothing is sent yet."""
        hardening.harden()
        self.connection = RTCPeerConnection(CONFIGURATION)
        self.rtp_transceiver = self.connection.addTransceiver("audio", direction="sendrecv")
        capabilities = RTCRtpSender.getCapabilities("audio")
        opus = [codec for codec in capabilities.codecs if codec.mimeType == "audio/opus"]
        self.rtp_transceiver.setCodecPreferences(opus)
        hardening.tap(self.rtp_transceiver.receiver, self._on_rtp)
        self.connection.on("connectionstatechange", self._on_state)

    def use(self, channel: RTCDataChannel) -> None:
        """Events travel on this channel; others are ignored."""
        channel.on("message", self._on_text)
        channel.on("close", partial(self.end, "the other side closed the event channel"))
        if channel.readyState == "open":
            self._on_channel(channel)
        else:
            channel.on("open", partial(self._on_channel, channel))

    @property
    def round_trip_s(self) -> float | None:
        """Of the line to the other side, as far as it is known yet."""
        return hardening.measured_round_trip(self.connection)

    def post(self, task: Task) -> None:
        """Have `run` call this. Safe to use from aiortc's callbacks."""
        if len(self._inbox) >= INBOX_LIMIT:
            self.overruns += 1
            return
        self._inbox.append(task)
        self._news.set()

    def end(self, reason: str) -> None:
        """The session is over; the first reason is the one that counts."""
        if self.ended is None:
            self.ended = reason
            self._news.set()

    async def run(self) -> str:
        """Carry on until the session ends; returns the reason."""
        loop = asyncio.get_running_loop()
        self._open_by = loop.time() + OPEN_S
        while self.ended is None:
            await self._next_news()
            while self._inbox and self.ended is None:
                self._inbox.popleft()()
            self._watch(loop.time())
        return self.ended

    async def close(self) -> None:
        """Say goodbye and let go of the sockets, whatever state things are in."""
        self.end("closed")
        async with self._closing:
            if not self._is_closed:
                self._is_closed = True
                await self._close()

    async def _close(self) -> None:
        try:
            async with asyncio.timeout(CLOSE_S):
                await hardening.close(self.connection)
        except (TimeoutError, AttributeError, ConnectionError) as error:
            # aiortc raises AttributeError when it was given half a description.
            log.debug("closing a peer connection: %r", error)
        finally:
            for connection in hardening.ice_connections(self.connection):
                await connection.close()

    async def _next_news(self) -> None:
        """Sleep until something happened or a deadline has passed."""
        loop = asyncio.get_running_loop()
        # Before anything was heard nothing wakes us when it is, so look at least this often.
        soonest = min(self._overdue_at(), loop.time() + self._silence_s)
        if self.receiver is not None and self.receiver.deadline is not None:
            soonest = min(soonest, self.receiver.deadline)
        # A fifth of the cost of asyncio.timeout_at, fifty times a second.
        alarm = loop.call_at(soonest, self._news.set)
        try:
            await self._news.wait()
        finally:
            alarm.cancel()
        self._news.clear()

    def _overdue_at(self) -> float:
        """When they are overdue: with any sign of life, or with the opening."""
        open_by = inf if self.is_open else self._open_by
        heard_at = hardening.last_heard(self.connection)
        if heard_at is not None:
            self._alive_at = max(heard_at, self._alive_at or heard_at)
        return open_by if self._alive_at is None else min(open_by, self._alive_at + self._silence_s)

    def _watch(self, now: float) -> None:
        if self.receiver is not None:
            self.receiver.expire(now)
        if now < self._overdue_at():
            return
        if not self.is_open and now >= self._open_by:
            self.end(f"no media connection after {OPEN_S:.0f} s: is UDP blocked on the way?")
        else:
            self.end(f"nothing heard from the other side for {self._silence_s:g} s")

    # Called by aiortc.

    def _on_rtp(self, ssrc: int, sequence: int, timestamp: int, payload: bytes) -> None:
        now = asyncio.get_running_loop().time()
        if self.receiver is not None:
            push = self.receiver.push
            self.post(partial(push, ssrc, sequence, timestamp, payload, now))

    def _on_text(self, text: str | bytes) -> None:
        if len(text) > self._max_message_bytes:
            self.end(f"event of {len(text)} bytes; at most {self._max_message_bytes} are read")
        elif isinstance(text, str):
            self.post(partial(self._take, text))
        else:
            log.debug("a binary message of %d bytes was dropped", len(text))

    def _take(self, text: str) -> None:
        """On a channel agreed on beforehand, they may be heard before we may speak."""
        if self.is_open:
            self.on_message(text)
        elif len(self._early) < EARLY_LIMIT:
            self._early.append(text)
        else:
            self.end("the other side has sent too much before the channel was open")

    def _on_channel(self, channel: RTCDataChannel) -> None:
        self.post(partial(self._opened, channel))

    def _opened(self, channel: RTCDataChannel) -> None:
        if not self.is_open:
            self.is_open = True
            self._alive_at = asyncio.get_running_loop().time()
            self.on_open()
            self.outbox.attach(channel)
            for text in self._early:
                self.on_message(text)
            self._early.clear()

    def _on_state(self) -> None:
        state = self.connection.connectionState
        if state == "closed":
            self.end("the other side hung up")
        elif state == "failed":
            self.end("the media connection failed")
