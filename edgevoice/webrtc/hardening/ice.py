"""What we change in aioice: who is listened to, and how soon a lost check is sent again.

The round trip is measured here, in each connection, before DTLS and SCTP need it.
"""

import asyncio
import logging
import random
import struct
from collections.abc import Callable
from typing import Any

import aioice.ice
import aioice.stun

from edgevoice.webrtc.hardening.hooks import AIOICE, Hook, Setting, attributes
from edgevoice.webrtc.hardening.timers import resend_after_s

log = logging.getLogger(__name__)

CONSENT_INTERVAL_S = 0.48
"""libwebrtc pings as often until a line has proved stable. Three answers and three checks of the
peer are due before silence counts as death: at 5 % loss, one false alarm in months."""
CONSENT_S = 4.0
"""Without any answer the line is dead; aioice waits for 30 s (RFC 7675, section 5.1)."""
CONSENT_RETRANSMISSIONS = 3
STUN_RTO_S = 0.1
GUESS = 0.75
"""Of the longest that a round trip can be: twice that is still later than any answer."""
MAX_PEER_ADDRESSES = 32
"""One is used; a client with several interfaces, or one that roams, shows a few more."""
MAX_DATAGRAMS = 512
"""Between the socket and DTLS, which takes each at once: 10 s of speech is a stuck reader."""

NOT_STUN = (struct.error, ValueError, LookupError, AttributeError, TypeError, AssertionError)
"""What aioice raises on messages that are cut off or lack an attribute; asyncio would log a
traceback of each, and anybody can send a thousand a second."""


def guard(receive: Callable[..., None]) -> Callable[..., None]:
    """Only STUN may come from strangers: one empty datagram would end a session.

    DTLS (first byte 20 to 63) and RTP (128 to 191, RFC 7983) are taken from the
    address of a checked pair alone, and skip aioice's attempt to read them as STUN.
    """

    def datagram_received(self: Any, data: bytes, addr: tuple[Any, ...]) -> None:
        connection = self.receiver
        if not data or connection.remote_username is None:
            return
        is_from_peer = from_checked_pair(self, addr)
        if is_from_peer:
            connection.heard_at = asyncio.get_running_loop().time()
        if data[0] < 4:
            try:
                receive(self, data, addr)
            except NOT_STUN as error:
                log.debug("a datagram that is no STUN: %r", error)
        elif 20 <= data[0] < 192 and is_from_peer:
            connection.data_received(data, self.local_candidate.component)

    return datagram_received


def from_checked_pair(protocol: Any, addr: tuple[Any, ...]) -> bool:
    checked = (aioice.ice.CandidatePair.State.SUCCEEDED, aioice.ice.CandidatePair.State.IN_PROGRESS)
    return any(
        pair.protocol is protocol and pair.remote_addr == addr[:2] and pair.state in checked
        for pair in protocol.receiver._check_list
    )


def bound_datagrams(take: Callable[..., None]) -> Callable[..., None]:
    """A full queue drops what comes, as the socket's own buffer would."""

    def data_received(self: Any, data: bytes, component: int) -> None:
        if self._queue.qsize() < MAX_DATAGRAMS:
            take(self, data, component)

    return data_received


def silent_to_strangers(respond: Callable[..., None]) -> Callable[..., None]:
    """Who has no password gets no answer: nothing to scan, nothing to reflect."""

    def respond_error(
        self: Any, request: Any, addr: tuple[str, int], protocol: Any, error_code: tuple[int, str]
    ) -> None:
        if error_code[0] not in (400, 401):
            respond(self, request, addr, protocol, error_code)

    return respond_error


def limit_candidates(check: Callable[..., None]) -> Callable[..., None]:
    """The peer is learned from its checks, but not from thousands of ports."""

    def check_incoming(self: Any, message: Any, addr: tuple[str, int], protocol: Any) -> None:
        known = self._remote_candidates
        if len(known) < MAX_PEER_ADDRESSES or any((c.host, c.port) == addr[:2] for c in known):
            check(self, message, addr, protocol)

    return check_incoming


def nominating_consent(_: Callable[..., Any]) -> Callable[..., Any]:
    """Consent checks that nominate, that do not wait for each other, and that notice death sooner.

    OpenAI's ICE-lite servers stop answering checks without USE-CANDIDATE, which
    ended every session after 30 s (openai-agents-js#1353).
    """

    async def query_consent(self: Any) -> None:
        loop = asyncio.get_running_loop()
        self.consented_at = loop.time()
        async with asyncio.TaskGroup() as checks:
            while loop.time() < self.consented_at + CONSENT_S:
                await asyncio.sleep(CONSENT_INTERVAL_S * random.uniform(0.8, 1.2))
                for pair in list(self._nominated.values()):
                    checks.create_task(check_consent(self, pair))
        self._query_consent_task = None
        await self.close()

    return query_consent


