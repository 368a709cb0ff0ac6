from dataclasses import dataclass, field, replace
from typing import get_args

import pytest

from edgevoice.config_neighbours import HappeningName
from edgevoice.neighbours.happening import (
    BUTTON,
    FACTS,
    STATES,
    TURN,
    WAKE,
    Happening,
    Narrator,
    latency_ms,
)
from edgevoice.transceiver.indication import Facts
from edgevoice.transceiver.inputs import ButtonPressed, DeadlinePassed, WakeDetected
from edgevoice.transceiver.states import State


@dataclass
class Mind:
    state: State = State.IDLE
    facts: Facts = field(default_factory=Facts)


@pytest.fixture
def told() -> list[Happening]:
    return []


def test_every_name_can_be_configured_and_no_other() -> None:
    pairs = [name for pair in FACTS.values() for name in pair]
    assert {WAKE, BUTTON, TURN, *STATES.values(), *pairs} == set(get_args(HappeningName))


def test_every_state_has_a_name() -> None:
    assert set(STATES) == set(State)


def test_every_fact_beside_the_state_is_told() -> None:
    assert set(FACTS) == set(Facts.__dataclass_fields__)


def test_a_wake_word_is_told_before_what_follows_from_it(told: list[Happening]) -> None:
    Narrator(told.append).observe(
        WakeDetected("alexa", 0.98765, 0, 100, 120), Mind(State.CONNECTING)
    )
    assert told == [
        Happening("wake_word_detected", {"word": "alexa", "score": 0.988}),
        Happening("connecting"),
    ]


def test_what_has_not_changed_is_not_told_again(told: list[Happening]) -> None:
    narrator, mind = Narrator(told.append), Mind(State.LISTENING)
    narrator.observe(ButtonPressed(0), mind)
    narrator.observe(DeadlinePassed(), mind)
    assert [happening.name for happening in told] == ["button_pressed", "listening"]


@pytest.mark.parametrize("fact", FACTS)
def test_a_fact_is_told_when_it_begins_and_when_it_ends(told: list[Happening], fact: str) -> None:
    narrator = Narrator(told.append)
    narrator.observe(DeadlinePassed(), Mind(facts=replace(Facts(), **{fact: True})))
    narrator.observe(DeadlinePassed(), Mind())
    assert tuple(happening.name for happening in told) == FACTS[fact]


def test_latency_is_what_a_user_waits() -> None:
    marks = {"wake end": 0.0, "end of speech": 1.5, "first answer sample": 2.042}
    assert latency_ms({"marks": marks}) == 542


def test_a_turn_without_an_answer_has_none() -> None:
    assert latency_ms({"marks": {"end of speech": 1.5}}) is None
    assert latency_ms(None) is None
