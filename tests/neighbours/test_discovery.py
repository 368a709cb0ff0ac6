"""Real multicast DNS, on the loopback interface."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from edgevoice.neighbours.discovery import Advert, find_relays

pytestmark = pytest.mark.e2e

LOOPBACK = ("127.0.0.1",)


@asynccontextmanager
async def announced(*urls: str) -> AsyncIterator[None]:
    tasks = [asyncio.ensure_future(Advert(url, LOOPBACK).run()) for url in urls]
    yield
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@pytest.mark.slow
async def test_a_relay_is_found_while_it_is_there() -> None:
    async with announced("https://127.0.0.1:8790"):
        async with asyncio.timeout(20):
            while not (found := await find_relays(1.0, LOOPBACK)):
                pass  # a new name is first asked about, then announced
    (relay,) = found
    assert relay.url == f"https://{relay.name}:8790"
    assert relay.name.endswith(".local")
    assert relay.url_by_address == "https://127.0.0.1:8790"
    assert await find_relays(0.5, LOOPBACK) == []
