"""How long a handshake message may stay unanswered before it is sent again. Pure.

Twice the round trip: a fixed 100 ms makes every message travel three times where
the round trip is 300 ms, and some stacks give up over it (janus-gateway#1377);
a fixed second is what a lost packet then costs on a fast line.
"""

LEAST_S = 0.1
MOST_S = 1.0


def resend_after_s(rtt_s: float | None, unmeasured_s: float, least_s: float = LEAST_S) -> float:
    """`unmeasured_s` while nothing is known about the round trip."""
    if rtt_s is None:
        return unmeasured_s
    return min(max(2 * rtt_s, least_s), MOST_S)
