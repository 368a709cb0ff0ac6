"""The light follows the gate, whatever else is asked for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevoice.daemon.gate_light import GateLight
from edgevoice.errors import GpioError
from edgevoice.transceiver.indication import SESSION, Indication


class Lamp:
    """An indicator that remembers, and may be broken."""

    def __init__(self, works: bool = True) -> None:
        self.works = works
        self.failures = 0
        self.shown: list[Indication] = []

    def show(self, indication: Indication) -> None:
        self.shown.append(indication)

    def close(self) -> None:
        self.shown.append(Indication.IDLE)


STEPS = st.lists(st.one_of(st.booleans(), st.sampled_from(Indication)), max_size=40)


@given(STEPS)
def test_an_open_gate_is_always_shown_and_a_closed_one_never(
    steps: list[bool | Indication],
) -> None:
    lamp, gate_is_open = Lamp(), False
    light = GateLight(lamp, required=False)
    for step in steps:
        if isinstance(step, bool):
            gate_is_open = step
            light.gate_changed(step)
        elif gate_is_open or step not in SESSION:
            light.show(step)
        if lamp.shown:
            assert (lamp.shown[-1] in SESSION) == gate_is_open


def test_a_pattern_that_means_listening_goes_on_while_the_gate_opens() -> None:
    lamp = Lamp()
    light = GateLight(lamp, required=True)
    light.show(Indication.CONNECTING)
    light.gate_changed(True)
    assert lamp.shown == [Indication.CONNECTING, Indication.CONNECTING]


def test_a_broken_light_keeps_the_gate_closed_where_it_is_required() -> None:
    with pytest.raises(GpioError, match=r"indicator\.required"):
        GateLight(Lamp(works=False), required=True).gate_changed(True)


def test_a_broken_light_is_no_obstacle_where_it_is_not_required() -> None:
    GateLight(Lamp(works=False), required=False).gate_changed(True)
