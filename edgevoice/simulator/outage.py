"""A conversation over a line that breaks: device and relay as processes, one on each side.

The device hears a long question from a file and is answered by a parrot, so that every
word of it can be found again in what its loudspeaker played. What is done to the line,
and what that costs, is measured by the device's own word. Root only.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import numpy as np

from edgevoice.audio.frames import CAPTURE_RATE_HZ, Samples
from edgevoice.audio.wav import WavWriter, read_wav
from edgevoice.daemon.control.client import request
from edgevoice.errors import ControlError, LaboratoryError
from edgevoice.simulator.certificate import self_signed
from edgevoice.simulator.delay_line import LineConfig
from edgevoice.simulator.relay_process import RunningRelay, relay_process
from edgevoice.simulator.wide_area import WideArea

SPEECH = Path(__file__).parent / "speech"
QUESTION, AGAIN_FROM_S = "alexa_what_time_is_it", 0.88
"""A recording, and where in it the wake word is over."""
BEFORE_S, AFTER_S = 2.5, 60.0
LOOK_S = 0.02
INTO_IT_S = 1.5
PATIENCE_S = 60.0
ANSWER_RATE_HZ = 24_000

Moment = Literal["sentence", "answer"]


@dataclass(frozen=True, slots=True)
class Report:
    noticed_s: float | None
    """From the fault until the device knew of it; None: it went over without a break."""
    again_s: float
    """From the path's return until there was a session again; 0 if it never ceased."""
    outcome: str
    """Of the turn."""
    lost: int
    """Samples that the relay never had."""
    question_s: float
    answer_s: float
    """How long the question sounds, and how long its answer was heard."""


def question(times: int) -> Samples:
    """Asked so often in one breath; 0.95 s each."""
    whole = read_wav(SPEECH / f"{QUESTION}.wav")[: round(1.82 * CAPTURE_RATE_HZ)]
    again = whole[round(AGAIN_FROM_S * CAPTURE_RATE_HZ) :]
    return np.concatenate([whole, *[again] * (times - 1)])


