"""RTP packets in the order they were sent; says which are lost. Pure: `now` is an argument.

Positions are ticks of the 48 kHz RTP clock since the first sample of the stream.
They never run backwards and never shift: a lost packet keeps its place. A jump of
the timestamp between neighbouring sequence numbers is silence that was not sent
(closed gate, DTX), and nothing takes its place.
"""

from collections import deque
from typing import TypeAlias

Piece: TypeAlias = tuple[int, bytes | None]
"""Position in ticks, and the payload; None: lost."""

PACKET_TICKS = 960
"""20 ms, what nearly every sender uses; the decoder corrects it."""
MAX_DROPOUT = 3000
MAX_MISORDER = 100
"""RFC 3550, appendix A.1: beyond these the sequence number counts as restarted."""
RATE_HZ = 48_000
MAX_CONCEALED = 10 * RATE_HZ
"""Ticks: more lost in a row is left as a gap."""
AHEAD = 120 * RATE_HZ
"""Ticks by which a stream may run ahead of the clock: sound that waited is sent faster than
it was spoken. One packet a second can claim hours, and whoever listens would work it off."""


def unwrap(value: int, reference: int, bits: int) -> int:
    """The number nearest to `reference` whose low bits are `value`."""
    span = 1 << bits
    return reference + (value - reference + span // 2) % span - span // 2


class Reorder:
    """Holds back what came early, for at most `wait_s` or `capacity` packets."""

    def __init__(
        self, first_timestamp: int | None = None, wait_s: float = 0.06, capacity: int = 64
    ) -> None:
        self.packet_ticks = PACKET_TICKS
        self.received = 0
        self.lost = 0
        self.late = 0
        self.duplicates = 0
        self.gaps = 0
        self.resyncs = 0
        self.hasty = 0
        """Dropped, because nobody can have spoken so much yet."""
        self._began_at: float | None = None
        self._horizon = AHEAD
        """Where the stream may be by now, in ticks."""
        self._known_start = first_timestamp is not None
        self._origin = first_timestamp or 0
        self._wait_s = wait_s
        self._capacity = capacity
        self._next: int | None = None
        """Extended sequence number of the packet to hand out next."""
        self._position = 0
        """Of the last packet handed out or given up, in ticks."""
        self._end = 0
        """Where that packet ended."""
        self._waiting: dict[int, tuple[int, bytes, float]] = {}
        """Timestamp, payload and arrival by extended sequence number."""
        self._recent: deque[int] = deque(maxlen=MAX_MISORDER)
        self._suspect: int | None = None

    @property
    def deadline(self) -> float | None:
        """When `expire` must be called, unless a packet comes before."""
        since = self.waits_since
        return None if since is None else since + self._wait_s

    def push(self, sequence: int, timestamp: int, payload: bytes, now: float) -> list[Piece]:
        """What can be handed out now that this packet is here."""
        self.received += 1
        self._tell_time(now)
        if self._end > self._horizon:
            self.hasty += 1
            return []
        number = self._number(sequence)
        if number is None:
            return []
        if number in self._waiting or number in self._recent:
            self.duplicates += 1
            return []
        if self._next is not None and number < self._next:
            self.late += 1
            return []
        self._waiting[number] = (timestamp, payload, now)
        if self._next is None:
            self._begin(number, timestamp)
        pieces = self._in_order()
        while len(self._waiting) > self._capacity:
            pieces += self._give_up()
        return pieces

    @property
    def waits_since(self) -> float | None:
        """When the first of those arrived that wait for one before them; None: nobody waits."""
        return min((arrived for _, _, arrived in self._waiting.values()), default=None)

    def give_up(self, now: float) -> list[Piece]:
        """What can be handed out if the next gap is taken for lost."""
        self._tell_time(now)
        return self._give_up() if self._waiting else []

    def expire(self, now: float) -> list[Piece]:
        """What can be handed out because waiting longer would not help."""
        self._tell_time(now)
        pieces: list[Piece] = []
        while self.deadline is not None and now >= self.deadline:
            pieces += self._give_up()
        return pieces

    def position(self, timestamp: int) -> int:
        """Where a packet with this timestamp belongs."""
        return self._ticks(timestamp)

    def lasted(self, ticks: int, *, usual: bool = True) -> None:
        """How long the packet handed out last turned out to be; `usual`: as others are, too."""
        if usual:
            self.packet_ticks = ticks
        self._end = self._position + ticks

    def _tell_time(self, now: float) -> None:
        if self._began_at is None:
            self._began_at = now
        self._horizon = round((now - self._began_at) * RATE_HZ) + AHEAD

    def _number(self, sequence: int) -> int | None:
        """The extended sequence number; None for a packet from out of the blue."""
        reference = self._next if self._next is not None else min(self._waiting, default=None)
        if reference is None:
            return sequence
        number = unwrap(sequence, reference, 16)
        if -MAX_MISORDER <= number - reference <= MAX_DROPOUT:
            self._suspect = None
            return number
        if sequence != self._suspect:
            self._suspect = (sequence + 1) % (1 << 16)
            self.late += 1
            return None
        self._resync(number)
        return number

    def _resync(self, number: int) -> None:
        """Two neighbours from out of the blue: the sender has started anew."""
        self.resyncs += 1
        self._suspect = None
        self._waiting.clear()
        self._recent.clear()
        self._next = number

    def _begin(self, number: int, timestamp: int) -> None:
        """A known start lets us wait for packets before the first to arrive."""
        if not self._known_start:
            self._origin = timestamp
        if self._ticks(timestamp) <= 0:
            self._next = number

    def _ticks(self, timestamp: int) -> int:
        return unwrap(timestamp, self._origin + self._position, 32) - self._origin

    def _in_order(self) -> list[Piece]:
        pieces: list[Piece] = []
        while self._next in self._waiting:
            timestamp, payload, _ = self._waiting.pop(self._next)
            pieces.append(self._hand_out(self._next, self._ticks(timestamp), payload))
            self._next += 1
        return pieces

    def _hand_out(self, number: int, ticks: int, payload: bytes) -> Piece:
        self._recent.append(number)
        repeated = ticks < self._position or ticks == self._position < self._end
        if repeated or ticks > self._horizon:
            # An old timestamp, or one from the future: its sound goes where the last one ended.
            self.resyncs += 1
            self._origin += ticks - self._end
            ticks = self._end
        elif ticks > self._end:
            self.gaps += 1
        self._position, self._end = ticks, ticks + self.packet_ticks
        return ticks, payload

    def _give_up(self) -> list[Piece]:
        """The packets before the earliest waiting one are lost."""
        number = min(self._waiting)
        pieces = self._missing(number, self._ticks(self._waiting[number][0]))
        self._next = number
        return pieces + self._in_order()

    def _missing(self, number: int, ticks: int) -> list[Piece]:
        room = -(-(ticks - self._end) // self.packet_ticks)
        count = room if self._next is None else number - self._next
        fits = max(0, min(count, room))
        self.lost += fits  # the others' sound comes again, or went elsewhere
        if fits * self.packet_ticks > MAX_CONCEALED:
            return []
        pieces: list[Piece] = [(self._end + i * self.packet_ticks, None) for i in range(fits)]
        if pieces:
            self._position = pieces[-1][0]
            self._end = min(ticks, self._position + self.packet_ticks)
        return pieces
