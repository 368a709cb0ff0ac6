"""The live page in a real browser: what a person sees, and what the browser complains of."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from edgevoice.relay.monitoring import facts
from tests.relay.monitoring.browser import CHROMIUM, Page, browser
from tests.relay.monitoring.house import TOKEN, House, began, billed, turn

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's chromium (scripts/setup --dev)"),
]

IS_SHOWN = "!document.getElementById('main').hidden"
IS_LIVE = "document.getElementById('link').dataset.link === 'live'"
IS_LOST = "document.getElementById('link').dataset.link === 'lost'"
ASKS = "!document.getElementById('ask').hidden"


def text(selector: str) -> str:
    return f"document.querySelector({selector!r}).innerText"


def shows(name: str) -> str:
    return f"document.getElementById('main').innerText.includes({name!r})"


@asynccontextmanager
async def visit(house: House, tmp_path):
    async with house.open(), browser(tmp_path / "browser") as page:
        yield page


async def test_what_one_sees_on_this_machine(tmp_path):
    house = House()
    async with visit(house, tmp_path) as page:
        await page.open(house.url)
        await page.until(IS_SHOWN)
        assert await page.value(text("#no-sessions")) == "Nobody is connected."
        assert await page.value(text("#sum-cost")) == "$0"

        house.publish(began(), began("rtc_2", "<b>hall</b>", standby=True))
        house.publish(turn(), billed(cost_usd=0.0123), facts.Refused(401, "invalid_api_key"))
        await page.until(shows("kitchen"))
        assert await page.value(text("#sum-sessions")) == "2"
        assert await page.value(text("#sum-cost")) == "$0.0123"
        assert await page.value(shows("<b>hall</b>")), "a name is text, whatever is in it"
        assert await page.value(text("#refusals tbody")) == "invalid_api_key\t1"
        await _the_turn_is_drawn(page)
        await _it_fits_on_a_phone(page)

        house.publish(facts.SessionEnded("rtc_1", ""), facts.SessionEnded("rtc_2", ""))
        await page.until("document.getElementById('sessions').hidden")
        assert await page.value(text(".who")) != "", "its turn is still shown"
        assert page.complaints == []
        assert all(address.startswith(house.url) for address in page.addresses)


async def _the_turn_is_drawn(page: Page) -> None:
    """Widths are those of the stages, in the order of time; the scale is one second."""
    bar = "[...document.querySelectorAll('.bar span')]"
    parts = await page.value(f"{bar}.map((part) => [part.dataset.part, part.style.width])")
    assert parts == [
        ["transcript_ready", "12%"],
        ["response_created", "1%"],
        ["first_audio_made", "35%"],
        ["first_packet_sent", "3%"],
    ]
    assert await page.value(text(".first")) == "510 ms"
    assert await page.value(text(".outcome")) == "completed, spoke 2.9 s"
    wide = await page.value("document.querySelector('.bar').getBoundingClientRect().width")
    drawn = await page.value(f"{bar}.reduce((sum, part) => sum + part.offsetWidth, 0)")
    assert 0.48 < drawn / wide < 0.54


async def _it_fits_on_a_phone(page: Page) -> None:
    grounds = set()
    for colours in ("light", "dark"):
        await page.look(colours, width=390, height=800)
        assert await page.value("document.documentElement.scrollWidth") == 390
        grounds.add(await page.value("getComputedStyle(document.body).backgroundColor"))
        assert (await page.picture()).startswith(b"\x89PNG")
    assert len(grounds) == 2


async def test_a_token_is_asked_for_and_never_in_an_address(tmp_path):
    house = House(TOKEN, near=False)
    house_facts = [began(), turn()]
    async with visit(house, tmp_path) as page:
        house.publish(*house_facts)
        await page.open(house.url + "/live")
        await page.until(ASKS)
        assert not await page.value(IS_SHOWN)
        await _type(page, "guess")
        await page.until("!document.getElementById('wrong').hidden")
        await _type(page, TOKEN)
        await page.until(shows("kitchen"))

        # In the fragment of a bookmark: no server sees it, and it is taken out at once.
        await page.value("sessionStorage.clear()")
        await page.open("about:blank")
        await page.open(f"{house.url}/live#token={TOKEN}")
        await page.until(shows("kitchen"))
        assert await page.value("location.href") == house.url + "/live"
        assert not any(TOKEN in address for address in page.addresses)


async def _type(page: Page, token: str) -> None:
    await page.value(f"document.getElementById('token').value = {token!r}")
    await page.value("document.querySelector('#ask button').click()")


async def test_it_comes_back_when_the_relay_does(tmp_path):
    house, later = House(), House()
    async with browser(tmp_path / "browser") as page:
        async with house.open():
            house.publish(began())
            await page.open(house.url + "/live")
            await page.until(shows("kitchen"))
        await page.until(IS_LOST)
        assert await page.value(shows("kitchen")), "what was known last is still shown"
        async with asyncio.timeout(60), later.open(house.port):
            later.publish(began(caller="hall"))
            await page.until(shows("hall"))
            assert await page.value(IS_LIVE)
