"""The device as a process on a processor that is throttled, and with a model that is damaged."""

import asyncio
import os
import shutil
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import numpy as np
import pytest

from edgevoice.audio import models
from edgevoice.audio.frames import CAPTURE_RATE_HZ, FRAME_SAMPLES
from edgevoice.audio.wav import WavWriter
from edgevoice.simulator.relay_process import RunningRelay
from tests.e2e.house import DeviceProcess, device_process
from tests.fault_report import Measured
from tests.recordings import recording, scene

pytestmark = [pytest.mark.e2e, pytest.mark.models, pytest.mark.slow]

QUESTION = "alexa_what_time_is_it"

START_S = 60.0
"""It takes 2 s on an idle machine."""


@asynccontextmanager
async def throttled(pid: int, runs_s: float, rests_s: float) -> AsyncIterator[None]:
    """It gets so much of the processor, as a hot board does it: now and then nothing."""

    async def throttle() -> None:
        while True:
            os.kill(pid, signal.SIGSTOP)
            await asyncio.sleep(rests_s)
            os.kill(pid, signal.SIGCONT)
            await asyncio.sleep(runs_s)

    task = asyncio.ensure_future(throttle())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        with suppress(ProcessLookupError):  # what became of it is the test's matter
            os.kill(pid, signal.SIGCONT)


def a_noisy_minute(directory: Path) -> Path:
    """A question, and then a kitchen in which the wake word's models never rest."""
    noise = np.random.default_rng(1).integers(-3000, 3000, 60 * CAPTURE_RATE_HZ)
    file = directory / "kitchen.wav"
    with WavWriter(file, CAPTURE_RATE_HZ) as wav:
        wav.write(scene(0.5, QUESTION, 6.0, noise.astype(np.int16)))
    return file


@pytest.mark.fault("slow-cpu")
async def test_a_throttled_device_answers_and_where_it_cannot_says_what_it_left_out(
    tmp_path: Path, parrot: RunningRelay, measured: Measured
) -> None:
    kitchen = {
        "microphone__backend": "wav",
        "microphone__device": str(a_noisy_minute(tmp_path)),
        "turn__follow_up_s": 0.0,
    }
    async with device_process(tmp_path, parrot.url, parrot.token, **kitchen) as device:
        await device.until_that(lambda status: bool(status), "it lives", START_S)
        pid = device.process.pid
        async with throttled(pid, 0.01, 0.02):
            await device.until_that(lambda s: s["last_turn"] is not None, "an answer")
            status = await device.until(state="idle", gate="closed")
        assert status["last_turn"]["outcome"] == "answered"
        lost = status["last_turn"]["samples"]["lost"]
        assert lost <= status["dropped_blocks"] * FRAME_SAMPLES  # and 0 unless others starve us too
        async with throttled(pid, 0.03, 1.5):
            await device.until_that(lambda s: s["skipped_s"] > 1.0, "sound left out", 60.0)
        asked = time.monotonic()
        before = await device.ask("status")
        answered_s = time.monotonic() - asked
        await device.until_that(
            lambda s: (
                s["captured_s"] > before["captured_s"] + 1.0
                and s["skipped_s"] <= before["skipped_s"] + 2.0
            ),
            "it listens to everything again",
        )
        assert device.says("WARNING", "the processor is too slow")
        why = await device.ask("why")
        assert "the processor was too slow" in why["non-wake"]["sentence"]
        measured(
            f"at a third: answered, {lost} samples lost; in bursts: {before['skipped_s']:.1f} s"
            f" left out and said, status within {answered_s:.1f} s"
        )


def damaged(directory: Path) -> tuple[Path, Path]:
    """A folder with the models, one of which a dying card has spoilt; and the good file."""
    good = models.find("", "alexa_v0.1.onnx")
    folder = directory / "models"
    folder.mkdir()
    for file in good.parent.glob("*.onnx"):
        (folder / file.name).symlink_to(file)
    spoilt = folder / good.name
    spoilt.unlink()
    content = bytearray(good.read_bytes())
    content[:4096] = bytes(4096)
    spoilt.write_bytes(content)
    return spoilt, good


@pytest.mark.fault("corrupt-model")
async def test_a_damaged_model_is_named_and_it_is_woken_by_hand_until_it_is_mended(
    tmp_path: Path, parrot: RunningRelay, measured: Measured
) -> None:
    spoilt, good = damaged(tmp_path)
    settings = {
        "microphone__backend": "wav",
        "microphone__device": str(recording(QUESTION)),
        "wake__models_dir": str(spoilt.parent),
    }
    began = time.monotonic()
    async with device_process(tmp_path, parrot.url, parrot.token, **settings) as device:
        status = await device.until_that(lambda s: s.get("state") == "idle", "it lives", START_S)
        ready_s = time.monotonic() - began
        assert f"model {spoilt} cannot be loaded" in status["deaf"]
        await device.shows("offline")
        assert device.says("ERROR", f"model {spoilt} cannot be loaded")
        assert str(spoilt) in (await device.ask("why"))["deaf"]
        await device.ask("wake")
        await device.until(state="listening", gate="open")
        await device.ask("stop")
        await device.until(state="idle", gate="closed")
        shutil.copy(good, spoilt)
        await device.ask("reload")
        await mended(device)
        measured(f"up after {ready_s:.1f} s, deaf and saying so; woken by hand; mended by a reload")


async def mended(device: DeviceProcess) -> None:
    """And the first thing it hears is its name."""
    await device.until_that(lambda status: status.get("deaf", "?") is None, "no complaint")
    await device.until_that(lambda s: s["gate"] == "open", "its name was heard")
