"""One session on the device, over as many links as it takes: connecting, going on, switching.

A link is one connection to a relay. When it breaks, or is to be replaced while it still
holds, another is made beside it, and the session moves over in one step. What happens is
posted as inputs; whether another link is wanted is decided by the transceiver.
"""

import asyncio
import logging
from asyncio import Task, TaskGroup
from collections import deque
from functools import partial

from yarl import URL

from edgevoice.errors import LinkError, LinkRefused, LinkTimeout, RemoteProtocolError
from edgevoice.link.attempt import Attempt
from edgevoice.link.context_header import context_header
from edgevoice.link.event_log import EventLog
from edgevoice.link.heard import Heard
from edgevoice.link.outgoing import Outgoing
from edgevoice.link.signalling import RESUME_HEADER, STANDBY_HEADER, Answer
from edgevoice.link.wake_header import wake_header, wake_range
from edgevoice.link.ways import Ways
from edgevoice.realtime.client_events import ClientEvent, EdgevoicePing, EdgevoiceWake
from edgevoice.realtime.context_claim import ContextClaim
from edgevoice.realtime.server_events import (
    EdgevoicePong,
    EdgevoiceResumed,
    Error,
    OutputAudioBufferCleared,
    ResponseCreated,
    ServerEvent,
)
from edgevoice.realtime.wire import decode_server_event, encode
from edgevoice.transceiver.actions import OpenLink
from edgevoice.transceiver.inputs import (
    EventReceived,
    LinkFailed,
    LinkLost,
    LinkOpened,
    LinkStruggles,
)
from edgevoice.webrtc.device_end import DeviceEnd
from edgevoice.webrtc.line import SILENCE_S
from edgevoice.webrtc.media_header import MEDIA_HEADER
from edgevoice.webrtc.socket_caller import SocketCaller

log = logging.getLogger(__name__)

OPEN_S = 4.0
"""From a relay's answer until it carries the session; 0.4 s is usual, 2 s were seen at 5 % loss."""
UDP_S = 1.2
"""Media that is not there by then may never come; a WebSocket is tried beside it."""
PING_S = 1.0
PONG_S = 1.8
"""Checks of the path alone do not tell whether events come through it."""
SETTLE_S = 0.1
"""What was only delayed on a path that was away arrives within this time."""
AGAIN_S = 2.0
"""For the relay to say what it lacks, once there is a path again."""
HOLD_S = 0.6
"""Where the network has changed, sound waits so long for another link; 0.25 s is usual."""
MOST_EARLY = 256
"""Events of a link that was opened before anybody asked for it."""


