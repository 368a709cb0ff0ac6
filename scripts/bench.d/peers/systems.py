"""The contestants: what a user has to run, and the server that each of them talks to.

A system is a server and a device in one folder. Devices are as their own instructions have
them; what differs is said in `how`, and ends up below the table.
"""

import json
import signal
import socket
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

from edgevoice.audio import models
from edgevoice.daemon.control.client import request
from edgevoice.errors import ControlError
from edgevoice.relay.access import tokens
from peers import environments
from peers.environments import Environment
from peers.processes import Program
from peers.record import Record

HERE = Path(__file__).resolve().parents[1]
WORD = "alexa"
WAIT_S = 30.0
SETTLE_S = 2.5
"""Networks that have heard nothing yet score anything."""


class System:
    name: ClassVar[str]
    how: ClassVar[str]
    needs: ClassVar[tuple[Environment, ...]] = ()
    says: ClassVar[Mapping[str, str]] = {}
    """What is in whose log once it listens."""
    answer_rate_hz: ClassVar[int] = 0
    """0: it has no server, and nothing to say."""

    def __init__(self, folder: Path, sound: Mapping[str, str]) -> None:
        self.folder = folder
        self._environment = {
            **sound,
            "PYTHONPATH": f"{HERE}:{HERE.parents[1]}",
            "ORT_DISABLE_TELEMETRY": "1",
        }
        self._programs: dict[str, Program] = {}
        self.record = Record(folder)

    @property
    def pids(self) -> list[int]:
        """Of all that has to run on the board."""
        return [program.pid for name, program in self._programs.items() if name != "server"]

    @property
    def restarted(self) -> int:
        """How often something of it had to be begun again."""
        return sum(program.restarted for program in self._programs.values())

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.prepare()
        if self.answer_rate_hz:
            self.start_server()
        for name, command in self.commands().items():
            self._run(name, command)
            if name in self.says:
                self._wait_for(name, self.says[name])
        self.wait()

    def prepare(self) -> None: ...

    def commands(self) -> dict[str, list[str]]:
        """On the board, by name; begun in this order."""
        raise NotImplementedError

    def server(self) -> list[str]:
        raise NotImplementedError

    def start_server(self) -> None:
        self._run("server", self.server(), restarts=False)

    def kill_server(self) -> None:
        self._programs["server"].kill()

    def restart_server(self) -> None:
        """Returns when it can be called, or has called."""
        mark = self.record.length
        self.start_server()
        self.wait_for_server(mark)

    def wait_for_server(self, mark: int = 0) -> None:
        until(lambda: self.record.ready(mark), f"the server of {self.name}")

    def wait(self) -> None:
        """Until it listens."""
        if self.answer_rate_hz:
            self.wait_for_server()
        time.sleep(SETTLE_S)

    def _wait_for(self, name: str, words: str) -> None:
        log = self.folder / f"{name}.log"
        until(lambda: words in log.read_text(errors="replace"), f"{self.name}: {words}")

    def hang_up(self) -> None:
        """Back to waiting for the wake word, whatever goes on."""

    def stop(self) -> None:
        for program in reversed(self._programs.values()):
            program.stop()

    def _run(self, name: str, command: list[str], restarts: bool = True) -> None:
        log = self.folder / f"{name}.log"
        self._programs[name] = Program(command, log, self._environment, restarts).start()


class Edgevoice(System):
    name = "edgevoice"
    how = (
        "`edgevoice run` and `edgevoice relay` as they come, card `pulse`; the relay with "
        "`relay.detection.mode: server_vad`, so that all servers wait for the same silence"
    )
    answer_rate_hz = 24_000
    engine = "openwakeword"

    def prepare(self) -> None:
        self._port = free_port()
        token = tokens.create(str(self.folder / "tokens"), "bench")
        (self.folder / "token").write_text(token)

    def server(self) -> list[str]:
        return self._edgevoice(
            ["-m", "peers.ends.edgevoice_relay", str(self.folder), "relay"],
            {
                "relay.engine": "parrot",
                "relay.port": self._port,
                "relay.tokens_file": self.folder / "tokens",
                "relay.store": "memory",
                "relay.limits.starts_per_minute": 600,
                "relay.detection.mode": "server_vad",
            },
        )

    def commands(self) -> dict[str, list[str]]:
        settings: dict[str, Any] = {
            "microphone.device": "pulse",
            "speaker.device": "pulse",
            "link.url": f"http://127.0.0.1:{self._port}",
            "link.token_file": self.folder / "token",
            "link.board_card": "",
            "control.socket": self.folder / "control.sock",
            "control.state_dir": self.folder / "state",
            "context.keep": "process",
        }
        if self.engine != "openwakeword":
            settings["wake.words"] = [{"name": WORD, "engine": self.engine}]
        return {"device": self._edgevoice(["-m", "edgevoice", "run"], settings)}

    def wait_for_server(self, mark: int = 0) -> None:
        until(lambda: is_open(self._port), "edgevoice's relay")

    def wait(self) -> None:
        self.wait_for_server()
        until(self.listens, "edgevoice to listen")
        time.sleep(SETTLE_S)

    def listens(self) -> bool:
        try:
            status = self._ask("status")
        except ControlError:
            return False
        return status["microphone"] == "ok" and status["captured_s"] > 0.5

    def hang_up(self) -> None:
        try:
            self._ask("stop")
        except ControlError:
            pass  # it is not there at the moment

    def _ask(self, command: str) -> dict[str, Any]:
        return request(str(self.folder / "control.sock"), command)

    def _edgevoice(self, words: list[str], settings: dict[str, Any]) -> list[str]:
        command = [sys.executable, *words]
        for name, value in settings.items():
            text = value if isinstance(value, str) else json.dumps(value, default=str)
            command += ["--set", f"{name}={text.strip(chr(34))}"]
        return command


