"""The device's way to the relay: opened on waking, closed when the talk is over.

While idle it keeps a peer connection with its offer ready and an HTTP connection
open, so that opening costs one request and the media handshakes. What was
captured meanwhile is not lost: the uplink takes it from the gate, oldest first.
Outcomes are posted as inputs; nothing is decided here.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from yarl import URL

from edgevoice.audio.frames import CAPTURE_RATE_HZ
from edgevoice.audio.gate import Gate
from edgevoice.audio.playout import PlayoutBuffer
from edgevoice.config import LinkConfig, MediaConfig
from edgevoice.errors import LinkError, LinkRefused, LocalProtocolError, RemoteProtocolError
from edgevoice.link.appender import Appender
from edgevoice.link.direct import make_signalling
from edgevoice.link.signalling import WAKE_HEADER
from edgevoice.realtime.client_events import ClientEvent
from edgevoice.realtime.server_events import (
    OutputAudioBufferCleared,
    ResponseCreated,
    ServerEvent,
)
from edgevoice.realtime.wire import decode_server_event, encode
from edgevoice.transceiver.actions import CommitAppended, OpenLink
from edgevoice.transceiver.first_turn import is_appended
from edgevoice.transceiver.inputs import EventReceived, Input, LinkFailed, LinkLost, LinkOpened
from edgevoice.webrtc.arrivals import Arrivals
from edgevoice.webrtc.caller import Caller
from edgevoice.webrtc.codec import Codec
from edgevoice.webrtc.fmtp import RECEIVED_BPS, Wishes
from edgevoice.webrtc.jitter_buffer import JitterBuffer
from edgevoice.webrtc.opus import OpusDecoder, OpusEncoder
from edgevoice.webrtc.statistics import ReceiveStatistics
from edgevoice.webrtc.uplink import Uplink, Wait

log = logging.getLogger(__name__)

WARM_S = 50.0
"""Pause between signs of life on the kept HTTP connection; servers close it after 60 to 75 s."""
SKIP_S = 2.0
"""What still arrives of an interrupted answer is dropped for at most this long."""
MAX_UNSENT = 256
"""Events asked for before there is a session to send them in; more is a bug elsewhere."""
SERVER_ERROR = 500
"""HTTP statuses below say that it is us (RFC 9110, section 15.5); trying again is of no use."""

Post = Callable[[Input], None]


@dataclass
class Talk:
    """One session, from the order to open it until its end."""

    action: OpenLink
    events: list[ClientEvent] = field(default_factory=list)
    task: asyncio.Task[None] | None = None
    caller: Caller | None = None
    appender: Appender | None = None
    place: URL | None = None
    is_open: bool = False


class RelayLink:
    on_first_sent: Callable[[int], None]
    """The first packet of a session has left; its first sample. From within `run`."""

    def __init__(
        self,
        config: LinkConfig,
        token: str,
        gate: Gate,
        playout: PlayoutBuffer,
        post: Post,
        *,
        media: MediaConfig | None = None,
        codec: Codec | None = None,
        wait: Wait | None = None,
    ) -> None:
        self.on_first_sent = lambda sample: None
        self.malformed_events = 0
        self._signalling = make_signalling(config, token)
        self._first_turn = config.first_turn
        self._gate = gate
        self._playout = playout
        media = media or MediaConfig()
        self._wishes = Wishes(
            fec=True,
            dtx=media.dtx,
            bitrate_bps=max(RECEIVED_BPS, media.bitrate_bps),
            rate_hz=playout.rate_hz,
        )
        self._arrivals = Arrivals(media.jitter_min_ms, media.jitter_max_ms)
        self._statistics = ReceiveStatistics()
        self._post = post
        self._wait = wait or asyncio.sleep
        self._codec = codec or opus(media, playout.rate_hz)
        self._ready: Caller | None = None
        self._talk: Talk | None = None
        self._over: list[Talk] = []
        self._orders = asyncio.Event()

    @property
    def uplink(self) -> Uplink | None:
        """Counters of the current session."""
        return self._talk.caller.uplink if self._talk and self._talk.caller else None

    def statistics(self) -> ReceiveStatistics:
        """What became of the answers' sound in this session, or in the last one."""
        if self._jitter is not None:
            self._statistics = self._jitter.statistics()
        return self._statistics

    @property
    def _jitter(self) -> JitterBuffer | None:
        return self._talk.caller.jitter if self._talk and self._talk.caller else None

    def open(self, action: OpenLink) -> None:
        """Begin a session; LinkOpened or LinkFailed follows."""
        if self._talk is not None:
            raise LocalProtocolError("a link is open already; close it first")
        self._talk = Talk(action)
        self._orders.set()

    def close(self, reason: str) -> None:
        """End the session, or the attempt. No input follows."""
        self.statistics()
        talk, self._talk = self._talk, None
        if talk is None:
            return
        log.debug("closing the link: %s", reason)
        if talk.task is not None:
            talk.task.cancel()

    def send(self, event: ClientEvent) -> None:
        """Kept until the session is open."""
        talk = self._talk
        if talk is None:
            log.warning("%s was not sent: there is no link", event.type)
        elif talk.caller is not None:
            talk.caller.peer.outbox.send(encode(event))
        elif len(talk.events) < MAX_UNSENT:
            talk.events.append(event)
        else:
            raise LocalProtocolError(f"more than {MAX_UNSENT} events for a link that is not there")

    def append(self) -> None:
        """What the gate lets out goes as events, until `attach_media`."""
        talk = self._talk
        if talk is None or talk.caller is None:
            return
        outbox = talk.caller.peer.outbox
        talk.appender = Appender(
            self._gate,
            lambda event: outbox.send(encode(event)),
            lambda: outbox.pending_bytes,
            self._first_sent,
        )
        talk.appender.pump()

    def commit(self, action: CommitAppended) -> None:
        """The appended turn is over."""
        if self._talk is not None and self._talk.appender is not None:
            self._talk.appender.commit(action)

    def attach_media(self) -> None:
        """From here on by RTP."""
        talk = self._talk
        if talk is None or talk.caller is None or talk.appender is None:
            return
        if not talk.appender.is_done:
            raise LocalProtocolError("media may not begin within an appended turn")
        talk.appender = None
        talk.caller.send_from(self._gate, self._gate.next_sample, lambda sample: None)

    def samples_captured(self) -> None:
        """There is something new behind the gate."""
        if self._talk is not None and self._talk.appender is not None:
            self._talk.appender.pump()
        if self.uplink is not None:
            self.uplink.notify()

    def skip_answer(self) -> None:
        """The answer was interrupted: drop what still arrives of it.

        Ends when the relay says that it has cleared it, or begins another one.
        """
        if self._jitter is not None:
            self._jitter.skip(asyncio.get_running_loop().time() + SKIP_S)

    async def run(self) -> None:
        """Carry out the orders until cancelled. Raises LinkError if `ca_file` is no good."""
        async with self._signalling:
            try:
                async with asyncio.TaskGroup() as group:
                    await self._serve(group)
            finally:
                await self._say_goodbye()

    async def _serve(self, group: asyncio.TaskGroup) -> None:
        while True:
            self._orders.clear()
            while self._over:
                group.create_task(self._part(self._over.pop()))
            if self._talk is not None and self._talk.task is None:
                self._talk.task = group.create_task(self._hold(self._talk))
            elif self._talk is None:
                if self._ready is None:
                    self._ready = await self._prepare()
                group.create_task(self._keep_warm())
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(WARM_S):
                    await self._orders.wait()

    async def _say_goodbye(self) -> None:
        """The program ends: close everything, each within its own limit."""
        if self._ready is not None:
            await self._ready.peer.close()
        for talk in self._over:
            await self._part(talk)

    async def _keep_warm(self) -> None:
        try:
            await self._signalling.warm()
        except LinkError as error:
            log.debug("the relay is not there: %s", error)

    async def _prepare(self) -> Caller:
        """An offer with its sockets open. Nothing is sent."""
        jitter = JitterBuffer(self._codec.decoder(), self._playout, self._arrivals)
        caller = Caller(self._codec, jitter, self._on_message, self._wait)
        await caller.prepare(self._wishes)
        return caller

    async def _hold(self, talk: Talk) -> None:
        """One session. Every way out of it, cancellation too, leaves the goodbyes to `run`."""
        refused = False
        try:
            reason = await self._converse(talk)
        except (LinkError, RemoteProtocolError) as error:
            reason = str(error)
            refused = isinstance(error, LinkRefused) and error.status < SERVER_ERROR
        finally:
            self._over.append(talk)
            self._orders.set()
        if self._talk is talk:
            self.statistics()
            self._talk = None
            self._post(LinkLost(reason) if talk.is_open else LinkFailed(reason, refused))

    async def _converse(self, talk: Talk) -> str:
        caller, self._ready = self._ready or await self._prepare(), None
        talk.caller = caller
        for event in talk.events:
            caller.peer.outbox.send(encode(event))
        answer = await self._signalling.call(caller.offer, wake_header(talk.action))
        talk.place = answer.location
        caller.peer.on_open = partial(self._opened, talk, answer.extensions)
        await caller.accept(answer.sdp)
        if not is_appended(self._first_turn, answer.extensions):
            caller.send_from(self._gate, talk.action.first_sample, self._first_sent)
        return await caller.peer.run()

    def _first_sent(self, sample: int) -> None:
        self.on_first_sent(sample)

    def _opened(self, talk: Talk, extensions: bool) -> None:
        talk.is_open = True
        self._post(LinkOpened(self._signalling.relay, extensions))

    def _on_message(self, text: str) -> None:
        try:
            event = decode_server_event(text)
        except RemoteProtocolError as error:
            self.malformed_events += 1
            log.warning("malformed event of the relay dropped (%d so far)", self.malformed_events)
            log.debug("malformed event: %s", error)
            return
        self._watch_for_new_answer(event)
        self._post(EventReceived(event))

    def _watch_for_new_answer(self, event: ServerEvent) -> None:
        if isinstance(event, OutputAudioBufferCleared | ResponseCreated):
            self._resume()

    def _resume(self) -> None:
        if self._jitter is not None:
            self._jitter.resume()

    async def _part(self, talk: Talk) -> None:
        async with asyncio.TaskGroup() as group:
            if talk.caller is not None:
                group.create_task(talk.caller.peer.close())
            if talk.place is not None:
                group.create_task(self._signalling.hang_up(talk.place))


def opus(media: MediaConfig, playout_rate_hz: int) -> Codec:
    """Sent as it was captured and decoded as it is played: nothing is resampled on the way."""
    return Codec(
        encoder=partial(
            OpusEncoder,
            CAPTURE_RATE_HZ,
            bitrate_bps=media.bitrate_bps,
            complexity=media.complexity,
            fec=media.fec,
            dtx=media.dtx,
        ),
        decoder=partial(OpusDecoder, playout_rate_hz),
    )


def wake_header(action: OpenLink) -> dict[str, str]:
    """Where the wake phrase lies in what will be sent, for relays that know the header."""
    wake = action.wake
    if wake is None:
        return {}
    start = max(0, wake.start_sample - action.first_sample)
    end = max(start, wake.end_sample - action.first_sample)
    return {WAKE_HEADER: f"name={wake.name};start={start};end={end}"}
