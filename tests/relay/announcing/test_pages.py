"""Announcements and the relay's voice over HTTP, by the device's own client and by strangers."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from edgevoice.config import LinkConfig
from edgevoice.errors import EngineError, LinkError, LinkRefused
from edgevoice.link.announced import Announced
from edgevoice.link.credential import BearerToken
from edgevoice.link.signalling import Signalling
from edgevoice.relay.access.callers import secret_digest
from edgevoice.relay.access.tokens import create
from edgevoice.relay.announcing.notices import LONGEST, Notices
from edgevoice.relay.announcing.pages import PATH, AnnouncementPages
from edgevoice.relay.announcing.speech import AT_ONCE, SpeechPages
from edgevoice.relay.http.signalling import in_openai_shape
from edgevoice.relay.monitoring.observers import unobserved
from edgevoice.relay.store.memory import MemoryStore
from edgevoice.relay.store.records import Secret
from tests.relay.doors import callers, wall_clock
from tests.virtual_time import elapse

pytestmark = pytest.mark.usefixtures("few_authorities")

ADMIN = {"Authorization": "Bearer the admin's"}


class Humming:
    """An engine with a voice: a sample per letter."""

    async def say(self, text: str) -> AsyncIterator[np.ndarray]:
        if text == "broken":
            raise EngineError("hoarse")
        for word in text.split():
            yield np.full(len(word), len(word), np.int16)


class House:
    def __init__(self, folder: Path, engine: object) -> None:
        self.tokens = str(folder / "tokens")
        self.kitchen = create(self.tokens, "kitchen")
        self.app = web.Application(middlewares=[in_openai_shape(unobserved)])
        self.store = MemoryStore()
        known = callers(self.tokens, self.store)
        owner = AnnouncementPages(
            known,
            Notices(600.0),
            lambda headers: headers.get("Authorization") == ADMIN["Authorization"],
        )
        owner.add_to(self.app)
        SpeechPages(known, engine).add_to(self.app)
        self.client: TestClient
        self.device: Signalling

    async def announce(self, device: str, text: str, **more: Any) -> tuple[int, dict[str, Any]]:
        wanted = {"device": device, "text": text, **more}
        async with self.client.post(PATH, json=wanted, headers=ADMIN) as response:
            return response.status, await response.json()


@asynccontextmanager
async def opened(folder: Path, engine: object = None) -> AsyncIterator[House]:
    house = House(folder, engine or Humming())
    async with TestClient(TestServer(house.app)) as client:
        config = LinkConfig(url=str(client.make_url("/")))
        async with Signalling(config, BearerToken(house.kitchen)) as device:
            house.client, house.device = client, device
            yield house


async def test_a_device_that_listens_hears_it_at_once(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        listening = asyncio.ensure_future(house.device.announcements(50.0))
        await elapse(1)
        began = asyncio.get_running_loop().time()
        assert await house.announce("kitchen", "dinner  is ready") == (
            202,
            {"listening": 1, "dropped": 0},
        )
        assert await listening == [Announced("dinner is ready", False)]
        assert asyncio.get_running_loop().time() - began < 1.0


async def test_one_that_does_not_finds_it_later(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        assert (await house.announce("all", "fire", urgent=True))[1]["listening"] == 0
        await elapse(500)
        assert await house.device.announcements(0.0) == [Announced("fire", True)]
        assert await house.device.announcements(0.0) == []


async def test_nothing_to_say_is_answered_in_time(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        began = asyncio.get_running_loop().time()
        assert await house.device.announcements(50.0) == []
        assert asyncio.get_running_loop().time() - began == pytest.approx(50.0, abs=0.5)


async def test_a_device_that_asks_again_lets_go_of_the_request_before(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        lost = asyncio.ensure_future(house.device.announcements(50.0))
        await elapse(1)
        again = asyncio.ensure_future(house.device.announcements(50.0))
        await elapse(1)
        assert lost.done()
        assert (await house.announce("kitchen", "dinner"))[1]["listening"] == 1
        assert await again == [Announced("dinner", False)]


async def test_strangers_neither_announce_nor_listen(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        wanted = {"device": "all", "text": "boo"}
        for headers in ({}, {"Authorization": f"Bearer {house.kitchen}"}):
            async with house.client.post(PATH, json=wanted, headers=headers) as response:
                assert response.status == 401
        for method, path in (("GET", PATH), ("POST", "/v1/audio/speech")):
            async with house.client.request(method, path) as response:
                assert response.status == 401
        assert await house.device.announcements(0.0) == []


@pytest.mark.parametrize(
    ("device", "text", "status"),
    [("cellar", "x", 404), ("kitchen", "", 400), ("kitchen", "  ", 400), ("", "x", 400),
     ("kitchen", "x" * (LONGEST + 1), 400)],
)  # fmt: skip
async def test_what_cannot_be_announced_is_refused(
    device: str, text: str, status: int, tmp_path: Path
) -> None:
    async with opened(tmp_path) as house:
        assert (await house.announce(device, text))[0] == status


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"device":"all"}', b'"\xff"', b"[" * 2_000])
async def test_rubbish_is_refused(body: bytes, tmp_path: Path) -> None:
    async with (
        opened(tmp_path) as house,
        house.client.post(PATH, data=body, headers=ADMIN) as response,
    ):
        assert response.status == 400


async def test_what_is_announced_is_in_no_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with opened(tmp_path) as house:
        await house.announce("kitchen", "swordfish")
        await house.device.announcements(0.0)
        await house.device.speech("swordfish")
    assert "swordfish" not in caplog.text


async def test_the_voice_is_there_for_the_asking(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        sound = np.frombuffer(await house.device.speech("pasta timer"), "<i2")
        assert list(sound) == [5] * 10


async def test_a_relay_without_a_voice_says_so(tmp_path: Path) -> None:
    async with opened(tmp_path, engine=object()) as house:
        with pytest.raises(LinkRefused, match="501"):
            await house.device.speech("pasta")


async def test_and_so_does_a_hoarse_one(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        with pytest.raises(LinkRefused, match="502"):
            await house.device.speech("broken")


async def test_nobody_keeps_it_busy(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        for _ in range(AT_ONCE):
            await house.device.speech("x")
        with pytest.raises(LinkRefused, match="429"):
            await house.device.speech("x")
        await elapse(6)
        await house.device.speech("x")


async def test_more_than_is_said_at_a_time_is_refused(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        with pytest.raises(LinkError, match="400"):
            await house.device.speech("x" * (LONGEST + 1))


async def test_a_client_secret_takes_nothing_away_and_says_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path) as house:
        value = "ek_" + "s" * 40
        secret = Secret(secret_digest(value), "kitchen", wall_clock() + 600, "{}")
        await house.store.add_secret(secret)
        await house.announce("kitchen", "dinner")
        config = LinkConfig(url=str(house.client.make_url("/")))
        async with Signalling(config, BearerToken(value)) as stranger:
            with pytest.raises(LinkRefused, match="client secret"):
                await stranger.announcements(0.0)
            with pytest.raises(LinkRefused, match="client secret"):
                await stranger.speech("hello")
        assert await house.device.announcements(0.0) == [Announced("dinner", False)]
