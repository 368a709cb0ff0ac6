"""Where the wake phrase lies in what is sent, for relays that know the header."""

from edgevoice.link.signalling import WAKE_HEADER
from edgevoice.transceiver.actions import WakePhrase


def wake_range(wake: WakePhrase, first_sample: int) -> tuple[int, int]:
    """Where the wake phrase lies in what is sent."""
    start = max(0, wake.start_sample - first_sample)
    return start, max(start, wake.end_sample - first_sample)


def wake_header(wake: WakePhrase, first_sample: int) -> dict[str, str]:
    """The same as a header."""
    start, end = wake_range(wake, first_sample)
    return {WAKE_HEADER: f"name={wake.name};start={start};end={end}"}
