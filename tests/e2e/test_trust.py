"""From a board that nobody knows to one that was thrown out: relay, owner and device for real."""

import asyncio
import os
import signal
import ssl
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from edgevoice.config import DetectionConfig, LimitsConfig, LinkConfig, MediaConfig, RelayConfig
from edgevoice.errors import LinkRefused
from edgevoice.identity import device_key
from edgevoice.identity.pairing_code import shown
from edgevoice.link.credential import SignedToken
from edgevoice.link.pairing import approval, introduce
from edgevoice.link.signalling import Signalling
from edgevoice.link.ways import opus
from edgevoice.relay.access.authority import make_certificates
from edgevoice.simulator.relay_process import relay_process
from tests.fault_report import Measured
from tests.link.socket_house import Board
from tests.relay.test_app import Running

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RelayConfig:
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    return RelayConfig(
        port=0,
        engine="parrot",
        tokens_file=str(tmp_path / "tokens"),
        state_dir=str(tmp_path / "state"),
        detection=DetectionConfig(vad="webrtc"),
        limits=LimitsConfig(cost_per_day_usd=1.0),
    )


async def owner(config: RelayConfig, *words: str) -> str:
    """What a command of the owner's says; another process."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "edgevoice", "relay", *words),
        *("--set", f"relay.state_dir={config.state_dir}"),
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await process.communicate()
    assert process.returncode == 0
    return said.decode()


@pytest.mark.fault("token-revoked")
async def test_a_board_is_paired_calls_and_is_hung_up_within_a_second_of_being_revoked(
    config: RelayConfig, tmp_path: Path, measured: Measured
) -> None:
    key = device_key.create(tmp_path / "key")
    async with asyncio.TaskGroup() as group:
        relay = Running(config, group)
        url = await relay.url()
        wrong_clock = SignedToken(key, url, lambda: time.time() - 86_400)
        async with Signalling(LinkConfig(url=url), wrong_clock) as signalling:
            with pytest.raises(LinkRefused) as refusal:
                await signalling.call("v=0", {})
            assert refusal.value.status == 401, "nobody knows it yet"

            introduced = await introduce(url, "kitchen", key)
            said = await owner(config, "devices", "approve", shown(introduced.code))
            assert f"kitchen ({key.fingerprint}) may call" in said
            assert (await approval(introduced, time.time)).device_id == key.fingerprint

            board = Board(signalling, opus(MediaConfig(), 24_000), dtx=False)
            board.group = group
            capturing = group.create_task(board.capture())
            await board.talk()

            await owner(config, "devices", "list")
            async with asyncio.timeout(10):
                while "kitchen" not in await owner(config, "sessions"):
                    pass  # it is in the store a moment after it has begun
            await owner(config, "devices", "revoke", "kitchen")
            revoked = time.monotonic()
            await board.session
            ended_s = time.monotonic() - revoked
            assert ended_s < 1.0
            measured(f"revoked in mid-session: hung up {ended_s:.2f} s after the command's end")
            assert '"invalid_api_key"' in board.messages[-1]
            with pytest.raises(LinkRefused) as refusal:
                await signalling.call("v=0", {})
            assert refusal.value.status == 403

            await board.caller.peer.close()
            capturing.cancel()
        relay.stop.set()
        await relay.task
    assert "kitchen" in await owner(config, "usage")


async def certificate_of(url: str, authority: Path) -> bytes:
    """As a new connection sees it, verified."""
    place = urlsplit(url)
    context = ssl.create_default_context(cafile=authority)
    _, writer = await asyncio.open_connection(place.hostname, place.port, ssl=context)
    certificate = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    await writer.wait_closed()
    return bytes(certificate)


async def test_a_certificate_is_renewed_by_a_signal_while_the_relay_runs(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    _, (authority, _, certificate, key) = make_certificates(tmp_path / "tls", ["127.0.0.1"], now)
    files = (f"relay.tls_cert={certificate}", f"relay.tls_key={key}")
    async with relay_process("parrot", tmp_path, files) as relay:
        first = await certificate_of(relay.url, authority)
        make_certificates(tmp_path / "tls", ["127.0.0.1"], now)
        os.kill(relay.pid, signal.SIGHUP)
        async with asyncio.timeout(10):
            while await certificate_of(relay.url, authority) == first:
                pass  # each look takes a handshake's time
