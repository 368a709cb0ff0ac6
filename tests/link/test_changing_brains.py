"""A conversation that goes on elsewhere: from a foreign server to our relay and back, or anew."""

from pathlib import Path

import pytest

from edgevoice.realtime.conversation import Conversation
from edgevoice.realtime.items import Message
from edgevoice.transceiver.inputs import StopRequested
from edgevoice.transceiver.states import State
from tests.link.direct_house import DirectHouse, direct_house
from tests.openai_server.answering import Behaviour
from tests.openai_server.server import Refused
from tests.virtual_time import elapse
from tests.webrtc import peers

pytestmark = pytest.mark.slow

AWAY = Refused(503, "server_error", "The server is overloaded")
AVOIDED_S = 31.0
"""Who could not be had is not called first for so long."""


def said(conversation: Conversation) -> list[str]:
    """By either side, oldest first."""
    messages = [item for item in conversation.items if isinstance(item, Message)]
    return [part.text or part.transcript or "" for item in messages for part in item.content]


def go_away(house: DirectHouse) -> None:
    """The server, without a word; nobody is called there any more."""
    house.server.refuse = [AWAY] * 99
    for peer in (house.device.board.peer, house.session.call._peer):
        peers.lose(peer.connection, lambda data: True)


async def ask(house: DirectHouse) -> None:
    await house.device.speak(1.0)
    await house.device.until(State.SPEAKING)
    await house.device.until(State.LISTENING)


async def test_the_relay_goes_on_where_the_server_left_off_and_the_server_after_it(
    tmp_path: Path,
) -> None:
    async with direct_house(tmp_path, Behaviour(answer_s=0.5), spare=True) as house:
        await elapse(2)
        house.device.wake()
        await ask(house)

        go_away(house)
        await house.device.until(State.CONNECTING)
        await house.device.until(State.LISTENING)
        await elapse(0.2)
        (live,) = house.relay._calls._live.values()
        assert said(live.session.conversation) == ["what time is it", "It is late."]
        await ask(house)
        by_the_relay = said(live.session.conversation)
        assert len(by_the_relay) == 4

        house.device.post(StopRequested("control"))
        house.server.refuse.clear()
        await elapse(AVOIDED_S)
        house.device.wake()
        await ask(house)
        told = [item["content"][0] for item in house.session.items.values()][:4]
        assert [part.get("text") or part["transcript"] for part in told] == by_the_relay
        assert house.server.violations == []


async def test_who_asks_while_the_server_goes_away_is_answered_by_the_relay(
    tmp_path: Path,
) -> None:
    async with direct_house(tmp_path, Behaviour(answer_s=0.5), spare=True) as house:
        await elapse(2)
        house.device.wake()
        await ask(house)
        go_away(house)
        await house.device.speak(1.0)
        await house.device.until(State.SPEAKING)
        await house.device.until(State.LISTENING)
        (live,) = house.relay._calls._live.values()
        assert len(said(live.session.conversation)) == 4


PATIENT = {"follow_up_s": 300.0, "idle_s": 300.0, "session_s": 300.0}


@pytest.mark.parametrize("speaks_at_s", [30.0, 39.5, 41.0])
async def test_a_session_is_followed_by_another_before_the_server_ends_it(
    tmp_path: Path, speaks_at_s: float
) -> None:
    """Whoever speaks before, while, or after that happens is heard once, and answered."""
    limited = Behaviour(answer_s=0.5, session_s=60.0)
    async with direct_house(tmp_path, limited, spare=True, turn=PATIENT, renew_s=40.0) as house:
        await elapse(2)
        house.device.wake()
        began = house.device.board.now
        await ask(house)
        await elapse(began + speaks_at_s - house.device.board.now)
        await ask(house)
        await elapse(60)
        *before, last = (session.closed for session in house.server.sessions)
        assert len(before) >= 2 and set(before) == {"the client hung up"} and not last
        words = [item["content"][0] for item in house.session.items.values()]
        said = [part.get("text") or part["transcript"] for part in words]
        assert said == ["what time is it", "It is late."] * 2
        assert house.device.states.count(State.CONNECTING) == 1
        assert house.server.violations == []
