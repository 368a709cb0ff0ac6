"""How checks are chosen, made and told of: nothing here leaves the process."""

import argparse
import asyncio
import base64
import hashlib
import ssl
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from edgevoice.conformance import app, modules
from edgevoice.conformance.check import Check, perform
from edgevoice.conformance.reach import key_hash, reach
from edgevoice.conformance.suite import checks
from edgevoice.conformance.talk import Talk
from edgevoice.conformance.target import Target, base_url
from edgevoice.conformance.world import World
from edgevoice.errors import CheckFailed, CheckSkipped, ConfigError, LinkAbsent, LinkUntrusted
from edgevoice.simulator.certificate import self_signed

TARGET = Target("http://relay.example:8790", "token", "model")


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("https://relay.example", "https://relay.example"),
        ("http://relay.example:8790/", "http://relay.example:8790"),
        ("wss://relay.example/v1/realtime", "https://relay.example"),
        ("https://relay.example/voice/v1/", "https://relay.example/voice"),
    ],
)
def test_an_address_may_have_what_people_copy_along(given: str, url: str) -> None:
    assert base_url(given) == url


@pytest.mark.parametrize("given", ["relay.example", "ftp://relay.example", "https://"])
def test_what_is_no_address_is_refused(given: str) -> None:
    with pytest.raises(ConfigError, match="no address of a server"):
        base_url(given)


def test_the_socket_is_where_the_api_is() -> None:
    assert TARGET.socket_url == "ws://relay.example:8790/v1/realtime"
    secure = Target("https://relay.example", "", "model")
    assert secure.socket_url == "wss://relay.example/v1/realtime"
    assert (secure.bearer, secure.key) == ({}, "none")


def test_no_two_checks_have_one_name() -> None:
    names = [check.name for check in checks()]
    assert len(names) == len(set(names)) > 40


def test_checks_are_chosen_by_client_or_by_name() -> None:
    names = [check.name for check in app.choose(["http", "socket.turn"])]
    assert "http.cors" in names and "socket.turn" in names
    assert not any(name.startswith("webrtc") or name == "socket.text" for name in names)
    with pytest.raises(ConfigError, match="no such check; there are http"):
        app.choose(["sock"])


def test_a_server_has_to_be_named() -> None:
    args = argparse.Namespace(url=None, install=False, modules=None)
    with pytest.raises(ConfigError, match="which server"):
        app.main(args)


async def outcome_of(error: BaseException | None) -> Any:
    async def act(world: World) -> None:
        if error is not None:
            raise error

    world = World(TARGET, Path("/nowhere"), {})
    return await perform(Check("client.does", "the protocol, section 1", act), world)


async def test_a_line_tells_what_was_expected_by_whom_and_what_came() -> None:
    line = (await outcome_of(CheckFailed("201", "500"))).line()
    assert line.startswith("FAILED  client.does ")
    assert line.endswith("expected 201; came 500  [the protocol, section 1]")
    assert (await outcome_of(CheckSkipped("no npm"))).line().endswith("no npm")
    assert (await outcome_of(None)).status == "ok"


@pytest.mark.parametrize("error", [KeyError("session"), ConnectionResetError("gone")])
async def test_a_malformed_answer_fails_the_check_and_not_the_tool(error: Exception) -> None:
    outcome = await outcome_of(error)
    assert outcome.status == "FAILED"
    assert type(error).__name__ in outcome.came


async def test_who_called_too_often_is_told_how_to_call_less(capsys: Any) -> None:
    refused = await outcome_of(CheckFailed("101 Switching Protocols", "status 429"))
    app.tell_sum(TARGET, [refused], as_json=False)
    said = capsys.readouterr().out
    assert said.startswith("0 ok, 1 failed, 0 skipped\n")
    assert "--pause 10" in said


class Deaf(Talk):
    async def send(self, text: str) -> None:
        pass


async def test_waiting_ends_with_an_error_that_nobody_expected() -> None:
    talk = Deaf()
    talk.take('{"type": "error", "error": {"message": "too many"}}')
    with pytest.raises(CheckFailed, match="an error: too many"):
        await talk.wait("session.updated")
    assert (await talk.wait("error"))["type"] == "error"


async def test_waiting_ends_with_time_or_with_the_connection() -> None:
    talk = Deaf()
    talk.take('{"type": "session.created"}')
    with pytest.raises(CheckFailed, match=r"session.updated within 8 s; came session.created"):
        await talk.wait("session.updated")
    asyncio.get_running_loop().call_later(1, talk.end, "closed with code 1006")
    with pytest.raises(CheckFailed, match="the end of the connection: closed with code 1006"):
        await talk.wait("session.updated")


def test_without_the_packages_it_is_told_how_to_get_them(tmp_path: Path) -> None:
    with pytest.raises(CheckSkipped, match="edgevoice conformance --install"):
        modules.installed(tmp_path)
    with pytest.raises(CheckSkipped, match="apt-get install nothing"):
        modules.program("nothing", "no-such-program")


def test_the_locked_packages_have_checksums_and_no_addresses() -> None:
    lock = (modules.SCRIPTS / "package-lock.json").read_text()
    assert lock.count('"integrity": "sha512-') > 20
    assert "http" not in lock and "resolved" not in lock


async def test_a_server_that_is_not_there_is_said_once_and_not_by_every_check() -> None:
    with pytest.raises(LinkAbsent, match=r"no server of this kind at http://127.0.0.1:9 \("):
        await reach(Target("http://127.0.0.1:9", "", "model"))


def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.close()


async def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path, "127.0.0.1")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    server = await asyncio.start_server(hang_up, "127.0.0.1", 0, ssl=context)
    async with server:
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        with pytest.raises(LinkUntrusted, match="name its CA with --ca-file"):
            await reach(Target(url, "", "model"))
        theirs = x509.load_pem_x509_certificate(certificate.read_bytes()).public_key()
        spki = theirs.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        hashed = base64.b64encode(hashlib.sha256(spki).digest()).decode()
        assert await key_hash(Target(url, "", "model", str(certificate))) == hashed


async def test_what_cannot_be_started_is_not_tried_again() -> None:
    tried: list[str] = []

    def start(target: Target, directory: Path) -> Any:
        tried.append("once")
        raise CheckSkipped("no browser")

    async with World(TARGET, Path("/nowhere"), {"browser": start}) as world:
        for _ in range(2):
            with pytest.raises(CheckSkipped, match="no browser"):
                await world.play("browser", "agents-browser.turn")
    assert tried == ["once"]
