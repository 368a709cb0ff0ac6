"""A server that is not ours: what only we have is not asked of it."""

from pathlib import Path

import pytest

from edgevoice.conformance.check import perform
from edgevoice.conformance.suite import checks
from edgevoice.conformance.target import Target
from edgevoice.conformance.world import World
from tests.openai_server.server import OpenAiServer
from tests.openai_server.session import Behaviour
from tests.webrtc.raw_pcm import raw

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

KEY = "sk-known"


async def test_a_simulated_openai_is_not_blamed_for_what_only_edgevoice_has() -> None:
    server = OpenAiServer(KEY, Behaviour(codec=raw(16_000)))
    chosen = ("webrtc.hangup", "edgevoice.health", "edgevoice.extensions")
    async with (
        server.serving() as url,
        World(Target(url, KEY, "gpt-realtime-2.1"), Path("/nowhere"), {}) as world,
    ):
        found = {
            check.name: (await perform(check, world)).status
            for check in checks()
            if check.name in chosen
        }
    assert found == {
        "webrtc.hangup": "ok",
        "edgevoice.health": "skipped",
        "edgevoice.extensions": "skipped",
    }
