"""A board whose clock is wrong by ten years: device, relay and doctor as processes.

The device lives in another time (libfaketime), and its clock that only counts is left alone, as
a wrong date leaves it. It has a key of its own and calls over TLS, with the authority that
pairing would have pinned.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from edgevoice.identity import device_key
from edgevoice.relay.access.authority import make_certificates
from edgevoice.relay.store.place import FILE
from edgevoice.relay.store.records import Device, Pairing
from edgevoice.relay.store.sqlite import SqliteStore
from edgevoice.simulator.relay_process import RunningRelay, relay_process
from tests.e2e.house import DeviceProcess, device_process, edgevoice
from tests.fault_report import Measured
from tests.recordings import recording

pytestmark = [pytest.mark.e2e, pytest.mark.models, pytest.mark.slow]

HOST = "127.0.0.1"
PAST, FUTURE = "-10y", "+10y"
TEN_YEARS_S = 10 * 365.0 * 86_400


LIBRARIES = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))


@pytest.fixture
def _other_times() -> None:
    if LIBRARIES:
        return
    if os.environ.get("CI") == "true":
        pytest.fail("CI has to live in another time, which needs faketime")
    pytest.skip("needs faketime (scripts/setup --dev installs it)")


def at(offset: str) -> tuple[str, ...]:
    """What comes before a command. Not the program `faketime`: its child would outlive it."""
    return (
        "env",
        f"LD_PRELOAD={LIBRARIES[0]}",
        f"FAKETIME={offset}",
        "FAKETIME_DONT_FAKE_MONOTONIC=1",
    )


@asynccontextmanager
async def tls_relay(folder: Path) -> AsyncIterator[RunningRelay]:
    now = datetime.now(UTC)
    _, (_, _, certificate, key) = make_certificates(folder, [HOST], now)
    settings = (
        f"relay.tls_cert={certificate}",
        f"relay.tls_key={key}",
        "relay.store=sqlite",
        f"relay.state_dir={folder / 'relay'}",
    )
    async with relay_process("parrot", folder, settings) as relay:
        yield relay


async def pair(folder: Path, relay: RunningRelay) -> Path:
    """As if its owner had typed the code; the key."""
    key = device_key.create(folder / "device.key").public
    now = time.time()
    async with SqliteStore(folder / "relay" / FILE, create=False) as store:
        waiting = Pairing("pair_1", "CODECODE", "kitchen", key.text, relay.url, "hash", now + 600)
        await store.add_pairing(waiting)
        kitchen = Device(key.fingerprint, "kitchen", key.text, relay.url, now)
        assert await store.approve(waiting.pairing_id, kitchen)
    return folder / "device.key"


@asynccontextmanager
async def woken(
    folder: Path, relay: RunningRelay, key: Path, offset: str
) -> AsyncIterator[DeviceProcess]:
    """By its wake word, while it believes that it is then."""
    (folder / offset).mkdir()
    async with device_process(
        folder / offset,
        relay.url,
        "",
        inside=at(offset),
        microphone__backend="wav",
        microphone__device=str(recording("alexa_what_time_is_it")),
        link__key_file=key,
        link__ca_file=folder / "ca.crt",
        link__board_card="",
        turn__follow_up_s=0.3,
    ) as device:
        yield device


async def doctor(folder: Path, relay: RunningRelay, key: Path, offset: str) -> str:
    settings: dict[str, Any] = {
        "link.url": relay.url,
        "link.token_file": folder / "no token",
        "link.key_file": key,
        "link.ca_file": folder / "ca.crt",
        "link.board_card": "",
    }
    command = [*edgevoice("doctor", settings), "network"]
    asked = await asyncio.create_subprocess_exec(
        *at(offset), *command, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await asked.communicate()
    return said.decode()


@pytest.mark.fault("wrong-clock")
@pytest.mark.usefixtures("_other_times")
async def test_ten_years_ago_it_talks_and_in_ten_years_it_says_what_is_wrong(
    tmp_path: Path, measured: Measured
) -> None:
    async with tls_relay(tmp_path) as relay:
        key = await pair(tmp_path, relay)
        async with woken(tmp_path, relay, key, PAST) as device:
            status = await device.until_that(
                lambda s: bool(s["last_turn"]) and s["state"] == "idle", "an answer"
            )
            assert status["started"] < "2020"
            turn = status["last_turn"]
            assert (turn["outcome"], turn["samples"]["lost"]) == ("answered", 0)
            opened_s = turn["marks"]["link open"]
            log = device.log.read_text()
            assert "ahead of ours; tokens are made by it" in log
            assert "ERROR" not in log and "Traceback" not in log
        said = await doctor(tmp_path, relay, key, PAST)
        assert "behind the relay's" in said and "timedatectl set-ntp true" in said

        async with woken(tmp_path, relay, key, FUTURE) as device:
            status = await device.until_that(
                lambda s: bool(s["last_turn"]) and s["state"] == "idle", "a reason"
            )
            assert status["last_turn"]["cause"] == "wake"
            assert "certificate has expired" in status["last_turn"]["outcome"]
            why = await device.ask("why")
            assert "check this board's clock" in why["refusal"]["sentence"]
        measured(
            f"ten years ago: woken by its wake word, link open after {opened_s:.2f} s, answered;"
            " in ten years: woken, and the certificate and the clock are named"
        )
