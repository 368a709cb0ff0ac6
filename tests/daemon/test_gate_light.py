"""The light follows the gate, whatever else is asked for."""

import asyncio

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from edgevoice.audio.gate import Gate
from edgevoice.audio.ring import RingBuffer
from edgevoice.daemon.gate_light import GateLight
from edgevoice.errors import ControlError, GpioError
from edgevoice.hardware.lights.brightness import Brightness
from edgevoice.hardware.lights.colours import OKABE_ITO
from edgevoice.hardware.lights.indicator import NoIndicator
from edgevoice.hardware.lights.player import Player
from edgevoice.transceiver.indication import SESSION, Indication
from tests.fault_report import Measured
from tests.hardware.lights.fakes import PaperLight
from tests.virtual_time import elapse


class Lamp(NoIndicator):
    """An indicator that remembers, and may be broken."""

    def __init__(self, works: bool = True) -> None:
        super().__init__()
        self.works = works
        self.shown: list[Indication] = []
        self.demonstrated: list[str] = []

    def show(self, indication: Indication) -> None:
        self.shown.append(indication)

    def demonstrate(self, name: str, seconds: float) -> None:
        self.demonstrated.append(name)


def gate_light(lamp: NoIndicator | Player, required: bool = False) -> GateLight:
    return GateLight(lamp, required, stop=lambda: None)


STEPS = st.lists(st.one_of(st.booleans(), st.sampled_from(Indication)), max_size=40)


@given(STEPS)
def test_an_open_gate_is_always_shown_and_a_closed_one_never(
    steps: list[bool | Indication],
) -> None:
    lamp, gate_is_open = Lamp(), False
    light = gate_light(lamp)
    for step in steps:
        if isinstance(step, bool):
            gate_is_open = step
            light.gate_changed(step)
        elif gate_is_open or step not in SESSION:
            light.show(step)
        if lamp.shown:
            assert (lamp.shown[-1] in SESSION) == gate_is_open


EVENTS = st.lists(
    st.one_of(
        st.sampled_from(["open", "close", "break", "mend", "demonstrate"]),
        st.sampled_from(Indication),
        st.floats(0.01, 3.0),
    ),
    max_size=30,
)


@given(EVENTS, st.sampled_from([1, 12]), st.booleans())
@example(["break", "open", "mend"], 1, False)
def test_whatever_happens_light_comes_before_the_first_sample(
    events: list[str | Indication | float], count: int, required: bool
) -> None:
    """The real gate, the real player: while a frame can be taken, the last thing that was written
    is lit and means a session, or else the light is known not to work and nobody required it.
    (One that is mended is noticed by `run`, which nobody runs here.)"""
    now = 0.0
    paper = PaperLight(count=count)
    player = Player(paper, OKABE_ITO, Brightness(1.0, 1.0), lambda: now)
    light = gate_light(player, required)
    ring = RingBuffer(1.0)
    ring.write(np.ones(16_000, np.int16))
    gate = Gate(ring)
    gate.on_change = light.gate_changed
    for event in events:
        match event:
            case "open" if not gate.is_open:
                written = len(paper.frames)
                try:
                    gate.open(0)
                except GpioError:
                    assert required and paper.broken
                    assert gate.take() is None
                else:
                    assert not (required and paper.broken)
                    assert paper.broken or len(paper.frames) > written
            case "close":
                gate.close()
            case "break" | "mend":
                paper.broken = event == "break"
            case "demonstrate":
                try:
                    light.demonstrate("muted", 1.0)
                except ControlError:
                    assert light.shown not in (Indication.IDLE, Indication.OFFLINE)
            case Indication():
                light.show(event)
            case float():
                now += event
        if gate.take() is not None:
            assert light.shown in SESSION
            assert not player.works or paper.is_lit


