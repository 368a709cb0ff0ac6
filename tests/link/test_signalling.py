"""What the owner is told when a call cannot be made."""

import asyncio
import datetime
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from edgevoice.config import LinkConfig
from edgevoice.config_rules import is_loopback
from edgevoice.errors import LinkError, LinkRefused, LinkTimeout
from edgevoice.link.complaint import complaint
from edgevoice.link.credential import BearerToken
from edgevoice.link.signalling import Answer, Signalling, Upgraded
from tests.link.house import serving

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def answering(status: int, text: str = "", **headers: str) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        renamed = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(status=status, text=text, headers=renamed)

    return handle


@asynccontextmanager
async def relay(handle: Handler) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    async with serving(app) as url:
        yield url


async def call(url: str, **config: str) -> Answer:
    async with Signalling(LinkConfig(url=url, **config), BearerToken("secret")) as signalling:
        return await signalling.call("offer", {})


async def upgrade(url: str, **config: str) -> Upgraded:
    async with Signalling(LinkConfig(url=url, **config), BearerToken("secret")) as signalling:
        return await signalling.upgrade({})


async def test_the_answer_its_place_and_its_kind() -> None:
    handle = answering(201, "v=0", Location="/v1/realtime/calls/7", Edgevoice_Version="9")
    async with relay(handle) as url:
        answer = await call(url)
        assert (answer.text, answer.extensions) == ("v=0", True)
        assert str(answer.location) == f"{url}/v1/realtime/calls/7"


async def test_a_place_at_another_origin_never_sees_the_token() -> None:
    async with relay(answering(201, "v=0", Location="http://192.0.2.1/calls/7")) as url:
        assert (await call(url)).location is None


@pytest.mark.parametrize(
    ("status", "headers", "advice"),
    [
        (401, {}, "/etc/edgevoice/token"),
        (403, {}, "edgevoice relay token"),
        (404, {}, r"check link\.url"),
        (405, {}, r"check link\.url"),
        (429, {"Retry_After": "17"}, "again in 17 s"),
        (429, {}, "again later"),
        (302, {"Location": "https://elsewhere.example/"}, r"elsewhere\.example.*set link\.url"),
        (400, {}, r"refused the call \(400\)"),
        (500, {}, "see its log"),
        (503, {}, "in trouble"),
    ],
)
async def test_a_refusal_says_what_to_do(status: int, headers: dict[str, str], advice: str) -> None:
    async with relay(answering(status, **headers)) as url:
        for placed in (call, upgrade):
            with pytest.raises(LinkRefused, match=advice) as refusal:
                await placed(url)
            assert refusal.value.status == status


async def test_the_relays_own_words_are_passed_on() -> None:
    body = '{"error":{"type":"x","message":"the offer\\nhas no audio"}}'
    async with relay(answering(400, body)) as url:
        for placed in (call, upgrade):
            with pytest.raises(LinkRefused, match="It says: the offer has no audio"):
                await placed(url)


async def test_a_redirect_is_not_followed() -> None:
    seen = []

    async def handle(request: web.Request) -> web.StreamResponse:
        seen.append(request.path)
        return web.Response(status=307, headers={"Location": "/elsewhere"})

    async with relay(handle) as url:
        for placed in (call, upgrade):
            with pytest.raises(LinkRefused, match="points to /elsewhere"):
                await placed(url)
    assert seen == ["/v1/realtime/calls", "/v1/realtime"]


