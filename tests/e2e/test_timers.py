"""A timer that was asked for aloud rings when the relay is gone, and a press ends it."""

import contextlib
import os
import signal
import wave
from pathlib import Path

import numpy as np
import pytest

from edgevoice.audio.frames import CAPTURE_RATE_HZ, Samples
from edgevoice.audio.resample import resample
from edgevoice.relay.engines.engine import SPEAKING_RATE_HZ
from edgevoice.relay.engines.local.synthesizer import Synthesizer
from edgevoice.simulator.relay_process import relay_process
from tests.e2e.house import device_process
from tests.recordings import scene, speech

pytestmark = [pytest.mark.e2e, pytest.mark.models, pytest.mark.slow]

WAKE_WORD_S = 0.9
"""Of the recording, whose speaker then goes on to something else."""


def said(words: str) -> Samples:
    return resample(Synthesizer(7).speak(words), SPEAKING_RATE_HZ, CAPTURE_RATE_HZ)


def microphone(path: Path, words: str) -> str:
    """A room in which somebody wakes the assistant, says this, and is silent from then on."""
    woken = speech("alexa_what_time_is_it")[: round(WAKE_WORD_S * CAPTURE_RATE_HZ)]
    heard = scene(1.0, woken, 0.2, said(words), 60.0)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(CAPTURE_RATE_HZ)
        file.writeframes(np.asarray(heard, "<i2").tobytes())
    return str(path)


async def test_a_spoken_timer_rings_without_the_relay_until_somebody_presses(
    tmp_path: Path,
) -> None:
    room = microphone(tmp_path / "room.wav", "Set a timer for four seconds.")
    async with (
        relay_process("local", tmp_path) as relay,
        device_process(
            tmp_path,
            relay.url,
            relay.token,
            microphone__backend="wav",
            microphone__device=room,
            turn__follow_up_s=0,
            turn__reconnect_s=1,
        ) as device,
    ):
        status = await device.until_that(lambda told: "timers" in told, "a timer")
        assert status["timers"][0]["label"] == "timer"
        with contextlib.suppress(ProcessLookupError):
            os.kill(relay.pid, signal.SIGKILL)
        await device.until_that(
            lambda told: told.get("ringing") == ["timer"] and told["state"] == "idle",
            "ringing in an idle room",
        )
        await device.ask("wake")  # as the button does
        status = await device.until_that(lambda told: "ringing" not in told, "silence")
        assert (status["state"], status["gate"]) == ("idle", "closed")
        assert "timers" not in status
        assert "a timer rings" in device.log.read_text()
        assert "Traceback" not in device.log.read_text()
