"""A device is let in by its owner, who types what it shows; and not by anybody between them."""

import base64
import hashlib
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edgevoice.errors import CredentialError
from edgevoice.identity.device_key import DeviceKey
from edgevoice.identity.pairing_code import (
    LETTERS,
    authority_sha256,
    pairing_code,
    proof_message,
    shown,
)
from edgevoice.relay.access.pairing import (
    LIFE_S,
    MOST_WAITING,
    TRIES,
    Pairings,
    approve,
    named,
    rename,
)
from edgevoice.relay.access.pairing_pages import MOST_ADDRESSES, PATH, PairingPages, Rates
from edgevoice.relay.http.refusal import CallRefused
from edgevoice.relay.http.signalling import in_openai_shape
from edgevoice.relay.monitoring.observers import unobserved
from edgevoice.relay.store.memory import MemoryStore
from edgevoice.simulator.certificate import self_signed
from tests.relay.doors import wall_clock
from tests.virtual_time import elapse

ORIGIN = "https://relay.lan:8790"


def quick_code(*seen: str) -> str:
    """Where it is not the point that nobody can guess it."""
    number = int.from_bytes(hashlib.sha256("|".join(seen).encode()).digest())
    return "".join(LETTERS[number // len(LETTERS) ** place % len(LETTERS)] for place in range(8))


class NewDevice:
    """One that nobody knows yet, and what it shows on its side."""

    def __init__(self, client: TestClient, name: str = "kitchen", code_of=None) -> None:
        self.code_of = code_of or quick_code
        self.client = client
        self.name = name
        self.key = DeviceKey(Ed25519PrivateKey.generate())
        self.begun: dict[str, str] = {}

    def asked(self, **other: str) -> dict[str, str]:
        public = self.key.public.text
        proof = self.key.sign(proof_message(public, self.name, ORIGIN))
        told = {"name": self.name, "public_key": public, "origin": ORIGIN}
        return {**told, "proof": base64.b64encode(proof).decode(), **other}

    async def ask(self, **other: str):
        async with self.client.post(PATH, json=self.asked(**other)) as response:
            answer = await response.json()
            if response.status == 201:
                self.begun = answer
            return response.status, answer.get("error", {}).get("code")

    @property
    def code(self) -> str:
        authority = authority_sha256(self.begun["authority"])
        return self.code_of(self.key.public.text, ORIGIN, authority, self.begun["nonce"])

    async def poll(self, secret: str = ""):
        sent = {"Authorization": f"Bearer {secret or self.begun['poll_secret']}"}
        where = f"{PATH}/{self.begun['pairing_id']}"
        async with self.client.get(where, headers=sent) as response:
            return response.status, await response.json()

    async def status(self) -> str:
        return (await self.poll())[1]["status"]


@dataclass
class Office:
    """A relay's side of pairings, and the owner at its keyboard."""

    client: TestClient
    store: MemoryStore

    async def approves(self, code: str, name: str = ""):
        return await approve(self.store, code, name, wall_clock())


@asynccontextmanager
async def office_of(authority: str = "", code_of=quick_code):
    store = MemoryStore()
    app = web.Application(middlewares=[in_openai_shape(unobserved)])
    PairingPages(Pairings(store, authority, code_of), wall_clock).add_to(app)
    async with TestClient(TestServer(app)) as client:
        yield Office(client, store)


@pytest.fixture
async def office():
    async with office_of() as made:
        yield made


async def test_a_device_is_let_in_when_its_owner_types_what_it_shows(office):
    device = NewDevice(office.client)
    assert await device.ask() == (201, None)
    assert await device.status() == "pending"
    approved = await office.approves(shown(device.code).lower())
    assert (approved.name, approved.device_id) == ("kitchen", device.key.fingerprint)
    assert approved.origin == ORIGIN
    _, said = await device.poll()
    assert said == {
        "status": "approved",
        "device_id": device.key.fingerprint,
        "name": "kitchen",
        "authority": "",
    }
    assert await office.store.device(device.key.fingerprint) == approved


async def test_the_authority_is_told_and_is_part_of_the_code(tmp_path: Path):
    authority = self_signed(tmp_path, "127.0.0.1")[0].read_text()
    other = self_signed(tmp_path, "127.0.0.1")[0].read_text()
    async with office_of(authority, pairing_code) as office:
        device = NewDevice(office.client, code_of=pairing_code)
        await device.ask()
        assert device.begun["authority"] == authority
        right = device.code
        device.begun["authority"] = other  # somebody between the two showed his own
        with pytest.raises(CredentialError, match="somebody is between"):
            await office.approves(device.code)
        await office.approves(right)


async def test_whoever_puts_his_own_key_in_place_has_another_code(office):
    device, man_in_the_middle = NewDevice(office.client), NewDevice(office.client)
    await man_in_the_middle.ask()
    device.begun = man_in_the_middle.begun
    with pytest.raises(CredentialError, match="no device shows that code"):
        await office.approves(device.code)
    assert await office.store.devices() == []


async def test_the_owner_may_call_it_something_else(office):
    device = NewDevice(office.client)
    await device.ask()
    assert (await office.approves(device.code, "pantry")).name == "pantry"


async def test_two_devices_cannot_have_one_name(office):
    first, second = NewDevice(office.client), NewDevice(office.client)
    await first.ask()
    await second.ask()
    await office.approves(first.code)
    with pytest.raises(CredentialError, match="--name"):
        await office.approves(second.code)
    assert (await office.approves(second.code, "hall")).name == "hall"
    with pytest.raises(CredentialError, match="already"):
        await rename(office.store, await named(office.store, "hall"), "kitchen")
    with pytest.raises(CredentialError, match="no name"):
        await rename(office.store, await named(office.store, "hall"), "../etc")


async def test_a_device_that_was_revoked_leaves_its_name_and_may_be_paired_again(office):
    device = NewDevice(office.client)
    await device.ask()
    await office.approves(device.code)
    await office.store.revoke_device(device.key.fingerprint, wall_clock())
    with pytest.raises(CredentialError, match="there are: none"):
        await named(office.store, "kitchen")
    other = NewDevice(office.client)
    await other.ask()
    assert (await office.approves(other.code)).name == "kitchen"
    await device.ask()
    assert (await office.approves(device.code, "hall")).revoked_at is None


async def test_wrong_codes_end_it_after_five(office):
    device = NewDevice(office.client)
    await device.ask()
    right = device.code
    for left in range(TRIES - 1, -1, -1):
        assert await device.status() == "pending"
        with pytest.raises(CredentialError, match=f"{left} more tries"):
            await office.approves("22222222")
    with pytest.raises(CredentialError, match="edgevoice pair"):
        await office.approves(right)
    assert (await device.poll())[0] == 404


@pytest.mark.parametrize("code", ["", "ABC", "ABCDEFGHJ", "ABCDEFGÜ"])
async def test_what_is_no_code_costs_no_try(office, code):
    device = NewDevice(office.client)
    await device.ask()
    with pytest.raises(CredentialError, match="8 letters"):
        await office.approves(code)
    (waiting,) = await office.store.pairings(wall_clock())
    assert waiting.missed == 0


async def test_a_pairing_ends_after_ten_minutes(office):
    device = NewDevice(office.client)
    await device.ask()
    code = device.code
    await elapse(LIFE_S - 1)
    assert await device.status() == "pending"
    await elapse(1)
    assert (await device.poll())[0] == 404
    with pytest.raises(CredentialError, match="no device waits"):
        await office.approves(code)


async def test_only_the_device_learns_how_it_stands(office):
    device = NewDevice(office.client)
    await device.ask()
    for secret in ("guess", device.begun["pairing_id"], "\u00fc"):
        assert (await device.poll(secret))[0] == 404


async def test_a_device_that_was_revoked_at_once_is_not_told_that_it_may_call(office):
    device = NewDevice(office.client)
    await device.ask()
    await office.approves(device.code)
    await office.store.revoke_device(device.key.fingerprint, wall_clock())
    assert await device.status() == "pending"


async def test_a_device_may_not_ask_all_the_time_how_it_stands(office):
    device = NewDevice(office.client)
    await device.ask()
    statuses = [(await device.poll())[0] for _ in range(22)]
    assert statuses == [200] * 20 + [429] * 2
    await elapse(1)
    assert await device.status() == "pending"


async def test_the_code_is_never_told(office, caplog):
    caplog.set_level("DEBUG")
    device = NewDevice(office.client)
    await device.ask()
    await device.poll()
    assert device.code not in str(device.begun) and device.code not in caplog.text
    assert device.begun["poll_secret"] not in caplog.text


async def test_the_key_must_be_the_devices_own(office):
    thief, device = NewDevice(office.client), NewDevice(office.client)
    assert await thief.ask(public_key=device.key.public.text) == (403, "invalid_proof")
    assert await thief.ask(name="another") == (403, "invalid_proof")
    assert await thief.ask(origin="https://elsewhere") == (403, "invalid_proof")


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "../etc"},
        {"name": "kitchen\n"},
        {"public_key": "A" * 42},
        {"origin": "ftp://x"},
        {"origin": "https://x\n"},
        {"proof": "AAAA"},
        {"proof": "no base64!"},
    ],
)
async def test_what_cannot_be_is_400(office, wrong):
    assert await NewDevice(office.client).ask(**wrong) == (400, "invalid_value")


