"""Frames from the gate become appends; no wires, no time."""

import base64

import numpy as np
import pytest

from edgevoice.audio.frames import FRAME_SAMPLES, Samples
from edgevoice.audio.gate import Gate
from edgevoice.audio.resample import resample
from edgevoice.audio.ring import RingBuffer
from edgevoice.errors import LocalProtocolError
from edgevoice.link.appender import LEAST_FRAMES, MOST_FRAMES, MOST_PENDING_BYTES, Appender
from edgevoice.realtime.client_events import (
    ClientEvent,
    InputAudioBufferAppend,
    InputAudioBufferCommit,
    ResponseCreate,
)
from edgevoice.transceiver.actions import CommitAppended

THEN = (InputAudioBufferCommit(), ResponseCreate())
FIRST = 1_600


def hill(start: int, stop: int) -> Samples:
    """Different everywhere within ten seconds, and smooth, so that no filter minds."""
    clock = np.arange(start, stop)
    return (12_000 * np.sin(clock / 40) * np.sin(clock / 50_000)).astype(np.int16)


class Desk:
    """A ring that is captured into, an open gate, and a channel that sends when told."""

    def __init__(self) -> None:
        self.ring = RingBuffer(10)
        self.ring.write(hill(0, FIRST))
        self.gate = Gate(self.ring)
        self.gate.open(FIRST)
        self.sent: list[ClientEvent] = []
        self.pending = 0
        self.jammed = False
        self.first_sent: list[int] = []
        self.appender = Appender(
            self.gate, self._send, lambda: self.pending, self.first_sent.append
        )

    def _send(self, event: ClientEvent) -> None:
        self.sent.append(event)
        if self.jammed and isinstance(event, InputAudioBufferAppend):
            self.pending += len(event.audio)

    def capture(self, frames: int) -> None:
        for _ in range(frames):
            self.ring.write(hill(self.ring.end, self.ring.end + FRAME_SAMPLES))
            self.appender.pump()

    @property
    def appends(self) -> list[InputAudioBufferAppend]:
        return [event for event in self.sent if isinstance(event, InputAudioBufferAppend)]

    @property
    def sound(self) -> Samples:
        data = b"".join(base64.b64decode(event.audio) for event in self.appends)
        return np.frombuffer(data, "<i2").astype(np.int16)

    def assert_sent_until(self, end: int) -> None:
        """All of it, at the other rate, and the gate has counted it."""
        whole = resample(hill(FIRST, end), 16_000, 24_000)
        assert len(self.sound) == len(whole) == (end - FIRST) * 3 // 2
        assert np.abs(self.sound.astype(int) - whole.astype(int)).max() <= 2
        assert self.gate.sent_samples == self.appender.taken_samples == end - FIRST
        assert self.gate.next_sample == end


def test_live_sound_goes_in_pieces_of_a_tenth_of_a_second() -> None:
    desk = Desk()
    desk.capture(LEAST_FRAMES - 1)
    assert desk.sent == []
    desk.capture(1)
    assert len(desk.sent) == 1
    assert desk.first_sent == [FIRST]
    desk.capture(20)
    assert len(desk.sent) == 5


def test_what_waited_goes_at_once_in_events_every_peer_takes() -> None:
    desk = Desk()
    desk.ring.write(hill(FIRST, FIRST + 100 * FRAME_SAMPLES))
    desk.appender.pump()
    assert len(desk.appends) == 100 // MOST_FRAMES
    assert max(len(event.audio) for event in desk.appends) <= 16_384


def test_the_last_append_holds_the_last_sample_and_the_events_follow() -> None:
    desk = Desk()
    desk.capture(50)
    desk.appender.commit(CommitAppended(FIRST + 50 * FRAME_SAMPLES, THEN))
    assert tuple(desk.sent[-2:]) == THEN
    assert desk.appender.is_done
    desk.assert_sent_until(FIRST + 50 * FRAME_SAMPLES)


def test_a_turn_that_ended_before_the_link_was_up_goes_no_further_than_its_end() -> None:
    """What follows the last word waits for media."""
    desk = Desk()
    desk.ring.write(hill(FIRST, FIRST + 150 * FRAME_SAMPLES))
    end = FIRST + 80 * FRAME_SAMPLES
    desk.appender.commit(CommitAppended(end - 100, THEN))
    desk.assert_sent_until(end)
    assert desk.gate.available == 70


def test_none_means_all_that_was_captured() -> None:
    desk = Desk()
    desk.capture(33)
    desk.appender.commit(CommitAppended(None, THEN))
    desk.assert_sent_until(FIRST + 33 * FRAME_SAMPLES)


def test_an_end_that_was_passed_already_takes_nothing_back() -> None:
    desk = Desk()
    desk.capture(40)
    desk.appender.commit(CommitAppended(FIRST + 10 * FRAME_SAMPLES, THEN))
    desk.assert_sent_until(FIRST + 40 * FRAME_SAMPLES)


def test_after_the_commit_nothing_is_taken_any_more() -> None:
    desk = Desk()
    desk.capture(10)
    desk.appender.commit(CommitAppended(None, THEN))
    before = desk.gate.sent_samples
    desk.capture(20)
    assert desk.gate.sent_samples == before


def test_a_full_channel_holds_everything_back_and_then_goes_on() -> None:
    desk = Desk()
    desk.jammed = True
    desk.ring.write(hill(FIRST, FIRST + 300 * FRAME_SAMPLES))
    end = FIRST + 300 * FRAME_SAMPLES
    desk.appender.commit(CommitAppended(end, THEN))
    assert MOST_PENDING_BYTES <= desk.pending < MOST_PENDING_BYTES + 16_384
    assert not desk.appender.is_done
    while not desk.appender.is_done:
        desk.pending = 0
        desk.appender.pump()
    desk.assert_sent_until(end)


def test_a_closed_gate_keeps_everything_in() -> None:
    desk = Desk()
    desk.capture(10)
    desk.gate.close()
    before = len(desk.sent)
    desk.capture(50)
    assert len(desk.sent) == before


def test_a_gate_closed_in_mid_commit_ends_no_turn() -> None:
    desk = Desk()
    desk.jammed = True
    desk.ring.write(hill(FIRST, FIRST + 300 * FRAME_SAMPLES))
    desk.appender.commit(CommitAppended(None, THEN))
    desk.gate.close()
    desk.pending = 0
    desk.appender.pump()
    assert desk.appends == desk.sent


def test_a_turn_is_committed_once() -> None:
    desk = Desk()
    desk.appender.commit(CommitAppended(None, THEN))
    with pytest.raises(LocalProtocolError):
        desk.appender.commit(CommitAppended(None, THEN))
