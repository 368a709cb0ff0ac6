"""A control socket that answers what the real one would, for commands that ask it."""

import asyncio
import contextlib
import socket
import tempfile
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from edgevoice.daemon.control.commands import Command, Commands
from edgevoice.daemon.control.server import ControlServer
from edgevoice.errors import ControlError


def table(answers: Mapping[str, Any], asked: list[str]) -> Commands:
    commands = Commands()

    def answering(name: str, answer: Any) -> Command:
        def act(argument: str) -> Any:
            asked.append(f"{name} {argument}".strip())
            if isinstance(answer, ControlError):
                raise answer
            return answer.pop(0) if isinstance(answer, list) else answer

        return Command(act, name, argument=True)

    commands.add({name: answering(name, answer) for name, answer in answers.items()})
    return commands


def answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


@contextlib.contextmanager
def answering(**told: Any) -> Iterator[tuple[str, list[str]]]:
    """Its socket, and what it was asked. A list is answered one after the other."""
    asked: list[str] = []
    # Not in tmp_path: a Unix socket's path may not be longer than 107 bytes.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "control.sock"
        stop = asyncio.Event()
        loop = asyncio.new_event_loop()

        async def serve() -> None:
            serving = asyncio.ensure_future(ControlServer(str(path), table(told, asked)).run())
            await stop.wait()
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)

        thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
        thread.start()
        try:
            while not answers(path):
                pass
            yield str(path), asked
        finally:
            loop.call_soon_threadsafe(stop.set)
            thread.join()
            loop.close()
