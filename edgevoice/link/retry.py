"""Which relay is called next, and when. Pure: `now` is an argument, and so is chance.

One after the other, in the owner's order, without a pause; after a round that nobody
answered a pause of random length (full jitter, AWS Architecture Blog 2015: clients that
lost the same relay do not come back in step). A relay that has just failed is called
after the others for a while, one that said when to come back not before that, and one
that does not want us, or that we do not trust, not again in this attempt.
"""

from collections.abc import Callable
from dataclasses import dataclass

from edgevoice.errors import LinkAbsent, LinkError, LinkRefused, LinkUntrusted

BASE_S = 0.25
MOST_S = 2.0
"""Somebody waits: a path that is there again is to be noticed within a few seconds."""
AVOID_S = 30.0
"""How long a relay that has failed comes after the others."""
MOST_WAIT_S = 300.0
"""Nobody is waited for longer, whatever he says."""


@dataclass(slots=True)
class _Relay:
    avoid_until: float = 0.0
    not_before: float = 0.0
    is_out: bool = False
    reason: LinkError | None = None
    """Why it is of no use in this attempt."""
    is_called: bool = False
    """In this attempt; else the reason is from before."""


class Retry:
    """Lives as long as the program; `begin` for each session or reconnection."""

    def __init__(self, relays: int, random: Callable[[], float]) -> None:
        """`random` gives numbers from 0 to 1."""
        self._relays = [_Relay() for _ in range(relays)]
        self._random = random
        self._rounds = 0
        self._left: list[int] = []

    @property
    def is_hopeless(self) -> bool:
        """Nobody is left who could say yes."""
        return all(relay.is_out for relay in self._relays)

    def waits_s(self, now: float) -> float:
        """Nobody wants to be called before so much has passed."""
        waits = [relay.not_before - now for relay in self._relays if not relay.is_out]
        return max(0.0, min(waits, default=0.0))

    def reason(self, now: float) -> LinkError:
        """Why there is no session: of the one that should have been there."""
        for relay in self._relays:
            if relay.reason is not None:
                return relay.reason if relay.is_called else _kept(relay.reason, relay, now)
        return LinkError("nobody to call: name a relay in link.url")

    def begin(self, now: float, first: int | None = None) -> None:
        """`first`: the relay to begin with, where one is to be preferred."""
        self._rounds = 0
        for relay in self._relays:
            relay.is_out = relay.is_called = False
            if relay.not_before <= now:
                relay.reason = None
        self._begin_round(now)
        if first is not None:
            self._left.sort(key=lambda index: index != first)

    def next(self, now: float) -> int | None:
        """The relay to call now; None when this round is over."""
        while self._left:
            index = self._left.pop(0)
            relay = self._relays[index]
            if not relay.is_out and relay.not_before <= now:
                return index
        return None

    def pause_s(self, now: float) -> float:
        """Before the next round, which begins with this call."""
        self._rounds += 1
        jitter_s = self._random() * min(MOST_S, BASE_S * 2.0 ** min(self._rounds, 10))
        self._begin_round(now)
        return max(jitter_s, self.waits_s(now))

    def failed(self, index: int, error: LinkError, now: float) -> None:
        relay = self._relays[index]
        relay.avoid_until = now + AVOID_S
        relay.reason, relay.is_called = error, True
        relay.is_out = isinstance(error, LinkUntrusted | LinkAbsent)
        if isinstance(error, LinkRefused):
            relay.is_out = error.is_final
            relay.not_before = now + min(MOST_WAIT_S, error.retry_after_s or 0.0)

    def worked(self, index: int) -> None:
        self._relays[index] = _Relay()

    def network_changed(self) -> None:
        """What was not reachable may be now."""
        for relay in self._relays:
            relay.avoid_until = 0.0

    def _begin_round(self, now: float) -> None:
        order = range(len(self._relays))
        self._left = sorted(order, key=lambda index: self._relays[index].avoid_until > now)


def _kept(reason: LinkError, relay: _Relay, now: float) -> LinkError:
    """It was asked before, and said when to come back."""
    left_s = max(0.0, relay.not_before - now)  # it may be over, and another one called meanwhile
    text = f"not called for another {left_s:.0f} s, as it asked: {reason}"
    return LinkRefused(reason.status if isinstance(reason, LinkRefused) else 0, text)
