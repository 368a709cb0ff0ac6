"""The first turn towards a foreign server: all of it as data, then media, nothing twice.

The whole device but its ears, real sockets, virtual time; a server that is not ours.
"""

from pathlib import Path

import numpy as np
import pytest

from edgevoice.audio.frames import FRAME_SAMPLES, Samples
from edgevoice.audio.resample import resample
from edgevoice.transceiver import actions as do
from edgevoice.transceiver.inputs import ButtonPressed, WakeDetected
from edgevoice.transceiver.states import State
from tests.link.direct_house import PHRASE, DirectHouse, direct_house
from tests.openai_server.answering import Behaviour
from tests.virtual_time import elapse

pytestmark = pytest.mark.slow


async def settled() -> None:
    """Enough has been captured that nothing begins at sample 0."""
    await elapse(2)


def first_sample(house: DirectHouse) -> int:
    (opened,) = house.device.performed(do.OpenGate)
    assert isinstance(opened, do.OpenGate)
    return opened.from_sample


def assert_same_sound(one: Samples, other: Samples) -> None:
    """Two ways through the same filter differ by rounding only."""
    assert len(one) == len(other)
    assert np.abs(one.astype(int) - other.astype(int)).max() <= 2


def kinds(house: DirectHouse) -> list[str]:
    """What the server was told, appends in one."""
    told = [event["type"] for event in house.session.received]
    return [kind for i, kind in enumerate(told) if kind != told[i - 1] or i == 0]


@pytest.mark.parametrize(("link_after_s", "speech_s"), [(3.0, 1.0), (1.0, 2.5), (0.0, 0.6)])
async def test_what_was_captured_is_appended_then_streamed(
    tmp_path: Path, link_after_s: float, speech_s: float
) -> None:
    """Over before the link was up, or going on while it opened: every sample, once, in order."""
    behaviour = Behaviour(answers_call_after_s=link_after_s, answer_s=0.5)
    async with direct_house(tmp_path, behaviour) as house:
        await settled()
        house.device.wake()
        await house.device.speak(speech_s)
        await house.device.until(State.SPEAKING)
        await house.device.until(State.LISTENING)
        await elapse(1)
        await house.device.speak(1.0)
        await elapse(1.5)
        gate = house.device.board.gate
        gate.close()
        await elapse(0.3)

        first = first_sample(house)
        begun, *_ = house.session.buffer.turns
        assert begun.sources == {"append"}
        appended = begun.samples("append")
        seam = first + len(appended) * 2 // 3
        captured = house.device.person.sound(first, seam)
        assert_same_sound(appended, resample(captured, 16_000, 24_000))

        later = [*house.session.buffer.turns[1:], house.session.buffer.current]
        streamed = np.concatenate([turn.samples("rtp") for turn in later])
        truth = house.device.person.sound(seam, seam + len(streamed))
        assert np.array_equal(streamed, truth)
        assert seam - first + len(streamed) == gate.sent_samples == gate.next_sample - first
        assert gate.gaps == gate.lost_samples == 0
        assert house.server.violations == []


async def test_the_events_are_in_the_order_that_the_server_needs(tmp_path: Path) -> None:
    async with direct_house(tmp_path) as house:
        await settled()
        house.device.wake()
        await house.device.speak(1.5)
        await house.device.until(State.SPEAKING)
        assert kinds(house)[-4:] == [
            "input_audio_buffer.append",
            "input_audio_buffer.commit",
            "response.create",
            "session.update",
        ]
        updates = [
            event["session"]["audio"]["input"]["turn_detection"]
            for event in house.session.received
            if event["type"] == "session.update"
        ]
        assert updates[:-1] == [None, None]
        assert updates[-1]["type"] == "server_vad"
        assert house.session.buffer.vad is not None


async def test_nothing_comes_faster_than_it_was_spoken(tmp_path: Path) -> None:
    """A jitter buffer would squeeze it; only what waited for the server's word is ahead."""
    async with direct_house(tmp_path, Behaviour(answer_s=0.5)) as house:
        await settled()
        house.device.wake()
        await house.device.speak(2.0)
        await house.device.until(State.SPEAKING)
        await elapse(3)
        assert house.session.ahead_s < 0.1


async def test_with_media_from_the_start_it_would_come_faster(tmp_path: Path) -> None:
    """The setting, and the measure of the test before."""
    async with direct_house(tmp_path, first_turn="media") as house:
        await settled()
        house.device.wake()
        await house.device.speak(2.0)
        await elapse(1)
        assert house.session.ahead_s > 0.9
        assert "input_audio_buffer.append" not in kinds(house)
        assert house.device.performed(do.AppendAudio) == []


