"""A private PulseAudio with a virtual microphone and loudspeaker, for tests marked `e2e`.

    def test_x(pulse: Pulse): pulse.say(samples); pulse.recording()

Import the fixture into a conftest.py: `from tests.pulse import pulse as pulse`.
Nothing outside a temporary folder is touched, and no other sound server is needed
or disturbed. `pulse` is then a device of PortAudio whose input is what `say`
plays, and whose output `recording` returns. Missing PulseAudio skips the test,
but fails it where CI is set: there it must be installed.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

import numpy as np
import pytest

from edgevoice.audio.frames import CAPTURE_RATE_HZ, Samples

SPEAKER_RATE_HZ = 48_000
HISS = 3
"""Amplitude of the room's own noise, as a converter has it: exact zeros are a dead microphone."""
START_S = 20.0
PLAYERS = 2
"""Who play from the start on: the room's hiss, and nothing to the loudspeaker."""
RECORDERS = 1
"""Who record from the start on: the tape."""

# 16 kHz so that no resampler lies between the test and the microphone.
CONFIGURATION = f"""
load-module module-native-protocol-unix auth-anonymous=1
load-module module-null-sink sink_name=room rate={CAPTURE_RATE_HZ} channels=1
load-module module-null-sink sink_name=loudspeaker rate={SPEAKER_RATE_HZ} channels=1
set-default-sink loudspeaker
set-default-source room.monitor
"""


class Pulse:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._server: subprocess.Popen[bytes] | None = None
        self._helpers: list[subprocess.Popen[bytes]] = []
        self._tape = folder / "tape"
        self.environment = {
            "PULSE_SERVER": f"unix:{folder}/pulse/native",
            "PULSE_COOKIE": str(folder / "cookie"),
            "PULSE_SOURCE": "room.monitor",
            "PULSE_SINK": "loudspeaker",
        }

    def start(self) -> None:
        """Returns when it accepts clients; its own come a little later, see `settle`."""
        script = self._folder / "default.pa"
        script.write_text(CONFIGURATION)
        self._server = subprocess.Popen(
            ["pulseaudio", "-n", "-F", str(script), "--daemonize=no", "--exit-idle-time=-1",
             "--use-pid-file=no", "--realtime=no", "--high-priority=no",
             f"--log-target=file:{self._folder}/log"],
            env={**os.environ, "HOME": str(self._folder), "XDG_CONFIG_HOME": str(self._folder),
                 "XDG_RUNTIME_DIR": str(self._folder),
                 "PULSE_RUNTIME_PATH": str(self._folder / "pulse")},
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self._wait_for(self._answers)
        # A null sink begins with a pause of up to 2 s unless something plays already.
        self.hiss("room")
        self._helper(
            "pacat", "--playback", "--device=loudspeaker", *_format(SPEAKER_RATE_HZ), "/dev/zero"
        )
        self._tape.write_bytes(b"")
        self._helper(
            "parec", "--device=loudspeaker.monitor", *_format(SPEAKER_RATE_HZ), to=self._tape
        )

    def settle(self) -> None:
        """Returns when those who play and record from the start on have arrived."""
        self._wait_for(lambda: self._count("sink-inputs") >= PLAYERS)
        self._wait_for(lambda: self._count("source-outputs") >= RECORDERS)

    def kill(self) -> None:
        """Without a word, as a crash does it."""
        for process in [*self._helpers, *([self._server] if self._server else [])]:
            process.kill()
            process.wait()
        self._helpers.clear()
        self._server = None
        shutil.rmtree(self._folder / "pulse", ignore_errors=True)

    def hang(self, hangs: bool) -> None:
        """It is there and does nothing, until it goes on."""
        assert self._server is not None
        self._server.send_signal(signal.SIGSTOP if hangs else signal.SIGCONT)

    def say(self, samples: Samples) -> None:
        """Play into the room; returns when it has been played."""
        subprocess.run(
            ["pacat", "--playback", "--device=room", *_format(CAPTURE_RATE_HZ)],
            input=samples.astype("<i2").tobytes(),
            env={**os.environ, **self.environment},
            check=True,
        )

    def control(self, *command: str) -> str:
        """What `pactl` answers."""
        environment = {**os.environ, **self.environment}
        done = subprocess.run(["pactl", *command], capture_output=True, env=environment, check=True)
        return done.stdout.decode().strip()

    def hiss(self, sink: str) -> None:
        """Noise of a quiet room, without end: `pacat` itself stops where its file does."""
        noise = np.random.default_rng(1).integers(-HISS, HISS + 1, 10 * CAPTURE_RATE_HZ)
        file = self._folder / "hiss"
        file.write_bytes(noise.astype("<i2").tobytes())
        source = subprocess.Popen(
            ["sh", "-c", 'while cat "$0"; do :; done', str(file)], stdout=subprocess.PIPE
        )
        self._helpers.append(source)
        player = ("pacat", "--playback", f"--device={sink}", *_format(CAPTURE_RATE_HZ))
        self._helper(*player, stdin=source.stdout)

    def recording(self) -> Samples:
        """What has come out of the loudspeaker since the start, at 48 kHz."""
        data = self._tape.read_bytes()
        return np.frombuffer(data[: len(data) // 2 * 2], "<i2").astype(np.int16)

    def _helper(
        self, *command: str, to: Path | None = None, stdin: IO[bytes] | None = None
    ) -> None:
        with open(to or os.devnull, "wb") as output:
            self._helpers.append(
                subprocess.Popen(
                    command,
                    stdin=stdin or subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.DEVNULL,
                    env={**os.environ, **self.environment},
                )
            )
        if stdin is not None:
            stdin.close()  # now the reader's alone

    def _answers(self) -> bool:
        environment = {**os.environ, **self.environment}
        asked = subprocess.run(["pactl", "info"], capture_output=True, env=environment)
        return asked.returncode == 0

    def _count(self, kind: str) -> int:
        return len(self.control("list", "short", kind).splitlines())

    def _wait_for(self, holds: Callable[[], bool]) -> None:
        give_up_at = time.monotonic() + START_S
        while not holds():
            assert time.monotonic() < give_up_at, (self._folder / "log").read_text()
            time.sleep(0.05)


def _format(rate_hz: int) -> list[str]:
    return [f"--rate={rate_hz}", "--channels=1", "--format=s16le", "--latency-msec=20"]


@pytest.fixture
def pulse() -> Iterator[Pulse]:
    """Running, and known to this process by its environment."""
    for program in ("pulseaudio", "pactl", "pacat"):
        if shutil.which(program) is None:
            reason = f"{program} is missing: sudo apt install pulseaudio libasound2-plugins"
            assert "CI" not in os.environ, reason
            pytest.skip(reason)
    before = dict(os.environ)
    with tempfile.TemporaryDirectory(prefix="ev-pulse-") as folder:  # short: sockets have limits
        pulse = Pulse(Path(folder))
        os.environ.update(pulse.environment)
        try:
            pulse.start()
            pulse.settle()
            yield pulse
        finally:
            pulse.kill()
            os.environ.clear()
            os.environ.update(before)