async def check_consent(connection: Any, pair: Any) -> None:
    try:
        async with asyncio.timeout_at(connection.consented_at + CONSENT_S):
            await pair.protocol.request(
                connection.build_request(pair, nominate=True),
                pair.remote_addr,
                integrity_key=connection.remote_password.encode(),
                retransmissions=CONSENT_RETRANSMISSIONS,
            )
    except (aioice.stun.TransactionError, TimeoutError):
        return
    connection.consented_at = asyncio.get_running_loop().time()


def pace_transactions(make: Callable[..., None]) -> Callable[..., None]:
    """A check is sent again after twice the round trip, as far as that is known."""

    def __init__(
        self: Any, request: Any, addr: tuple[str, int], protocol: Any, **options: Any
    ) -> None:
        make(self, request, addr, protocol, **options)
        connection = getattr(protocol, "receiver", None)
        self.begun_at = asyncio.get_running_loop().time()
        delay_s = self._Transaction__timeout_delay
        self._Transaction__timeout_delay = resend_after_s(round_trip(connection), delay_s)

    return __init__


def measure_round_trip(receive: Callable[..., None]) -> Callable[..., None]:
    """The shortest time between a check and its answer.

    When the check was sent more than once, nobody knows which one was answered (Karn):
    counted from the first it is a bound, and used until there is a clear measurement.
    """

    def response_received(self: Any, message: Any, addr: tuple[str, int]) -> None:
        waited = self._Transaction__future
        was_done = waited.done()
        receive(self, message, addr)
        connection = getattr(self._Transaction__protocol, "receiver", None)
        begun_at = getattr(self, "begun_at", None)
        if waited.done() and not was_done and connection is not None and begun_at is not None:
            took_s = asyncio.get_running_loop().time() - begun_at
            name = "rtt_s" if self._Transaction__tries == 1 else "rtt_at_most_s"
            setattr(connection, name, min(took_s, getattr(connection, name, took_s)))

    return response_received


def round_trip(connection: Any) -> float | None:
    """As measured, or as we were told to expect, or a guess below the bound."""
    known = getattr(connection, "rtt_s", getattr(connection, "expected_rtt_s", None))
    at_most = getattr(connection, "rtt_at_most_s", None)
    return known if known is not None or at_most is None else GUESS * at_most


ICE = "aioice.ice:Connection"
PAIR = "aioice.ice:CandidatePair"
PROTOCOL = "aioice.ice:StunProtocol"
TRANSACTION = "aioice.stun:Transaction"

HOOKS = (
    Hook(
        f"{PROTOCOL}.datagram_received",
        ("self", "data", "addr"),
        guard,
        AIOICE,
        attributes(PROTOCOL, "receiver", "local_candidate")
        + attributes(ICE, "remote_username", "_check_list", "data_received")
        + attributes(PAIR, "protocol", "remote_addr", "state", "State.SUCCEEDED")
        + attributes(PAIR, "State.IN_PROGRESS"),
        is_security=True,
    ),
    Hook(
        f"{ICE}.data_received",
        ("self", "data", "component"),
        bound_datagrams,
        AIOICE,
        attributes(ICE, "_queue"),
        is_security=True,
    ),
    Hook(
        f"{ICE}.respond_error",
        ("self", "request", "addr", "protocol", "error_code"),
        silent_to_strangers,
        AIOICE,
        is_security=True,
    ),
    Hook(
        f"{ICE}.check_incoming",
        ("self", "message", "addr", "protocol"),
        limit_candidates,
        AIOICE,
        attributes(ICE, "_remote_candidates"),
        is_security=True,
    ),
    Hook(
        f"{ICE}.query_consent",
        ("self",),
        nominating_consent,
        AIOICE,
        attributes(ICE, "_nominated", "_query_consent_task", "build_request", "close")
        + attributes(ICE, "remote_password")
        + attributes(PROTOCOL, "request"),
    ),
    Setting("aioice.stun:RETRY_RTO", STUN_RTO_S, AIOICE),
    Hook(
        f"{TRANSACTION}.__init__",
        (
            "self",
            "request",
            "addr",
            "protocol",
            "retransmissions",
            "integrity_key",
            "long_term_credential",
        ),
        pace_transactions,
        AIOICE,
        attributes(TRANSACTION, "__timeout_delay") + attributes(PROTOCOL, "receiver"),
    ),
    Hook(
        f"{TRANSACTION}.response_received",
        ("self", "message", "addr"),
        measure_round_trip,
        AIOICE,
        attributes(TRANSACTION, "__future", "__protocol", "__tries"),
    ),
)
