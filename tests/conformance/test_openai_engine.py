"""A relay whose answers come from a server behind it is the same to OpenAI's clients."""

from pathlib import Path

import pytest

from edgevoice.conformance.check import perform
from edgevoice.conformance.suite import checks
from edgevoice.conformance.target import Target
from edgevoice.conformance.world import World
from edgevoice.simulator.relay_process import relay_process
from tests.openai_server.answering import Behaviour
from tests.openai_server.server import OpenAiServer

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

KEY = "sk-test-key"
WANTED = {
    "socket.turn",
    "socket.text",
    "socket.items",
    "socket.errors",
    "socket.cancel",
    "socket.out-of-band",
    "socket.tool",
    "socket.truncate",
    "webrtc.turn",
    "webrtc.tool",
    "webrtc.interrupt",
}


async def test_clients_of_openai_see_no_difference(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(KEY)
    behaviour = Behaviour(answer_s=1.0, make_s=0.4, repeats=True)
    async with OpenAiServer(KEY, behaviour).serving() as url:
        settings = (
            f"relay.upstream.url={url}",
            f"relay.upstream.key_file={tmp_path / 'key'}",
            "relay.upstream.fallback=none",
            "relay.detection.vad=webrtc",
            "relay.limits.starts_per_minute=600",
        )
        async with relay_process("openai", tmp_path, settings) as relay:
            target = Target(relay.url, relay.token, "model")
            async with World(target, Path("/nowhere"), {}) as world:
                wanted = [check for check in checks() if check.name in WANTED]
                outcomes = [await perform(check, world) for check in wanted]
    assert {outcome.name for outcome in outcomes} == WANTED
    assert [outcome.line() for outcome in outcomes if outcome.status != "ok"] == []
