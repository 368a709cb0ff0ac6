"""A board that talks past its relay: real relay, simulated OpenAI, the device's mind between.

The mind is the product's transceiver; what it orders of gate, link and playout is
carried out, the rest is kept to be looked at.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from edgevoice.audio.frames import Samples
from edgevoice.config import (
    ContextConfig,
    DetectionConfig,
    LinkConfig,
    RelayConfig,
    TurnConfig,
    UpstreamConfig,
)
from edgevoice.relay.access.tokens import create
from edgevoice.relay.engines.parrot import Parrot
from edgevoice.transceiver import actions as do
from edgevoice.transceiver.inputs import (
    DeadlinePassed,
    Input,
    PlayoutDrained,
    PlayoutFlushed,
    PlayoutStarted,
    SpeechStarted,
    SpeechStopped,
    WakeDetected,
)
from edgevoice.transceiver.states import State
from edgevoice.transceiver.transceiver import Transceiver
from tests.link.house import Board
from tests.openai_server.answering import Behaviour
from tests.openai_server.server import OpenAiServer
from tests.openai_server.session import Session
from tests.relay.test_app import Running
from tests.virtual_time import elapse
from tests.webrtc.raw_pcm import raw

KEY = "sk-the-key-of-the-relay"
RATE_HZ = 16_000
PHRASE = RATE_HZ
"""Samples of the wake phrase, which is sent along."""


class Person:
    """Speaks a 200 Hz tone now and then, in pieces of the sample clock."""

    def __init__(self) -> None:
        self.spoken: list[tuple[int, int]] = []

    def sound(self, start: int, end: int) -> Samples:
        clock = np.arange(start, end)
        loud = np.zeros(end - start, bool)
        for begin, stop in self.spoken:
            loud |= (begin <= clock) & (clock < stop)
        wave = 8_000 * np.sin(2 * np.pi * 200 * clock / RATE_HZ)
        return np.where(loud, wave, 0).astype(np.int16)


class Device:
    """Board, person and mind."""

    def __init__(self, board: Board, config: LinkConfig, token: str, **turn: Any) -> None:
        self.board = board
        self.token = token
        self.person = Person()
        self.mind = Transceiver(TurnConfig(**turn), ContextConfig(), config, (), PHRASE)
        self.done: list[do.Action] = []
        self.states = [self.mind.state]
        """Each that it was in."""
        self.news = asyncio.Event()
        self._phrase_end = 0
        board.source = self.person.sound
        board.post = self.post  # type: ignore[method-assign]
        board.link._ways.post = self.post
        board.playout.on_started = lambda: self.post(PlayoutStarted())
        board.playout.on_drained = lambda ms: self.post(PlayoutDrained(ms))

    def post(self, happened: Input) -> None:
        now = asyncio.get_running_loop().time()
        for action in self.mind.handle(happened, now):
            self.done.append(action)
            self._perform(action)
        if self.mind.state is not self.states[-1]:
            self.states.append(self.mind.state)
        self.news.set()

    def _perform(self, action: do.Action) -> None:
        link, gate = self.board.link, self.board.gate
        match action:
            case do.OpenLink():
                link.open(action)
            case do.CloseLink(reason):
                link.close(reason)
            case do.OpenGate(from_sample, _):
                gate.open(from_sample)
            case do.CloseGate():
                gate.close()
            case do.SendEvent(event):
                link.send(event)
            case do.ReopenLink(resume=resume, context=context):
                link.reopen(resume, context)
            case do.AppendAudio(from_sample):
                link.append(from_sample)
            case do.CommitAppended():
                link.commit(action)
            case do.AttachMedia(from_sample):
                link.attach(from_sample)
            case do.FlushPlayout():
                link.skip_answer()
                self.post(PlayoutFlushed(self.board.playout.flush()))

    async def loudspeaker(self) -> None:
        while True:
            self.board.playout.pull(480)
            await asyncio.sleep(0.02)

    async def tick(self) -> None:
        """The one timer, coarse."""
        while True:
            await asyncio.sleep(0.05)
            deadline = self.mind.deadline
            if deadline is not None and deadline <= asyncio.get_running_loop().time():
                self.post(DeadlinePassed())

    @property
    def now(self) -> int:
        """On the sample clock."""
        return self.board.ring.end

    def wake(self) -> None:
        """The phrase is being said; its last sound is the newest sample."""
        now = self._phrase_end = self.now
        self.post(SpeechStarted(max(0, now - PHRASE)))
        self.post(WakeDetected("alexa", 0.9, max(0, now - PHRASE), now, now))

    def pause(self) -> None:
        """The device has heard that the phrase is over."""
        self.post(SpeechStopped(self._phrase_end))

    async def speak(self, seconds: float, stop_s: float = 0.6) -> None:
        """Heard by the device as it hears: the end is known a little later."""
        start = self.now
        self.person.spoken.append((start, start + round(seconds * RATE_HZ)))
        await elapse(0.1)
        self.post(SpeechStarted(start))
        await elapse(seconds - 0.1 + stop_s)
        self.post(SpeechStopped(start + round(seconds * RATE_HZ)))

    async def until(self, state: State, within_s: float = 30.0) -> None:
        async with asyncio.timeout(within_s):
            while self.mind.state is not state:
                self.news.clear()
                await self.news.wait()

    def performed(self, kind: type[do.Action]) -> list[do.Action]:
        return [action for action in self.done if isinstance(action, kind)]


class DirectHouse:
    def __init__(
        self, device: Device, server: OpenAiServer, relay: Running, url: str, relay_url: str
    ) -> None:
        self.device = device
        self.server = server
        self.relay = relay.relay
        self.url = url
        self.relay_url = relay_url

    @property
    def session(self) -> Session:
        return self.server.session


@asynccontextmanager
async def direct_house(
    folder: Path,
    behaviour: Behaviour | None = None,
    on_server: Callable[[OpenAiServer], None] = lambda server: None,
    spare: bool = False,
    turn: dict[str, Any] | None = None,
    relay_settings: dict[str, Any] | None = None,
    upstream: dict[str, Any] | None = None,
    opus: bool = False,
    **settings: Any,
) -> AsyncIterator[DirectHouse]:
    """`settings` of the link. Raw samples both ways, or Opus with `spare` or `opus`.

    `spare`: where the server cannot be had, the relay itself is called.
    """
    behaviour = behaviour or Behaviour()
    is_raw = not (spare or opus)
    if is_raw:
        behaviour.codec = raw(16_000)
    server = OpenAiServer(KEY, behaviour)
    on_server(server)
    (folder / "key").write_text(KEY)
    tokens_file = str(folder / "tokens")
    token = create(tokens_file, "kitchen")
    async with server.serving() as url, asyncio.TaskGroup() as group:
        config = RelayConfig(
            port=0,
            engine="parrot",
            store="memory",
            tokens_file=tokens_file,
            detection=DetectionConfig(vad="webrtc"),
            upstream=UpstreamConfig(url=url, key_file=str(folder / "key"), **(upstream or {})),
        )
        relay = Running(replace(config, **(relay_settings or {})), group, Parrot())
        relay_url = await relay.url()
        given = {"direct": True, "direct_url": url, **settings}
        codec = raw(24_000) if is_raw else None
        board = Board(relay_url, codec, token=token, spare=spare, **given)
        device = Device(board, LinkConfig(url=relay_url, **given), token, **(turn or {}))
        tasks = [board.link.run(), board.capture(), device.loudspeaker(), device.tick()]
        running = [group.create_task(task) for task in tasks]
        await asyncio.sleep(0.1)
        yield DirectHouse(device, server, relay, url, relay_url)
        for task in running:
            task.cancel()
        await asyncio.sleep(0.1)
        relay.stop.set()
