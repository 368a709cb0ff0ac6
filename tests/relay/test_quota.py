"""A caller's day, through the whole relay: its minutes, its money, and a restart in between."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from edgevoice.config import DetectionConfig, LimitsConfig, PriceConfig, RelayConfig
from edgevoice.relay.access.tokens import create
from edgevoice.relay.app import wall_clock
from edgevoice.relay.store.place import FILE
from edgevoice.relay.store.sqlite import SqliteStore
from tests.fault_report import Measured
from tests.relay.test_app import Running
from tests.virtual_time import elapse


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RelayConfig:
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    return RelayConfig(
        port=0,
        engine="parrot",
        tokens_file=str(tmp_path / "tokens"),
        state_dir=str(tmp_path / "state"),
        detection=DetectionConfig(vad="webrtc"),
        limits=LimitsConfig(minutes_per_day=2, idle_s=600),
    )


class Visitor:
    """Somebody with a token, and a relay that was started for him."""

    def __init__(self, url: str, token: str) -> None:
        self._url = url
        self._headers = {"Authorization": f"Bearer {token}"}

    async def stays(self, seconds: float, *says: dict[str, Any]) -> list[dict[str, Any]]:
        """In a session for so long, or until the relay ends it: what he was told."""
        told: list[dict[str, Any]] = []
        async with (
            aiohttp.ClientSession() as http,
            http.ws_connect(self._url + "/v1/realtime", headers=self._headers) as socket,
        ):
            for event in says:
                await socket.send_json(event)
            try:
                async with asyncio.timeout(seconds):
                    async for message in socket:
                        told.append(json.loads(message.data))
            except TimeoutError:
                pass
        await elapse(1)
        return told

    async def is_refused(self) -> tuple[int, str, float]:
        async with (
            aiohttp.ClientSession() as http,
            http.post(
                self._url + "/v1/realtime/calls",
                data="v=0",
                headers={**self._headers, "Content-Type": "application/sdp"},
            ) as response,
        ):
            code = (await response.json())["error"]["code"]
            return response.status, code, float(response.headers.get("Retry-After", "nan"))


@asynccontextmanager
async def relay_of(config: RelayConfig, token: str) -> AsyncIterator[Visitor]:
    async with asyncio.TaskGroup() as group:
        relay = Running(config, group)
        try:
            yield Visitor(await relay.url(), token)
        finally:
            relay.stop.set()


@pytest.mark.fault("quota-reached")
async def test_a_restart_does_not_forgive_the_minutes_of_the_day(config: RelayConfig) -> None:
    token = create(config.tokens_file, "kitchen")
    async with relay_of(config, token) as visitor:
        told = await visitor.stays(70)
        assert [event["type"] for event in told if event["type"] == "error"] == []
    async with relay_of(config, token) as visitor:
        began = asyncio.get_running_loop().time()
        told = await visitor.stays(600)
        assert 45 < asyncio.get_running_loop().time() - began < 52
        assert told[-1]["error"]["code"] in ("insufficient_quota", "session_expired")
    async with relay_of(config, token) as visitor:
        status, code, wait_s = await visitor.is_refused()
        assert (status, code) == (429, "insufficient_quota")
        assert 1 <= wait_s <= 86_400


async def test_what_is_used_when_the_relay_is_stopped_counts_too(config: RelayConfig) -> None:
    token = create(config.tokens_file, "kitchen")
    async with asyncio.TaskGroup() as group:
        async with relay_of(config, token) as visitor:
            staying = group.create_task(visitor.stays(600))
            await elapse(28)
        assert (await staying)[-1]["type"] != "error"
    async with SqliteStore(Path(config.state_dir) / FILE) as store:
        (used,) = await store.uses("")
        assert (used.caller, used.use.sessions) == ("kitchen", 1)
        assert used.use.seconds == pytest.approx(28, abs=0.1)
        assert await store.calls(wall_clock()) == []


QUESTION = (
    {
        "type": "conversation.item.create",
        "item": {
            "type": "message",
            "role": "user",
            "content": [{"type": "input_text", "text": "What is the capital of France?"}],
        },
    },
    {"type": "response.create"},
)


@pytest.mark.fault("quota-reached")
async def test_when_the_money_is_gone_the_answer_is_heard_and_the_session_ends(
    config: RelayConfig, measured: Measured
) -> None:
    dear = PriceConfig("edgevoice-parrot", text_in_usd=100_000.0)
    limits = LimitsConfig(cost_per_day_usd=0.01, idle_s=600)
    config = replace(config, limits=limits, prices=(dear,))
    token = create(config.tokens_file, "kitchen")
    async with relay_of(config, token) as visitor:
        told = await visitor.stays(300, *QUESTION)
        kinds = [event["type"] for event in told]
        assert kinds.index("response.done") < kinds.index("error") == len(kinds) - 1
        assert told[-1]["error"]["code"] == "insufficient_quota"
        assert (await visitor.is_refused())[:2] == (429, "insufficient_quota")
    async with relay_of(config, token) as visitor:
        status, code, retry_s = await visitor.is_refused()
        assert (status, code) == (429, "insufficient_quota")
        measured(f"answered to the end, then 429; Retry-After {retry_s / 3600:.1f} h, to midnight")


async def test_where_it_costs_nothing_it_goes_on(config: RelayConfig) -> None:
    config = replace(config, limits=LimitsConfig(cost_per_day_usd=0.01, idle_s=600))
    token = create(config.tokens_file, "kitchen")
    async with relay_of(config, token) as visitor:
        told = await visitor.stays(100, *QUESTION)
        kinds = [event["type"] for event in told]
        assert "response.done" in kinds and "error" not in kinds
