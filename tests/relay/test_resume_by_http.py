"""Coming back to a call by its id: who may, how often, and what becomes of the old transport."""

import asyncio
import gc
import json
import logging
import weakref

import pytest

from tests.relay.http.test_signalling import CALLS, OFFER, FakeCarrier, House, refusal
from tests.virtual_time import elapse

DEVICE = {"Edgevoice-Version": "1"}


@pytest.fixture
def house(tmp_path):
    return House(str(tmp_path / "tokens"))


def claim(carrier: FakeCarrier, events=0) -> None:
    carrier.session.on_open()
    carrier.session.on_message(json.dumps({"type": "edgevoice.resume", "events": events}))


async def resumable(house: House, **headers) -> str:
    """A call that is open; its id."""
    response = await house.call(**DEVICE | headers)
    house.carriers[-1].session.on_open()
    assert "Edgevoice-Resumed" not in response.headers
    return response.headers["Location"].rpartition("/")[2]


async def lose(carrier: FakeCarrier) -> None:
    carrier.lost = True
    await carrier.close()
    await elapse(0.01)


@pytest.mark.parametrize("broken", [True, False], ids=["held", "live"])
async def test_a_call_is_gone_on_with_by_its_id(house, caplog, broken):
    caplog.set_level(logging.INFO, "edgevoice.relay.audit")

    async def tale(house: House) -> None:
        call_id = await resumable(house)
        session = house.session
        if broken:
            await lose(house.carriers[0])
            await elapse(1.4)
        response = await house.call(**DEVICE, **{"Edgevoice-Resume": call_id})
        assert response.status == 201
        assert await response.text() == f"answer to {OFFER}"
        assert response.headers["Edgevoice-Resumed"] == call_id
        assert response.headers["Location"] == f"{CALLS}/{call_id}"
        assert house.calls.live == 1
        old, new = house.carriers
        assert old._closed.is_set() == broken
        claim(new, events=1)
        await elapse(0.01)
        kinds = [event["type"] for event in new.sent]
        assert kinds == ["edgevoice.resumed", "edgevoice.conversation"]
        assert old._closed.is_set()
        assert house.session is session
        assert (await house.call(path=f"{CALLS}/{call_id}/hangup")).status == 200
        await asyncio.wait_for(new.run(), 5)

    await house.visit(tale)
    lines = [record.getMessage() for record in caplog.records]
    assert [" held " in line for line in lines].count(True) == broken
    assert any("resumed after=1.4s" if broken else "resumed after=0.0s" in line for line in lines)
    assert "reason=the client hung up" in lines[-1]


@pytest.mark.parametrize("named", ["rtc_0", "", "\xff", "x" * 5000, "../../rtc_0"])
async def test_an_id_that_is_unknown_makes_a_new_call(house, named):
    async def tale(house: House) -> None:
        call_id = await resumable(house)
        old = house.carriers[0]
        response = await house.call(**DEVICE, **{"Edgevoice-Resume": named})
        assert response.status == 201
        assert "Edgevoice-Resumed" not in response.headers
        assert call_id not in response.headers["Location"]
        await asyncio.wait_for(old.run(), 5)

    await house.visit(tale)


async def test_an_id_of_somebody_else_makes_a_new_call_and_touches_nothing(house):
    async def tale(house: House) -> None:
        call_id = await resumable(house)
        response = await house.call(house.hall, **DEVICE, **{"Edgevoice-Resume": call_id})
        assert response.status == 201
        assert "Edgevoice-Resumed" not in response.headers
        assert house.calls.live == 2
        claim(house.carriers[1])
        house.carriers[0].session.on_message("{}")
        assert house.carriers[0].sent[-1]["type"] == "error"
        assert not house.carriers[0]._closed.is_set()

    await house.visit(tale)


async def test_who_knows_no_extensions_comes_back_to_nothing(house):
    async def tale(house: House) -> None:
        call_id = await resumable(house)
        response = await house.call(**{"Edgevoice-Resume": call_id})
        assert "Edgevoice-Resumed" not in response.headers

    await house.visit(tale)


