"""What the kernel says about addresses and routes: rtnetlink(7), and no more of it than we need.

Reading and understanding only; which changes matter is `network.py`'s business.
"""

import os
import socket
import struct
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from edgevoice.errors import NetworkUnknown

GROUPS = 0x1 | 0x10 | 0x40 | 0x100 | 0x400
"""Links, IPv4 and IPv6 addresses, IPv4 and IPv6 routes. Links because an interface that goes down
takes its IPv4 routes with it without a word about them (seen with Linux 6.18)."""

NLMSG_ERROR, NLMSG_DONE = 2, 3
RTM_NEWADDR, RTM_GETADDR = 20, 22
RTM_NEWROUTE, RTM_GETROUTE = 24, 26
NLM_F_REQUEST, NLM_F_DUMP = 0x1, 0x300
NLM_F_DUMP_INTR = 0x10
"""Something changed while the list was being made; part of it may be missing."""

SCOPE_GLOBAL = 0
IFA_F_TEMPORARY, IFA_F_DADFAILED, IFA_F_TENTATIVE = 0x01, 0x08, 0x40
IFA_ADDRESS, IFA_LOCAL, IFA_FLAGS = 1, 2, 8
TABLE_MAIN, RTN_UNICAST = 254, 1
RTA_OIF, RTA_GATEWAY, RTA_PRIORITY, RTA_MULTIPATH, RTA_TABLE, RTA_VIA = 4, 5, 6, 9, 15, 18

HEADER = struct.Struct("=IHHII")
ADDRESS = struct.Struct("=BBBBI")
ROUTE = struct.Struct("=BBBBBBBBI")
NEXT_HOP = struct.Struct("=HBBi")
ATTRIBUTE = struct.Struct("=HH")

ATTEMPTS = 3
READ_S = 1.0
DATAGRAM_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Address:
    """One that others can send to: neither loopback nor link-local."""

    interface: int
    address: str
    family: int
    is_temporary: bool = False
    """IPv6 privacy: replaced by another one every day."""


@dataclass(frozen=True, slots=True)
class DefaultRoute:
    interface: int
    gateway: str
    family: int
    metric: int
    """The smallest is used."""


Fact = Address | DefaultRoute


def subscribe() -> socket.socket:
    """A datagram arrives on it whenever something has changed. Raises OSError where that is not."""
    family = getattr(socket, "AF_NETLINK", None)
    if family is None:
        raise OSError("this is not Linux")
    notices = socket.socket(family, socket.SOCK_RAW | socket.SOCK_CLOEXEC, 0)
    try:
        notices.bind((0, GROUPS))
        notices.setblocking(False)
    except OSError:
        notices.close()
        raise
    return notices


def read() -> frozenset[Fact]:
    """All addresses and default routes there are now. Takes a fraction of a millisecond."""
    for _ in range(ATTEMPTS):
        try:
            return frozenset([*understand(dump(RTM_GETADDR)), *understand(dump(RTM_GETROUTE))])
        except NetworkUnknown:
            continue
    raise NetworkUnknown(f"the list of addresses changed {ATTEMPTS} times while it was read")


def dump(what: int) -> Iterator[bytes]:
    """The kernel's answer to a request for all of one kind, datagram by datagram."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, 0) as asking:
        asking.settimeout(READ_S)
        request = HEADER.pack(HEADER.size + 1, what, NLM_F_REQUEST | NLM_F_DUMP, 1, 0)
        asking.sendto(request + bytes([socket.AF_UNSPEC]), (0, 0))
        is_last = False
        while not is_last:
            datagram = asking.recv(DATAGRAM_BYTES)
            is_last = any(kind == NLMSG_DONE for kind, _ in messages(datagram))
            yield datagram


def understand(datagrams: Iterable[bytes]) -> Iterator[Fact]:
    """What of it are addresses and default routes."""
    for datagram in datagrams:
        for kind, body in messages(datagram):
            if kind == RTM_NEWADDR:
                yield from _address(body)
            elif kind == RTM_NEWROUTE:
                yield from _routes(body)


def messages(datagram: bytes) -> Iterator[tuple[int, bytes]]:
    """Kind and body of each. Raises NetworkUnknown if the list is no good, OSError if refused."""
    at = 0
    while at + HEADER.size <= len(datagram):
        length, kind, flags, _, _ = HEADER.unpack_from(datagram, at)
        if at + length > len(datagram):
            return
        body = datagram[at + HEADER.size : at + length]
        if flags & NLM_F_DUMP_INTR:
            raise NetworkUnknown("the list of addresses changed while it was read")
        if kind == NLMSG_ERROR and (
            number := -int.from_bytes(body[:4], sys.byteorder, signed=True)
        ):
            raise OSError(number, os.strerror(number))
        yield kind, body
        at += max(HEADER.size, (length + 3) & ~3)


def attributes(body: bytes, at: int) -> dict[int, bytes]:
    found = {}
    while at + ATTRIBUTE.size <= len(body):
        length, kind = ATTRIBUTE.unpack_from(body, at)
        found[kind] = body[at + ATTRIBUTE.size : at + length]
        at += max(ATTRIBUTE.size, (length + 3) & ~3)
    return found


def _address(body: bytes) -> Iterator[Address]:
    family, _, flags, scope, interface = ADDRESS.unpack_from(body)
    found = attributes(body, ADDRESS.size)
    flags = _number(found.get(IFA_FLAGS), flags)
    # With a peer (point to point) IFA_ADDRESS is the other end's.
    address = found.get(IFA_LOCAL) or found.get(IFA_ADDRESS)
    is_ipv6 = family == socket.AF_INET6  # for IPv4 the same bits mean something else
    if address is None or scope != SCOPE_GLOBAL:
        return
    if is_ipv6 and flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED):
        return
    shown = socket.inet_ntop(family, address)
    yield Address(interface, shown, family, is_ipv6 and bool(flags & IFA_F_TEMPORARY))


def _routes(body: bytes) -> Iterator[DefaultRoute]:
    family, prefix, _, _, table, _, _, kind, _ = ROUTE.unpack_from(body)
    found = attributes(body, ROUTE.size)
    table = _number(found.get(RTA_TABLE), table)
    if prefix or kind != RTN_UNICAST or table != TABLE_MAIN:
        return
    metric = _number(found.get(RTA_PRIORITY), 0)
    if RTA_OIF in found:
        interface = _number(found[RTA_OIF], 0)
        yield DefaultRoute(interface, _gateway(family, found), family, metric)
    for interface, hop in _next_hops(found.get(RTA_MULTIPATH, b"")):
        yield DefaultRoute(interface, _gateway(family, hop), family, metric)


def _next_hops(body: bytes) -> Iterator[tuple[int, dict[int, bytes]]]:
    at = 0
    while at + NEXT_HOP.size <= len(body):
        length, _, _, interface = NEXT_HOP.unpack_from(body, at)
        yield interface, attributes(body[: at + length], at + NEXT_HOP.size)
        at += max(NEXT_HOP.size, (length + 3) & ~3)


def _gateway(family: int, found: dict[int, bytes]) -> str:
    """Nothing for a link that leads to one other end only."""
    if RTA_GATEWAY in found:
        return socket.inet_ntop(family, found[RTA_GATEWAY])
    if RTA_VIA in found:  # of another family than the route, RFC 5549
        via = found[RTA_VIA]
        return socket.inet_ntop(int.from_bytes(via[:2], sys.byteorder), via[2:])
    return ""


def _number(value: bytes | None, otherwise: int) -> int:
    return otherwise if value is None else int.from_bytes(value, sys.byteorder)
