"""The whole way: a device, the relay, and the server behind it, which comes and goes."""

from pathlib import Path

import pytest

from edgevoice.transceiver.inputs import StopRequested
from edgevoice.transceiver.states import State
from tests.fault_report import Measured
from tests.link.direct_house import DirectHouse, direct_house
from tests.openai_server.answering import Behaviour
from tests.openai_server.server import OpenAiServer
from tests.openai_server.socket_session import SocketSession
from tests.relay.openai.test_broker import ask, woken
from tests.virtual_time import elapse

pytestmark = pytest.mark.slow

THERE = {"engine": "openai"}


def conversation(house: DirectHouse) -> list[str]:
    (call,) = house.relay._calls._live.values()
    return [part.words for item in call.session.conversation.items for part in item.content]


async def next_session(house: DirectHouse) -> None:
    house.device.post(StopRequested("control"))
    await elapse(1)
    await woken(house)


@pytest.mark.fault("server-down")
async def test_a_talk_goes_on_while_the_server_is_away_and_returns_to_it(
    tmp_path: Path, measured: Measured
) -> None:
    behaviour = Behaviour(answer_s=0.5)
    async with direct_house(
        tmp_path, behaviour, direct=False, relay_settings=THERE, opus=True
    ) as house:
        await woken(house)
        await ask(house)
        assert conversation(house) == ["what time is it", "It is late. "]
        there = house.server.session
        assert isinstance(there, SocketSession)
        (turn,) = there.buffer.turns
        assert turn.sources == {"append"} and 900 <= turn.ms <= 2_500

        house.server.down = True
        there.dropped.set()
        await elapse(0.2)
        assert not house.relay._calls._answerer._server.admits()  # type: ignore[union-attr]
        await ask(house)
        assert len(conversation(house)) == 4 and "(parrot)" in conversation(house)[-1]
        measured("cut off: the next question is answered by the stand-in, all of it known there")
        await next_session(house)
        await ask(house)
        assert len(conversation(house)) == 6

        house.server.down = False
        await elapse(20)
        await next_session(house)
        await ask(house)
        assert conversation(house)[-1] == "It is late. "
        told = house.server.session.items
        assert len(told) == 8
        assert house.server.violations == []


@pytest.mark.fault("server-down")
async def test_without_a_stand_in_calls_are_refused_until_the_server_is_back(
    tmp_path: Path,
) -> None:
    def away(server: OpenAiServer) -> None:
        server.down = True

    async with direct_house(
        tmp_path,
        on_server=away,
        direct=False,
        relay_settings=THERE,
        upstream={"fallback": "none"},
        opus=True,
    ) as house:
        await elapse(1)
        house.device.wake()
        await elapse(3)
        assert house.device.states[-1] is not State.LISTENING
        assert house.relay._calls.live == 0
