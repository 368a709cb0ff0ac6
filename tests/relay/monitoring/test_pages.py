"""What the relay's owner may ask for over HTTP, and who else may not. Over a real socket."""

import asyncio
import json
import socket
from contextlib import asynccontextmanager

import aiohttp
import pytest

from edgevoice.relay.monitoring import broadcast, pages
from edgevoice.relay.monitoring.pages import FILES
from tests.relay.monitoring.house import TOKEN, House, began, turn
from tests.virtual_time import elapse


@asynccontextmanager
async def visiting(token: str = "", *, near: bool = True):
    """A house and somebody at its door."""
    house = House(token, near=near)
    async with house.open(), aiohttp.ClientSession(house.url) as http:
        yield house, http


WITH_TOKEN = {"Authorization": f"Bearer {TOKEN}"}


async def states(response: aiohttp.ClientResponse):
    """The server-sent events, decoded."""
    async for line in response.content:
        if line.startswith(b"data: "):
            yield json.loads(line[6:])


async def test_metrics_on_this_machine():
    async with visiting() as (house, http):
        house.publish(began())
        async with http.get("/metrics") as response:
            assert response.status == 200
            assert response.headers["Content-Type"].startswith("text/plain; version=")
            assert 'edgevoice_relay_sessions{state="live"} 1.0' in await response.text()


@pytest.mark.parametrize("path", ["/metrics", "/live/events"])
async def test_from_elsewhere_with_the_token_only(path):
    async with visiting(TOKEN, near=False) as (_, http):
        async with http.get(path) as response:
            assert response.status == 401
            assert (await response.json())["error"]["code"] == "invalid_api_key"
        async with http.get(path, headers={"Authorization": "Bearer guess"}) as response:
            assert response.status == 401
        async with http.get(f"{path}?token={TOKEN}") as response:
            assert response.status == 401
        async with http.get(path, headers=WITH_TOKEN) as response:
            assert response.status == 200


@pytest.mark.parametrize("path", ["/", "/metrics", "/live/events", *FILES])
async def test_without_a_token_there_is_nothing_to_be_seen_from_elsewhere(path):
    async with visiting(near=False) as (_, http), http.get(path, headers=WITH_TOKEN) as response:
        assert response.status == 404


@pytest.mark.parametrize("path", ["/metrics", "/live/events", *FILES])
async def test_no_other_page_may_read_it(path):
    async with visiting() as (_, http), http.get(path) as response:
        assert response.status == 200
        assert "Access-Control-Allow-Origin" not in response.headers
        assert response.headers["Content-Security-Policy"].startswith("default-src 'self';")
        assert response.headers["Cache-Control"] == "no-store"


async def test_a_page_from_elsewhere_in_a_browser_here_is_refused():
    async with visiting() as (_, http):
        for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Host": "evil.example"}):
            async with http.get("/metrics", headers=headers) as response:
                assert response.status == 401


async def test_the_root_leads_to_the_page():
    async with visiting() as (_, http), http.get("/") as response:
        assert response.url.path == "/live"
        assert "<title>edgevoice relay</title>" in await response.text()


async def test_the_page_asks_for_nothing_elsewhere():
    async with visiting() as (_, http):
        for path in FILES:
            async with http.get(path) as response:
                text = (await response.text()).replace("http://www.w3.org/2000/svg", "")
                assert "://" not in text and "//" + "cdn" not in text
                assert "<script>" not in text and " style=" not in text


async def test_states_follow_what_happens():
    async with visiting() as (house, http), http.get("/live/events") as response:
        assert response.content_type == "text/event-stream"
        told = states(response)
        assert (await anext(told))["sessions"] == []
        house.publish(began(), turn())
        shown = await anext(told)
        assert [session["caller"] for session in shown["sessions"]] == ["kitchen"]
        assert len(shown["turns"]) == 1
        await told.aclose()


async def test_a_refusal_is_shown():
    async with visiting(TOKEN, near=False) as (_, http):
        async with http.get("/metrics"):
            pass
        async with http.get("/live/events", headers=WITH_TOKEN) as response:
            told = states(response)
            assert (await anext(told))["refusals"] == {"invalid_api_key": 1}
            await told.aclose()


async def test_so_many_may_look_and_no_more():
    async with visiting() as (house, http):
        looking = [await http.get("/live/events") for _ in range(broadcast.MOST_READERS)]
        for response in looking:
            await response.content.readline()
        async with http.get("/live/events") as response:
            assert response.status == 503
        for response in looking:
            response.close()
        house.publish(began())
        await elapse(30)
        async with http.get("/live/events") as response:
            assert response.status == 200


async def test_whoever_does_not_read_costs_little_and_is_dropped():
    async with visiting() as (house, _):
        house.publish(began(caller="x" * 60), *[turn()] * 40)
        feed = house.monitoring
        with socket.socket() as deaf:
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            deaf.setblocking(False)
            loop = asyncio.get_running_loop()
            await loop.sock_connect(deaf, ("127.0.0.1", house.port))
            request = b"GET /live/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
            await loop.sock_sendall(deaf, request)
            readers = []
            for _ in range(150):  # two states of 14 kB a second; the kernel could keep 200
                house.publish(turn())
                await elapse(0.5)
                readers.append(feed.readers)
                if 1 in readers and readers[-1] == 0:
                    break
        assert 1 in readers
        assert readers[-1] == 0, "it is still there"
        assert len(readers) > pages.STALL_S * 2


async def test_the_relay_stops_while_somebody_looks():
    async with visiting() as (house, http):
        response = await http.get("/live/events")
        await response.content.readline()
        house.monitoring.close()
        rest = await asyncio.wait_for(response.content.read(), 5.0)
        assert rest.count(b"data: ") <= 1