async def test_the_second_turn_is_heard_by_the_server(tmp_path: Path) -> None:
    async with direct_house(tmp_path, Behaviour(answer_s=0.5)) as house:
        await settled()
        house.device.wake()
        await house.device.speak(1.0)
        await house.device.until(State.SPEAKING)
        await house.device.until(State.LISTENING)
        await house.device.speak(1.0, stop_s=0.1)
        await house.device.until(State.SPEAKING)
        first, second = house.session.buffer.turns
        assert first.sources == {"append"} and second.sources == {"rtp"}
        assert kinds(house).count("response.create") == 1  # the second answer is its own idea


async def test_speaking_into_the_first_answer_interrupts_it(tmp_path: Path) -> None:
    async with direct_house(tmp_path, Behaviour(answer_s=5.0)) as house:
        await settled()
        house.device.wake()
        await house.device.speak(1.0)
        await house.device.until(State.SPEAKING)
        await elapse(0.5)
        await house.device.speak(1.0, stop_s=0.1)
        assert house.device.performed(do.FlushPlayout)
        await house.device.until(State.SPEAKING)
        assert [turn.sources for turn in house.session.buffer.turns] == [{"append"}, {"rtp"}]
        assert house.server.violations == []


async def test_the_wake_phrase_alone_is_no_turn(tmp_path: Path) -> None:
    async with direct_house(tmp_path) as house:
        await settled()
        house.device.wake()
        await elapse(0.7)
        house.device.pause()
        await elapse(5)
        assert house.device.mind.state is State.LISTENING
        await house.device.until(State.IDLE, within_s=2)
        assert house.device.mind.last_ending == "no speech"
        assert "input_audio_buffer.commit" not in kinds(house)


async def test_a_word_after_a_pause_is_waited_for(tmp_path: Path) -> None:
    async with direct_house(tmp_path) as house:
        await settled()
        house.device.wake()
        await elapse(0.7)
        house.device.pause()
        await elapse(3)
        await house.device.speak(1.0)
        await house.device.until(State.SPEAKING)
        (turn,) = house.session.buffer.turns
        assert len(turn.samples("append")) >= 24_000 * (PHRASE / 16_000 + 4)


async def test_the_button_during_the_first_turn_hangs_up(tmp_path: Path) -> None:
    async with direct_house(tmp_path) as house:
        await settled()
        house.device.wake()
        await elapse(1)
        house.device.post(ButtonPressed(house.device.now))
        assert house.device.mind.state is State.IDLE
        before = house.device.board.gate.sent_samples
        await elapse(1)
        assert house.device.board.gate.sent_samples == before
        assert house.session.closed == "the client hung up"


async def test_the_wake_word_during_the_first_answer_listens_again(tmp_path: Path) -> None:
    async with direct_house(tmp_path, Behaviour(answer_s=5.0)) as house:
        await settled()
        house.device.wake()
        await house.device.speak(1.0)
        await house.device.until(State.SPEAKING)
        now = house.device.now
        house.device.post(WakeDetected("alexa", 0.9, now - PHRASE, now, now))
        assert house.device.mind.state is State.LISTENING
        await elapse(0.3)
        assert "response.cancel" in kinds(house) or "output_audio_buffer.clear" in kinds(house)
        assert house.server.violations == []


@pytest.mark.slow
async def test_endless_speech_is_committed_after_a_minute(tmp_path: Path) -> None:
    async with direct_house(tmp_path) as house:
        await settled()
        house.device.wake()
        house.device.pause()
        await elapse(0.5)
        await house.device.speak(70.0)
        turn, *_ = house.session.buffer.turns
        assert turn.sources == {"append"}
        assert 64_000 < turn.ms < 68_000
        assert house.server.violations == []


async def test_a_slow_channel_holds_sound_back_in_the_ring(tmp_path: Path) -> None:
    """What the channel does not take stays behind the gate, and none of it is lost."""
    async with direct_house(tmp_path) as house:
        await settled()
        house.device.wake()
        await house.device.until(State.LISTENING)
        appender = house.device.board.link._talk.outgoing._appender  # type: ignore[union-attr]
        assert appender is not None
        pending, appender._pending_bytes = appender._pending_bytes, lambda: 1_000_000
        before = house.device.board.gate.sent_samples
        speaking = 2.0
        await house.device.speak(speaking)
        assert house.device.board.gate.sent_samples == before
        assert not house.session.buffer.turns
        appender._pending_bytes = pending
        await house.device.until(State.SPEAKING)
        assert house.device.board.gate.lost_samples == 0
        (turn,) = house.session.buffer.turns
        assert turn.ms >= 1000 * speaking


async def test_to_our_own_relay_it_goes_as_media(tmp_path: Path) -> None:
    async with direct_house(tmp_path, direct=False) as house:
        await settled()
        house.device.wake()
        await house.device.until(State.LISTENING)
        await elapse(0.2)
        assert house.device.board.link.uplink is not None
        assert house.device.board.gate.sent_samples >= PHRASE - FRAME_SAMPLES
        assert house.device.performed(do.AppendAudio) == []