@pytest.mark.parametrize("body", [b"", b"[" * 4_000, b"\xff", b"x" * 5_000])
async def test_rubbish_is_no_error_of_ours(office, body, caplog):
    async with office.client.post(PATH, data=body) as response:
        assert response.status in (400, 413)
    assert "Traceback" not in caplog.text


async def test_an_address_may_not_ask_often(office):
    statuses = [(await NewDevice(office.client).ask())[0] for _ in range(5)]
    assert statuses == [201, 201, 201, 429, 429]
    await elapse(60)
    assert (await NewDevice(office.client).ask())[0] == 201


async def test_no_more_than_so_many_wait():
    computed: list[str] = []

    def code(*seen: str) -> str:
        computed.append(quick_code(*seen))
        return computed[-1]

    pairings = Pairings(MemoryStore(), "", code)
    for _ in range(MOST_WAITING):
        key = DeviceKey(Ed25519PrivateKey.generate()).public
        await pairings.begin("kitchen", key, ORIGIN, wall_clock())
    with pytest.raises(CallRefused) as refused:
        await pairings.begin("kitchen", key, ORIGIN, wall_clock())
    assert refused.value.code == "too_many_pairings"
    assert len(computed) == MOST_WAITING  # which is slow, and strangers make us do it


def test_a_household_of_ipv6_is_one_address_and_they_are_not_kept_for_ever():
    rates = Rates(1.0, 1)
    rates.take("2001:db8::1", 0.0)
    with pytest.raises(CallRefused):
        rates.take("2001:db8::2", 0.0)
    rates.take("2001:db8:0:1::1", 0.0)
    rates.take("::ffff:192.0.2.1", 0.0)
    rates.take("::ffff:192.0.2.2", 0.0)
    for number in range(MOST_ADDRESSES):
        rates.take(f"host-{number}", 0.0)
    rates.take("2001:db8::2", 0.0)
    assert len(rates._buckets) == MOST_ADDRESSES
