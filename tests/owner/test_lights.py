"""`edgevoice lights`, with and without a running assistant."""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from edgevoice.cli import main
from edgevoice.daemon.control.commands import Commands
from edgevoice.daemon.control.light_commands import LightCommands
from edgevoice.daemon.control.server import ControlServer
from edgevoice.daemon.gate_light import GateLight
from edgevoice.errors import ControlError
from edgevoice.hardware.lights.console import ConsoleIndicator
from edgevoice.hardware.lights.shows import SHOWS
from edgevoice.owner.lights import demonstrate, shown
from edgevoice.transceiver.indication import Indication
from tests.daemon.test_gate_light import Lamp, gate_light


@pytest.fixture
def command(tmp_path: Path) -> Callable[..., int]:
    config = tmp_path / "config.yaml"
    config.write_text(f"control:\n  socket: {tmp_path}/socket\n")

    def run(*words: str) -> int:
        return main(["lights", "-c", str(config), *words])

    return run


def test_every_pattern_is_played_and_explained(
    command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("--seconds", "0.001") == 0
    told = capsys.readouterr()
    assert [line[:14].strip() for line in told.out.splitlines()] == list(SHOWS)
    assert told.err.count("for show") == len(SHOWS)


def test_one_pattern_by_name(
    command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("--once", "timer ringing", "--seconds", "0.001") == 0
    assert capsys.readouterr().out == (
        "timer ringing  a timer has run out; say stop, or press the button\n"
    )


def test_an_unknown_pattern_is_an_error_that_names_the_known(
    command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("--once", "disco") == 1
    assert "none of: muted, error, timer ringing" in capsys.readouterr().err


@pytest.mark.parametrize("seconds", ["0", "-1", "soon", "nan"])
def test_a_time_that_is_none_is_refused(command: Callable[..., int], seconds: str) -> None:
    with pytest.raises(SystemExit):
        command("--seconds", seconds)


def test_where_there_is_no_light_it_is_said(
    command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("--set", "indicator.kind=none") == 1
    assert "there is no light" in capsys.readouterr().err


def test_a_light_that_cannot_be_reached_is_an_error(
    command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--set", "indicator.kind=apa102", "--set", "indicator.count=3"]
    assert command(*words, "--set", "indicator.spi=9.9", "--seconds", "0.2") == 1
    assert "the light does not work" in capsys.readouterr().err


class Assistant:
    """Its control socket, in a thread of its own."""

    def __init__(self, socket: Path) -> None:
        self.lamp = Lamp()
        self.light: GateLight = gate_light(self.lamp)
        self._socket = socket
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))

    async def _run(self) -> None:
        commands = Commands()
        commands.add(LightCommands(lambda: self.light).table())
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        serving = asyncio.ensure_future(ControlServer(str(self._socket), commands).run())
        while not self._socket.exists():  # noqa: ASYNC110
            await asyncio.sleep(0.001)
        self._ready.set()
        await self._end.wait()
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)

    def __enter__(self) -> "Assistant":
        self._thread.start()
        self._ready.wait(5)
        return self

    def __exit__(self, *trouble: object) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join()


@pytest.mark.e2e
def test_a_running_assistant_is_asked_to_do_it(
    command: Callable[..., int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Assistant(tmp_path / "socket") as assistant:
        assert command("--once", "muted", "--seconds", "0.001") == 0
        assert assistant.lamp.demonstrated == ["muted"]
        assistant.light.show(Indication.MUTED)
        assert command("--once", "idle") == 1
    assert 'the light says "muted", which must be seen' in capsys.readouterr().err


@pytest.mark.e2e
async def test_a_light_that_breaks_by_a_bug_is_heard_of() -> None:
    class Broken(ConsoleIndicator):
        async def run(self) -> None:
            raise ZeroDivisionError

    with pytest.raises(ExceptionGroup) as broken:
        await demonstrate(Broken(), ["idle"], seconds=5)
    assert broken.group_contains(ZeroDivisionError)


async def test_while_it_is_paired_the_light_says_so(tmp_path: Path) -> None:
    with Assistant(tmp_path / "socket") as assistant:
        async with shown(str(tmp_path / "socket"), "pairing"):
            for _ in range(500):
                if assistant.lamp.demonstrated:
                    break
                await asyncio.sleep(0.01)
        assert assistant.lamp.demonstrated == ["pairing"]


async def test_without_an_assistant_pairing_goes_on_all_the_same(tmp_path: Path) -> None:
    async with shown(str(tmp_path / "nobody"), "pairing"):
        await asyncio.sleep(0)


def test_the_control_socket_knows_the_names() -> None:
    table = LightCommands(lambda: gate_light(Lamp())).table()
    assert table["lights"].act("long press") == {"shows": "long press", "seconds": 4.0}
    with pytest.raises(ControlError, match="none of"):
        table["lights"].act("disco")
