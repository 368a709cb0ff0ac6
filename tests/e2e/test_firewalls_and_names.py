"""A relay that is called by its name, in a network whose firewall and name server are against it.

Device and relay are processes in networks of their own; one pair for all of it.
"""

import shutil
import socket
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio
from yarl import URL

from edgevoice.relay.access.authority import make_certificates
from edgevoice.simulator.delay_line import LineConfig
from edgevoice.simulator.namespace import Namespace, missing
from edgevoice.simulator.relay_process import relay_process
from edgevoice.simulator.wide_area import RELAY, WideArea
from tests.e2e.house import DeviceProcess, device_process
from tests.e2e.name_server import PORT, NameServer, serving
from tests.fault_report import Measured

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.root,
    pytest.mark.slow,
    pytest.mark.usefixtures("namespaces"),
    pytest.mark.asyncio(loop_scope="module"),
]

NAME = "relay.test"


@dataclass
class Home:
    area: WideArea
    names: NameServer
    device: DeviceProcess

    async def talks(self) -> float:
        """From waking until it listens over an open gate."""
        began = time.monotonic()
        await self.device.ask("wake")
        await self.device.until(state="listening", gate="open")
        return time.monotonic() - began

    async def stops(self) -> None:
        await self.device.ask("stop")
        await self.device.until(state="idle", gate="closed")


@asynccontextmanager
async def named_relay(folder: Path) -> AsyncIterator[Home]:
    _, (authority, _, certificate, key) = make_certificates(folder, [NAME], datetime.now(UTC))
    settings = (
        f"relay.host={RELAY}",
        f"relay.tls_cert={certificate}",
        f"relay.tls_key={key}",
        "relay.limits.starts_per_minute=600",
    )
    names = NameServer(NAME, RELAY)
    with WideArea(LineConfig(delay_ms=10)) as area, ExitStack() as stack:
        etc = Path("/etc/netns") / area.device.name
        stack.callback(shutil.rmtree, etc, ignore_errors=True)
        etc.mkdir(parents=True)
        (etc / "resolv.conf").write_text(f"nameserver {RELAY}\n")
        with area.relay.entered():
            sock = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        sock.bind((RELAY, PORT))
        stack.enter_context(serving(names, sock))
        async with relay_process("parrot", folder, settings, area.relay.inside) as relay:
            url = str(URL(relay.url).with_host(NAME))
            async with device_process(
                folder,
                url,
                relay.token,
                inside=area.device.inside,
                link__ca_file=authority,
                turn__no_speech_s=60.0,
                turn__idle_s=120.0,
            ) as device:
                await device.until(state="idle")
                yield Home(area, names, device)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Home | None]:
    if missing():
        yield None
        return
    async with named_relay(tmp_path_factory.mktemp("named")) as home:
        yield home


@pytest_asyncio.fixture(loop_scope="module")
async def home(namespaces: None, shared: Home | None) -> AsyncIterator[Home]:
    assert shared is not None
    yield shared
    shared.area.unblock_udp()
    shared.names.is_silent = False


@pytest.mark.fault("udp-blocked")
async def test_where_udp_is_blocked_a_websocket_is_used_and_the_next_time_at_once(
    home: Home, measured: Measured
) -> None:
    home.area.block_udp(but_dns=True)
    first_s = await home.talks()
    await home.stops()
    next_s = await home.talks()
    await home.stops()
    assert first_s < 10.0
    log = home.device.log.read_text()
    assert log.count("trying a WebSocket as well") == 1
    assert "is UDP blocked" not in log
    blocked = home.area.counts()[0].blocked
    assert blocked > 0
    measured(
        f"listens after {first_s:.1f} s over a WebSocket, the next time after {next_s:.1f} s;"
        f" {blocked} datagrams stopped"
    )


@pytest.mark.fault("dns-dead")
async def test_where_names_cannot_be_looked_up_any_more_the_last_address_is_used(
    home: Home, measured: Measured
) -> None:
    """The line breaks in a session, and the name server does not come back with it."""
    await home.talks()
    home.names.is_silent = True
    home.area.cut()
    await home.device.until(state="connecting")
    home.area.mend()
    began = time.monotonic()
    await home.device.until(state="listening", gate="open")
    again_s = time.monotonic() - began
    status = await home.device.ask("status")
    assert status["last_turn"]["outcome"] != "lost"
    await home.stops()
    assert again_s < 10.0
    assert f"{NAME} cannot be looked up" in home.device.log.read_text()
    assert NAME in home.names.asked
    measured(
        "the line gone until it was noticed, names for good: listens again"
        f" {again_s:.1f} s after its return"
    )


@pytest.mark.fault("ipv6-only")
async def test_where_there_is_no_ipv4_at_all_sound_goes_over_ipv6(
    namespaces: None, tmp_path: Path, measured: Measured
) -> None:
    only_ipv6 = Namespace("ipv6")
    only_ipv6.create()
    try:
        only_ipv6.ip("addr del 127.0.0.1/8 dev lo")
        inside = only_ipv6.inside
        async with (
            relay_process("parrot", tmp_path, ("relay.host=::1",), inside) as relay,
            device_process(tmp_path, relay.url, relay.token, inside=inside) as device,
        ):
            await device.until(state="idle")
            began = time.monotonic()
            await device.ask("wake")
            await device.until(state="listening", gate="open", relay=relay.url)
            opened_s = time.monotonic() - began
            assert "[::1]" in relay.url
            measured(f"no IPv4 address anywhere: listens after {opened_s:.1f} s")
    finally:
        only_ipv6.remove()
