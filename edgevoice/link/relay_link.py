"""The device's way to a relay: opened on waking, closed when the talk is over.

While idle it keeps a peer connection with its offer ready and an HTTP connection
open, so that opening costs one request and the media handshakes. What was
captured meanwhile is not lost: the uplink takes it from the gate, oldest first.
Orders come in here; a session's life is `talk.py`. Outcomes are posted as inputs;
nothing is decided here.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from typing import Any

from edgevoice.audio.gate import Gate
from edgevoice.audio.playout import PlayoutBuffer
from edgevoice.config import MediaConfig
from edgevoice.errors import LinkAbsent, LinkError, LocalProtocolError
from edgevoice.link.relay import Relay
from edgevoice.link.talk import HOLD_S, Talk
from edgevoice.link.ways import Post, Transport, Ways, opus
from edgevoice.realtime.client_events import ClientEvent
from edgevoice.realtime.context_claim import ContextClaim
from edgevoice.transceiver.actions import CommitAppended, OpenLink
from edgevoice.webrtc.codec import Codec
from edgevoice.webrtc.statistics import ReceiveStatistics
from edgevoice.webrtc.uplink import Uplink, Wait

log = logging.getLogger(__name__)

EARLY_S = 3.0
"""A wake word is decided half a second after it began; this is for slow talkers."""
FORGET_S = 5.0
WARM_S = 50.0
"""Pause between signs of life on the kept HTTP connection; servers close it after 60 to 75 s."""


class RelayLink:
    def __init__(
        self,
        relays: Sequence[Relay],
        gate: Gate,
        playout: PlayoutBuffer,
        post: Post,
        *,
        media: MediaConfig | None = None,
        codec: Codec | None = None,
        wait: Wait | None = None,
        standby: bool = False,
        transport: Transport = "auto",
        first_turn: str = "auto",
    ) -> None:
        """`relays` in the order in which they are to be tried.

        `standby`: a session is open all the time, and waits for somebody to wake it.
        """
        media = media or MediaConfig()
        self._ways = Ways(
            relays,
            gate,
            playout,
            post,
            media,
            codec or opus(media, playout.rate_hz),
            wait or asyncio.sleep,
            transport,
            first_turn,
        )
        self._statistics = ReceiveStatistics()
        self.early_opened = 0
        """Links made because somebody might have been about to wake us."""
        self.early_used = 0
        self._unreached: str | None = None
        """Why the first relay was not there when it was last looked for; None: it never was."""
        self._standby = standby
        self._early: Talk | None = None
        self._talk: Talk | None = None
        self._over: list[Talk] = []
        self._orders = asyncio.Event()

    @property
    def on_first_sent(self) -> Callable[[int], None]:
        """The first packet of a link has left; its first sample."""
        return self._ways.on_first_sent

    @on_first_sent.setter
    def on_first_sent(self, tell: Callable[[int], None]) -> None:
        self._ways.on_first_sent = tell

    @property
    def uplink(self) -> Uplink | None:
        """Counters of the current link."""
        line = self._talk.line if self._talk else None
        return line.uplink if line else None

    @property
    def destinations(self) -> tuple[str, ...]:
        """Where what is sent in this session goes, and went; nowhere until somebody answered."""
        return tuple(self._talk.destinations) if self._talk else ()

    @property
    def malformed_events(self) -> int:
        """Of this session's, dropped."""
        return self._talk.malformed_events if self._talk else 0

    def reach(self) -> dict[str, Any]:
        """Whether the first relay could be reached, less than a minute ago."""
        first = self._ways.relays[0]
        rtt_s = first.rtt_s
        return {
            "url": first.url,
            "reachable": None if self._unreached is None else not self._unreached,
            "rtt_ms": None if rtt_s is None or self._unreached else round(rtt_s * 1e3, 1),
            "error": self._unreached or None,
        }

    async def forget(self) -> list[dict[str, Any]]:
        """Have every relay forget what was said; what each one answers, or why it does not."""
        told = [await ask_to_forget(relay) for relay in self._ways.relays]
        return [each for each in told if each]

    def statistics(self) -> ReceiveStatistics:
        """What became of the answers' sound on this link, or on the last one."""
        if self._talk is not None:
            self._statistics = self._talk.heard.statistics
        return self._statistics

    # Orders.

    def open(self, action: OpenLink) -> None:
        """Begin a session; LinkOpened or LinkFailed follows, with any number of LinkStruggles."""
        if self._talk is not None and not self._talk.is_failed:
            raise LocalProtocolError("a link is open already; close it first")
        self._leave()
        self._ways.network_changed.clear()
        self._talk = self._take_early(action) or Talk(self._ways, action)
        self._orders.set()

    def open_early(self, context: ContextClaim | None = None) -> None:
        """Connect, and hang up again if `open` does not follow soon."""
        if self._talk is not None or self._early is not None:
            return
        self.early_opened += 1
        early = self._early = Talk(self._ways, None, context=context)
        asyncio.get_running_loop().call_later(EARLY_S, self._leave_early, early)
        self._orders.set()

    def _take_early(self, action: OpenLink) -> Talk | None:
        early = self._early
        if early is None or early.is_failed:
            self._leave_early(early)
            return None
        self._early = None
        self.early_used += 1
        early.adopt(action)
        return early

    def _leave_early(self, early: Talk | None) -> None:
        if early is not None and early is self._early:
            self._early = None
            self._part_with(early)

    def reopen(self, resume: bool, context: ContextClaim | None = None) -> None:
        """Make another link for the session there is; LinkOpened follows."""
        if self._talk is not None:
            self._talk.reopen(resume, context)

    def attach(self, from_sample: int | None) -> None:
        """What the gate lets out is media from now on; from there, if it is to go back."""
        if self._talk is not None:
            self._talk.outgoing.attach(from_sample)

    def append(self, from_sample: int | None) -> None:
        """What the gate lets out goes as events, until `attach`."""
        if self._talk is not None:
            self._talk.outgoing.append(from_sample)

    def commit(self, action: CommitAppended) -> None:
        """The appended turn is over."""
        if self._talk is not None:
            self._talk.outgoing.commit(action)

    def close(self, reason: str) -> None:
        """End the session, or the attempt. No input follows."""
        if self._talk is not None:
            log.debug("closing the link: %s", reason)
        self._leave()

    def network_stirs(self, stirs: bool) -> None:
        """What is said now had better wait until it is known what changes; False: nothing does."""
        if self._talk is not None:
            self._talk.hold(HOLD_S if stirs else 0.0)

    def network_changed(self) -> None:
        """Whoever waits for a relay need not wait any longer."""
        self._ways.changed()
        self._orders.set()

    def send(self, event: ClientEvent) -> None:
        """Kept until the session is open, and over a change of links."""
        if self._talk is None:
            log.warning("%s was not sent: there is no link", event.type)
        else:
            self._talk.send(event)

    def samples_captured(self) -> None:
        """There is something new behind the gate."""
        if self._talk is not None:
            self._talk.outgoing.samples_captured()

    def skip_answer(self) -> None:
        """The answer was interrupted: drop what still arrives of it.

        Ends when the relay says that it has cleared it, or begins another one.
        """
        if self._talk is not None:
            self._talk.heard.skip(asyncio.get_running_loop().time())

    def begin_answer(self) -> None:
        """What is received from now on is a new answer."""
        if self._talk is not None:
            self._talk.heard.begin()

    def heard_ms(self, played_ms: int) -> int:
        """How much of the answer that was, in the sender's time."""
        return self._talk.heard.ms(played_ms) if self._talk else played_ms

    # Life.

    async def run(self) -> None:
        """Carry out the orders until cancelled. Raises LinkError if a `ca_file` is no good."""
        async with contextlib.AsyncExitStack() as opened:
            for relay in self._ways.relays:
                await opened.enter_async_context(relay)
            try:
                async with asyncio.TaskGroup() as group:
                    await self._serve(group)
            finally:
                await self._say_goodbye()

    async def _serve(self, group: asyncio.TaskGroup) -> None:
        while True:
            self._orders.clear()
            while self._over:
                group.create_task(self._end(self._over.pop()))
            self._stand_by()
            for talk in (self._talk, self._early):
                if talk is not None and talk.task is None:
                    talk.task = group.create_task(talk.run())
            if self._talk is None:
                await self._ways.prepare()
                group.create_task(self._keep_warm())
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(WARM_S):
                    await self._orders.wait()

    def _stand_by(self) -> None:
        """Idle, and meant to be connected."""
        if self._early is not None and self._early.is_failed:
            self._leave_early(self._early)
        if self._standby and self._talk is None and self._early is None:
            self._early = Talk(self._ways, None, standby=True)

    async def _say_goodbye(self) -> None:
        """The program ends: close everything, each within its own limit."""
        if self._ways.prepared is not None:
            await self._ways.prepared.close()
        self._leave_early(self._early)
        self._leave()
        for talk in self._over:
            await talk.part()

    async def _keep_warm(self) -> None:
        try:
            await self._ways.relays[0].warm()
            self._unreached = ""
        except LinkError as error:
            log.debug("the relay is not there: %s", error)
            self._unreached = str(error)

    async def _end(self, talk: Talk) -> None:
        if talk.task is not None:
            await asyncio.wait([talk.task])
        await talk.part()

    def _leave(self) -> None:
        self.statistics()
        talk, self._talk = self._talk, None
        if talk is not None:
            self._part_with(talk)

    def _part_with(self, talk: Talk) -> None:
        if talk.task is not None:
            talk.task.cancel()
        self._over.append(talk)
        self._orders.set()


async def ask_to_forget(relay: Relay) -> dict[str, Any]:
    """What it answers, or why it does not; nothing where there is none."""
    try:
        async with asyncio.timeout(FORGET_S):
            return {"relay": relay.url, "conversations": await relay.forget()}
    except LinkAbsent:
        return {}
    except LinkError as error:
        return {"relay": relay.url, "error": str(error)}
    except TimeoutError:
        return {"relay": relay.url, "error": "it did not answer in time"}
