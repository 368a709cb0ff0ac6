"""What the doctor asks a relay: whom it takes us for, and whether media gets through."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from edgevoice import __version__
from edgevoice.config import LinkConfig, RelayConfig
from edgevoice.errors import LinkRefused, LinkTimeout
from edgevoice.link.credential import BearerToken
from edgevoice.link.media_probe import reach
from edgevoice.link.signalling import Signalling
from edgevoice.relay.access.tokens import create
from edgevoice.relay.http.probes import ME, PROBE, Probes
from edgevoice.relay.http.signalling import in_openai_shape
from tests.relay.doors import callers
from tests.virtual_time import elapse


class House:
    def __init__(self, folder: Path) -> None:
        tokens = str(folder / "tokens")
        self.token = create(tokens, "kitchen")
        config = RelayConfig(tokens_file=tokens, engine="parrot")
        self.probes = Probes(config, callers(tokens))
        self.bearer = {"Authorization": f"Bearer {self.token}"}

    @asynccontextmanager
    async def open(self) -> AsyncIterator[TestClient]:
        app = web.Application(middlewares=[in_openai_shape(lambda fact: None)])
        self.probes.add_to(app)
        async with TestClient(TestServer(app)) as client, asyncio.TaskGroup() as group:
            carrying = group.create_task(self.probes.run())
            yield client
            carrying.cancel()


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


def link(client: TestClient, token: str) -> Signalling:
    url = str(client.make_url("/")).rstrip("/")
    return Signalling(LinkConfig(url=url), BearerToken(token))


async def test_one_is_told_whom_one_is_taken_for(house: House) -> None:
    async with house.open() as client:
        answer = await client.get(ME, headers=house.bearer)
        assert await answer.json() == {
            "object": "edgevoice.me",
            "name": "kitchen",
            "kind": "token",
            "version": __version__,
            "engine": "parrot",
        }
        assert (await client.get(ME)).status == 401


async def test_strangers_probe_nothing(house: House) -> None:
    async with house.open() as client:
        assert (await client.post(PROBE, data="v=0\r\n")).status == 401
        answer = await client.post(PROBE, data="v=0\r\n", headers=house.bearer)
        assert answer.status == 400
        assert house.probes._by == set()


async def test_media_gets_through_and_leaves_nothing_behind(house: House) -> None:
    async with house.open() as client, link(client, house.token) as signalling:
        assert await reach(signalling) < 3
        while house.probes._by:
            await elapse(0.05)


async def test_a_relay_whose_media_nobody_reaches(house: House) -> None:
    """It answers, and its sockets are somewhere else."""

    class Deaf(Signalling):
        async def probe(self, offer: str):
            answer = await super().probe(offer)
            lines = answer.text.splitlines(keepends=True)
            lost = [line.replace("127.0.0.1", "192.0.2.1") for line in lines]
            return type(answer)("".join(lost), None, True)

    async with house.open() as client:
        url = str(client.make_url("/")).rstrip("/")
        async with Deaf(LinkConfig(url=url), BearerToken(house.token)) as signalling:
            with pytest.raises(LinkTimeout, match="is UDP blocked"):
                await reach(signalling, 1.0)


async def test_one_probe_at_a_time(house: House) -> None:
    async with house.open() as client, link(client, house.token) as signalling:
        house.probes._by.add("kitchen")
        with pytest.raises(LinkRefused, match="another probe"):
            await reach(signalling)
