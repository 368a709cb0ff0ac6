"""One session on the device, over as many links as it takes: connecting, going on, switching.

A link is one connection to a relay. When it breaks, or is to be replaced while it still
holds, another is made beside it, and the session moves over in one step. What happens is
posted as inputs; whether another link is wanted is decided by the transceiver.
"""

import asyncio
import logging
from asyncio import Future, Task, TaskGroup
from collections import deque
from functools import partial

from yarl import URL

from edgevoice.errors import LinkError, LinkRefused, LinkTimeout, RemoteProtocolError
from edgevoice.link.event_log import EventLog
from edgevoice.link.relay import Relay
from edgevoice.link.signalling import (
    RESUME_HEADER,
    STANDBY_HEADER,
    WAKE_HEADER,
    Answer,
)
from edgevoice.link.ways import Ways
from edgevoice.realtime.client_events import (
    ClientEvent,
    EdgevoicePing,
    EdgevoiceResume,
    EdgevoiceWake,
)
from edgevoice.realtime.server_events import (
    EdgevoicePong,
    EdgevoiceResumed,
    Error,
    OutputAudioBufferCleared,
    OutputAudioBufferStarted,
    ResponseCreated,
    ServerEvent,
)
from edgevoice.realtime.wire import decode_server_event, encode
from edgevoice.transceiver.actions import OpenLink, WakePhrase
from edgevoice.transceiver.inputs import (
    EventReceived,
    LinkFailed,
    LinkLost,
    LinkOpened,
    LinkStruggles,
)
from edgevoice.webrtc.caller import Caller
from edgevoice.webrtc.statistics import ReceiveStatistics

log = logging.getLogger(__name__)

OPEN_S = 4.0
"""From a relay's answer to an open event channel; 0.4 s is usual, 2 s were seen at 5 % loss."""
RESUME_S = 3.0
"""From there to its word that the session goes on."""
PING_S = 1.0
PONG_S = 1.8
"""Checks of the path alone do not tell whether events come through it."""
SKIP_S = 2.0
"""What still arrives of an interrupted answer is dropped for at most this long."""
MOST_EARLY = 256
"""Events of a link that was opened before anybody asked for it."""


