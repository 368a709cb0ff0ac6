"""Real packets over a bad line between two namespaces."""

import os
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from yarl import URL

from edgevoice.errors import LaboratoryError
from edgevoice.simulator.certificate import self_signed
from edgevoice.simulator.delay_line import LineConfig
from edgevoice.simulator.namespace import NAMES, sweep
from edgevoice.simulator.relay_process import relay_process
from edgevoice.simulator.wide_area import DEVICE, MOVED, RELAY, WideArea
from tests.networks import meanwhile, needs_namespaces

PORT = 5000
PATIENCE_S = 10.0
SILENT_S = 0.25
"""What has not come by then is taken for lost: on a whole line it takes a hundredth of it."""


@contextmanager
def echo(area: WideArea) -> Iterator[socket.socket]:
    """A socket of the device; the relay says to it where each datagram came from."""
    with area.relay.entered():
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with area.device.entered():
        client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    with server, client:
        server.bind((RELAY, PORT))

        def answer() -> None:
            while (heard := server.recvfrom(100))[0] != b"end":
                server.sendto(heard[0] + b" " + heard[1][0].encode(), heard[1])

        with meanwhile(answer):
            try:
                yield client
            finally:
                server.sendto(b"end", (RELAY, PORT))


def ask(client: socket.socket, words: bytes = b"who am I") -> str:
    """The address the relay saw."""
    answer = _asked(client, words, PATIENCE_S)
    assert answer is not None, "no answer came"
    return answer


def is_silent(client: socket.socket) -> bool:
    return _asked(client, b"is anybody there", SILENT_S) is None


def _asked(client: socket.socket, words: bytes, patience_s: float) -> str | None:
    client.settimeout(patience_s)
    client.sendto(words, (RELAY, PORT))
    try:
        while not (answer := client.recv(100)).startswith(words):
            pass
    except TimeoutError:
        return None
    return answer[len(words) + 1 :].decode()


def round_trip_ms(client: socket.socket) -> float:
    start = time.perf_counter()
    assert ask(client, str(start).encode())
    return 1000 * (time.perf_counter() - start)


@needs_namespaces
def test_a_round_trip_takes_twice_the_delay() -> None:
    with WideArea(LineConfig(delay_ms=26)) as area, echo(area) as client:
        # The shortest: what it takes longer is the machine's.
        assert 52 <= min(round_trip_ms(client) for _ in range(7)) < 60
        area.change("down", delay_ms=6)
        assert 32 <= min(round_trip_ms(client) for _ in range(5)) < 40


@needs_namespaces
def test_what_is_lost_one_way_is_counted_there() -> None:
    with WideArea(LineConfig(loss=0.3), seed=7) as area:
        area.change("down", loss=0.0)
        with area.device.entered(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            for _ in range(200):
                client.sendto(b"x", (RELAY, PORT))
        up, down = area.counts()
        assert up.sent == 200 == up.lost + up.arrived
        assert 35 < up.lost < 85
        assert down.lost == 0


@needs_namespaces
def test_a_cut_line_carries_nothing_until_it_is_mended() -> None:
    with WideArea() as area, echo(area) as client:
        assert ask(client) == DEVICE
        area.cut()
        assert is_silent(client)
        area.mend()
        assert ask(client) == DEVICE
        area.cut("down")
        assert is_silent(client)
        up, down = area.counts()
        assert (up.cut, down.cut) == (1, 1)


@needs_namespaces
def test_a_device_that_moves_has_another_address() -> None:
    with WideArea() as area, echo(area) as client:
        assert ask(client) == DEVICE
        area.change_address()
        assert ask(client) == MOVED == area.device_address
        area.remove_address(MOVED)
        with pytest.raises(OSError, match="unreachable"):
            ask(client)
        area.add_address(DEVICE)
        assert ask(client) == DEVICE


@needs_namespaces
def test_a_firewall_stops_udp_and_lets_tcp_through() -> None:
    with WideArea() as area, echo(area) as client:
        area.block_udp()
        assert is_silent(client)
        with area.relay.entered():
            server = socket.create_server((RELAY, PORT))
        with area.device.entered(), server:
            socket.create_connection((RELAY, PORT), timeout=PATIENCE_S).close()
        area.unblock_udp()
        assert ask(client) == DEVICE


@needs_namespaces
def test_a_command_runs_inside() -> None:
    with WideArea() as area:
        shown = subprocess.run(
            [*area.relay.inside, "ip", "-br", "addr"], capture_output=True, text=True, check=True
        )
        assert "wan0" in shown.stdout
        assert RELAY in shown.stdout


@needs_namespaces
def test_nothing_is_left_behind() -> None:
    with WideArea() as area:
        names = [area.device.name, area.relay.name]
        assert all((NAMES / name).exists() for name in names)
    assert not any((NAMES / name).exists() for name in names)
    with pytest.raises(LaboratoryError, match="does not answer"):
        area.cut()


@needs_namespaces
def test_what_a_killed_process_left_is_swept_away() -> None:
    code = (
        "import os; from edgevoice.simulator.wide_area import WideArea; area = WideArea();"
        " area.__enter__(); print(area.relay.name, flush=True); os.kill(os.getpid(), 9)"
    )
    killed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    name = killed.stdout.strip()
    assert (NAMES / name).exists()
    sweep()
    assert not (NAMES / name).exists()


def test_without_root_it_says_what_it_needs() -> None:
    if os.geteuid() == 0:
        pytest.skip("this is root")
    with pytest.raises(LaboratoryError, match="needs root"), WideArea():
        pass


def test_the_certificate_is_good_for_the_address_and_nobody_reads_the_key(tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path, RELAY)
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(certificate, key)
    client = ssl.create_default_context(cafile=str(certificate))
    assert shake_hands(client, server, RELAY)
    with pytest.raises(ssl.SSLCertVerificationError):
        shake_hands(client, server, DEVICE)
    assert key.stat().st_mode & 0o777 == 0o600


def shake_hands(client: ssl.SSLContext, server: ssl.SSLContext, name: str) -> bool:
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        client.wrap_bio(back, there, server_hostname=name),
        server.wrap_bio(there, back, server_side=True),
    ]
    for _ in range(3):
        for end in ends:
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
    return ends[0].version() is not None


@pytest.mark.e2e
@pytest.mark.slow
@needs_namespaces
async def test_a_relay_is_called_over_the_line(tmp_path: Path) -> None:
    with WideArea() as area:
        certificate, key = self_signed(tmp_path, RELAY)
        settings = (
            f"relay.host={RELAY}",
            f"relay.tls_cert={certificate}",
            f"relay.tls_key={key}",
        )
        async with relay_process("parrot", tmp_path, settings, area.relay.inside) as relay:
            with area.device.entered():
                client = socket.create_connection(
                    (RELAY, URL(relay.url).port or 0), timeout=PATIENCE_S
                )
            trust = ssl.create_default_context(cafile=str(certificate))
            with trust.wrap_socket(client, server_hostname=RELAY) as line:
                line.send(b"GET /healthz HTTP/1.0\r\n\r\n")
                assert b" 200 " in line.recv(100)