class EdgevoiceMicro(Edgevoice):
    name = "edgevoice, microWakeWord"
    how = "the same with `wake.words: [{name: alexa, engine: microwakeword}]`"
    engine = "microwakeword"


class Wyoming(System):
    name = "wyoming-satellite"
    how = (
        "with `--wake-uri` to wyoming-openwakeword on the same board, `arecord` and `aplay` as in "
        "its instructions; no sounds"
    )
    needs = (environments.WYOMING_SATELLITE, environments.WYOMING_OPENWAKEWORD)
    says: ClassVar = {"wake": "Ready", "device": "Waiting for wake word"}
    answer_rate_hz = 22_050

    def prepare(self) -> None:
        self._port, self._wake_port = free_port(), free_port()

    def server(self) -> list[str]:
        return [sys.executable, "-m", "peers.ends.wyoming_server", str(self.folder),
                str(self._port)]  # fmt: skip

    def commands(self) -> dict[str, list[str]]:
        return {"wake": self.wake(), "device": self.satellite(*self.hearing())}

    def hearing(self) -> list[str]:
        return ["--wake-uri", f"tcp://127.0.0.1:{self._wake_port}", "--wake-word-name", WORD]

    def wake(self) -> list[str]:
        return environments.WYOMING_OPENWAKEWORD.program(
            "wyoming_openwakeword", "--uri", f"tcp://127.0.0.1:{self._wake_port}",
            "--preload-model", WORD,
        )  # fmt: skip

    def satellite(self, *hearing: str) -> list[str]:
        return environments.WYOMING_SATELLITE.program(
            "wyoming_satellite", "--name", "bench", "--uri", f"tcp://127.0.0.1:{self._port}",
            "--no-zeroconf",
            "--mic-command", "arecord -q -D pulse -r 16000 -c 1 -f S16_LE -t raw",
            "--snd-command", "aplay -q -D pulse -r 22050 -c 1 -f S16_LE -t raw",
            *hearing,
        )  # fmt: skip

    def hang_up(self) -> None:
        self._programs["server"].send(signal.SIGUSR1)


class WyomingVad(Wyoming):
    name = "wyoming-satellite --vad"
    how = "all speech goes to the server, which looks for the wake word there"
    needs = (environments.WYOMING_SATELLITE,)
    says: ClassVar = {"device": "Waiting for speech"}

    def commands(self) -> dict[str, list[str]]:
        return {"device": self.satellite("--vad")}


class Stock(System):
    name = "openWakeWord + aiortc"
    how = (
        "openWakeWord's own loop (its ONNX networks) and a plain RTCPeerConnection that is opened "
        "on waking, as tutorials have it (`scripts/bench.d/peers/ends/stock_device.py`)"
    )
    needs = (environments.TUTORIAL,)
    says: ClassVar = {"device": "listening"}
    answer_rate_hz = 48_000

    def prepare(self) -> None:
        self._port = free_port()

    def server(self) -> list[str]:
        return environments.TUTORIAL.program(
            "peers.ends.stock_server", str(self.folder), str(self._port)
        )

    def commands(self) -> dict[str, list[str]]:
        return {
            "device": environments.TUTORIAL.program(
                "peers.ends.stock_device", str(self._port), str(models_folder()), WORD
            )
        }

    def hang_up(self) -> None:
        self._programs["device"].send(signal.SIGUSR1)


class Loop(System):
    """A wake-word engine alone, by its own command: no assistant, but what one is built on."""

    module: ClassVar[str]
    needs = (environments.WAKE_WORDS,)

    def commands(self) -> dict[str, list[str]]:
        record = "parec --rate=16000 --channels=1 --format=s16le --latency-msec=64"
        python = environments.WAKE_WORDS.python
        return {"device": ["sh", "-c", f"{record} | {python} -m {self.module} --model {WORD}"]}


class PyOpen(Loop):
    name = "pyopen-wakeword"
    how = "`parec | python -m pyopen_wakeword --model alexa`: a wake word and nothing else"
    module = "pyopen_wakeword"


class PyMicro(Loop):
    name = "pymicro-wakeword"
    how = "`parec | python -m pymicro_wakeword --model alexa`: a wake word and nothing else"
    module = "pymicro_wakeword"


LISTENING = (Edgevoice, EdgevoiceMicro, Wyoming, WyomingVad, Stock, PyOpen, PyMicro)
TALKING = (Edgevoice, Wyoming, WyomingVad, Stock)


def models_folder() -> Path:
    return models.find("", "melspectrogram.onnx").parent


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_open(port: int) -> bool:
    with socket.socket() as caller:
        return caller.connect_ex(("127.0.0.1", port)) == 0


def until(holds: Callable[[], bool], wanted: str, within_s: float = WAIT_S) -> None:
    give_up_at = time.monotonic() + within_s
    while not holds():
        if time.monotonic() > give_up_at:
            raise TimeoutError(f"waited {within_s:.0f} s for {wanted}")
        time.sleep(0.05)
