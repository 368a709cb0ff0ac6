"""What the kernel said about a board with Ethernet, Wi-Fi and containers, and how it is read.

`golden/rtnetlink.hex` holds the answers of Linux 6.18, a datagram in a line: all
addresses (two of Ethernet, one of them IPv6 with its temporary sister, one of Wi-Fi
and a tentative one, one of the containers, loopback and link-local ones), then all
routes (default ones of metric 100 and 600, and one of IPv6).
"""

import errno
import socket
from pathlib import Path

import pytest

from edgevoice.errors import NetworkUnknown
from edgevoice.hardware.system import rtnetlink
from edgevoice.hardware.system.rtnetlink import (
    ADDRESS,
    ATTRIBUTE,
    HEADER,
    NEXT_HOP,
    ROUTE,
    Address,
    DefaultRoute,
    understand,
)

GOLDEN = Path(__file__).parents[1] / "golden" / "rtnetlink.hex"
V4, V6 = int(socket.AF_INET), int(socket.AF_INET6)
ETHERNET, WIFI, CONTAINERS = 3, 5, 7


def golden() -> list[bytes]:
    return [bytes.fromhex(line) for line in GOLDEN.read_text().split()]


def test_addresses_others_can_send_to_and_default_routes_are_all_that_is_taken() -> None:
    assert set(understand(golden())) == {
        Address(ETHERNET, "192.0.2.10", V4),
        Address(ETHERNET, "192.0.2.11", V4),
        Address(ETHERNET, "2001:db8:1::10", V6),
        Address(ETHERNET, "2001:db8:1:0:79a1:7b1d:6db3:38ff", V6, is_temporary=True),
        Address(WIFI, "198.51.100.7", V4),
        Address(CONTAINERS, "203.0.113.1", V4),
        DefaultRoute(ETHERNET, "192.0.2.1", V4, 100),
        DefaultRoute(ETHERNET, "2001:db8:1::1", V6, 1024),
        DefaultRoute(WIFI, "198.51.100.1", V4, 600),
    }


def test_what_is_cut_off_does_not_hang_or_invent() -> None:
    whole = set(understand(golden()))
    for datagram in golden():
        for length in range(0, len(datagram), 7):
            assert set(understand([datagram[:length]])) <= whole


def message(kind: int, body: bytes, flags: int = 0) -> bytes:
    return HEADER.pack(HEADER.size + len(body), kind, flags, 1, 0) + body


def attribute(kind: int, value: bytes) -> bytes:
    padding = bytes(-len(value) % 4)
    return ATTRIBUTE.pack(ATTRIBUTE.size + len(value), kind) + value + padding


def test_of_two_ends_of_a_tunnel_ours_is_meant() -> None:
    body = ADDRESS.pack(V4, 32, 0, rtnetlink.SCOPE_GLOBAL, 9)
    body += attribute(rtnetlink.IFA_ADDRESS, bytes([192, 0, 2, 2]))
    body += attribute(rtnetlink.IFA_LOCAL, bytes([192, 0, 2, 1]))
    (address,) = understand([message(rtnetlink.RTM_NEWADDR, body)])
    assert address == Address(9, "192.0.2.1", V4)


def test_a_route_over_two_ways_is_two() -> None:
    hops = b""
    for interface in (4, 6):
        hop = attribute(rtnetlink.RTA_GATEWAY, bytes([192, 0, 2, interface]))
        hops += NEXT_HOP.pack(NEXT_HOP.size + len(hop), 0, 0, interface) + hop
    body = ROUTE.pack(V4, 0, 0, 0, rtnetlink.TABLE_MAIN, 0, 0, rtnetlink.RTN_UNICAST, 0)
    body += attribute(rtnetlink.RTA_MULTIPATH, hops)
    assert set(understand([message(rtnetlink.RTM_NEWROUTE, body)])) == {
        DefaultRoute(4, "192.0.2.4", V4, 0),
        DefaultRoute(6, "192.0.2.6", V4, 0),
    }


@pytest.mark.parametrize(
    ("prefix", "table", "kind"), [(24, 254, 1), (0, 255, 1), (0, 254, 7)], ids=str
)
def test_other_routes_are_not_taken(prefix: int, table: int, kind: int) -> None:
    """To one network; of another table; one that makes everything unreachable."""
    body = ROUTE.pack(V4, prefix, 0, 0, table, 0, 0, kind, 0)
    body += attribute(rtnetlink.RTA_OIF, (3).to_bytes(4, "little"))
    assert not list(understand([message(rtnetlink.RTM_NEWROUTE, body)]))


def test_a_list_that_changed_while_it_was_made_is_no_list() -> None:
    with pytest.raises(NetworkUnknown):
        list(understand([message(rtnetlink.RTM_NEWADDR, b"", rtnetlink.NLM_F_DUMP_INTR)]))


def test_a_refusal_is_an_error() -> None:
    body = (-errno.EPERM).to_bytes(4, "little", signed=True)
    with pytest.raises(PermissionError):
        list(understand([message(rtnetlink.NLMSG_ERROR, body)]))


def test_this_machine_can_be_asked() -> None:
    """Nobody knows what it says; that it says something is enough."""
    assert isinstance(rtnetlink.read(), frozenset)
    rtnetlink.subscribe().close()
