import pytest

from edgevoice.webrtc.hardening.timers import resend_after_s


@pytest.mark.parametrize(
    ("rtt_s", "after_s"),
    [(None, 0.3), (0.0, 0.1), (0.02, 0.1), (0.05, 0.1), (0.3, 0.6), (0.5, 1.0), (2.0, 1.0)],
)
def test_twice_the_round_trip_within_reason(rtt_s: float | None, after_s: float) -> None:
    assert resend_after_s(rtt_s, 0.3) == after_s
