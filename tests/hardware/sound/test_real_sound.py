"""Microphone and speaker through PortAudio, ALSA and a real PulseAudio. Takes real seconds."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edgevoice.audio.frames import CAPTURE_RATE_HZ, FRAME_MS, Samples
from edgevoice.audio.playout import PlayoutBuffer
from edgevoice.config import MicrophoneConfig, SpeakerConfig
from edgevoice.errors import MicrophoneError
from edgevoice.hardware.sound.devices import list_devices
from edgevoice.hardware.sound.duplex import Duplex
from edgevoice.hardware.sound.microphone import MOST_WAITING, PortAudioMicrophone
from edgevoice.hardware.sound.portaudio import PORTAUDIO
from edgevoice.hardware.sound.speaker import PortAudioSpeaker
from tests.fault_report import Measured
from tests.pulse import SPEAKER_RATE_HZ, Pulse
from tests.waiting import seconds

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


@pytest.fixture(autouse=True)
def cards_of_this_server(pulse: Pulse) -> None:
    PORTAUDIO.refresh(thorough=True)


NOTICED_S = 1.0 + 0.4
"""A second, and what a busy machine adds."""

HEALED_S = 5.0

ALIKE = 0.5
"""0.99 and more on a quiet machine. A busy one loses blocks, which spoils pieces; noise: 0.1."""


class Ear:
    def __init__(self, device: str = "pulse", **settings: Any) -> None:
        self.blocks: list[Samples] = []
        self.told: list[str] = []
        self.microphone = PortAudioMicrophone(
            MicrophoneConfig(device=device, **settings),
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
    """Of its fifths, each where it fits best, the one in the middle: 1.0 is identical."""
    return float(np.median([_alike(recorded, piece) for piece in np.array_split(played, 5)]))


def _alike(recorded: Samples, played: Samples) -> float:
    """Normalised correlation at the best place."""
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
    assert likeness(ear.captured, chirp(CAPTURE_RATE_HZ)) > ALIKE


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


@pytest.mark.fault("audio-server-restart")
async def test_both_survive_the_death_of_the_sound_server(
    pulse: Pulse, capfd: pytest.CaptureFixture[str], measured: Measured
) -> None:
    ear = Ear()
    playout = PlayoutBuffer(SPEAKER_RATE_HZ)
    heard_of: list[str] = []
    speaker = PortAudioSpeaker(
        SpeakerConfig(device="pulse"), playout, heard_of.append, lambda: heard_of.append("found")
    )
    async with watched(ear.microphone), watched(speaker):
        await until(lambda: len(ear.blocks) > 10, 5)
        await asyncio.sleep(3)  # a new stream may take that long to be given up
        await asyncio.to_thread(pulse.kill)
        noticed_s = await seconds(until(lambda: len(ear.told) + len(heard_of) == 2, NOTICED_S))
        assert "no sound has passed" in ear.told[0]
        await asyncio.to_thread(pulse.start)
        back_s = await seconds(until(lambda: ear.told[1:] == heard_of[1:] == ["found"], HEALED_S))
        measured(f"while idle: noticed after {noticed_s:.1f} s, back after {back_s:.1f} s")
        before = len(ear.blocks)
        await until(lambda: len(ear.blocks) > before + 25, 5)
        async with asyncio.timeout(30):  # a new sink's first 2 s are cut: several tries
            while likeness(pulse.recording(), chirp(SPEAKER_RATE_HZ)) < 0.9:
                playout.push(chirp(SPEAKER_RATE_HZ))
                await asyncio.sleep(1.5)
    assert "ALSA lib" not in capfd.readouterr().err


async def test_a_closed_microphone_delivers_nothing(pulse: Pulse) -> None:
    ear = Ear()
    await ear.microphone.open()
    await until(lambda: len(ear.blocks) > 10, 5)
    await ear.microphone.close()
    count = len(ear.blocks)
    await asyncio.sleep(0.3)
    assert len(ear.blocks) == count


async def test_a_closed_microphone_has_nothing_open_at_the_server(pulse: Pulse) -> None:
    ear = Ear()
    await ear.microphone.open()
    await until(lambda: len(ear.blocks) > 10, 5)
    assert recordings(pulse) == 1
    await ear.microphone.close()
    assert recordings(pulse) == 0


@pytest.mark.parametrize("rate_hz", [44_100, 48_000])
async def test_what_is_said_is_captured_at_other_rates_and_from_another_channel(
    pulse: Pulse, rate_hz: int
) -> None:
    ear = Ear("pulse:room", rate_hz=rate_hz, channel=2)
    async with watched(ear.microphone):
        await until(lambda: len(ear.blocks) > 10, 5)
        await asyncio.to_thread(pulse.say, chirp(CAPTURE_RATE_HZ))
        await asyncio.sleep(0.5)
    assert ear.told == []
    assert likeness(ear.captured, chirp(CAPTURE_RATE_HZ)) > ALIKE


@pytest.mark.fault("other-microphone", "other-rate")
async def test_a_source_is_chosen_by_its_name_and_missed_when_it_goes(
    pulse: Pulse, measured: Measured
) -> None:
    """The server goes on giving sound, from another source."""
    number = pulse.control("load-module", "module-null-sink", "sink_name=usb", "rate=16000")
    pulse.hiss("usb")
    ear = Ear("pulse:usb")
    async with watched(ear.microphone):
        await until(lambda: len(ear.blocks) > 10, 5)
        await asyncio.to_thread(pulse.control, "unload-module", number)
        noticed_s = await seconds(until(lambda: bool(ear.told), NOTICED_S))
        measured(f"the switch is noticed after {noticed_s:.2f} s")
        assert '"usb.monitor" is gone' in ear.told[0]
        heard = len(ear.blocks)
        await asyncio.sleep(3)
        assert len(ear.told) == 1
        assert len(ear.blocks) == heard  # of the other one nothing
        other_form = ("rate=44100", "channels=2")
        pulse.control("load-module", "module-null-sink", "sink_name=usb", *other_form)
        pulse.hiss("usb")
        back_s = await seconds(until(lambda: ear.told[1:] == ["found"], HEALED_S))
        heard = len(ear.blocks)
        heard_s = await seconds(until(lambda: len(ear.blocks) > heard + 50, 5))
        assert 0.5 < heard_s < 3.0  # at its own rate it would be a third of a second
        measured(f"heard again after {back_s:.1f} s, at 16 kHz as before")


@pytest.fixture
def own_alsa(pulse: Pulse, tmp_path: Path) -> None:
    """PCMs that an owner may have written into an asound.conf, one of them without a clock.

    No `plug` that converts: over ALSA's plugin for PulseAudio even `arecord` gets nothing.
    """
    path = tmp_path / "asound.conf"
    path.write_text(
        "</usr/share/alsa/alsa.conf>\n"
        'pcm.headset { type pulse device "room.monitor" }\n'
        'pcm.rushing { type plug slave.pcm { type "null" } }\n'
    )
    os.environ["ALSA_CONFIG_PATH"] = str(path)  # put back by the fixture `pulse`
    PORTAUDIO.refresh(thorough=True)


async def test_a_pcm_of_the_owners_own_is_chosen_by_its_name(pulse: Pulse, own_alsa: None) -> None:
    ear = Ear("headset")
    async with watched(ear.microphone):
        await until(lambda: len(ear.blocks) > 10, 5)
        await asyncio.to_thread(pulse.say, chirp(CAPTURE_RATE_HZ))
        await asyncio.sleep(0.5)
    assert ear.told == []
    assert likeness(ear.captured, chirp(CAPTURE_RATE_HZ)) > ALIKE


@pytest.mark.fault("card-without-clock")
async def test_a_card_without_a_clock_is_survived(own_alsa: None, measured: Measured) -> None:
    """Through ALSA's plug: it gives whatever is in memory, hundreds of times too fast."""
    ear = Ear("rushing")
    async with watched(ear.microphone):
        await until(lambda: ear.microphone.dropped > 1000, 10)
        assert ear.microphone.blocks > 100
        most = MOST_WAITING * FRAME_MS / 1000
        assert ear.microphone.behind_s <= most
        measured(f"over 1000 frames dropped and counted, {most:g} s kept at most")