class Talk:
    """`run` until it is cancelled, then `part`."""

    def __init__(self, ways: Ways, action: OpenLink | None, *, standby: bool = False) -> None:
        """Without an action nobody has woken it yet: `adopt` says when somebody does.

        `standby`: that may take hours, and the relay is told so.
        """
        self._standby = standby
        self.task: Task[None] | None = None
        self.malformed_events = 0
        self.statistics = ReceiveStatistics()
        self.is_failed = False
        """It has come to nothing: nobody takes us, or what nobody asked for yet broke."""
        self._ways = ways
        self._action = action
        self._group: TaskGroup | None = None
        self._line: Caller | None = None
        self._lines: list[Caller] = []
        self._log = EventLog()
        self._first_sample = action.first_sample if action else 0
        self._relay: int | None = None
        self._place: URL | None = None
        self._extensions = False
        self._resumable = False
        """The relay keeps the session for us, as far as we know."""
        self._was_open = False
        self._connecting: Task[None] | None = None
        self._reasons: dict[int, LinkError] = {}
        """Why each relay that was called is of no use."""
        self._early: deque[ServerEvent] = deque(maxlen=MOST_EARLY)
        self._answer_id = ""
        self._stretched_ms = 0
        self._news = asyncio.Event()

    # Orders.

    @property
    def line(self) -> Caller | None:
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
        self._action, self._first_sample = action, action.first_sample
        if self._line is None:
            return
        self._attach(self._line, action.first_sample)
        self._tell_opened(resumed=False)
        if self._extensions and action.wake is not None:
            start, end = wake_range(action.wake, action.first_sample)
            self.send(EdgevoiceWake(name=action.wake.name, start_sample=start, end_sample=end))
        while self._early:
            self._ways.post(EventReceived(self._early.popleft()))

    def reopen(self, resume: bool) -> None:
        """Make another link. One attempt at a time."""
        if self._group is not None and (self._connecting is None or self._connecting.done()):
            self._connecting = self._group.create_task(self._connect(resume))

    def attach(self, from_sample: int) -> None:
        """A session that took over hears us from this sample on."""
        if self._line is not None:
            self._ways.gate.rewind(from_sample)
            self._first_sample = from_sample
            self._attach(self._line, from_sample)

    def skip_answer(self) -> None:
        """It was interrupted: what still arrives of it is not heard."""
        self._answer_id = ""
        if self._line is not None:
            self._line.jitter.skip(asyncio.get_running_loop().time() + SKIP_S)

    def begin_answer(self) -> None:
        """What is received from now on is a new answer."""
        self._stretched_ms = -self._jitter_stretch_ms()

    def heard_ms(self, played_ms: int) -> int:
        """How much of the answer was heard, in the sender's time.

        Where sound was made up, or taken out of pauses, it was not as long when it was sent.
        """
        return max(0, played_ms - self._stretched_ms - self._jitter_stretch_ms())

    # Life.

    async def run(self) -> None:
        async with TaskGroup() as self._group:
            self.reopen(resume=False)
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
                reason = self._reason()
                self._ways.post(LinkStruggles(str(reason), isinstance(reason, LinkRefused)))
            if self.is_open or self._action is None:
                break  # the one that was to be replaced goes on; nobody waits for another
            await self._pause(retry.pause_s(loop.time()))
        if not self.is_open:
            self._fail()

    def _fail(self) -> None:
        self.is_failed = True
        if self._action is not None:
            self._ways.post(LinkFailed(str(self._reason()), refused=True))

    def _reason(self) -> LinkError:
        """Of the one that should have been there."""
        return self._reasons[min(self._reasons)] if self._reasons else LinkError("nobody to call")

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
        retry, loop = self._ways.retry, asyncio.get_running_loop()
        relay = self._ways.relays[index]
        try:
            line, answer = await self._dial(relay, resume)
            await self._opened(line, answer, index)
        except (LinkError, RemoteProtocolError) as error:
            log.warning("no session at %s: %s", relay.relay, error)
            if isinstance(error, RemoteProtocolError):
                error = LinkRefused(400, str(error))  # it would say the same again
            self._reasons[index] = error
            retry.failed(index, error, loop.time())
            return False
        retry.worked(index)
        return True

    async def _dial(self, relay: Relay, resume: bool) -> tuple[Caller, Answer]:
        """An offer out, an answer in; its media is on the way."""
        line = await self._ways.caller()
        self._lines.append(line)
        try:
            if self._was_open:
                await relay.renew()
            answer = await relay.call(line.offer, self._headers(resume))
            await line.accept(answer.sdp)
        except BaseException:
            self._lines.remove(line)
            await line.close()
            raise
        if not self._was_open and not answer.resumed and self._action is not None:
            self._attach(line, self._first_sample)
        return line, answer

    def _headers(self, resume: bool) -> dict[str, str]:
        if resume and self._place is not None:
            return {RESUME_HEADER: self._place.name}
        if self._action is None:
            return {STANDBY_HEADER: "1"} if self._standby else {}
        wake = None if self._was_open else self._action.wake
        return {} if wake is None else wake_header(wake, self._first_sample)

    async def _opened(self, line: Caller, answer: Answer, index: int) -> None:
        """Wait until the session has moved to this link. Raises LinkError when it does not."""
        assert self._group is not None
        moved: Future[None] = asyncio.get_running_loop().create_future()
        line.on_message = partial(self._on_message, line, moved)
        line.on_open = partial(self._on_open, line, answer, index, moved)
        self._group.create_task(self._carry(line, moved))
        try:
            async with asyncio.timeout(OPEN_S + (RESUME_S if answer.resumed else 0.0)):
                await moved
        except TimeoutError:
            line.end("it took too long to open")
            raise LinkTimeout(
                f"no media connection with {self._ways.relays[index].relay}:"
                " is UDP blocked on the way?"
            ) from None

    async def _carry(self, line: Caller, moved: "Future[None]") -> None:
        """From the answer to the end of this link, whatever ends it."""
        reason = await line.run()
        line.stop_sending()
        if line is self._line:
            self._keep_statistics(line)
            self._line = None
            log.debug("the link broke: %s", reason)
            self._tell_lost(reason, line.hung_up)
        elif not moved.done():
            moved.set_exception(LinkError(reason))
            moved.exception()  # it may be that nobody waits for it any more
        await line.close()
        self._lines.remove(line)

    # Moving over. Called from within `line.run`.

    def _on_open(self, line: Caller, answer: Answer, index: int, moved: "Future[None]") -> None:
        if moved.done():
            return
        if answer.resumed:
            heard_ms = self.heard_ms(self._ways.playout.played_ms)
            resume = EdgevoiceResume(
                events=self._log.received, response_id=self._answer_id, heard_ms=heard_ms
            )
            line.send(encode(resume))
            return
        replaced = self._was_open
        old_place, old_relay = self._place, self._relay
        self._move(line)
        self._place, self._relay = answer.location, index
        self._extensions = self._resumable = answer.extensions
        if replaced:
            self._log, self._answer_id = EventLog(), ""
            self._forget(old_place, old_relay)
        self._send_again(0)
        self._settle(line, moved, resumed=False)

    def _on_resumed(self, line: Caller, event: EdgevoiceResumed, moved: "Future[None]") -> None:
        """The relay goes on: both sides say again what the other lacks."""
        if self._log.after(event.events) is None:
            self._resumable = False
            line.end("the relay lacks events that are not kept any more")
            return
        self._move(line)
        self._send_again(event.events)
        first = self._first_sample + event.samples
        if self._ways.gate.is_open:
            self._ways.gate.rewind(first)
            self._attach(line, first)
        self._settle(line, moved, resumed=True)

    def _move(self, line: Caller) -> None:
        old, self._line = self._line, line
        if old is None:
            return
        assert self._group is not None
        self._keep_statistics(old)
        old.stop_sending()
        old.end("replaced by another link")

    def _settle(self, line: Caller, moved: "Future[None]", resumed: bool) -> None:
        assert self._group is not None
        self._was_open = True
        moved.set_result(None)
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

    def _attach(self, line: Caller, first_sample: int) -> None:
        gate = self._ways.gate
        if gate.is_open:
            gate.rewind(first_sample)
        line.send_from(gate, first_sample, self._ways.on_first_sent)

    # What arrives.

    def _on_message(self, line: Caller, moved: "Future[None]", text: str) -> None:
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
            if not moved.done():
                self._on_resumed(line, event, moved)
        elif isinstance(event, Error) and not moved.done():
            self._resumable = False
            line.end(f"the session cannot go on: {event.error.message}")
        elif line is self._line and not isinstance(event, EdgevoicePong):
            self._take(line, event)

    def _take(self, line: Caller, event: ServerEvent) -> None:
        self._log.arrived(event)
        match event:
            case OutputAudioBufferStarted(response_id=response_id):
                self._answer_id = response_id
            case OutputAudioBufferCleared() | ResponseCreated():
                line.jitter.resume()
        if self._action is None:
            self._early.append(event)
        else:
            self._ways.post(EventReceived(event))

    async def _ping(self, line: Caller) -> None:
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
            )
        )

    def _tell_lost(self, reason: str, hung_up: bool) -> None:
        if self._action is None:
            self.is_failed = True
        else:
            self._ways.post(LinkLost(reason, hung_up, self._ways.gate.next_sample))

    def _keep_statistics(self, line: Caller) -> None:
        self._stretched_ms += line.jitter.statistics().stretch_ms
        self.statistics = line.jitter.statistics()

    def _jitter_stretch_ms(self) -> int:
        return self._line.jitter.statistics().stretch_ms if self._line else 0


def wake_range(wake: WakePhrase, first_sample: int) -> tuple[int, int]:
    """Where the wake phrase lies in what is sent."""
    start = max(0, wake.start_sample - first_sample)
    return start, max(start, wake.end_sample - first_sample)


def wake_header(wake: WakePhrase, first_sample: int) -> dict[str, str]:
    """The same, for relays that know the header."""
    start, end = wake_range(wake, first_sample)
    return {WAKE_HEADER: f"name={wake.name};start={start};end={end}"}
