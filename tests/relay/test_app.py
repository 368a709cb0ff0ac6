"""The relay as a whole: how it starts, why it does not, how it stops."""

import asyncio
import os
import signal
import socket
import sys
from dataclasses import replace

import aiohttp
import numpy as np
import pytest

from edgevoice.audio.playout import PlayoutBuffer
from edgevoice.audio.vad import WebRtcVad
from edgevoice.config import DetectionConfig, LinkConfig, MediaConfig, RelayConfig
from edgevoice.errors import CredentialError, LinkError
from edgevoice.hardware.system.service_manager import ServiceManager
from edgevoice.link.credential import BearerToken
from edgevoice.link.relay_link import RelayLink
from edgevoice.link.signalling import Signalling
from edgevoice.link.ways import opus
from edgevoice.realtime import server_events as says
from edgevoice.realtime.wire import decode_server_event
from edgevoice.relay.access.tokens import create
from edgevoice.relay.app import Relay, make_engine
from edgevoice.relay.engines.engine import Engine
from edgevoice.relay.http.lobby import WAIT_S
from edgevoice.transceiver.actions import OpenLink
from edgevoice.transceiver.inputs import EventReceived, LinkLost, LinkOpened
from tests.link.house import Board
from tests.link.socket_house import Board as SocketBoard
from tests.recordings import scene
from tests.virtual_time import elapse

STOP_S = 10.0
"""TimeoutStopSec of the unit."""


@pytest.fixture
def config(tmp_path):
    return RelayConfig(
        port=0,
        engine="parrot",
        store="memory",
        tokens_file=str(tmp_path / "tokens"),
        detection=DetectionConfig(vad="webrtc"),
    )


class Running:
    """A relay that runs beside the test."""

    def __init__(
        self, config: RelayConfig, group: asyncio.TaskGroup, engine: Engine | None = None
    ) -> None:
        self.stop = asyncio.Event()
        self._url: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        engine = engine or make_engine(config)
        self.relay = Relay(config, engine, WebRtcVad, ServiceManager({}))
        self.task = group.create_task(self.relay.run(self.stop, self._url.set_result))

    async def url(self) -> str:
        return await self._url


async def test_a_request_that_is_no_http_leaves_no_trace_of_its_token(config, caplog):
    create(config.tokens_file, "kitchen")
    async with asyncio.TaskGroup() as group:
        relay = Running(config, group)
        port = int((await relay.url()).rpartition(":")[2])
        answer, request = await asyncio.open_connection("127.0.0.1", port)
        request.write(b"GET / HTTP/1.1\r\nAuthorization: Bearer ev_secret\0\r\n\r\n")
        assert b" 400 " in await answer.readline()
        request.close()
        relay.stop.set()
    assert "secret" not in caplog.text
    assert "Traceback" not in caplog.text


async def test_it_listens_on_a_free_port_and_stops_when_told(config):
    create(config.tokens_file, "kitchen")
    async with asyncio.TaskGroup() as group:
        relay = Running(config, group)
        url = await relay.url()
        async with aiohttp.ClientSession() as http, http.get(url + "/healthz") as response:
            assert await response.json() == {"status": "ok", "sessions": 0}
        relay.stop.set()


async def test_behind_a_proxy_the_owner_needs_the_token_of_the_file(config, tmp_path):
    create(config.tokens_file, "kitchen")
    (tmp_path / "admin").write_text("x" * 40)
    (tmp_path / "admin").chmod(0o600)
    config = replace(config, behind_proxy=True, admin_token_file=str(tmp_path / "admin"))
    async with asyncio.TaskGroup() as group:
        relay = Running(config, group)
        async with aiohttp.ClientSession(await relay.url()) as http:
            async with http.get("/metrics") as response:
                assert response.status == 401
            shown = {"Authorization": "Bearer " + "x" * 40}
            async with http.get("/metrics", headers=shown) as response:
                assert 'refusals_total{code="invalid_api_key",status="401"} 1.0' in (
                    await response.text()
                )
        relay.stop.set()


async def test_an_admin_token_that_cannot_be_used_is_told_at_the_start(config):
    config = replace(config, admin_token_file="/nowhere/admin")
    with pytest.raises(CredentialError, match="relay.admin_token_file"):
        Relay(config, make_engine(config), WebRtcVad, ServiceManager({}))


async def test_whoever_looks_does_not_keep_the_relay_from_stopping(config):
    create(config.tokens_file, "kitchen")
    async with asyncio.TaskGroup() as group:
        relay = Running(config, group)
        url = await relay.url() + "/live/events"
        async with aiohttp.ClientSession() as http, http.get(url) as response:
            await response.content.readuntil(b"\n\n")
            began = asyncio.get_running_loop().time()
            relay.stop.set()
            await response.content.read()
            await relay.task
            assert asyncio.get_running_loop().time() - began < 1.5


async def test_a_port_in_use_is_said_with_the_remedy(config):
    create(config.tokens_file, "kitchen")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        busy = replace(config, port=taken.getsockname()[1])
        relay = Relay(busy, make_engine(busy), WebRtcVad, ServiceManager({}))
        with pytest.raises(LinkError, match=r"already in use\); stop the other program"):
            await relay.run(asyncio.Event(), print)