@pytest.mark.fault("silent-zeros")
async def test_zeros_are_a_dead_microphone(pulse: Pulse, measured: Measured) -> None:
    pulse.control("load-module", "module-null-sink", "sink_name=dead", "rate=16000")
    ear = Ear("pulse:dead")
    async with watched(ear.microphone):
        noticed_s = await seconds(until(lambda: bool(ear.told), 5))
        assert "nothing but zeros" in ear.told[0]
        pulse.hiss("dead")
        back_s = await seconds(until(lambda: ear.told[1:] == ["found"], HEALED_S))
        measured(f"said after {noticed_s:.1f} s, heard again {back_s:.1f} s after the first sound")


async def test_one_stream_carries_both_directions_and_mute_closes_the_one(pulse: Pulse) -> None:
    duplex = Duplex(together=lambda one, other: True)
    blocks: list[Samples] = []
    microphone = PortAudioMicrophone(
        MicrophoneConfig(device="pulse"), blocks.append, print, print, duplex
    )
    playout = PlayoutBuffer(SPEAKER_RATE_HZ)
    speaker = PortAudioSpeaker(SpeakerConfig(device="pulse"), playout, duplex=duplex)
    async with watched(speaker), watched(microphone):
        assert duplex.is_one_stream
        await until(lambda: len(blocks) > 10, 5)
        # A sink's first 2 s are cut, and ALSA's plugin for PulseAudio slips now and then
        # when it has to serve both at once: several tries.
        for _ in range(5):
            await asyncio.sleep(1)
            playout.push(chirp(SPEAKER_RATE_HZ))
            await asyncio.to_thread(pulse.say, chirp(CAPTURE_RATE_HZ))
        await asyncio.sleep(0.5)
        assert likeness(pulse.recording(), chirp(SPEAKER_RATE_HZ)) > ALIKE
        assert likeness(np.concatenate(blocks), chirp(CAPTURE_RATE_HZ)) > ALIKE
        await microphone.close()
        assert recordings(pulse) == 0
        played_ms = playout.played_ms
        playout.push(chirp(SPEAKER_RATE_HZ))
        await until(lambda: playout.is_empty, 5)
        assert playout.played_ms > played_ms


def recordings(pulse: Pulse) -> int:
    """How many clients record, but for the one that tapes the loudspeaker."""
    return len(pulse.control("list", "short", "source-outputs").splitlines()) - 1


async def test_a_wrong_name_lists_the_right_ones(pulse: Pulse) -> None:
    microphone = PortAudioMicrophone(
        MicrophoneConfig(device="ReSpeaker"), lambda block: None, lambda reason: None, lambda: None
    )
    with pytest.raises(MicrophoneError, match=r'"ReSpeaker" not found; there are .*pulse'):
        await microphone.open()
    await microphone.close()


@pytest.mark.fault("other-microphone")
async def test_a_source_that_is_not_there_is_not_another(pulse: Pulse) -> None:
    with pytest.raises(MicrophoneError, match=r'"pulse:usb" not found; .*pulse:room.monitor'):
        await Ear("pulse:usb").microphone.open()


def test_the_server_its_sources_and_its_sinks_are_listed(pulse: Pulse) -> None:
    lines = list_devices()
    assert "   pulse:room.monitor" in lines
    assert "   pulse:loudspeaker" in lines[lines.index("   pulse:room.monitor") + 1 :]
