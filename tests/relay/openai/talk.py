"""A story whose session thinks at the simulated OpenAI, with a fake engine of ours behind it.

The server is a real one on loopback; time is virtual.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from edgevoice.audio.frames import Samples
from edgevoice.config import RelayConfig, UpstreamConfig
from edgevoice.relay.brain import MakeBrain
from edgevoice.relay.engine_brain import EngineBrain
from edgevoice.relay.openai.brain import UpstreamBrain
from edgevoice.relay.openai.server import Server
from edgevoice.relay.openai.upstream import Upstream
from edgevoice.relay.session import CallTerms
from edgevoice.relay.tool_use.toolbox import Toolbox
from tests.openai_server.answering import Behaviour
from tests.openai_server.server import OpenAiServer, Refused
from tests.openai_server.socket_session import SocketSession
from tests.relay.story import DEVICE, LoudnessVad, Story
from tests.virtual_time import elapse

KEY = "sk-the-key-of-the-relay"


class Talk(Story):
    """`there` is the newest session at the server."""

    def __init__(
        self,
        config: RelayConfig,
        terms: CallTerms,
        server: OpenAiServer,
        behind: Server,
        waits: bool,
        box: Toolbox | None,
    ) -> None:
        self.box = box
        self.server = server
        self.behind = behind
        self.waits = waits
        super().__init__(config, terms)

    def brains(self) -> Sequence[MakeBrain]:
        vad = LoudnessVad()
        there = partial(UpstreamBrain, self.behind, vad, "kitchen", self.waits, box=self.box)
        own = partial(EngineBrain, self.engine, vad, box=self.box)
        return [there, own] if self.behind.has_fallback else [there]

    @property
    def there(self) -> SocketSession:
        session = self.server.session
        assert isinstance(session, SocketSession)
        return session

    def received_there(self, kind: str) -> list[dict[str, Any]]:
        return [event for event in self.there.received if event["type"] == kind]

    async def speak(self, ms: int, quiet_ms: int = 700) -> None:
        """In real time, and the silence after it."""
        for loud, part_ms in ((True, ms), (False, quiet_ms)):
            for _ in range(part_ms // 20):
                self.sound(20, loud)
                await elapse(0.02)

    async def ask(self) -> None:
        """A question, and its answer to the end."""
        await self.speak(800)
        await self.until("output_audio_buffer.stopped")

    async def until(self, kind: str, within_s: float = 30.0) -> dict[str, Any]:
        """The client, who is silent, is told so now or later."""
        seen = len(self.all(kind))
        async with asyncio.timeout(within_s):
            while len(self.all(kind)) == seen:
                self.sound(20, loud=False)
                await elapse(0.02)
        return self.last(kind)

    def heard_there(self) -> Samples:
        """All turns' sound, as the server has it."""
        turns = [turn.samples("append") for turn in self.there.buffer.turns]
        return np.concatenate([*turns, np.zeros(0, np.int16)])


@asynccontextmanager
async def talk(
    folder: Path,
    behaviour: Behaviour | None = None,
    terms: CallTerms = DEVICE,
    is_down: bool = False,
    waits: bool = False,
    refuses: Sequence[Refused] = (),
    box: Toolbox | None = None,
    **settings: Any,
) -> AsyncIterator[Talk]:
    """`settings` of the upstream."""
    (folder / "key").write_text(KEY)
    server = OpenAiServer(KEY, behaviour or Behaviour())
    server.down, server.refuse_sockets = is_down, list(refuses)
    async with server.serving() as url:
        config = UpstreamConfig(url=url, key_file=str(folder / "key"), **settings)
        async with Upstream(config, folder / "key") as upstream, asyncio.TaskGroup() as group:
            behind = Server(config, upstream, lambda: 0.5)
            relay = RelayConfig(engine="openai", upstream=config)
            story = Talk(relay, terms, server, behind, waits, box)
            running = group.create_task(story.session.run())
            await elapse(0.2)
            story.session.on_open()
            yield story
            story.session.hang_up("the end")
            story.reason = await running  # type: ignore[attr-defined]
