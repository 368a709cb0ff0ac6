"""Microphone and speaker through PortAudio, ALSA and a real PulseAudio. Takes real seconds."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import numpy as np
import pytest
from numpy.typing import NDArray

from edgevoice.audio.frames import CAPTURE_RATE_HZ, Samples
from edgevoice.audio.playout import PlayoutBuffer
from edgevoice.config import MicrophoneConfig, SpeakerConfig
from edgevoice.errors import MicrophoneError
from edgevoice.hardware.devices import list_devices
from edgevoice.hardware.microphone import PortAudioMicrophone
from edgevoice.hardware.portaudio import PORTAUDIO
from edgevoice.hardware.speaker import PortAudioSpeaker
from tests.pulse import SPEAKER_RATE_HZ, Pulse

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


@pytest.fixture(autouse=True)
def cards_of_this_server(pulse: Pulse) -> None:
    PORTAUDIO.refresh(urgent=False)


class Ear:
    def __init__(self) -> None:
        self.blocks: list[Samples] = []
        self.told: list[str] = []
        self.microphone = PortAudioMicrophone(
            MicrophoneConfig(device="pulse"),
            self.blocks.append,
            self.told.append,
            lambda: self.told.append("found"),
        )

    @property
    def captured(self) -> Samples:
        return np.concatenate(self.blocks)


@asynccontextmanager
async def watched(device: PortAudioMicrophone | PortAudioSpeaker) -> AsyncIterator[None]:
    async with device:
        watching = asyncio.ensure_future(device.watch())
        yield
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


async def until(condition: Callable[[], bool], limit_s: float) -> None:
    async with asyncio.timeout(limit_s):
        while not condition():  # noqa: ASYNC110 the other side is a process, not an event
            await asyncio.sleep(0.02)


def chirp(rate_hz: int) -> Samples:
    """A second that fits only one place of a recording: a sine rising from 200 to 4000 Hz."""
    seconds = np.arange(rate_hz) / rate_hz
    tone = np.sin(2 * np.pi * (200 * seconds + 1900 * seconds**2))
    sound: Samples = (8000 * tone).astype(np.int16)
    return sound


def likeness(recorded: Samples, played: Samples) -> float:
    """Normalised correlation at the best place: 1.0 is identical."""
    size = 1 << (len(recorded) + len(played)).bit_length()
    spectrum = np.fft.rfft(recorded, size) * np.conj(np.fft.rfft(played, size))
    place = int(np.argmax(np.fft.irfft(spectrum, size)[: len(recorded)]))
    piece: NDArray[np.float64] = recorded[place : place + len(played)].astype(float)
    whole = played[: len(piece)].astype(float)
    return float(piece @ whole / (np.linalg.norm(piece) * np.linalg.norm(played) + 1e-9))


async def test_what_is_said_is_captured(pulse: Pulse) -> None:
    ear = Ear()
    async with watched(ear.microphone):
        await until(lambda: len(ear.blocks) > 10, 5)
        await asyncio.to_thread(pulse.say, chirp(CAPTURE_RATE_HZ))
        await asyncio.sleep(0.5)
    assert ear.told == []
    assert ear.microphone.dropped == 0
    assert likeness(ear.captured, chirp(CAPTURE_RATE_HZ)) > 0.95


async def test_what_is_played_comes_out(pulse: Pulse) -> None:
    playout = PlayoutBuffer(SPEAKER_RATE_HZ)
    speaker = PortAudioSpeaker(SpeakerConfig(device="pulse"), playout)
    async with watched(speaker):
        await asyncio.sleep(0.5)
        playout.push(chirp(SPEAKER_RATE_HZ))
        await until(lambda: playout.is_empty, 5)
        await asyncio.sleep(0.5)
        assert 0 < speaker.delay_ms < 500
    assert likeness(pulse.recording(), chirp(SPEAKER_RATE_HZ)) > 0.9


async def test_both_survive_the_death_of_the_sound_server(
    pulse: Pulse, capfd: pytest.CaptureFixture[str]
) -> None:
    ear = Ear()
    playout = PlayoutBuffer(SPEAKER_RATE_HZ)
    async with (
        watched(ear.microphone),
        watched(PortAudioSpeaker(SpeakerConfig(device="pulse"), playout)),
    ):
        await until(lambda: len(ear.blocks) > 10, 5)
        await asyncio.to_thread(pulse.kill)
        await until(lambda: bool(ear.told), 3)
        assert "no sound has passed" in ear.told[0]
        await asyncio.to_thread(pulse.start)
        await until(lambda: ear.told[1:] == ["found"], 20)
        before = len(ear.blocks)
        await until(lambda: len(ear.blocks) > before + 25, 5)
        await asyncio.sleep(6)  # the speaker looks for its card once in 5 s at the most
        playout.push(chirp(SPEAKER_RATE_HZ))
        await until(lambda: likeness(pulse.recording(), chirp(SPEAKER_RATE_HZ)) > 0.9, 20)
    assert "ALSA lib" not in capfd.readouterr().err


async def test_a_closed_microphone_delivers_nothing(pulse: Pulse) -> None:
    ear = Ear()
    await ear.microphone.open()
    await until(lambda: len(ear.blocks) > 10, 5)
    await ear.microphone.close()
    count = len(ear.blocks)
    await asyncio.sleep(0.3)
    assert len(ear.blocks) == count


async def test_a_wrong_name_lists_the_right_ones(pulse: Pulse) -> None:
    microphone = PortAudioMicrophone(
        MicrophoneConfig(device="ReSpeaker"), lambda block: None, lambda reason: None, lambda: None
    )
    with pytest.raises(MicrophoneError, match=r'"ReSpeaker" not found; there are .*pulse'):
        await microphone.open()
    await microphone.close()


def test_the_server_is_listed(pulse: Pulse) -> None:
    assert any("pulse" in line for line in list_devices())
