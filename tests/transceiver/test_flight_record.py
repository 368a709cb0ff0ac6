"""What was recorded can be read back, and played again does the same."""

import pytest
from hypothesis import given

from edgevoice.errors import FlightRecordError
from edgevoice.realtime.items import assistant_text, user_text
from edgevoice.realtime.server_events import ServerEvent
from edgevoice.transceiver.flight import MOST_ENTRIES, Beginning, Flight
from edgevoice.transceiver.flight_record import lines, read
from edgevoice.transceiver.inputs import (
    ButtonPressed,
    DeadlinePassed,
    EventReceived,
    Input,
    LinkOpened,
    SpeechStarted,
    StopRequested,
)
from edgevoice.transceiver.memory import Remembered
from edgevoice.transceiver.replay import replay
from edgevoice.transceiver.step import Step
from tests.transceiver.story import Story, audio_part, created, item_added, session_created
from tests.transceiver.test_histories import histories, settings_of_owners, thorough


class Box:
    """A story whose steps are recorded as a runner would."""

    def __init__(self, **owner: object) -> None:
        self.story = Story(**owner)
        self.flight = Flight()
        self.flight.begin(self.story.transceiver, self.story.now)

    def happens(self, *facts: Input) -> None:
        mind = self.story.transceiver
        for fact in facts:
            before = mind.state
            actions = self.story.happens(fact)
            step = Step(self.story.now, fact, before, actions, mind.state)
            self.flight.add(step, mind)

    def says(self, *events: ServerEvent) -> None:
        """The relay does."""
        self.happens(*(EventReceived(event) for event in events))

    def passes(self, seconds: float) -> None:
        until = self.story.now + seconds
        while (deadline := self.story.transceiver.deadline) is not None and deadline <= until:
            self.story.now = max(self.story.now, deadline)
            self.happens(DeadlinePassed())
        self.story.now = until

    def record(self) -> str:
        return "\n".join(lines(self.flight.entries, {"version": "0"}))


def played(record: str) -> list[bool | None]:
    _, entries = read(record.split("\n"))
    return [step.is_same for step in replay(entries)]


@thorough
@given(settings_of_owners, histories)
def test_any_conversation_played_again_does_the_same(owner, history):
    box = Box(**owner)
    for fact, wait_s in history:
        box.passes(wait_s)
        box.happens(fact)
    steps = [entry for entry in box.flight.entries if isinstance(entry, Step)]
    assert played(box.record()) == [True] * len(steps)


@thorough
@given(settings_of_owners, histories)
def test_it_does_the_same_from_any_later_beginning_too(owner, history):
    """By then nothing of what was before may matter any more."""
    box = Box(**owner)
    for fact, wait_s in history:
        box.passes(wait_s)
        box.happens(fact)
        box.happens(StopRequested("owner"))
        box.passes(700.0)
        if box.story.transceiver.rests:
            box.flight.begin(box.story.transceiver, box.story.now)
    assert set(played(box.record())) <= {True}


@thorough
@given(settings_of_owners, histories)
def test_what_was_written_is_what_happened(owner, history):
    box = Box(**owner)
    box.happens(*(fact for fact, _ in history))
    _, entries = read(box.record().split("\n"))
    recorded = [entry for entry in entries if not isinstance(entry, Beginning)]
    assert [entry.happened for entry in recorded] == [fact for fact, _ in history]


def test_what_was_remembered_before_the_start_is_recorded_too() -> None:
    items = (user_text("hello", "u1"), assistant_text("good day", "a1"))
    box = Box(remembered=Remembered("conv_1", "a1", items, 1_500.0))
    box.happens(ButtonPressed(9), LinkOpened("relay", True))
    _, (begun, *_) = read(box.record().split("\n"))
    assert isinstance(begun, Beginning) and begun.setup.remembered is not None
    assert begun.setup.remembered.items == items
    assert played(box.record()) == [True, True]


def test_where_it_first_does_something_else_is_found() -> None:
    box = Box()
    box.happens(ButtonPressed(9), LinkOpened("relay", True), StopRequested("x"))
    changed = box.record().replace('"OpenGate","from_sample":0', '"OpenGate","from_sample":7')
    assert changed != box.record()
    assert played(changed) == [False, True, True]


def test_a_record_that_begins_in_the_middle_is_played_from_the_next_beginning() -> None:
    box = Box()
    box.happens(ButtonPressed(9))
    head, _beginning, *steps = box.record().split("\n")
    box.happens(StopRequested("x"))
    assert played("\n".join([head, *steps, *box.record().split("\n")[3:]]))[0] is None
    assert played(box.record()) == [True, True]


def test_a_flight_is_bounded_and_can_always_be_played_from_somewhere() -> None:
    box = Box()
    for _ in range(MOST_ENTRIES):
        box.happens(SpeechStarted(1))
    assert len(box.flight.entries) == MOST_ENTRIES
    same = played(box.record())
    assert same.count(True) > MOST_ENTRIES - 250 and False not in same


def test_what_is_forgotten_is_not_in_the_record() -> None:
    box = Box()
    box.happens(ButtonPressed(9), LinkOpened("relay", True))
    for event in (session_created, item_added("a secret", "i1"), created("r1"), audio_part("r1")):
        box.story.says(event)
    box.happens(StopRequested("x"))
    box.flight.forget(box.story.transceiver, box.story.now)
    assert "secret" not in box.record()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "nonsense",
        "[]",
        '{"edgevoice_flight_record": 3}',
        '{"edgevoice_flight_record": 1}\n{"now": 1}\n',
        '{"edgevoice_flight_record": 1}\n{"now": 1, "input": {"type": "Dance"}}\n',
        '{"edgevoice_flight_record": 1}\n{"now": 1, "setup": {}}\n',
        '{"edgevoice_flight_record": 1}\n' + "[" * 100_000 + "\n",
        "1000.0 ButtonPressed(sample=5)",
    ],
)
def test_what_is_no_record_is_said_to_be_none(text: str) -> None:
    with pytest.raises(FlightRecordError):
        read(text.split("\n"))
