"""What OpenAI's ICE-lite does to those who do not expect it (openai-agents-js#1353)."""

from typing import Any

from edgevoice.webrtc import hardening
from edgevoice.webrtc.call import Call


def become_lite(call: Call) -> None:
    """Once a pair is nominated, checks without USE-CANDIDATE go unanswered."""
    for connection in hardening.ice_connections(call._peer.connection):
        _ignore_plain_checks(connection)


def _ignore_plain_checks(connection: Any) -> None:
    receive = connection.request_received

    def request_received(message: Any, addr: Any, protocol: Any) -> None:
        nominated = any(pair.nominated for pair in connection._check_list)
        if not nominated or "USE-CANDIDATE" in message.attributes:
            receive(message, addr, protocol)

    connection.request_received = request_received
