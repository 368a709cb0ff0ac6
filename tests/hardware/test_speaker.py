"""Speakers: the right speed, the right samples, and an answer that ends though the card is gone."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest

from edgevoice.audio.playout import PlayoutBuffer
from edgevoice.audio.wav import read_wav
from edgevoice.config import MicrophoneConfig, SpeakerConfig
from edgevoice.errors import SpeakerError
from edgevoice.hardware.microphone import PortAudioMicrophone
from edgevoice.hardware.speaker import SPEAKERS, PortAudioSpeaker, make_speaker
from edgevoice.hardware.virtual_speaker import VirtualSpeaker
from tests.hardware.fake_portaudio import Card, FakeSound
from tests.virtual_time import elapse

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
    async with watched(PortAudioSpeaker(SpeakerConfig(), playout, FakeSound(card))) as speaker:
        playout.push(SECOND)
        await elapse(1.1)
        assert np.array_equal(np.concatenate(card.heard)[:RATE_HZ], SECOND)
        assert speaker.delay_ms == 40


async def test_a_missing_speaker_is_an_error_that_lists_what_there_is(
    playout: PlayoutBuffer,
) -> None:
    speaker = PortAudioSpeaker(SpeakerConfig(device="Jabra"), playout, FakeSound(Card("HDMI")))
    with pytest.raises(SpeakerError, match='speaker "Jabra" not found; there are 1: HDMI'):
        await speaker.open()
    await speaker.close()


async def test_an_answer_ends_even_though_the_card_was_pulled(
    playout: PlayoutBuffer, caplog: pytest.LogCaptureFixture
) -> None:
    card = Card("Speaker", default=True)
    drained: list[int] = []
    playout.on_drained = drained.append
    async with watched(PortAudioSpeaker(SpeakerConfig(), playout, FakeSound(card))):
        playout.push(np.tile(SECOND, 5))
        await elapse(1)
        card.plugged = False
        await elapse(7)
        assert drained == [5000]
        assert "trying to get it back" in caplog.text
        heard_before = len(card.heard)
        card.plugged = True
        await elapse(7)
        playout.push(np.tile(SECOND, 2))
        await elapse(1)
        assert playout.waiting_ms == pytest.approx(1000, abs=40)  # once, not twice as fast
        assert any(block.any() for block in card.heard[heard_before:])


async def test_without_any_card_answers_still_take_their_time(playout: PlayoutBuffer) -> None:
    async with watched(PortAudioSpeaker(SpeakerConfig(), playout, FakeSound())):
        playout.push(SECOND)
        await elapse(0.5)
        assert 0 < playout.played_ms < 1000
        await elapse(1)
        assert playout.is_empty


async def test_opening_in_vain_still_lets_answers_pass(playout: PlayoutBuffer) -> None:
    speaker = PortAudioSpeaker(SpeakerConfig(), playout, FakeSound())
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
        sound,
    )
    async with watched(PortAudioSpeaker(SpeakerConfig(), playout, sound)), microphone:
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
    async with watched(PortAudioSpeaker(SpeakerConfig(), playout, sound)):
        playout.push(np.tile(SECOND, 5))
        await elapse(1)
        sound.refresh_wanted = True
        await elapse(3)
        assert sound.refreshes == 0
        await elapse(5)
        assert sound.refreshes == 1


def test_the_table_has_every_backend_of_the_configuration() -> None:
    assert set(SPEAKERS) == set(SpeakerConfig.__annotations__["backend"].__args__)
