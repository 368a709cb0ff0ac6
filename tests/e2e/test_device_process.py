"""`edgevoice run` as a process: talked to, signalled, muted, and left without a relay."""

import asyncio
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from edgevoice.errors import ControlError
from edgevoice.simulator.relay_process import RunningRelay
from tests.e2e.house import WAIT_S, device_process, edgevoice
from tests.recordings import recording
from tests.waiting import until

pytestmark = [pytest.mark.e2e, pytest.mark.models, pytest.mark.slow]

NOBODY = "http://127.0.0.1:9"
"""The discard port: nothing listens there."""


async def test_a_spoken_question_is_answered_and_the_turn_is_reported(
    tmp_path: Path, parrot: RunningRelay
) -> None:
    async with device_process(
        tmp_path,
        parrot.url,
        parrot.token,
        microphone__backend="wav",
        microphone__device=str(recording("alexa_what_time_is_it")),
        turn__follow_up_s=0.5,
    ) as device:
        await device.until(state="speaking")
        status = await device.until(state="idle", gate="closed")
        assert status["last_turn"]["outcome"] == "answered"
        assert status["last_turn"]["samples"]["lost"] == 0
        told = await device.ask("privacy")
        assert [interval["to"] for interval in told["intervals"]] == [parrot.url]


async def test_sigterm_in_mid_turn_ends_cleanly_within_two_seconds(
    tmp_path: Path, parrot: RunningRelay
) -> None:
    async with device_process(tmp_path, parrot.url, parrot.token) as device:
        await device.until(state="idle")
        await device.ask("wake")
        await device.until(state="listening", gate="open")
        device.process.send_signal(signal.SIGTERM)
        assert await device.ended(within_s=2.0) == 0
        assert "Traceback" not in device.log.read_text()
        assert not device.socket.exists()


async def test_sigterm_while_connecting_ends_cleanly_too(tmp_path: Path) -> None:
    async with mute_server() as url, device_process(tmp_path, url, "ev_token") as device:
        await device.until(state="idle")
        await device.ask("wake")
        await device.until(state="connecting")
        device.process.send_signal(signal.SIGTERM)
        assert await device.ended(within_s=2.0) == 0


@asynccontextmanager
async def mute_server() -> AsyncIterator[str]:
    """A relay that accepts connections and never says a word."""

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


async def test_who_asks_for_a_reload_waits_for_the_verdict(
    tmp_path: Path, parrot: RunningRelay
) -> None:
    async with device_process(tmp_path, parrot.url, parrot.token) as device:
        await device.until(state="idle")
        words = edgevoice("reload", {"control.socket": device.socket})
        asking = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.PIPE)
        said, _ = await asking.communicate()
        assert (asking.returncode, said) == (0, b"reloaded: no setting has changed\n")
        device.process.send_signal(signal.SIGHUP)
        await device.until(state="idle")
        device.process.send_signal(signal.SIGTERM)
        assert await device.ended(within_s=5.0) == 0


async def test_it_opens_no_tcp_port_but_one_that_was_asked_for(
    tmp_path: Path, parrot: RunningRelay
) -> None:
    async with device_process(tmp_path, parrot.url, parrot.token) as device:
        await device.until(state="idle")
        assert device.listens_on() == []
        await device.ask("wake")
        await device.until(state="listening", gate="open")
        assert device.listens_on() == []
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    asked = {"neighbours__metrics__port": port}
    async with device_process(tmp_path, parrot.url, parrot.token, **asked) as device:
        await until(lambda: device.listens_on() == [f"0100007F:{port:04X}"])


@pytest.mark.fault("relay-down")
async def test_without_a_relay_it_says_so_and_goes_on_listening(tmp_path: Path) -> None:
    async with device_process(tmp_path, NOBODY, "ev_token") as device:
        await device.until(state="idle")
        await device.ask("wake")
        status = await device.until(state="idle", relay="offline")
        assert status["last_turn"]["outcome"].startswith("failed")
        before = status["captured_s"]
        await device.until(state="idle")
        assert (await device.ask("status"))["captured_s"] >= before


@pytest.mark.fault("token-revoked")
async def test_a_wrong_token_is_said_in_words_and_does_not_end_the_daemon(
    tmp_path: Path, parrot: RunningRelay
) -> None:
    async with device_process(tmp_path, parrot.url, "ev_" + "x" * 40) as device:
        await device.until(state="idle")
        await device.ask("wake")
        status = await device.until(state="idle", relay="offline")
        assert "token" in status["last_turn"]["outcome"]
        assert "x" * 40 not in device.log.read_text()


async def test_mute_survives_a_restart_and_only_unmute_ends_it(
    tmp_path: Path, parrot: RunningRelay
) -> None:
    async with device_process(tmp_path, parrot.url, parrot.token) as device:
        await device.until(muted=False, state="idle")
        await device.ask("mute")
        await device.until(muted=True)
        device.process.send_signal(signal.SIGTERM)
        await device.ended(within_s=2.0)
    async with device_process(tmp_path, parrot.url, parrot.token) as device:
        status = await device.until(muted=True)
        assert status["captured_s"] == 0
        with pytest.raises(ControlError, match="edgevoice unmute"):
            await device.ask("wake")
        assert (await device.ask("status"))["gate"] == "closed"
        await device.ask("unmute")
        await device.until(muted=False)


async def test_unknown_commands_and_a_second_daemon_are_refused(
    tmp_path: Path, parrot: RunningRelay
) -> None:
    async with device_process(tmp_path, parrot.url, parrot.token) as device:
        await device.until(state="idle")
        with pytest.raises(ControlError, match="known are status"):
            await device.ask("dance")
        settings = {
            "microphone.backend": "silence",
            "speaker.backend": "null",
            "link.token_file": tmp_path / "token",
            "control.socket": device.socket,
            "control.state_dir": device.state,
        }
        second = await asyncio.create_subprocess_exec(
            *edgevoice("run", settings), stderr=asyncio.subprocess.PIPE
        )
        _, told = await second.communicate()
        assert second.returncode == 1 and b"another edgevoice" in told
        await device.until(state="idle")


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"link.token_file": "/nonexistent", "link.board_card": ""}, "edgevoice relay token"),
        ({"wake.words": [{"name": "abracadabra"}]}, "no model for the wake word"),
        ({"turn.follow_up_s": -1}, "turn.follow_up_s"),
        ({"microphone.backend": "wav", "microphone.device": "/etc/passwd"}, "/etc/passwd"),
    ],
)
async def test_what_is_configured_wrongly_is_said_in_one_line(
    tmp_path: Path, settings: dict[str, object], told: str
) -> None:
    (tmp_path / "token").write_text("ev_token")
    given = {
        "microphone.backend": "silence",
        "speaker.backend": "null",
        "link.token_file": tmp_path / "token",
        "link.key_file": tmp_path / "device.key",
        "control.socket": tmp_path / "control.sock",
        "control.state_dir": tmp_path / "state",
    } | settings
    process = await asyncio.create_subprocess_exec(
        *edgevoice("run", given), stderr=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(WAIT_S):
            assert process.stderr is not None
            lines = b""
            while told.encode() not in lines:
                line = await process.stderr.readline()
                assert line, lines
                lines += line
            assert b"Traceback" not in lines
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()
