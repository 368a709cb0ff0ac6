"""What becomes of orders that are more than one call."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from edgevoice.audio.playout import FADE_S, PlayoutBuffer
from edgevoice.config import SoundsConfig
from edgevoice.daemon.performer import Body, Performer
from edgevoice.hardware.sound.sounds import announcement, load
from edgevoice.transceiver.actions import (
    Announce,
    AppendAudio,
    AttachMedia,
    CommitAppended,
    DropAnnouncement,
    FlushPlayout,
    PlaySound,
    Problem,
    RememberRung,
    Ring,
    SayAnnouncement,
    StopAnnouncement,
    StopRing,
    TellMissed,
)
from edgevoice.transceiver.inputs import Input, PlayoutFlushed

RATE_HZ = 16_000


@dataclass
class Link:
    """A line on which sound was made up, or taken out of pauses."""

    stretch_ms: int = 0
    skipped: int = 0
    orders: list[object] = field(default_factory=list)

    def append(self, from_sample: int | None) -> None:
        self.orders.append("append")

    def commit(self, action: CommitAppended) -> None:
        self.orders.append(action)

    def attach(self, from_sample: int | None) -> None:
        self.orders.append("media")

    def begin_answer(self) -> None:
        self.stretch_ms = 0

    def heard_ms(self, played_ms: int) -> int:
        return max(0, played_ms - self.stretch_ms)

    def skip_answer(self) -> None:
        self.skipped += 1


@dataclass
class House:
    sounds: SoundsConfig = field(default_factory=SoundsConfig)
    playout: PlayoutBuffer = field(default_factory=lambda: PlayoutBuffer(RATE_HZ))
    link: Link = field(default_factory=Link)
    told: list[Input] = field(default_factory=list)

    def __post_init__(self) -> None:
        nothing = dict.fromkeys(Body.__slots__)
        body = Body(**{**nothing, "playout": self.playout, "link": self.link})
        self.performer = Performer(body, self.told.append, self.sounds)

    def heard(self, seconds: float) -> np.ndarray:
        return self.playout.pull(round(seconds * RATE_HZ))


@pytest.mark.parametrize("stretch_ms", [0, 40, -60])
def test_what_was_heard_is_told_in_the_time_of_who_sent_it(stretch_ms: int) -> None:
    house = House(link=Link(stretch_ms=500))
    house.performer.begin_answer("resp_1")
    house.playout.push(np.full(RATE_HZ, 100, np.int16))
    house.heard(0.5)
    house.link.stretch_ms += stretch_ms
    house.performer.perform(FlushPlayout())
    assert house.told == [PlayoutFlushed(500 - stretch_ms)]
    assert house.link.skipped == 1


def test_more_than_was_heard_cannot_have_been_made_up() -> None:
    house = House()
    house.performer.begin_answer("resp_1")
    house.link.stretch_ms = 140
    house.performer.perform(FlushPlayout())
    assert house.told == [PlayoutFlushed(0)]


def test_the_way_of_the_first_turn_is_the_links_business() -> None:
    house = House()
    commit = CommitAppended(16_000, ())
    for action in (AppendAudio(), commit, AttachMedia()):
        house.performer.perform(action)
    assert house.link.orders == ["append", commit, "media"]


def test_a_problem_is_said_or_sounded_or_passed_over() -> None:
    spoken, sounded = House(), House(SoundsConfig(spoken_errors=False))
    silent = House(SoundsConfig(errors=False))
    for house in (spoken, sounded, silent):
        house.performer.perform(Announce(Problem.NO_ANSWER))
    whole, chime = announcement(Problem.NO_ANSWER, RATE_HZ), load("error", RATE_HZ)
    assert np.array_equal(spoken.heard(len(whole) / RATE_HZ), whole)
    assert np.array_equal(sounded.heard(len(chime) / RATE_HZ), chime)
    assert not sounded.heard(2.0).any()
    silent.performer.perform(PlaySound("error"))
    assert not silent.heard(2.0).any()


def test_a_problem_takes_the_place_of_one_that_is_still_being_said() -> None:
    house = House()
    house.performer.perform(Announce(Problem.NO_ANSWER))
    house.heard(1.5)
    house.performer.perform(Announce(Problem.REFUSED))
    whole, faded = announcement(Problem.REFUSED, RATE_HZ), round(FADE_S * RATE_HZ)
    heard = house.heard(len(whole) / RATE_HZ)
    assert np.array_equal(heard[faded:], whole[faded:])


class Kept:
    """Writes down what it is asked for."""

    def __init__(self) -> None:
        self.orders: list[Any] = []

    def __getattr__(self, name: str) -> Any:
        return lambda *values: self.orders.append((name, *values))


def test_what_nobody_asked_for_is_others_business() -> None:
    kept = {name: Kept() for name in ("bell", "alarms", "announcements", "other_sound", "gate")}
    kept["gate"].is_open = False
    playout = PlayoutBuffer(RATE_HZ)
    body = Body(**{**dict.fromkeys(Body.__slots__), "playout": playout, **kept})
    performer = Performer(body, lambda happened: None, SoundsConfig())
    for action in (
        *(Ring("alarm", softly=True), StopRing(), RememberRung(missed=True), TellMissed()),
        *(SayAnnouncement(1), StopAnnouncement(), DropAnnouncement(1, "")),
    ):
        performer.perform(action)
    assert kept["bell"].orders == [("ring", "alarm", True), ("stop",)]
    assert kept["alarms"].orders == [("silenced", True), ("told",)]
    assert kept["announcements"].orders == [("say", 1), ("stop",), ("drop", 1, "")]
    assert kept["other_sound"].orders == [("duck",), ("restore",)]
    assert playout.pull(RATE_HZ * 2).any(), "that something was missed is heard"


def test_music_stays_lowered_while_somebody_talks() -> None:
    kept = {name: Kept() for name in ("announcements", "other_sound", "gate")}
    kept["gate"].is_open = True
    body = Body(**{**dict.fromkeys(Body.__slots__), **kept})
    performer = Performer(body, lambda happened: None, SoundsConfig())
    performer.perform(SayAnnouncement(1))
    performer.perform(DropAnnouncement(1, ""))
    assert kept["other_sound"].orders == [("duck",)]
