"""Device, relay and a simulated OpenAI as three processes: a whole first turn past the relay."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from edgevoice.simulator.relay_process import relay_process
from tests.e2e.house import device_process
from tests.recordings import recording

pytestmark = [pytest.mark.e2e, pytest.mark.models, pytest.mark.slow]

KEY = "sk-the-key-that-stays-on-the-relay"
READY = "openai server ready on "


@asynccontextmanager
async def openai_process() -> AsyncIterator[str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.openai_server", "--key", KEY, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(20):
            line = (await process.stdout.readline()).decode()
        assert line.startswith(READY)
        yield line.removeprefix(READY).strip()
    finally:
        process.terminate()
        await process.wait()


async def report(url: str) -> Any:
    async with aiohttp.ClientSession() as http, http.get(url + "/report") as response:
        return await response.json()


async def test_a_question_is_answered_by_the_server_behind_the_relay(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(KEY)
    async with (
        openai_process() as upstream,
        relay_process(
            "parrot",
            tmp_path,
            (f"relay.upstream.url={upstream}", f"relay.upstream.key_file={tmp_path / 'key'}"),
        ) as relay,
        device_process(
            tmp_path,
            relay.url,
            relay.token,
            link__direct=True,
            link__direct_url=upstream,
            microphone__backend="wav",
            microphone__device=str(recording("alexa_what_time_is_it")),
            turn__follow_up_s=0.5,
        ) as device,
    ):
        await device.until(state="speaking")
        status = await device.until(state="idle", gate="closed")
        assert status["last_turn"]["outcome"] == "answered"
        assert status["last_turn"]["samples"]["lost"] == 0
        assert status["relay"] == upstream
        (session,) = (await report(upstream))["sessions"]
        assert session["violations"] == []
        assert [turn["sources"] for turn in session["turns"]] == [["append"]]
        assert session["turns"][0]["appended"] > 24_000
        logs = device.log.read_text() + (tmp_path / "relay.log").read_text()
        assert KEY not in logs and "ek_" not in logs and relay.token not in logs
        assert f'"to": "{upstream}"' in (device.state / "privacy.log").read_text()
