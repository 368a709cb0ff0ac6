"""A board as its neighbours see it."""

import socket

from edgevoice.errors import ControlError
from edgevoice.neighbours.neighbour import Host

STATUS = {
    "version": "1",
    "state": "idle",
    "muted": False,
    "microphone": "ok",
    "speaker": "ok",
    "relay": "http://relay",
    "volume": 70,
    "captured_s": 12.5,
    "dropped_blocks": 0,
    "process": {"pid": 4711, "tasks": 31, "threads": 6, "descriptors": 40, "rss_mb": 118.2},
    "last_turn": None,
}


class FakeBoard:
    """Obeys `mute`, `stop` and `volume`, as the real one does."""

    def __init__(self) -> None:
        self.status: dict[str, object] = dict(STATUS)
        self.commands: list[str] = []

    def host(self) -> Host:
        return Host(lambda: dict(self.status), self._obey)

    def _obey(self, line: str) -> None:
        self.commands.append(line)
        name, _, argument = line.partition(" ")
        match name:
            case "mute":
                self.status["muted"] = True
            case "volume":
                self.status["volume"] = int(argument)
            case "stop":
                raise ControlError("nothing is going on")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