class Talk:
    """`run` until it is cancelled, then `part`."""

    def __init__(
        self,
        ways: Ways,
        action: OpenLink | None,
        *,
        standby: bool = False,
        context: ContextClaim | None = None,
    ) -> None:
        """Without an action nobody has woken it yet: `adopt` says when somebody does.

        `standby`: that may take hours, and the relay is told so.
        """
        self._standby = standby
        self._context = action.context if action else context
        self.task: Task[None] | None = None
        self.malformed_events = 0
        self.destinations: list[str] = []
        """Who has answered in this session, and may have heard some of it."""
        self.heard = Heard()
        self.is_failed = False
        """It has come to nothing: nobody takes us, or what nobody asked for yet broke."""
        self._ways = ways
        self._action = action
        self._group: TaskGroup | None = None
        self._line: DeviceEnd | None = None
        self._lines: list[DeviceEnd] = []
        self._log = EventLog()
        self.outgoing = Outgoing(ways, action.first_sample if action else 0)
        self._relay: int | None = None
        self._place: URL | None = None
        self._extensions = False
        self._resumable = False
        """The relay keeps the session for us, as far as we know."""
        self._was_open = False
        self._connecting: Task[None] | None = None
        self._early: deque[ServerEvent] = deque(maxlen=MOST_EARLY)
        self._owes_loss = False
        """A link that held was given up for another, which is not there yet."""
        self._news = asyncio.Event()

    # Orders.

    @property
    def line(self) -> DeviceEnd | None:
        """The link that carries the session now."""
        return self._line

    @property
    def is_open(self) -> bool:
        return self._line is not None

    def send(self, event: ClientEvent) -> None:
        """Kept until there is a link, and until it is surely there."""
        text = encode(event)
        self._log.sent(event, text)
        if self._line is not None:
            self._line.send(text)

    def adopt(self, action: OpenLink) -> None:
        """Somebody has woken it: what was opened without a reason has one now."""
        self._action, self.outgoing.first_sample = action, action.first_sample
        if self._line is None:
            return
        self.outgoing.begin(self._line, self._extensions)
        self._tell_opened(resumed=False)
        if self._extensions and action.wake is not None:
            start, end = wake_range(action.wake, action.first_sample)
            self.send(EdgevoiceWake(name=action.wake.name, start_sample=start, end_sample=end))
        while self._early:
            self._ways.post(EventReceived(self._early.popleft()))

    def hold(self, seconds: float) -> None:
        """Another link may be needed, and what this one leaves out would be missing there."""
        if self._line is not None:
            self._line.hold(asyncio.get_running_loop().time() + seconds)

    def reopen(self, resume: bool, context: ContextClaim | None) -> None:
        """Make another link. One attempt at a time."""
        self._context = context
        if self._group is not None and (self._connecting is None or self._connecting.done()):
            if resume:
                self.hold(HOLD_S)
            self._connecting = self._group.create_task(self._connect(resume))

    # Life.

    async def run(self) -> None:
        async with TaskGroup() as self._group:
            self.reopen(False, self._context)
            await asyncio.get_running_loop().create_future()  # until it is cancelled

    async def part(self) -> None:
        """Goodbyes, each within its own limit; after `run`."""
        async with TaskGroup() as group:
            for line in self._lines:
                group.create_task(line.close())
            if self._place is not None and self._relay is not None:
                group.create_task(self._ways.relays[self._relay].hang_up(self._place))

    # Connecting.

    async def _connect(self, resume: bool) -> None:
        """One relay after the other, until one carries the session or there is no hope."""
        retry, loop = self._ways.retry, asyncio.get_running_loop()
        retry.begin(loop.time(), first=self._relay if resume else None)
        while not retry.is_hopeless:
            index = retry.next(loop.time())
            if index is not None:
                if await self._call(index, resume and self._resumable and index == self._relay):
                    return
                continue
            if self._action is not None:
                reason, again_s = retry.reason(loop.time()), retry.waits_s(loop.time())
                refused = isinstance(reason, LinkRefused)
                self._ways.post(LinkStruggles(str(reason), refused, again_s))
            if self.is_open or self._action is None:
                break  # the one that was to be replaced goes on; nobody waits for another
            await self._pause(retry.pause_s(loop.time()))
        if not self.is_open:
            self._fail()

    def _fail(self) -> None:
        self.is_failed = True
        if self._action is not None:
            now = asyncio.get_running_loop().time()
            self._ways.post(LinkFailed(str(self._ways.retry.reason(now)), refused=True))

    async def _pause(self, pause_s: float) -> None:
        """Cut short when the network changes."""
        try:
            async with asyncio.timeout(pause_s):
                await self._ways.network_changed.wait()
                self._ways.network_changed.clear()
        except TimeoutError:
            return

    async def _call(self, index: int, resume: bool) -> bool:
        """Call this relay; True when the session has moved there."""
        ways, loop = self._ways, asyncio.get_running_loop()
        relay = ways.relays[index]
        try:
            if self._was_open:
                await relay.renew()
            await self._place_call(Attempt(index, loop.create_future()), resume)
        except (LinkError, RemoteProtocolError) as error:
            log.warning("no session at %s: %s", relay.relay, error)
            if isinstance(error, RemoteProtocolError):
                error = LinkRefused(400, str(error))  # it would say the same again
            ways.retry.failed(index, error, loop.time())
            if self._owes_loss:
                self._owes_loss = False
                self._tell_lost(str(error), hung_up=False)
            return False
        ways.retry.worked(index)
        return True

    async def _place_call(self, attempt: Attempt, resume: bool) -> None:
        """Over UDP, and over a WebSocket where that does not get through; the first one wins."""
        ways, headers = self._ways, self._headers(resume)
        is_blocked = ways.transport == "auto" and ways.is_udp_blocked(attempt.index)
        if is_blocked or ways.transport == "websocket":
            await self._dial_socket(attempt, headers)
        else:
            answer = await self._dial(attempt, headers)
            if answer.extensions and answer.location and ways.transport == "auto":
                await self._fall_back(attempt, answer.location)
        await self._moved(attempt)

    async def _fall_back(self, attempt: Attempt, place: URL) -> None:
        """The relay has answered: if its media does not come soon, UDP is blocked somewhere."""
        await asyncio.wait([attempt.moved], timeout=UDP_S)
        if attempt.moved.done():
            return
        log.info("no media yet from %s: trying a WebSocket as well", place.authority)
        try:
            await self._dial_socket(attempt, {RESUME_HEADER: place.name})
        except LinkError as error:
            log.debug("nor by a WebSocket: %s", error)

    async def _moved(self, attempt: Attempt) -> None:
        """Wait until the session has moved to a link of this attempt. Raises LinkError."""
        try:
            async with asyncio.timeout(OPEN_S):
                await attempt.moved
        except TimeoutError:
            raise LinkTimeout(
                f"no media connection with {self._ways.relays[attempt.index].relay}:"
                " is UDP blocked on the way? Set link.transport: auto"
            ) from None
        finally:
            for line in attempt.lines:
                if line is not self._line:
                    line.end("another link was quicker, or this one too slow")

    async def _dial(self, attempt: Attempt, headers: dict[str, str]) -> Answer:
        """An offer out, an answer in; its media is on the way."""
        line = await self._ways.caller()
        self._lines.append(line)
        try:
            answer = await self._ways.relays[attempt.index].call(line.offer, headers)
            await line.accept(answer.text, self._ways.relays[attempt.index].rtt_s)
        except BaseException:
            self._lines.remove(line)
            await line.close()
            raise
        self._try(attempt, line, answer)
        return answer

    async def _dial_socket(self, attempt: Attempt, headers: dict[str, str]) -> None:
        line = self._ways.socket_caller()
        media = {MEDIA_HEADER: line.offer}
        upgraded = await self._ways.relays[attempt.index].upgrade(headers | media)
        self._lines.append(line)
        line.accept(upgraded.answer.text, upgraded.socket)
        self._try(attempt, line, upgraded.answer)

    def _try(self, attempt: Attempt, line: DeviceEnd, answer: Answer) -> None:
        """Whether it opens. What waits in the ring may go out as soon as media can."""
        assert self._group is not None
        if (url := self._ways.relays[attempt.index].url) not in self.destinations:
            self.destinations.append(url)
        if self._action is not None and not self._was_open and not answer.resumed:
            self.outgoing.begin(line, answer.extensions)
        attempt.lines.append(line)
        line.on_message = partial(self._on_message, line, attempt)
        line.on_open = partial(self._on_open, line, answer, attempt)
        line.on_falter = partial(self._on_falter, line)
        self._group.create_task(self._carry(line, attempt))

    def _headers(self, resume: bool) -> dict[str, str]:
        """What relays that do not know them ignore."""
        headers = context_header(self._context)
        if resume and self._place is not None:
            headers[RESUME_HEADER] = self._place.name
        elif self._action is None and self._standby:
            headers[STANDBY_HEADER] = "1"
        elif self._action is not None and self._action.wake is not None and not self._was_open:
            headers |= wake_header(self._action.wake, self.outgoing.first_sample)
        return headers

    async def _carry(self, line: DeviceEnd, attempt: Attempt) -> None:
        """From the answer to the end of this link, whatever ends it."""
        reason = await line.run()
        line.stop_sending()
        attempt.lines.remove(line)
        if line is self._line:
            self._line = None
            self.outgoing.stop()
            self.heard.broke_off()
            log.debug("the link broke: %s", reason)
            self._tell_lost(reason, line.hung_up)
        elif not attempt.lines and not attempt.moved.done():
            attempt.moved.set_exception(LinkError(reason))
            attempt.moved.exception()  # it may be that nobody waits for it any more
        await line.close()
        self._lines.remove(line)

    # Moving over. Called from within `line.run`.

    def _on_open(self, line: DeviceEnd, answer: Answer, attempt: Attempt) -> None:
        if attempt.moved.done():
            return
        if answer.resumed:
            if not self._was_open:
                self._learn(answer, attempt.index)
            self._claim(line)
            return
        if self._was_open:
            self._log, self.heard = EventLog(), Heard()
            self._forget(self._place, self._relay)
        self._move(line)
        self._learn(answer, attempt.index)
        self._send_again(0)
        self._settle(line, attempt)

    def _claim(self, line: DeviceEnd) -> None:
        """Ask for the session. From here on the link before is not listened to.

        Or what comes over both would be counted, and heard, twice.
        """
        self._owes_loss = self._retire()
        self._resumable = False  # unless it says so: an error could be lost with the link
        self._ask_for_the_rest(line)

    def _ask_for_the_rest(self, line: DeviceEnd) -> None:
        playout = self._ways.playout
        will_be_heard_ms = playout.played_ms + playout.waiting_ms
        line.send(encode(self.heard.claim(self._log.received, will_be_heard_ms)))

    def _on_falter(self, line: DeviceEnd, falters: bool) -> None:
        """A path that is away for a moment takes sound with it, and no event."""
        if line is not self._line or not self._resumable:
            return
        if falters:
            self.hold(SILENCE_S)
        else:
            self.hold(AGAIN_S)
            asyncio.get_running_loop().call_later(SETTLE_S, self._ask_again, line)

    def _ask_again(self, line: DeviceEnd) -> None:
        if line is self._line:
            self._ask_for_the_rest(line)

    def _on_regained(self, line: DeviceEnd, event: EdgevoiceResumed) -> None:
        self.hold(0.0)
        line.go_back(self.outgoing.first_sample + event.samples)

    def _learn(self, answer: Answer, relay: int) -> None:
        """Who carries this session, and what he can do."""
        self._place, self._relay = answer.location, relay
        self._extensions = self._resumable = answer.extensions

    def _on_resumed(self, line: DeviceEnd, event: EdgevoiceResumed, attempt: Attempt) -> None:
        """The relay goes on: both sides say again what the other lacks."""
        if self._log.after(event.events) is None:
            line.end("the relay lacks events that are not kept any more")
            return
        self._resumable = True
        self._move(line)
        self._send_again(event.events)
        self.outgoing.go_on(line, event.samples)
        self._settle(line, attempt, resumed=self._was_open)

    def _move(self, line: DeviceEnd) -> None:
        self._retire()
        self._line, self._owes_loss = line, False
        self.outgoing.line = line
        self.heard.over(line.jitter, asyncio.get_running_loop().time())

    def _retire(self) -> bool:
        """The link that there is has done its work, if there is one."""
        old, self._line = self._line, None
        if old is None:
            return False
        self.heard.broke_off()
        self.outgoing.stop()
        old.end("replaced by another link")
        return True

    def _settle(self, line: DeviceEnd, attempt: Attempt, resumed: bool = False) -> None:
        assert self._group is not None
        self._was_open = True
        if isinstance(line, SocketCaller):
            self._ways.udp_is_blocked(attempt.index)
        attempt.moved.set_result(None)
        if self._extensions:
            self._group.create_task(self._ping(line))
        if self._action is not None:
            self._tell_opened(resumed)

    def _send_again(self, after: int) -> None:
        for text in self._log.after(after) or ():
            assert self._line is not None
            self._line.send(text)

    def _forget(self, place: URL | None, relay: int | None) -> None:
        """The session before, if the relay still keeps it."""
        assert self._group is not None
        if place is not None and relay is not None:
            self._group.create_task(self._ways.relays[relay].hang_up(place))

    # What arrives.

    def _on_message(self, line: DeviceEnd, attempt: Attempt, text: str) -> None:
        self._news.set()
        try:
            event = decode_server_event(text)
        except RemoteProtocolError as error:
            self._log.malformed()
            self.malformed_events += 1
            log.warning("malformed event of the relay dropped (%d so far)", self.malformed_events)
            log.debug("malformed event: %s", error)
            return
        if isinstance(event, EdgevoiceResumed):
            if not attempt.moved.done():
                self._on_resumed(line, event, attempt)
            elif line is self._line:
                self._on_regained(line, event)
        elif isinstance(event, Error) and not attempt.moved.done():
            line.end(f"the session cannot go on: {event.error.message}")
        elif line is self._line and not isinstance(event, EdgevoicePong):
            self._take(line, event)

    def _take(self, line: DeviceEnd, event: ServerEvent) -> None:
        self._log.arrived(event)
        self.heard.follow(event)
        if isinstance(event, OutputAudioBufferCleared | ResponseCreated):
            line.jitter.resume()
        if self._action is None:
            self._early.append(event)
        else:
            self._ways.post(EventReceived(event))

    async def _ping(self, line: DeviceEnd) -> None:
        """Notice when events do not come through although the path holds."""
        while line is self._line:
            self._news.clear()
            line.send(encode(EdgevoicePing()))
            try:
                async with asyncio.timeout(PONG_S):
                    await self._news.wait()
            except TimeoutError:
                line.end(f"no event came through for {PONG_S:g} s")
                return
            await asyncio.sleep(PING_S)

    # What is posted.

    def _tell_opened(self, resumed: bool) -> None:
        assert self._relay is not None
        self._ways.post(
            LinkOpened(
                self._ways.relays[self._relay].relay,
                self._extensions,
                resumed,
                self._ways.gate.next_sample,
                self._place.name if self._place else "",
            )
        )

    def _tell_lost(self, reason: str, hung_up: bool) -> None:
        if self._action is None:
            self.is_failed = True
        else:
            self._ways.post(LinkLost(reason, hung_up, self._ways.gate.next_sample))
