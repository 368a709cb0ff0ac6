"""Speakers: the right speed, the right samples, and an answer that ends though the card is gone."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgevoice.audio.playout import PlayoutBuffer
from edgevoice.audio.wav import read_wav
from edgevoice.config import MicrophoneConfig, SpeakerConfig
from edgevoice.errors import SpeakerError
from edgevoice.hardware.sound.duplex import Duplex
from edgevoice.hardware.sound.microphone import PortAudioMicrophone
from edgevoice.hardware.sound.speaker import SPEAKERS, PortAudioSpeaker, make_speaker
from edgevoice.hardware.sound.virtual_speaker import VirtualSpeaker
from tests.hardware.fake_portaudio import Card, FakeServer, FakeSound
from tests.virtual_time import VirtualTimeLoop, elapse

RATE_HZ = 48_000
SECOND = (np.arange(RATE_HZ) % 20_000 + 1).astype(np.int16)


@pytest.fixture
def playout() -> PlayoutBuffer:
    return PlayoutBuffer(RATE_HZ)


@asynccontextmanager
async def watched(speaker: PortAudioSpeaker) -> AsyncIterator[PortAudioSpeaker]:
    async with speaker:
        watching = asyncio.ensure_future(speaker.watch())
        yield speaker
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


def speaking(
    playout: PlayoutBuffer, sound: FakeSound, told: list[str] | None = None, **settings: Any
) -> PortAudioSpeaker:
    told = [] if told is None else told
    return PortAudioSpeaker(
        SpeakerConfig(**settings),
        playout,
        lambda reason: told.append(f"lost: {reason}"),
        lambda: told.append("found"),
        Duplex(sound, pause=sound.pause),
        FakeServer("jack", "hdmi"),
    )


async def test_a_second_takes_a_second(playout: PlayoutBuffer) -> None:
    drained: list[float] = []
    loop = asyncio.get_running_loop()
    playout.on_drained = lambda played_ms: drained.append(loop.time())
    async with VirtualSpeaker(playout):
        began = loop.time()
        playout.push(SECOND)
        await elapse(0.505)
        assert playout.played_ms == 500
        await elapse(1)
    assert drained == [pytest.approx(began + 1.02, abs=0.001)]


async def test_the_recorder_writes_what_was_heard(playout: PlayoutBuffer, tmp_path: Path) -> None:
    config = SpeakerConfig(backend="wav", device=str(tmp_path / "heard.wav"))
    async with make_speaker(config, playout):
        await elapse(0.101)
        playout.push(SECOND)
        await elapse(1.5)
    heard = read_wav(tmp_path / "heard.wav", RATE_HZ)
    assert len(heard) == pytest.approx(1.6 * RATE_HZ, abs=960)
    assert np.array_equal(heard[4800 : 4800 + RATE_HZ], SECOND)
    assert not heard[4800 + RATE_HZ :].any()


async def test_a_recording_that_cannot_be_made_names_the_setting(
    playout: PlayoutBuffer, tmp_path: Path
) -> None:
    with pytest.raises(SpeakerError, match=r"speaker\.device"):
        await VirtualSpeaker(playout, tmp_path / "no" / "such" / "folder.wav").open()


async def test_a_full_disk_ends_the_recording_not_the_playing(
    playout: PlayoutBuffer, caplog: pytest.LogCaptureFixture
) -> None:
    speaker = VirtualSpeaker(playout, Path("/dev/full"))
    playout.push(np.tile(SECOND, 3))
    await speaker.open()
    await elapse(3.1)
    await speaker.close()
    assert playout.is_empty
    assert "the recording ends here: No space left" in caplog.text
    assert len(caplog.records) <= 2


async def test_the_card_gets_the_samples(playout: PlayoutBuffer) -> None:
    card = Card("Speaker", default=True)
    async with watched(speaking(playout, FakeSound(card))) as speaker:
        playout.push(SECOND)
        await elapse(1.1)
        assert np.array_equal(np.concatenate(card.heard)[:RATE_HZ], SECOND)
        assert speaker.delay_ms == 40


async def test_a_missing_speaker_is_an_error_that_lists_what_there_is(
    playout: PlayoutBuffer,
) -> None:
    speaker = speaking(playout, FakeSound(Card("HDMI")), device="Jabra")
    with pytest.raises(SpeakerError, match='speaker "Jabra" not found; there are 1: HDMI'):
        await speaker.open()
    await speaker.close()


@pytest.mark.fault("speaker-lost")
async def test_an_answer_ends_even_though_the_card_was_pulled(playout: PlayoutBuffer) -> None:
    card = Card("Speaker (hw:1,0)", default=True)
    drained: list[int] = []
    told: list[str] = []
    playout.on_drained = drained.append
    async with watched(speaking(playout, FakeSound(card), told)):
        playout.push(np.tile(SECOND, 5))
        await elapse(1)
        card.plugged = False
        await elapse(1)
        assert "no sound has passed" in told[0]
        await elapse(6)
        assert drained == [5000]
        heard_before = len(card.heard)
        card.plugged = True
        await elapse(5)
        assert told[1:] == ["found"]
        playout.push(np.tile(SECOND, 2))
        await elapse(1)
        assert playout.waiting_ms == pytest.approx(1000, abs=40)  # once, not twice as fast
        assert any(block.any() for block in card.heard[heard_before:])


@pytest.mark.fault("card-taken")
async def test_a_card_that_another_program_holds_is_taken_when_it_is_free(
    playout: PlayoutBuffer,
) -> None:
    card, told = Card("Speaker", default=True), list[str]()
    card.is_taken = True
    async with watched(speaking(playout, FakeSound(card), told)):
        await elapse(60)
        assert len(told) == 1 and "cannot be opened" in told[0]
        card.is_taken = False
        await elapse(5)
        assert told[1:] == ["found"]
        playout.push(SECOND)
        await elapse(1.5)
        assert any(block.any() for block in card.heard)


async def test_without_any_card_answers_still_take_their_time(playout: PlayoutBuffer) -> None:
    async with watched(speaking(playout, FakeSound())):
        playout.push(SECOND)
        await elapse(0.5)
        assert 0 < playout.played_ms < 1000
        await elapse(1)
        assert playout.is_empty


async def test_opening_in_vain_still_lets_answers_pass(playout: PlayoutBuffer) -> None:
    speaker = speaking(playout, FakeSound())
    with pytest.raises(SpeakerError):
        await speaker.open()
    playout.push(SECOND)
    await elapse(1.1)
    assert playout.is_empty
    await speaker.close()


async def test_a_quiet_speaker_makes_way_for_the_search_for_a_new_microphone(
    playout: PlayoutBuffer,
) -> None:
    """A USB microphone that came back under another number is seen only after a refresh."""
    usb, jack = Card("USB mic"), Card("Headphones", default=True)
    sound = FakeSound(usb, jack)
    told: list[str] = []
    microphone = PortAudioMicrophone(
        MicrophoneConfig(device="USB"),
        lambda block: None,
        told.append,
        lambda: told.append("found"),
        Duplex(sound, pause=sound.pause),
        FakeServer(),
    )
    async with watched(speaking(playout, sound)), microphone:
        watching = asyncio.ensure_future(microphone.watch())
        await elapse(2)
        usb.plugged = False
        sound.cards.append(Card("USB mic #2"))
        await elapse(30)
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        assert told[1:] == ["found"]
        assert len(sound.open_streams) == 2
        playout.push(SECOND)
        await elapse(2)
        assert playout.is_empty


async def test_while_it_speaks_it_does_not_make_way(playout: PlayoutBuffer) -> None:
    card = Card("Headphones", default=True)
    sound = FakeSound(card)
    async with watched(speaking(playout, sound)):
        playout.push(np.tile(SECOND, 5))
        await elapse(1)
        sound.refresh_wanted = True
        await elapse(3)
        assert sound.refreshes == 0
        await elapse(5)
        assert sound.refreshes == 1


def test_the_table_has_every_backend_of_the_configuration() -> None:
    assert set(SPEAKERS) == set(SpeakerConfig.__annotations__["backend"].__args__)


async def test_a_card_with_another_rate_gets_the_sound_at_that_rate() -> None:
    playout = PlayoutBuffer(24_000)
    card = Card("USB", default=True, rates_hz=[48_000])
    tone = (8000 * np.sin(2 * np.pi * 440 * np.arange(24_000) / 24_000)).astype(np.int16)
    async with watched(speaking(playout, FakeSound(card))) as speaker:
        playout.push(tone)
        await elapse(1.5)
        assert 40 < speaker.delay_ms < 120  # the card's own 40, and what the resampler holds back
    heard = np.concatenate(card.heard).astype(float)
    expected = 8000 * np.sin(2 * np.pi * 440 * np.arange(48_000) / 48_000)
    start = int(np.argmax(np.abs(heard) > 100)) - 2
    best = max(
        float(heard[at : at + 40_000] @ expected[:40_000])
        / float(np.linalg.norm(heard[at : at + 40_000]) * np.linalg.norm(expected[:40_000]))
        for at in range(max(0, start - 60), start + 60)
    )
    assert best > 0.999


async def test_a_card_that_refuses_mono_gets_the_sound_on_both_sides(
    playout: PlayoutBuffer,
) -> None:
    card = Card("HDMI", default=True, outputs=2, refuses_channels=[1])
    async with watched(speaking(playout, FakeSound(card))):
        playout.push(SECOND)
        await elapse(1.1)
    sides = np.concatenate(card.heard).reshape(-1, 2)
    assert np.array_equal(sides[:RATE_HZ, 0], SECOND)
    assert np.array_equal(sides[:, 0], sides[:, 1])


async def test_whoever_wants_to_know_is_told_what_is_heard(playout: PlayoutBuffer) -> None:
    card = Card("USB", default=True)
    played: list[np.ndarray[Any, Any]] = []
    async with watched(speaking(playout, FakeSound(card))) as speaker:
        speaker.on_played = lambda block, at_s: played.append(block)
        playout.push(SECOND)
        await elapse(0.505)
        assert np.array_equal(np.concatenate(played), np.concatenate(card.heard))
        card.plugged = False
        await elapse(3)  # drained into nothing: nobody hears that
        assert len(played) == 50


async def test_a_sink_of_the_sound_server_is_named_in_the_environment(
    playout: PlayoutBuffer,
) -> None:
    sound = FakeSound(Card("pipewire"))
    async with watched(speaking(playout, sound, device="pipewire:hdmi")):
        await elapse(1)
    assert sound.environments == [{"PIPEWIRE_ALSA": "{ target.object=hdmi }"}]


async def test_an_unplugged_virtual_speaker_says_so_and_answers_still_end() -> None:
    playout = PlayoutBuffer(RATE_HZ)
    told: list[str] = []
    played: list[int] = []
    speaker = VirtualSpeaker(playout, None, told.append, lambda: told.append("found"))
    speaker.on_played = lambda block, at_s: played.append(len(block))
    async with speaker:
        playout.push(SECOND)
        await elapse(0.201)
        speaker.unplug()
        await elapse(1)
        assert playout.is_empty
        assert sum(played) == RATE_HZ // 5
        speaker.plug_in()
        await elapse(0.1)
    assert told == ["the virtual speaker was unplugged", "found"]
    assert sum(played) > RATE_HZ // 5


async def test_a_virtual_speaker_tells_when_a_block_was_due_however_late_the_loop_is() -> None:
    """Or a busy moment would pass for a pause of the loudspeaker."""
    pulled_at: list[float] = []
    speaker = VirtualSpeaker(PlayoutBuffer(RATE_HZ))
    speaker.on_played = lambda block, at_s: pulled_at.append(at_s)
    async with speaker:
        await elapse(0.101)
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualTimeLoop)
        loop.now += 0.5
        await elapse(0.1)
    assert len(pulled_at) == 35
    assert np.diff(pulled_at) == pytest.approx(0.02)
