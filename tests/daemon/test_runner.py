"""The one timer, the order of things, and what happens when an invariant breaks."""

import asyncio
from collections.abc import Callable, Sequence

import pytest

from edgevoice.config import ContextConfig, LinkConfig, TurnConfig
from edgevoice.daemon.runner import Runner
from edgevoice.transceiver.actions import (
    Action,
    CloseGate,
    CloseLink,
    CloseMicrophone,
    EndTurn,
    OpenGate,
    OpenLink,
    RememberMute,
    Show,
)
from edgevoice.transceiver.flight import Beginning, Entry
from edgevoice.transceiver.indication import Indication
from edgevoice.transceiver.inputs import (
    ButtonPressed,
    Input,
    LinkOpened,
    MuteRequested,
    StopRequested,
)
from edgevoice.transceiver.states import State
from edgevoice.transceiver.transceiver import Transceiver
from tests.virtual_time import elapse


def mind() -> Transceiver:
    return Transceiver(TurnConfig(), ContextConfig(), LinkConfig(), (), 0)


class Broken(Transceiver):
    """Breaks an invariant when the button is pressed."""

    def __init__(self) -> None:
        super().__init__(TurnConfig(), ContextConfig(), LinkConfig(), (), 0)

    def handle(self, happened: Input, now: float) -> list[Action]:
        assert not isinstance(happened, ButtonPressed), "the button cannot be pressed"
        return super().handle(happened, now)


class House:
    def __init__(self, build: Callable[[], Transceiver] = mind) -> None:
        self.done: list[Action] = []
        self.dumped: list[Sequence[Entry]] = []
        self.broken: list[str] = []
        self.runner = Runner(build, self.done.append, self.dump)

    def dump(self, flight: Sequence[Entry], broken: str) -> None:
        self.dumped.append(flight)
        self.broken.append(broken)
        assert self.did(CloseGate), "what is written down can wait, the gate cannot"

    def did(self, kind: type[Action]) -> bool:
        return any(isinstance(action, kind) for action in self.done)


async def test_a_deadline_passes_without_anybody_posting() -> None:
    house = House()
    task = asyncio.ensure_future(house.runner.run())
    house.runner.post(ButtonPressed(0))
    await elapse(0.1)
    assert house.runner.transceiver.state is State.CONNECTING
    await elapse(TurnConfig().connect_s)
    assert house.runner.transceiver.state is State.IDLE
    task.cancel()


async def test_silence_after_the_button_leads_home_by_itself() -> None:
    house = House()
    task = asyncio.ensure_future(house.runner.run())
    for happened in (ButtonPressed(0), LinkOpened("relay", False)):
        house.runner.post(happened)
    await elapse(0.1)
    assert house.runner.transceiver.state is State.LISTENING
    await elapse(TurnConfig().no_speech_s)
    assert house.runner.transceiver.state is State.IDLE
    assert house.did(CloseGate) and house.did(CloseLink)
    task.cancel()


async def test_actions_are_done_in_the_order_they_were_decided() -> None:
    house = House()
    house.runner.step(ButtonPressed(0), 1.0)
    kinds = [type(action) for action in house.done]
    assert kinds.index(Show) < kinds.index(OpenGate)
    assert OpenLink in kinds


async def test_observers_see_what_happened_after_it_was_dealt_with() -> None:
    house, seen = House(), []
    house.runner.observers.append(lambda happened, who: seen.append((happened, who.state)))
    house.runner.step(ButtonPressed(7), 1.0)
    assert seen == [(ButtonPressed(7), State.CONNECTING)]


async def test_a_broken_invariant_is_recorded_and_survived_once() -> None:
    house = House(Broken)
    house.runner.step(StopRequested("control"), 1.0)
    before = house.runner.transceiver
    house.runner.step(ButtonPressed(5), 2.0)
    assert house.runner.transceiver is not before
    (record,) = house.dumped
    begun, first, last = record
    assert isinstance(begun, Beginning) and first.happened == StopRequested("control")
    assert last.happened == ButtonPressed(5) and "cannot be pressed" in last.broken
    assert "cannot be pressed" in house.broken[0]
    assert house.did(CloseGate) and house.did(CloseLink) and house.did(EndTurn)
    assert house.done[-1] == Show(Indication.IDLE)


async def test_the_second_time_the_error_leaves_for_the_service_manager() -> None:
    house = House(Broken)
    house.runner.step(ButtonPressed(1), 1.0)
    with pytest.raises(AssertionError, match="cannot be pressed"):
        house.runner.step(ButtonPressed(2), 2.0)
    assert len(house.dumped) == 2


async def test_a_mute_that_broke_an_invariant_is_carried_out_all_the_same() -> None:
    minds = [Deaf(), mind()]
    house = House(lambda: minds.pop(0))
    house.runner.step(MuteRequested("control"), 1.0)
    assert house.runner.transceiver.facts.muted
    assert house.did(CloseMicrophone) and house.did(RememberMute)
    assert len(house.dumped) == 1


async def test_any_other_mistake_is_survived_as_well_and_quotes_nobody() -> None:
    minds = [Forgetful(), mind()]
    house = House(lambda: minds.pop(0))
    house.runner.step(StopRequested("control"), 1.0)
    assert house.broken == ["KeyError"] and house.did(CloseGate)
    house.runner.step(ButtonPressed(5), 2.0)
    assert house.runner.transceiver.state is State.CONNECTING


class Forgetful(Transceiver):
    """Looks up what it does not have."""

    def __init__(self) -> None:
        super().__init__(TurnConfig(), ContextConfig(), LinkConfig(), (), 0)

    def handle(self, happened: Input, now: float) -> list[Action]:
        raise KeyError("grandmother's birthday")


class Deaf(Transceiver):
    """Breaks an invariant when it is to be muted."""

    def __init__(self) -> None:
        super().__init__(TurnConfig(), ContextConfig(), LinkConfig(), (), 0)

    def handle(self, happened: Input, now: float) -> list[Action]:
        assert not isinstance(happened, MuteRequested), "it cannot be muted"
        return super().handle(happened, now)
