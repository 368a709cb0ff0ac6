"""What the witness writes down, and how long it waits."""

import asyncio
import re

import pytest

from edgevoice.config import ContextConfig, LinkConfig, TurnConfig
from edgevoice.daemon.diary.waterfall import SampleCounts, TurnReport
from edgevoice.realtime.server_events import (
    ConversationItemInputAudioTranscriptionCompleted,
    ResponseOutputAudioTranscriptDone,
)
from edgevoice.simulator.scenario import Expect
from edgevoice.simulator.witness import Witness
from edgevoice.transceiver.inputs import (
    BargeInConfirmed,
    ButtonPressed,
    EventReceived,
    MuteRequested,
    PlayoutDrained,
    PlayoutStarted,
    SpeechStarted,
    WakeDetected,
)
from edgevoice.transceiver.transceiver import Transceiver

COUNTS = SampleCounts(0, 0, 0, 0, None, None)


class Scene:
    """A witness beside a transceiver that only dozes."""

    def __init__(self, state: str = "idle") -> None:
        self.reports: list[TurnReport] = []
        self.position = 0
        self.mind = Transceiver(TurnConfig(), ContextConfig(), LinkConfig(), (), 0)
        self.loop = asyncio.get_running_loop()
        self.witness = Witness(self.loop.time, lambda: self.reports, lambda: self.position, state)

    def saw(self, *happened: object) -> None:
        for each in happened:
            self.witness.observe(each, self.mind)  # type: ignore[arg-type]


def heard(text: str) -> EventReceived:
    return EventReceived(
        ConversationItemInputAudioTranscriptionCompleted(
            item_id="i", content_index=0, transcript=text
        )
    )


def said(text: str) -> EventReceived:
    return EventReceived(
        ResponseOutputAudioTranscriptDone(
            response_id="r", item_id="i", output_index=0, content_index=0, transcript=text
        )
    )


WAKE = WakeDetected("alexa", 0.9, 0, 100, 200)


def expect(what: str, matching: str = "", within_s: float = 1.0) -> Expect:
    return Expect(what, re.compile(matching) if matching else None, within_s)


async def test_what_happened_since_the_page_was_turned_is_found_at_once() -> None:
    scene = Scene()
    scene.witness.turn_the_page()
    scene.saw(WAKE)
    sighting = await scene.witness.expect(expect("wake", "alexa"))
    assert sighting is not None and sighting.what == "wake"


async def test_what_happened_before_does_not_count() -> None:
    scene = Scene()
    scene.saw(WAKE)
    scene.witness.turn_the_page()
    assert await scene.witness.expect(expect("wake")) is None


async def test_it_waits_as_long_as_it_is_told_and_no_longer() -> None:
    scene = Scene()
    scene.loop.call_later(2.0, scene.saw, WAKE)
    began = scene.loop.time()
    assert await scene.witness.expect(expect("wake", within_s=1.0)) is None
    assert scene.loop.time() - began == 1.0
    assert await scene.witness.expect(expect("wake", within_s=5.0)) is not None
    assert scene.loop.time() - began == 2.0


async def test_text_that_does_not_match_is_not_it() -> None:
    scene = Scene()
    scene.saw(heard("what time is it"))
    assert await scene.witness.expect(expect("heard", "weather")) is None
    assert await scene.witness.expect(expect("heard", "time")) is not None


async def test_an_answer_is_a_turn_played_to_its_end_with_its_place_in_the_recording() -> None:
    scene = Scene()
    scene.saw(heard("hello"), said("Good day."))
    scene.position = 480
    scene.saw(PlayoutStarted())
    scene.position = 9_600
    scene.reports.append(TurnReport(1, "wake", "answered", (), COUNTS))
    scene.saw(PlayoutDrained(190))
    (answer,) = scene.witness.answers
    assert (answer.heard, answer.text) == ("hello", "Good day.")
    assert (answer.start, answer.stop) == (480, 9_600)


async def test_a_turn_that_was_broken_off_is_no_answer() -> None:
    scene = Scene()
    scene.saw(PlayoutStarted())
    scene.reports.append(TurnReport(1, "wake", "interrupted", (), COUNTS))
    scene.saw(PlayoutDrained(190))
    assert scene.witness.answers == []


@pytest.mark.parametrize(
    ("by", "named"),
    [
        (BargeInConfirmed(1), "voice"),
        (WAKE, "wake word"),
        (ButtonPressed(1), "button"),
        (heard("stop"), "relay"),
    ],
)
async def test_who_interrupted_an_answer_is_seen(by: object, named: str) -> None:
    scene = Scene()
    scene.reports.append(TurnReport(1, "wake", "interrupted", (), COUNTS))
    scene.saw(by)
    assert [s.text for s in scene.witness.sightings if s.what == "interrupted"] == [named]


async def test_a_voice_is_a_hint_while_an_answer_is_heard() -> None:
    scene = Scene("speaking")
    scene.saw(SpeechStarted(1))
    assert [sighting.what for sighting in scene.witness.sightings][:1] == ["hint"]
    scene = Scene()
    scene.saw(SpeechStarted(1))
    assert scene.witness.sightings == []


async def test_being_muted_is_seen_as_a_state() -> None:
    scene = Scene()
    muted = MuteRequested("button")
    scene.mind.handle(muted, 1.0)
    scene.saw(muted)
    assert await scene.witness.expect(expect("muted")) is not None


async def test_the_state_at_the_beginning_is_no_news() -> None:
    scene = Scene()
    scene.saw(WAKE)
    assert [sighting.what for sighting in scene.witness.sightings] == ["wake"]
    assert await scene.witness.expect(expect("idle")) is None
