"""A board is introduced to a relay: both see the same code, unless somebody is in between."""

import asyncio
import datetime
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from cryptography import x509

from edgevoice.errors import CredentialError, LinkError, LinkUntrusted
from edgevoice.identity import device_key
from edgevoice.identity.device_key import DeviceKey, PublicKey
from edgevoice.identity.pairing_code import shown
from edgevoice.link.pairing import Introduction, approval, introduce
from edgevoice.relay.access.authority import make_certificates
from edgevoice.relay.access.pairing import Begun, Pairings, approve
from edgevoice.relay.access.pairing_pages import PairingPages
from edgevoice.relay.http.signalling import in_openai_shape
from edgevoice.relay.store.memory import MemoryStore

NOW = 1_800_000_000.0
MADE = datetime.datetime(2026, 11, 30, tzinfo=datetime.UTC)


@pytest.fixture
def key(tmp_path: Path) -> DeviceKey:
    return device_key.create(tmp_path / "device.key")


class Relay:
    """Its pairing pages and its owner; over TLS with a certificate of its own authority."""

    def __init__(self, folder: Path, *, shows: Path | None = None) -> None:
        """`shows`: the certificates of somebody else, who stands in between."""
        _, paths = make_certificates(folder, ["127.0.0.1"], MADE)
        self._store = MemoryStore()
        self.pairings = Pairings(self._store, paths[0].read_text())
        self.now = NOW
        self._shown = [(shows or folder) / name for name in ("relay.crt", "relay.key")]
        self.url = ""

    @asynccontextmanager
    async def serving(self) -> AsyncIterator["Relay"]:
        app = web.Application(middlewares=[in_openai_shape(lambda fact: None)])
        PairingPages(self.pairings, lambda: self.now).add_to(app)
        app.router.add_get("/healthz", self._health)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*self._shown)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
        self.url = f"https://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield self
        finally:
            await runner.cleanup()

    async def _health(self, request: web.Request) -> web.Response:
        return web.Response()

    async def approve(self, introduced: Introduction) -> None:
        await approve(self._store, shown(introduced.code).lower(), "", self.now)


class InBetween(Pairings):
    """Passes on what both say, and hands out his own authority beside theirs."""

    def __init__(self, theirs: Pairings, his: str) -> None:
        super().__init__(theirs._store, theirs.authority)
        self._his = his

    async def begin(self, name: str, key: PublicKey, origin: str, now: float) -> Begun:
        begun = await super().begin(name, key, origin, now)
        self.authority += self._his
        return begun


async def no_wait(seconds: float) -> None:
    await asyncio.sleep(0)


async def test_the_owner_types_what_the_board_shows(tmp_path: Path, key: DeviceKey) -> None:
    async with Relay(tmp_path / "tls").serving() as relay:
        introduced = await introduce(relay.url, "kitchen", key)
        assert introduced.begun.authority == (tmp_path / "tls/ca.crt").read_text()
        await relay.approve(introduced)
        standing = await approval(introduced, lambda: NOW, no_wait)
    assert (standing.name, standing.device_id) == ("kitchen", key.fingerprint)


async def test_somebody_in_between_who_hands_out_our_authority_is_found_out(
    tmp_path: Path, key: DeviceKey
) -> None:
    make_certificates(tmp_path / "other", ["127.0.0.1"], MADE)
    async with Relay(tmp_path / "tls", shows=tmp_path / "other").serving() as relay:
        with pytest.raises(LinkUntrusted, match="in between"):
            await introduce(relay.url, "kitchen", key)


async def test_somebody_in_between_who_hands_out_another_authority_changes_the_code(
    tmp_path: Path, key: DeviceKey
) -> None:
    """The board sees his certificate and shows another code than the relay expects."""
    async with Relay(tmp_path / "his").serving() as his, Relay(tmp_path / "ours").serving() as ours:
        introduced = await introduce(his.url, "kitchen", key)
        await introduce(ours.url, "kitchen", key)
        with pytest.raises(CredentialError):
            await ours.approve(introduced)


async def test_somebody_in_between_who_adds_his_authority_to_ours_is_found_out(
    tmp_path: Path, key: DeviceKey
) -> None:
    make_certificates(tmp_path / "his", ["127.0.0.1"], MADE)
    relay = Relay(tmp_path / "ours", shows=tmp_path / "his")
    relay.pairings = InBetween(relay.pairings, (tmp_path / "his/ca.crt").read_text())
    async with relay.serving():
        with pytest.raises(LinkError, match="one certificate"):
            await introduce(relay.url, "kitchen", key)


async def test_nobody_approves_it_in_time(tmp_path: Path, key: DeviceKey) -> None:
    clock = NOW

    async def wait(seconds: float) -> None:
        nonlocal clock
        clock += 60.0
        relay.now = clock

    async with Relay(tmp_path / "tls").serving() as relay:
        introduced = await introduce(relay.url, "kitchen", key)
        with pytest.raises(LinkError, match="in time|over"):
            await approval(introduced, lambda: clock, wait)


@pytest.mark.parametrize("clock", [0.0, 4_070_908_800.0], ids=["1970", "2099"])
@pytest.mark.fault("wrong-clock")
async def test_a_board_without_a_clock_waits_as_long(
    tmp_path: Path, key: DeviceKey, clock: float
) -> None:
    waited = 0.0

    async def wait(seconds: float) -> None:
        nonlocal waited
        waited += 60.0

    relay = Relay(tmp_path / "tls")
    relay.now = datetime.datetime.now(datetime.UTC).timestamp()  # as its answers' Date says
    async with relay.serving():
        introduced = await introduce(relay.url, "kitchen", key)
        assert 590 < introduced.lasts_s < 610
        with pytest.raises(LinkError, match="in time"):
            await approval(introduced, lambda: clock + waited, wait)
    assert waited == 660.0 or waited == 600.0


async def test_nothing_is_sent_in_the_clear(key: DeviceKey) -> None:
    with pytest.raises(LinkError, match="not encrypted"):
        await introduce("http://192.0.2.1:8790", "kitchen", key)


async def test_whoever_is_no_relay_is_said_to_be_none(key: DeviceKey) -> None:
    async def welcome(request: web.Request) -> web.Response:
        return web.Response(text="welcome")

    app = web.Application()
    app.router.add_post("/{path:.*}", welcome)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        with pytest.raises(LinkError, match="no edgevoice relay"):
            await introduce(f"http://127.0.0.1:{runner.addresses[0][1]}", "kitchen", key)
    finally:
        await runner.cleanup()


def test_a_board_whose_clock_begins_at_nothing_can_believe_the_certificates(tmp_path: Path) -> None:
    _, paths = make_certificates(tmp_path, ["127.0.0.1"], MADE)
    for path in (paths[0], paths[2]):
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
        assert certificate.not_valid_before_utc.timestamp() == 0.0
