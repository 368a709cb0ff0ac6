"""Every change we make to aiortc and aioice, and nothing else.

`harden()` puts the hooks in place for the whole process; how that is done, and when
it is refused, is `hooks.py`. What is changed stands in a file for each layer, and
what we touch of single objects in `connection.py` and `receive.py`.
"""

from functools import cache

from edgevoice.webrtc.hardening import connection, dtls, ice, receive, sctp
from edgevoice.webrtc.hardening.connection import (
    bind_to,
    close,
    expect_round_trip,
    ice_connections,
    is_abandoned,
    last_heard,
    let_go,
    measured_round_trip,
)
from edgevoice.webrtc.hardening.hooks import (
    AIOICE,
    AIORTC,
    AnyHook,
    apply,
    warn_of_untested,
)
from edgevoice.webrtc.hardening.receive import rtp_clock_start, tap

__all__ = [
    "HOOKS",
    "bind_to",
    "close",
    "expect_round_trip",
    "harden",
    "ice_connections",
    "is_abandoned",
    "last_heard",
    "let_go",
    "measured_round_trip",
    "rtp_clock_start",
    "tap",
]

HOOKS: tuple[AnyHook, ...] = (
    *connection.HOOKS,
    *receive.HOOKS,
    *ice.HOOKS,
    *dtls.HOOKS,
    *sctp.HOOKS,
)


@cache
def harden() -> tuple[str, ...]:
    """Put the hooks in place, once per process; returns the names of those left out.

    Raises UnsupportedLibrary when the installed aiortc or aioice cannot be made safe.
    """
    warn_of_untested((AIORTC, AIOICE))
    return apply(HOOKS)