async def test_a_held_call_is_replaced_by_a_new_one_of_its_token(house):
    async def tale(house: House) -> None:
        call_id = await resumable(house)
        await lose(house.carriers[0])
        assert house.calls.live == 1
        await resumable(house)
        await elapse(0.01)
        assert house.calls.live == 1
        response = await house.call(**DEVICE, **{"Edgevoice-Resume": call_id})
        assert "Edgevoice-Resumed" not in response.headers

    await house.visit(tale)


async def test_a_held_call_counts_as_one_and_ends_when_its_time_is_up(house, caplog):
    caplog.set_level(logging.INFO, "edgevoice.relay.audit")

    async def tale(house: House) -> None:
        call_id = await resumable(house)
        await lose(house.carriers[0])
        await elapse(29)
        assert await (await house.client.get("/healthz")).json() == {"status": "ok", "sessions": 1}
        await elapse(2)
        assert house.calls.live == 0
        response = await house.call(**DEVICE, **{"Edgevoice-Resume": call_id})
        assert "Edgevoice-Resumed" not in response.headers

    await house.visit(tale)
    assert "did not come back for 30 s" in caplog.text


async def test_an_unusable_offer_leaves_the_call_as_it_was(house):
    async def tale(house: House) -> None:
        call_id = await resumable(house)
        for offer, code in (("bad", "invalid_offer"), ("no socket", "no_media")):
            response = await house.call(data=offer, **DEVICE, **{"Edgevoice-Resume": call_id})
            assert (await refusal(response))[1] == code
        assert house.calls.live == 1
        assert not house.carriers[0]._closed.is_set()

    await house.visit(tale)


async def test_a_call_that_ends_while_its_new_offer_is_answered_is_placed_anew(house):
    async def tale(house: House) -> None:
        call_id = await resumable(house)
        async with asyncio.TaskGroup() as group:
            coming = group.create_task(
                house.call(data="slow", **DEVICE, **{"Edgevoice-Resume": call_id})
            )
            while len(house.carriers) < 2:
                await elapse(0.001)
            house.session.hang_up("the client hung up")
        response = coming.result()
        assert response.status == 201
        assert "Edgevoice-Resumed" not in response.headers
        assert [carrier._closed.is_set() for carrier in house.carriers] == [True, True, False]

    await house.visit(tale)


async def test_coming_back_takes_no_start_and_a_flood_of_it_is_429(tmp_path):
    async def tale(house: House) -> None:
        call_id = await resumable(house)
        for _ in range(6):
            response = await house.call(**DEVICE, **{"Edgevoice-Resume": call_id})
            assert response.headers["Edgevoice-Resumed"] == call_id
        response = await house.call(**DEVICE, **{"Edgevoice-Resume": call_id})
        assert await refusal(response) == (429, "rate_limit_exceeded")
        await elapse(0.01)
        open_ones = [carrier for carrier in house.carriers if not carrier._closed.is_set()]
        assert open_ones == [house.carriers[0], house.carriers[6]]
        await resumable(house)

    await House(str(tmp_path / "tokens"), starts_per_minute=2).visit(tale)


async def test_a_stopping_relay_lets_go_of_the_held(house, caplog):
    caplog.set_level(logging.INFO, "edgevoice.relay.audit")

    async def tale(house: House) -> None:
        await resumable(house)
        await lose(house.carriers[0])

    await house.visit(tale)
    assert "reason=the relay is stopping" in caplog.text
    assert house.calls.live == 0


@pytest.mark.parametrize("broken", [True, False], ids=["held", "live"])
async def test_what_the_old_transport_held_is_released_soon_after_it(house, broken):
    released = asyncio.Event()

    async def tale(house: House) -> None:
        await resumable(house)
        carrier = house.carriers.pop()
        weakref.finalize(carrier.session, released.set)
        if broken:
            await lose(carrier)
        del carrier
        call_id = next(iter(house.calls._live))
        await house.call(**DEVICE, **{"Edgevoice-Resume": call_id})
        claim(house.carriers[0], events=1)
        await asyncio.wait_for(released.wait(), 10)

    gc.disable()
    try:
        await house.visit(tale)
    finally:
        gc.enable()
