"""How unsteadily packets arrive and sound is pulled, and what waiting makes up for it. Pure.

As NetEq measures it (WebRTC, modules/audio_coding/neteq: relative_arrival_delay_tracker,
underrun_optimizer): each packet's transit time is compared with the least of the last
seconds, and the target covers 95 % of a histogram of these delays that slowly forgets.
NetEq's buckets are 20 ms wide; ours are 5, because 20 ms are all we want to wait.
"""

from collections import deque

TICKS_PER_MS = 48

LEAST_WITHIN_MS = 4_000.0
"""NetEq looks back 2 s. A drift of 100 ppm is 0.4 ms in this time."""
BUCKET_MS = 5
BUCKETS = 40
QUANTILE = 0.95
FORGET = 0.983
"""Per packet: half of it is forgotten within 0.8 s. Both numbers are NetEq's."""
FORGET_LOSS = 0.995
LOSING = 0.003
"""Share of packets: one loss raises the target for about ten seconds."""
PACKET_MS = 20
"""What FEC needs: the packet after the lost one, in time."""
RESTARTED_MS = 10_000.0
"""A packet so far off does not belong to the same clock."""

LEAST_MARGIN_MS, MOST_MARGIN_MS = 10.0, 40.0
"""A period of the sound card; the largest block that a sound server was seen to pull."""
PULLS_WITHIN_MS = 1_000.0


class Arrivals:
    """Outlives a session: the network stays the same, only the clock begins anew."""

    def __init__(self, min_ms: int, max_ms: int) -> None:
        self.min_ms = min_ms
        self.max_ms = max_ms
        self._histogram = [0.0] * BUCKETS
        self._histogram[min(BUCKETS - 1, (max_ms - min_ms) // 2 // BUCKET_MS)] = 1.0
        self._usual_ms = self._quantile_ms()
        self._loss = 0.0
        self._transits: deque[tuple[float, float]] = deque()
        """Arrival and transit, rising in both: the first is the least there is."""

    def begin(self) -> None:
        """Another stream, with a clock of its own."""
        self._transits.clear()

    @property
    def least_ms(self) -> float:
        """The least transit time; what it is counted from is arbitrary."""
        return self._transits[0][1]

    def arrived(self, ticks: int, now_ms: float) -> None:
        transit = now_ms - ticks / TICKS_PER_MS
        if self._transits and abs(transit - self._transits[-1][1]) > RESTARTED_MS:
            self._transits.clear()
        while self._transits and self._transits[-1][1] >= transit:
            self._transits.pop()
        self._transits.append((now_ms, transit))
        while self._transits[0][0] < now_ms - LEAST_WITHIN_MS:
            self._transits.popleft()
        self._count(transit - self.least_ms)
        self._loss *= FORGET_LOSS

    def _count(self, delay_ms: float) -> None:
        self._histogram = [share * FORGET for share in self._histogram]
        self._histogram[min(BUCKETS - 1, int(delay_ms / BUCKET_MS))] += 1 - FORGET
        self._usual_ms = self._quantile_ms()

    def lost(self, packets: int) -> None:
        self._loss += packets * (1 - FORGET_LOSS)

    def target_ms(self, margin_ms: float) -> float:
        """How long to wait: until nearly all packets, or the one with FEC, are there."""
        wait = margin_ms + self._usual_ms
        if self._loss > LOSING:
            wait += PACKET_MS
        return max(self.min_ms, min(self.max_ms, wait))

    def _quantile_ms(self) -> float:
        covered, wanted = 0.0, QUANTILE * sum(self._histogram)
        for bucket, share in enumerate(self._histogram):
            covered += share
            if covered >= wanted:
                return float((bucket + 1) * BUCKET_MS)
        return float(BUCKETS * BUCKET_MS)


class Pulls:
    """Sound cards take blocks: what is waiting may be gone at once."""

    def __init__(self) -> None:
        self.margin_ms = LEAST_MARGIN_MS
        """The largest block; with less waiting the next pull might find nothing."""
        self._pushed_ms = 0.0
        self._since_ms = 0.0
        self._least = self._most = 0.0
        """By how much pulling lagged behind the time, since then."""
        self._width = self._width_before = 0.0

    def pushed(self, ms: float) -> None:
        self._pushed_ms += ms

    def saw(self, waiting_ms: float, now_ms: float) -> None:
        lag = now_ms - (self._pushed_ms - waiting_ms)
        if waiting_ms <= 0 or now_ms >= self._since_ms + PULLS_WITHIN_MS:
            # Pulling in vain says nothing; otherwise a block is remembered for one to two periods.
            self._width_before = self._width if waiting_ms > 0 else self._width_before
            self._since_ms, self._least, self._most = now_ms, lag, lag
        self._least, self._most = min(self._least, lag), max(self._most, lag)
        self._width = self._most - self._least
        largest = max(self._width, self._width_before)
        self.margin_ms = max(LEAST_MARGIN_MS, min(MOST_MARGIN_MS, largest))