def loud_s(samples: Samples, rate_hz: int) -> float:
    """From the first to the last loud moment, without pauses of more than half a second."""
    size = rate_hz // 50
    frames = samples[: len(samples) // size * size].reshape(-1, size).astype(np.float64)
    level = np.sqrt((frames**2).mean(axis=1))
    (loud,) = np.nonzero(level > 0.03 * max(level.max(initial=0.0), 1.0))
    gaps = np.diff(loud)
    return float((gaps[gaps <= 25].sum() + 1) * 0.02) if len(loud) else 0.0


class Outage:
    """A device that is being talked to, on a line that can be cut."""

    def __init__(
        self, area: WideArea, directory: Path, process: asyncio.subprocess.Process
    ) -> None:
        self.area = area
        self._directory = directory
        self._process = process
        self._status: dict[str, Any] = {"state": "starting"}
        self._moves: list[tuple[float, str]] = []
        """When the device came into each of its states."""

    async def watch(self) -> None:
        """Ask the device how it is, all the time."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                self._status = await asyncio.to_thread(
                    request, str(self._directory / "control.sock"), "status"
                )
            except ControlError:
                await asyncio.sleep(0.2)
                continue
            if not self._moves or self._moves[-1][1] != self._status["state"]:
                self._moves.append((loop.time(), self._status["state"]))
            await asyncio.sleep(LOOK_S)

    async def until(self, *states: str) -> None:
        """The device is in one of these."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                while self._status["state"] not in states:
                    if self._process.returncode is not None:
                        raise LaboratoryError(f"the device has stopped: {self._log()}")
                    await asyncio.sleep(LOOK_S)
        except TimeoutError:
            raise LaboratoryError(f"the device got stuck: {self._log()}") from None

    async def reach(self, moment: Moment) -> None:
        """Wait until this is going on, and has been for a while."""
        await self.until("listening" if moment == "sentence" else "speaking")
        await asyncio.sleep(INTO_IT_S)

    async def report(self, broke_at: float, healed_at: float) -> Report:
        """Once the conversation is over."""
        await self.until("idle")
        turn = self._status["last_turn"]
        self._process.terminate()
        await self._process.wait()
        broken = [at for at, state in self._moves if state == "connecting" and at > broke_at]
        after = [
            at
            for (_, before), (at, _) in pairwise(self._moves)
            if before == "connecting" and at > broke_at
        ]
        return Report(
            broken[0] - broke_at if broken else None,
            max(0.0, after[-1] - healed_at) if after else 0.0,
            turn["outcome"],
            turn["samples"]["lost"],
            loud_s(read_wav(self._directory / "question.wav"), CAPTURE_RATE_HZ),
            loud_s(read_wav(self._directory / "speaker.wav", ANSWER_RATE_HZ), ANSWER_RATE_HZ),
        )

    def _log(self) -> str:
        return (self._directory / "device.log").read_text(errors="replace")[-2_000:]


@asynccontextmanager
async def conversation(directory: Path, times: int) -> AsyncIterator[Outage]:
    """Everything is running, and the question is about to be asked."""
    with WideArea(LineConfig(delay_ms=10)) as area:
        certificate, key = self_signed(directory, area.relay_address)
        settings = (
            f"relay.host={area.relay_address}",
            f"relay.tls_cert={certificate}",
            f"relay.tls_key={key}",
        )
        async with (
            relay_process("parrot", directory, settings, area.relay.inside) as relay,
            device_process(directory, area, relay, certificate, times) as process,
        ):
            yield Outage(area, directory, process)


@asynccontextmanager
async def device_process(
    directory: Path, area: WideArea, relay: RunningRelay, ca_file: Path, times: int
) -> AsyncIterator[asyncio.subprocess.Process]:
    (directory / "token").write_text(relay.token)
    with WavWriter(directory / "question.wav") as wav:
        quiet = np.random.default_rng(1).integers(-4, 5, round(AFTER_S * CAPTURE_RATE_HZ))
        wav.write(quiet[: round(BEFORE_S * CAPTURE_RATE_HZ)].astype(np.int16))
        wav.write(question(times))
        wav.write(quiet.astype(np.int16))
    given = {
        "microphone.backend": "wav",
        "microphone.device": directory / "question.wav",
        "speaker.backend": "wav",
        "speaker.device": directory / "speaker.wav",
        "speaker.rate_hz": ANSWER_RATE_HZ,
        "echo.canceller": "none",
        "sounds.chime": False,
        "turn.barge_in": False,
        "turn.follow_up_s": 0.0,
        "link.url": relay.url,
        "link.ca_file": ca_file,
        "link.token_file": directory / "token",
        "control.socket": directory / "control.sock",
        "control.state_dir": directory / "state",
    }
    words = [word for name, value in given.items() for word in ("--set", _setting(name, value))]
    with (directory / "device.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *area.device.inside,
            sys.executable,
            "-m",
            "edgevoice",
            "run",
            *words,
            stdout=log,
            stderr=log,
        )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def _setting(name: str, value: object) -> str:
    return f"{name}={value if isinstance(value, str) else json.dumps(value, default=str)}"


async def suffer(
    directory: Path,
    moment: Moment,
    trouble: Callable[[WideArea], None],
    seconds: float,
    times: int = 6,
) -> Report:
    """This is done to the line at that moment, and the line is whole again after so long."""
    loop = asyncio.get_running_loop()
    async with (
        conversation(directory, times) as outage,
        asyncio.TaskGroup() as group,
    ):
        watching = group.create_task(outage.watch())
        await outage.reach(moment)
        broke_at = loop.time()
        trouble(outage.area)
        await asyncio.sleep(seconds)
        outage.area.mend()
        report = await outage.report(broke_at, loop.time() if seconds else broke_at)
        watching.cancel()
    return report
