"""What we change in RTCPeerConnection, and the private parts of one that we read or replace."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Any

from aiortc import RTCPeerConnection
from aiortc.exceptions import InvalidStateError

from edgevoice.webrtc.hardening.hooks import AIORTC, Hook, Reliance, attributes
from edgevoice.webrtc.hardening.ice import round_trip

log = logging.getLogger(__name__)


def give_up_quietly(connect: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    """Nobody waits for this task: when we close in the midst of it, the log got a traceback."""

    async def __connect(self: Any) -> None:
        try:
            await connect(self)
        except (InvalidStateError, ConnectionError) as error:
            log.debug("closed while connecting: %r", error)

    return __connect


PEER = "aiortc.rtcpeerconnection:RTCPeerConnection"
SENDER = "aiortc.rtcrtpsender:RTCRtpSender"
RECEIVER = "aiortc.rtcrtpreceiver:RTCRtpReceiver"

MEDIA_TASKS = (
    ("sender", "_RTCRtpSender__rtp_task"),
    ("sender", "_RTCRtpSender__rtcp_task"),
    ("receiver", "_RTCRtpReceiver__rtcp_task"),
)

HOOKS = (
    # bind_to, last_heard and the closing of sockets stand on it.
    Reliance(
        "ice_connections",
        PEER,
        AIORTC,
        attributes(PEER, "__iceTransports")
        + attributes("aiortc.rtcicetransport:RTCIceTransport", "_connection")
        + attributes("aioice.ice:Connection", "get_component_candidates"),
    ),
    Hook(f"{PEER}._RTCPeerConnection__connect", ("self",), give_up_quietly, AIORTC),
    Reliance("close", PEER, AIORTC, attributes(PEER, "__isClosed"), is_security=False),
    Reliance(
        "let_go",
        PEER,
        AIORTC,
        attributes(PEER, "getTransceivers")
        + attributes(SENDER, "__rtp_task", "__rtcp_task")
        + attributes(RECEIVER, "__rtcp_task"),
        is_security=False,
    ),
)


async def close(peer: RTCPeerConnection) -> None:
    """Close it, or wait for aiortc, which closes by itself when the other side hangs up.

    The future that it waits on is the one that its first closing resolves: cancelled with
    the second, it makes the first one fail.
    """
    closing: asyncio.Future[bool] | None = getattr(peer, "_RTCPeerConnection__isClosed", None)
    if closing is None:
        await peer.close()
    else:
        await asyncio.shield(closing)


def let_go(peer: RTCPeerConnection) -> None:
    """What a closing that was cut off leaves running: its media tasks have no end of their own,
    and would keep the whole connection."""
    for rtp_transceiver in peer.getTransceivers():
        for owner, name in MEDIA_TASKS:
            end = getattr(rtp_transceiver, owner)
            task: asyncio.Future[None] | None = getattr(end, name, None)
            if task is not None:
                task.cancel()


def ice_connections(peer: RTCPeerConnection) -> Iterator[Any]:
    for transport in getattr(peer, "_RTCPeerConnection__iceTransports", ()):
        yield transport._connection


def last_heard(peer: RTCPeerConnection) -> float | None:
    """When the peer last sent anything: media, events, checks or answers to ours. Loop time."""
    times = [getattr(ice, "heard_at", None) for ice in ice_connections(peer)]
    return max((at for at in times if at is not None), default=None)


def is_abandoned(peer: RTCPeerConnection) -> bool:
    """It was closed here, because the peer answered no more checks: no goodbye was said."""
    return any(getattr(connection, "is_abandoned", False) for connection in ice_connections(peer))


def expect_round_trip(peer: RTCPeerConnection, rtt_s: float | None) -> None:
    """What is known about the line before the first check; measurements replace it."""
    for connection in ice_connections(peer):
        connection.expected_rtt_s = rtt_s


def measured_round_trip(peer: RTCPeerConnection) -> float | None:
    """Seconds, of the shortest exchange so far; what was expected until there was one."""
    trips = [round_trip(connection) for connection in ice_connections(peer)]
    return min((trip for trip in trips if trip is not None), default=None)


def bind_to(peer: RTCPeerConnection, hosts: Iterable[str]) -> None:
    """Open media sockets on these addresses only, instead of on every interface."""
    chosen = list(hosts)
    for connection in ice_connections(peer):
        gather = connection.get_component_candidates

        async def gather_chosen(
            component: int, addresses: list[str], timeout: int = 5, gather: Any = gather
        ) -> Any:
            return await gather(component, chosen, timeout)

        connection.get_component_candidates = gather_chosen
