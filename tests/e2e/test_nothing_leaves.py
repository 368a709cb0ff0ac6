"""No byte leaves the machine: a whole conversation in a network that would carry it, watched.

The conversation runs in a network namespace of its own. It has a default route, a
resolver and an interface, all leading into a second namespace where every frame
is counted. Native code cannot hide from this, as it could from a patched socket.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.models, pytest.mark.root, pytest.mark.slow]

INSIDE, OUTSIDE = "evt-inside", "evt-outside"
DOCUMENTATION_ADDRESS = "198.51.100.7"
"""RFC 5737: nobody lives there, and it is only ever reached inside our two namespaces."""

LINKS = f"""
netns add {INSIDE}
netns add {OUTSIDE}
link add evt0 netns {INSIDE} type veth peer name evt1 netns {OUTSIDE}
-n {INSIDE} addr add 192.0.2.1/24 dev evt0
-n {OUTSIDE} addr add 192.0.2.2/24 dev evt1
-n {INSIDE} link set lo up
-n {INSIDE} link set evt0 up
-n {OUTSIDE} link set evt1 up
-n {INSIDE} route add default via 192.0.2.2
-n {INSIDE} neigh add 192.0.2.2 lladdr 02:00:00:00:00:02 dev evt0
"""
"""The neighbour is known from the start, so that even the question for it would count."""

EDGEVOICE = (sys.executable, "-m", "edgevoice")


def ip(words: str) -> None:
    subprocess.run(["ip", *words.split()], check=True)


@pytest.fixture
def watched() -> Iterator[None]:
    if os.geteuid() != 0 or shutil.which("ip") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("CI has to watch the network, which needs root and iproute2")
        pytest.skip("needs root and iproute2")
    remove()
    try:
        for line in LINKS.strip().splitlines():
            ip(line)
        subprocess.run(
            [*inside(), "sysctl", "-qw", "net.ipv6.conf.evt0.disable_ipv6=1"], check=True
        )
        Path(f"/etc/netns/{INSIDE}").mkdir(parents=True, exist_ok=True)
        Path(f"/etc/netns/{INSIDE}/resolv.conf").write_text("nameserver 192.0.2.2\n")
        yield
    finally:
        remove()


def remove() -> None:
    for name in (INSIDE, OUTSIDE):
        subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)
    shutil.rmtree(f"/etc/netns/{INSIDE}", ignore_errors=True)


def inside() -> list[str]:
    return ["ip", "netns", "exec", INSIDE]


def frames_sent() -> int:
    counter = "/sys/class/net/evt0/statistics/tx_packets"
    read = subprocess.run([*inside(), "cat", counter], capture_output=True, text=True, check=True)
    return int(read.stdout)


def test_a_conversation_sends_nothing_off_the_machine(watched: None, tmp_path: Path) -> None:
    before = frames_sent()
    played = subprocess.run(
        [*inside(), *EDGEVOICE, "simulate", "kitchen", "--quiet", "--out", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert played.returncode == 0, played.stdout + played.stderr
    assert frames_sent() == before


def test_the_watch_would_have_seen_a_single_datagram(watched: None) -> None:
    before = frames_sent()
    send = (
        "import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM);"
        f"s.sendto(b'x', ('{DOCUMENTATION_ADDRESS}', 9))"
    )
    subprocess.run([*inside(), sys.executable, "-c", send], check=True)
    assert frames_sent() == before + 1


def test_importing_the_inference_engine_turns_its_telemetry_off() -> None:
    code = (
        "from edgevoice.audio import inference; import os;"
        " print(os.environ['ORT_DISABLE_TELEMETRY'])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "1"
