"""Whether the microphone is alive, and the loudspeaker can be opened. Nothing is played.

Where the assistant runs it has both, and is asked.
"""

import asyncio
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

import numpy as np

from edgevoice.audio.frames import CAPTURE_RATE_HZ, FRAME_SAMPLES, Samples
from edgevoice.audio.level import SILENCE_DBFS, peak_dbfs, rms_dbfs
from edgevoice.audio.playout import PlayoutBuffer
from edgevoice.config import Config, MicrophoneConfig, SpeakerConfig
from edgevoice.daemon.control import client as control_client
from edgevoice.doctor.checks.assistant import Ask
from edgevoice.doctor.finding import Finding
from edgevoice.doctor.meter import Levels
from edgevoice.errors import AudioError, ControlError
from edgevoice.hardware.sound.microphone import make_microphone
from edgevoice.hardware.sound.speaker import make_speaker

LISTEN_S = 1.0
WARM_UP_FRAMES = 10
"""Of a card that has just been opened; some begin with zeros or a click."""
FEW = 0.6
"""Fewer frames than this share of what is due, and sound gets lost."""
MOST_DC = 0.02
LOUD_DBFS = -40.0
CLIPPED_DBFS = -0.1

RIGHT_ONE = "edgevoice devices; microphone.device and microphone.channel choose another"
SWITCH = "look for a switch on the microphone; edgevoice listen shows the level while you speak"


@dataclass
class Heard:
    """What came in `LISTEN_S`."""

    frames: list[Samples] = field(default_factory=list)
    lost: str = ""

    @property
    def sound(self) -> Samples:
        return np.concatenate([np.zeros(0, np.int16), *self.frames[WARM_UP_FRAMES:]])


def hearing(
    config: Config, ask: Ask = control_client.request, missing: Collection[str] = ()
) -> Iterator[Finding]:
    """`missing`: `microphone` or `speaker`, of which that is known already."""
    try:
        status = ask(config.control.socket, "status")
        levels = Levels.of(ask(config.control.socket, "levels"))
    except ControlError as error:
        if isinstance(error.__cause__, PermissionError):
            todo = "sudo edgevoice doctor sound, or: sudo adduser $USER edgevoice"
            yield Finding("warn", "hearing", "the assistant runs and may not be asked", todo)
            return
        yield from _by_ourselves(config, missing)
        return
    if config.microphone.backend == "portaudio":
        yield _asked(status.get("muted") is True, levels)


def _asked(muted: bool, levels: Levels) -> Finding:
    if muted:
        return Finding("ok", "hearing", "muted: the microphone is closed")
    if levels.peak_dbfs <= SILENCE_DBFS:
        return Finding("fail", "hearing", "the assistant hears nothing but zeros", SWITCH)
    text = (
        f"the assistant hears {levels.rms_dbfs:.0f} dBFS, the highest peak {levels.peak_dbfs:.0f}"
    )
    return Finding("ok", "hearing", text)


def _by_ourselves(config: Config, missing: Collection[str]) -> Iterator[Finding]:
    if config.microphone.backend == "portaudio" and "microphone" not in missing:
        try:
            yield from judged(asyncio.run(listen(config.microphone)))
        except AudioError as error:
            yield Finding("fail", "hearing", str(error), f"correct it: {RIGHT_ONE}")
    if config.speaker.backend != "portaudio" or "speaker" in missing:
        return
    try:
        asyncio.run(speak_not(config.speaker))
    except AudioError as error:
        todo = "correct it: edgevoice devices; speaker.device chooses another"
        yield Finding("fail", "speaking", str(error), todo)
    else:
        todo = "edgevoice doctor --audio plays something"
        yield Finding("ok", "speaking", f"the loudspeaker can be opened; {todo}")


async def listen(config: MicrophoneConfig, seconds: float = LISTEN_S) -> Heard:
    """MicrophoneError where it cannot be opened."""
    heard = Heard()
    enough = asyncio.Event()
    due = round(seconds * CAPTURE_RATE_HZ / FRAME_SAMPLES)

    def take(frame: Samples) -> None:
        heard.frames.append(frame)
        if len(heard.frames) >= due:
            enough.set()

    def lose(reason: str) -> None:
        heard.lost = reason

    microphone = make_microphone(config, take, lose, lambda: None)
    try:
        await microphone.open()
        async with asyncio.timeout(seconds * 1.5):
            await enough.wait()
    except TimeoutError:
        pass  # what came is what is judged
    finally:
        await microphone.close()
    return heard


def judged(heard: Heard, seconds: float = LISTEN_S) -> Iterator[Finding]:
    due = seconds * CAPTURE_RATE_HZ / FRAME_SAMPLES
    sound = heard.sound
    if heard.lost or not heard.frames:
        text = heard.lost or "it was opened, and delivers nothing"
        yield Finding("fail", "hearing", text, f"unplug it and plug it in again; {RIGHT_ONE}")
    elif len(heard.frames) < FEW * due:
        text = f"only {len(heard.frames)} of {due:.0f} blocks came within a second and a half"
        todo = "another USB port or cable; set microphone.period_ms: 20"
        yield Finding("fail", "hearing", text, todo)
    elif not sound.any():
        yield Finding("fail", "hearing", "delivers nothing but zeros", f"{SWITCH}; {RIGHT_ONE}")
    elif (sound == sound[0]).all():
        text = f"delivers always the same value ({sound[0]})"
        yield Finding("fail", "hearing", text, RIGHT_ONE)
    else:
        yield from _well(sound)


def _well(sound: Samples) -> Iterator[Finding]:
    rms, peak = rms_dbfs(sound), peak_dbfs(sound)
    offset = float(np.mean(sound)) / 32_768
    text = f"{rms:.0f} dBFS, the highest peak {peak:.0f}"
    if abs(offset) > MOST_DC:
        told = f"{text}; it is off centre by {offset:.0%} of full scale"
        yield Finding("warn", "hearing", told, "another cable or card")
    elif peak >= CLIPPED_DBFS or rms > LOUD_DBFS:
        todo = (
            "if nobody spoke: lower the capture level in alsamixer, then edgevoice doctor --audio"
        )
        yield Finding("warn", "hearing", f"{text}, which is loud for a room", todo)
    else:
        yield Finding("ok", "hearing", text)


async def speak_not(config: SpeakerConfig) -> None:
    """Open it and close it again: silence for a moment. SpeakerError where that fails."""
    trouble: list[str] = []
    speaker = make_speaker(config, PlayoutBuffer(config.rate_hz), trouble.append)
    try:
        await speaker.open()
    finally:
        await speaker.close()