def test_a_pattern_that_means_listening_goes_on_while_the_gate_opens() -> None:
    lamp = Lamp()
    light = gate_light(lamp, required=True)
    light.show(Indication.CONNECTING)
    light.gate_changed(True)
    assert lamp.shown == [Indication.CONNECTING, Indication.CONNECTING]


def test_a_broken_light_keeps_the_gate_closed_where_it_is_required() -> None:
    with pytest.raises(GpioError, match=r"indicator\.required"):
        gate_light(Lamp(works=False), required=True).gate_changed(True)


def test_a_broken_light_is_no_obstacle_where_it_is_not_required() -> None:
    gate_light(Lamp(works=False)).gate_changed(True)


@pytest.mark.parametrize(
    ("required", "works", "is_open", "stopped"),
    [
        (True, False, True, 1),
        (True, True, True, 0),  # another one still works
        (False, False, True, 0),
        (True, False, False, 0),
    ],
)
def test_a_light_lost_within_a_session_ends_it_where_it_is_required(
    required: bool, works: bool, is_open: bool, stopped: int
) -> None:
    lamp, stops = Lamp(), []
    light = GateLight(lamp, required, stop=lambda: stops.append(1))
    light.gate_changed(is_open)
    lamp.works = works
    light.lost()
    assert len(stops) == stopped


@pytest.mark.fault("light-missing")
async def test_a_session_on_a_light_that_is_pulled_out_ends_within_a_second_or_so(
    caplog: pytest.LogCaptureFixture, measured: Measured
) -> None:
    paper, stops = PaperLight(count=12), list[int]()
    player = Player(paper, OKABE_ITO, Brightness(1.0, 1.0), asyncio.get_running_loop().time)
    light = GateLight(player, True, stop=lambda: stops.append(1))
    player.on_lost = light.lost
    running = asyncio.ensure_future(player.run())
    light.gate_changed(True)
    await elapse(5)
    assert not stops
    paper.broken = True
    took_s = 0.0
    while not stops and took_s < 5:
        await elapse(0.05)
        took_s += 0.05
    assert took_s < 1.1
    assert "the indicator does not work" in caplog.text
    measured(f"required: a session ends {took_s:.1f} s after the light was pulled out")
    paper.broken = False
    await elapse(5.1)
    assert player.works
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


def test_nobody_plays_with_the_light_while_it_has_something_to_say() -> None:
    lamp = Lamp()
    light = gate_light(lamp)
    for indication in Indication:
        light.show(indication)
        if indication in (Indication.IDLE, Indication.OFFLINE, Indication.RECORDING):
            light.demonstrate("listening", 4.0)
        else:
            with pytest.raises(ControlError, match=f'the light says "{indication.value}"'):
                light.demonstrate("listening", 4.0)
    assert lamp.demonstrated == ["listening"] * 3


def test_while_turns_are_recorded_an_idle_light_says_so() -> None:
    light = gate_light(Lamp())
    light.record(True)
    assert light.shown is Indication.RECORDING
    light.show(Indication.LISTENING)
    assert light.shown is Indication.LISTENING
    light.show(Indication.IDLE)
    assert light.shown is Indication.RECORDING
    light.record(False)
    assert light.shown is Indication.IDLE


def test_deaf_to_its_name_it_looks_away_and_hides_nothing_by_it() -> None:
    light = gate_light(Lamp())
    light.deafen(True)
    assert light.shown is Indication.OFFLINE
    for others in (Indication.MUTED, Indication.ERROR, Indication.LISTENING):
        light.show(others)
        assert light.shown is others
    light.show(Indication.IDLE)
    light.record(True)
    assert light.shown is Indication.RECORDING
    light.record(False)
    assert light.shown is Indication.OFFLINE
    light.deafen(False)
    assert light.shown is Indication.IDLE


def test_who_hears_again_and_reaches_no_relay_still_shows_that() -> None:
    light = gate_light(Lamp())
    light.deafen(True)
    light.show(Indication.OFFLINE)
    light.deafen(False)
    assert light.shown is Indication.OFFLINE