@pytest.mark.parametrize("protocols", [(), ("realtime",)])
async def test_another_servers_websocket_is_none_of_ours(protocols: tuple[str, ...]) -> None:
    async def handle(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(protocols=protocols)
        await socket.prepare(request)
        async for _ in socket:
            pass
        return socket

    async with relay(handle) as url:
        with pytest.raises(LinkError, match=r"no calls over a WebSocket \(edgevoice\.rtp\.v1\)"):
            await upgrade(url)


async def test_a_server_that_does_not_upgrade_is_no_relay() -> None:
    async with relay(answering(200, "welcome")) as url:
        with pytest.raises(LinkError, match="does the proxy in front of it let WebSockets through"):
            await upgrade(url)


@pytest.mark.parametrize("body", ["", "<html>", "[1]", '{"error":7}', "[" * 9_000, '{"error":{}}'])
def test_other_bodies_say_nothing(body: str) -> None:
    assert complaint(body) == ("", "")


def test_a_complaint_writes_nothing_else_on_a_terminal():
    said = '{"error": {"message": "no\\n\\u001b[2Jmore \\u202e\\u0007calls", "code": "x"}}'
    assert complaint(said) == ("no [2Jmore calls", "x")


async def test_nobody_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    for placed in (call, upgrade):
        with pytest.raises(LinkError, match="is the relay running"):
            await placed(f"http://127.0.0.1:{port}")


@pytest.mark.fault("relay-slow")
async def test_a_relay_that_does_not_answer() -> None:
    async def wait(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(60)
        return web.Response()

    async with relay(wait) as url:
        for placed in (call, upgrade):
            with pytest.raises(LinkTimeout, match="did not answer in time"):
                await placed(url)


async def test_an_endless_answer_is_cut_short() -> None:
    async with relay(answering(201, "x" * 100_000)) as url:
        with pytest.raises(LinkError, match="more than 65536 bytes"):
            await call(url)


async def test_plain_http_beyond_this_machine_is_refused() -> None:
    for url in ("http://192.0.2.9:8790", "http://relay.example"):
        for placed in (call, upgrade):
            with pytest.raises(LinkError, match="Use https"):
                await placed(url)


async def test_a_connection_closed_while_idle_is_opened_anew() -> None:
    """The kept connection may be gone without our knowing; the second attempt counts."""
    seen = []

    async def handle(request: web.Request) -> web.StreamResponse:
        seen.append(request.path)
        if len(seen) == 1:
            assert request.transport is not None
            request.transport.close()
        return web.Response(status=201, text="v=0")

    async with relay(handle) as url:
        assert (await call(url)).text == "v=0"
        assert len(seen) == 2


async def test_warming_up_opens_the_connection_the_call_uses() -> None:
    ports = []

    async def handle(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        ports.append(request.transport.get_extra_info("peername")[1])
        return web.Response(status=201)

    async with (
        relay(handle) as url,
        Signalling(LinkConfig(url=url), BearerToken("x")) as signalling,
    ):
        await signalling.warm()
        await signalling.call("offer", {})
    assert len(set(ports)) == 1
    assert len(ports) == 2


async def test_a_ca_file_that_is_none_is_said_at_the_start(tmp_path: Path) -> None:
    bad = tmp_path / "ca.pem"
    bad.write_text("no certificate")
    with pytest.raises(LinkError, match=r"link\.ca_file"):
        await call("https://127.0.0.1:1", ca_file=str(bad))


def make_certificate(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """A private authority's certificate for 127.0.0.1, and a server that uses it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "relay")])
    today = datetime.datetime.now(datetime.UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(today - datetime.timedelta(days=1))
        .not_valid_after(today + datetime.timedelta(days=1))
        .add_extension(address, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "cert.pem"
    pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file = folder / "key.pem"
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, key_file)
    return pem, context


@asynccontextmanager
async def tls_relay(context: ssl.SSLContext) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_post("/v1/realtime/calls", answering(201, "v=0"))
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
        yield f"https://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@pytest.mark.fault("bad-certificate")
async def test_a_private_authority_is_trusted_when_named(tmp_path: Path) -> None:
    pem, context = make_certificate(tmp_path)
    async with tls_relay(context) as url:
        assert (await call(url, ca_file=str(pem))).text == "v=0"
        for placed in (call, upgrade):
            with pytest.raises(LinkError, match=r"certificate of 127.*link\.ca_file"):
                await placed(url)


@pytest.mark.parametrize(
    ("host", "expected"),
    [("localhost", True), ("127.8.8.8", True), ("::1", True), ("10.0.0.1", False), ("x.y", False)],
)
def test_what_counts_as_this_machine(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected
