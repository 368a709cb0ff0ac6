"""The gate: the one place through which captured sound can leave the board.

Whoever sends takes frames from here and from nowhere else. The gate decides
nothing: it is opened and closed by orders, and it keeps count of what passed,
so that "everything that was said was sent" is a number and not a hope.

Used from the event loop only. No time, no tasks, no wires.
"""

from collections.abc import Callable

from edgevoice.audio.frames import FRAME_SAMPLES, Samples
from edgevoice.audio.ring import RingBuffer


class Gate:
    """Counters describe the current opening, or the last one while closed."""

    on_change: Callable[[bool], None]
    """Called with True before the first frame can be taken, with False right after closing.

    If it raises on opening (no light to show it, say), the gate stays closed.
    """

    def __init__(self, ring: RingBuffer) -> None:
        self._ring = ring
        self._next = 0
        self._is_open = False
        self.on_change = lambda is_open: None
        self.first_sample: int | None = None
        self.sent_samples = 0
        self.gaps = 0
        self.lost_samples = 0
        self.resent_samples = 0

    @property
    def is_open(self) -> bool:
        return self._is_open

    @property
    def next_sample(self) -> int:
        """Index the next frame begins with."""
        return self._next

    @property
    def available(self) -> int:
        """Whole frames that `take` would hand out now."""
        if not self._is_open:
            return 0
        return max(0, self._ring.end - max(self._next, self._ring.start)) // FRAME_SAMPLES

    def open(self, from_sample: int) -> None:
        """Let sound out, beginning with this sample, which may lie in the past or future."""
        if self._is_open:
            raise AssertionError("the gate is open already; close it before opening it anew")
        self.on_change(True)
        # Nothing was captured before sample 0, so nothing is missing there.
        self.first_sample = self._next = max(0, from_sample)
        self.sent_samples = self.gaps = self.lost_samples = self.resent_samples = 0
        self._is_open = True

    def close(self) -> None:
        """Let nothing out from here on. Closing a closed gate does nothing."""
        if self._is_open:
            self._is_open = False
            self.on_change(False)

    def take(self) -> tuple[int, Samples] | None:
        """The next whole frame and its index, if the gate is open and it has been captured.

        Where the ring has moved on without us the frame after the gap is taken and
        the gap counted: the media path goes on, and the report of the turn tells.
        """
        if not self._is_open:
            return None
        self._skip_what_is_lost()
        if self._ring.end - self._next < FRAME_SAMPLES:
            return None
        index = self._next
        self._next += FRAME_SAMPLES
        self.sent_samples += FRAME_SAMPLES
        return index, self._ring.read(index, self._next)

    def rewind(self, to_sample: int) -> None:
        """Hand out again, from this sample on, what may not have arrived.

        It counts as sent once. Samples before the opening never leave.
        """
        if self.first_sample is None:
            raise AssertionError("the gate has never been open; nothing has left to be sent again")
        to_sample = max(self.first_sample, to_sample)
        again = self._next - to_sample
        if again > 0:
            self._next = to_sample
            self.sent_samples = max(0, self.sent_samples - again)
            self.resent_samples += again

    def _skip_what_is_lost(self) -> None:
        lost = self._ring.start - self._next
        if lost > 0:
            self.gaps += 1
            self.lost_samples += lost
            self._next += lost
