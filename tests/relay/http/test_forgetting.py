"""A device may have the relay forget what it said: its own, and nobody else's."""

from pathlib import Path

import pytest

from edgevoice.config import LinkConfig
from edgevoice.errors import LinkRefused
from edgevoice.link.credential import BearerToken
from edgevoice.link.signalling import Signalling
from tests.relay.http.test_signalling import House
from tests.relay.test_conversations import conversation
from tests.virtual_time import elapse

PLACE = "/v1/edgevoice/conversations"


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(str(tmp_path / "tokens"))


async def forget(house: House, token: str) -> int:
    url = str(house.client.make_url("/")).rstrip("/")
    async with Signalling(LinkConfig(url=url), BearerToken(token)) as signalling:
        return await signalling.forget()


async def test_calls_are_hung_up_and_what_was_said_in_them_is_gone(house: House) -> None:
    async def tale(house: House) -> None:
        await house.call()
        await house.call(house.hall)
        assert house.calls.live == 2
        for owner, known in (("kitchen", "conv_1"), ("hall", "conv_2")):
            house.calls._conversations.hold(owner, conversation(known))
        assert await forget(house, house.kitchen) == 1
        await house.carriers[0].run()
        await elapse(0.1)
        assert house.calls.live == 1
        assert await forget(house, house.kitchen) == 0
        assert await forget(house, house.hall) == 1

    await house.visit(tale)


async def test_whoever_is_not_known_is_refused(house: House) -> None:
    async def tale(house: House) -> None:
        answer = await house.client.delete(PLACE)
        assert answer.status == 401
        with pytest.raises(LinkRefused):
            await forget(house, "ev_stranger")

    await house.visit(tale)