async def test_without_tokens_it_does_not_start(config):
    relay = Relay(config, make_engine(config), WebRtcVad, ServiceManager({}))
    with pytest.raises(CredentialError, match="edgevoice relay token NAME"):
        await relay.run(asyncio.Event(), print)


def a_board(url: str, token: str) -> Board:
    """A device with real Opus that captures one spoken command, then quiet."""
    board = Board(url, None)
    sound = scene(0.5, "what_time_is_it", 600.0)
    board.source = lambda start, end: sound[start:end]
    board.playout = PlayoutBuffer(24_000)
    board.link = RelayLink(
        [Signalling(LinkConfig(url=url), BearerToken(token))], board.gate, board.playout, board.post
    )
    return board


async def events_until(board: Board, kind: type) -> list[says.ServerEvent]:
    events = []
    while not events or not isinstance(events[-1], kind):
        events.append((await board.until(EventReceived)).event)
    return events


@pytest.mark.e2e
@pytest.mark.slow
async def test_a_parrot_says_back_over_webrtc_what_the_device_said(config):
    """Real sockets, DTLS, SRTP, Opus; every sample that was sent arrived."""
    token = create(config.tokens_file, "kitchen")
    async with asyncio.TaskGroup() as group:
        relay = Running(config, group)
        board = a_board(await relay.url(), token)
        tasks = [group.create_task(board.link.run()), group.create_task(board.capture())]
        board.gate.open(0)
        board.link.open(OpenLink(0))
        assert (await board.until(LinkOpened)).extensions
        events = await events_until(board, says.OutputAudioBufferStarted)
        heard = []
        while not any(np.abs(block.astype(int)).max() > 500 for block in heard):
            heard.append(board.playout.pull(480))
            await asyncio.sleep(0.02)
        events += await events_until(board, says.OutputAudioBufferStopped)
        received = [event for event in events if isinstance(event, says.EdgevoiceReceived)]
        sent = board.link.uplink.sent_samples
        relay.stop.set()
        await board.until(LinkLost)
        await relay.task
        for task in tasks:
            task.cancel()
    kinds = [event.type for event in events]
    assert kinds[0] == "session.created"
    done = next(event for event in events if isinstance(event, says.ResponseDone))
    assert done.response.status == "completed"
    stopped = kinds.index("input_audio_buffer.speech_stopped")
    assert kinds.index("input_audio_buffer.speech_started") < stopped
    assert isinstance(events[stopped + 1], says.EdgevoiceReceived)
    assert received[-1].lost == received[-1].concealed == 0
    assert 0 <= sent - received[-1].samples < 16_000 * 0.3


async def test_a_parrot_says_back_over_a_websocket_what_the_device_said(config):
    """In virtual time. It goes on for longer than connections may wait that ask for nothing."""
    token = create(config.tokens_file, "kitchen")
    async with asyncio.TaskGroup() as group:
        relay = Running(config, group)
        url = await relay.url()
        async with Signalling(LinkConfig(url=url), BearerToken(token)) as signalling:
            board = SocketBoard(signalling, opus(MediaConfig(), 24_000), dtx=False)
            board.group = group
            sound = scene(0.5, "what_time_is_it", 600.0)
            board.source = lambda start, end: sound[start:end]
            capturing = group.create_task(board.capture())
            await board.talk(0)
            await elapse(WAIT_S + 2)
            async with aiohttp.ClientSession() as http, http.get(url + "/metrics") as response:
                metrics = await response.text()
            heard = board.playout.pull(board.playout.waiting_ms * 24)
            sent = board.sent
            relay.stop.set()
            assert (await board.session).startswith("the other side hung up")
            await board.caller.peer.close()
            capturing.cancel()
        await relay.task
    events = [decode_server_event(text) for text in board.messages]
    kinds = [event.type for event in events]
    assert kinds[0] == "session.created"
    stopped = kinds.index("input_audio_buffer.speech_stopped")
    assert stopped < kinds.index("output_audio_buffer.started")
    assert kinds.index("response.done") < kinds.index("output_audio_buffer.stopped")
    report = [event for event in events if isinstance(event, says.EdgevoiceReceived)][-1]
    assert report.lost == report.concealed == 0
    assert 0 < report.samples <= sent
    assert np.abs(heard.astype(int)).max() > 500
    assert 'session_starts_total{kind="token",transport="websocket"} 1.0' in metrics
    assert 'turns_total{outcome="completed"} 1.0' in metrics
    assert 'turn_stage_seconds_count{stage="first_packet_sent"} 1.0' in metrics
    assert "pacing_lag_seconds_count 0.0" not in metrics


@pytest.mark.e2e
@pytest.mark.slow
async def test_the_process_announces_itself_and_ends_quietly_on_sigterm(config, tmp_path):
    create(config.tokens_file, "kitchen")
    settings = tmp_path / "config.yaml"
    settings.write_text(
        "relay:\n  port: 0\n  engine: parrot\n  detection:\n    vad: webrtc\n"
        f"  tokens_file: {config.tokens_file}\n"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "edgevoice",
        "relay",
        "--config",
        str(settings),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=dict(os.environ),
    )
    assert process.stdout is not None
    line = (await process.stdout.readline()).decode()
    try:
        assert line.startswith("edgevoice relay ready on http://127.0.0.1:")
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(STOP_S):
            _, errors = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    assert process.returncode == 0, errors.decode()
    assert b"Traceback" not in errors
