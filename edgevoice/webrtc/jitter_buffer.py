"""From RTP packets to the playout buffer: early enough, late enough. Pure: `now` is an argument.

What is in order is decoded at once and waits in the playout buffer as samples; `waiting_ms`
of that buffer says when the sound behind it is due. A packet that is not there then is
mended from the one after it (FEC), or guessed; what comes after its time only because the
network was slow is played all the same, since words matter more than time, and quiet
stretches are made shorter until the delay is back at its target. Where the sender sent
nothing, nothing is made up, and a new stretch of sound waits for the target anew.

How long to wait is `arrivals.py`, the samples' arithmetic `concealment.py` and `quiet.py`.
"""

from typing import Protocol

import numpy as np

from edgevoice.audio.frames import Samples
from edgevoice.errors import RemoteProtocolError
from edgevoice.webrtc.arrivals import TICKS_PER_MS, Arrivals, Pulls
from edgevoice.webrtc.codec import Decoder
from edgevoice.webrtc.concealment import Concealment
from edgevoice.webrtc.quiet import QuietMeter, shortened
from edgevoice.webrtc.reorder import Piece, Reorder
from edgevoice.webrtc.silence import is_silence
from edgevoice.webrtc.statistics import ReceiveStatistics

BURST_S = 0.02
"""What comes this soon after the first sound was sent ahead of time: our relay sends 60 ms
at once. It costs no delay, so that it is no delay to get rid of."""
LOOK_AGAIN_MS = 5.0
GIVEN_UP_S = 2.0
"""Nothing has come for so long: nobody is waited for any more."""


class Playout(Protocol):
    rate_hz: int

    @property
    def waiting_ms(self) -> int: ...

    @property
    def is_empty(self) -> bool: ...

    def push(self, samples: Samples) -> None: ...


class JitterBuffer:
    def __init__(self, decoder: Decoder, playout: Playout, arrivals: Arrivals) -> None:
        self.deadline: float | None = None
        """When `expire` must be called, unless a packet comes before."""
        self.damaged = 0
        self.foreign = 0
        self._decoder = decoder
        self._playout = playout
        self._arrivals = arrivals
        self._pulls = Pulls()
        self._reorder = Reorder(wait_s=GIVEN_UP_S)
        self._concealment = Concealment(decoder)
        self._quiet = QuietMeter()
        self._ssrc: int | None = None
        self._resyncs = 0
        self._held: list[tuple[int, bytes]] = []
        """In order, not begun yet."""
        self._end_ticks = 0
        """Where the sound handed on ends."""
        self._is_playing = False
        self._is_over = True
        """The sender has said that nothing follows, or nothing has come yet."""
        self._was_quiet = True
        self._skip_until: float | None = None
        self.is_short = False
        """It has stopped at a gap; what was behind it is missing until `resume`."""
        self._whole_until = 0.0
        """Until then what comes behind a gap is not wanted."""
        self._heard_at = 0.0
        self._runs_dry_at = 0.0
        self._began_at = 0.0
        self._began_ms = 0.0
        """Transit time that the first sound of the stretch was played with."""
        self._granted_ms = 0.0
        """Delay that the stretch began with; it is only reduced to this."""
        self._delay_ms = 0.0
        self._guessed = 0
        """Samples made up while nothing came; whether in a packet's place is not known yet."""
        self._late = 0
        self._recovered = 0
        self._concealed = 0
        self._compressed = 0
        self._stretched = 0

    def statistics(self) -> ReceiveStatistics:
        rate = self._playout.rate_hz
        return ReceiveStatistics(
            received=self._reorder.received,
            late=self._late + self._reorder.late,
            lost=self._reorder.lost,
            recovered=self._recovered,
            concealed_ms=self._concealed * 1000 // rate,
            compressed_ms=self._compressed * 1000 // rate,
            stretch_ms=round((self._stretched + self._guessed) * 1000 / rate),
            target_ms=round(self._target_ms),
            delay_ms=round(self._delay_ms),
        )

    def push(self, ssrc: int, sequence: int, timestamp: int, payload: bytes, now: float) -> None:
        """One RTP packet. The first sender heard is the only one listened to."""
        if self._ssrc is None:
            self._ssrc = ssrc
            self._arrivals.begin()
        if ssrc != self._ssrc:
            self.foreign += 1
            return
        self._look(now)
        self._heard_at = now
        pieces = self._reorder.push(sequence, timestamp, payload, now)
        self._time(timestamp, payload, now)
        self._take(pieces, now)
        self._advance(now)

    def expire(self, now: float) -> None:
        """Time has passed."""
        self._look(now)
        self._advance(now)

    def skip(self, until: float) -> None:
        """The answer is not wanted any more: drop what comes of it, at most until then."""
        self._skip_until = until
        self._drop()

    def resume(self) -> None:
        """What comes from here on is wanted."""
        self._skip_until = None
        self.is_short = False

    def stop_at_gap(self, until: float) -> None:
        """What comes behind the next gap, until then, will be sent again with what is missing."""
        self._whole_until = until

    def _drop(self) -> None:
        self._held.clear()
        self._is_playing = False
        self._is_over = True
        self._stretched += self._guessed
        self._guessed = 0
        self.deadline = None

    def _look(self, now: float) -> None:
        """What the loudspeaker has taken meanwhile."""
        self._pulls.saw(self._playout.waiting_ms, now * 1000)
        if self._skip_until is not None and now >= self._skip_until:
            self._skip_until = None
        if self._is_playing and self._playout.is_empty:
            self._is_playing = False

    def _time(self, timestamp: int, payload: bytes, now: float) -> None:
        """Silence is announced ahead of its time and says nothing about the network."""
        if self._resyncs != self._reorder.resyncs:
            self._resyncs = self._reorder.resyncs
            self._arrivals.begin()
        if not is_silence(payload):
            self._arrivals.arrived(self._reorder.position(timestamp), now * 1000)

    @property
    def _target_ms(self) -> float:
        return self._arrivals.target_ms(self._pulls.margin_ms)

    @property
    def _is_due(self) -> bool:
        """The next pull may want what is not there."""
        return self._playout.waiting_ms <= self._pulls.margin_ms

    # What arrives, in order.

    def _take(self, pieces: list[Piece], now: float) -> None:
        missing = 0
        for ticks, payload in pieces:
            if payload is None:
                missing += 1
                if now < self._whole_until:
                    self.is_short = True
                    self.skip(self._whole_until)
                continue
            if missing:
                self._arrivals.lost(missing)
            if self._skip_until is not None:
                missing = 0
            elif is_silence(payload):
                self._fall_silent(ticks, payload, missing, now)
            elif self._is_playing or self._continues(ticks, missing):
                self._is_playing = True
                self._go_on(ticks, payload, missing, now)
            else:
                self._held.append((ticks, payload))
            missing = 0

    def _continues(self, ticks: int, missing: int) -> bool:
        """It ran dry in the middle of a sound, which goes on here."""
        return not self._is_over and (missing > 0 or ticks <= self._end_ticks)

    def _fall_silent(self, ticks: int, payload: bytes, missing: int, now: float) -> None:
        """The end of an answer, or a pause that is not sent."""
        if self._held:
            self._begin(now)
        if self._is_playing and missing:
            self._fill(missing, payload, now)
        self._end_ticks = ticks
        self._reorder.lasted(0, usual=False)
        self._is_over = True

    def _begin(self, now: float) -> None:
        """The stretch has waited long enough."""
        held, self._held = self._held, []
        if self._is_over or held[0][0] > self._end_ticks:
            self._began_at = now
            self._began_ms = self._transit_if_played_ms(held[0][0], now)
            self._end_ticks = held[0][0]
            self._stretched += self._guessed
            self._guessed = 0
        self._is_playing = True
        for ticks, payload in held:
            self._go_on(ticks, payload, 0, now)

    def _go_on(self, ticks: int, payload: bytes, missing: int, now: float) -> None:
        self._is_over = False
        if missing:
            self._fill(missing, payload, now)
        elif ticks > self._end_ticks:
            self._pause(ticks, now)
        elif self._guessed:
            self._late += 1
            self._stretched += self._guessed
        self._guessed = 0
        samples = self._concealment.true(self._decoded(payload))
        self._end_ticks = ticks + len(samples) * TICKS_PER_MS * 1000 // self._playout.rate_hz
        self._was_quiet = self._quiet.is_quiet(samples)
        self._push(self._in_time(ticks, samples, now), now)

    def _pause(self, ticks: int, now: float) -> None:
        """A pause that was not sent is kept as far as the target asks for it."""
        sent_ms = (ticks - self._end_ticks) / TICKS_PER_MS
        short_ms = max(self._target_ms, self._granted_ms) - self._delay_if_played_ms(ticks, now)
        silent = self._samples(max(0.0, min(sent_ms, short_ms)))
        if silent:
            self._push(np.zeros(silent, np.int16), now)
        self._stretched += self._guessed + silent

    def _decoded(self, payload: bytes) -> Samples:
        try:
            samples = self._decoder.decode(payload)
        except RemoteProtocolError:
            self.damaged += 1
            return self._concealment.conceal(self._packet_samples)
        self._reorder.lasted(len(samples) * TICKS_PER_MS * 1000 // self._playout.rate_hz)
        return samples

    def _in_time(self, ticks: int, samples: Samples, now: float) -> Samples:
        """The samples, or fewer of them where it is quiet and there is time to make up for."""
        if now <= self._began_at + BURST_S:
            self._granted_ms = min(
                self._began_ms - self._arrivals.least_ms, float(self._arrivals.max_ms)
            )
        self._delay_ms = self._delay_if_played_ms(ticks, now)
        excess_ms = self._delay_ms - max(self._target_ms, self._granted_ms)
        if not self._was_quiet or excess_ms <= self._pulls.margin_ms:
            return samples
        fewer = min(self._samples(excess_ms), len(samples) // 2)
        self._compressed += fewer
        self._stretched -= fewer
        return shortened(samples, fewer)

    # What does not arrive.

    def _fill(self, packets: int, next_payload: bytes, now: float) -> None:
        """Lost packets take their place, as far as guesses have not taken it already.

        FEC covers only the packet directly before the next one.
        """
        lost = packets * self._packet_samples
        dry = self._samples(max(0.0, now - self._runs_dry_at) * 1000)
        filled = self._guessed + dry
        self._stretched += max(0, self._guessed - lost)
        self._guessed = 0
        owed = max(0, lost - filled)
        mended = min(owed, self._packet_samples)
        if is_silence(next_payload):
            mended = 0
        if owed > mended:
            self._conceal(owed - mended, now)
        if mended:
            self._mend(next_payload, mended, now)

    def _mend(self, next_payload: bytes, samples: int, now: float) -> None:
        true = self._concealment.recover(next_payload, samples, self._packet_samples)
        if true is None:
            self._conceal(samples, now)
        else:
            self._recovered += 1
            self._push(true, now)

    def _conceal(self, samples: int, now: float) -> None:
        self._concealed += samples
        self._push(self._concealment.conceal(samples), now)

    # Time.

    def _advance(self, now: float) -> None:
        """Do what is due, and say when to look again."""
        if self._skip_until is not None:
            while self._reorder.waits_since is not None:
                self._take(self._reorder.give_up(now), now)
            self.deadline = None
            return
        if not self._is_playing:
            self._wait(now)
        if self._is_playing:
            self._keep_up(now)

    def _wait(self, now: float) -> None:
        """Nothing is heard: hold back what begins, until late packets would be here."""
        since = self._reorder.waits_since
        if since is not None and now >= self._patience(since):
            self._take(self._reorder.give_up(now), now)
            since = self._reorder.waits_since
        begins = None
        if self._held:
            begins = self._begins_at()
            if now >= begins:
                self._begin(now)
                return
        by = None if since is None else self._patience(since)
        self.deadline = min((at for at in (begins, by) if at is not None), default=None)

    def _patience(self, since: float) -> float:
        """Until when a gap may be filled; in the middle of a word nobody waits."""
        return since + self._target_ms / 1000 if self._is_over else since

    def _begins_at(self) -> float:
        ticks = self._held[0][0]
        return (self._arrivals.least_ms + ticks / TICKS_PER_MS + self._target_ms) / 1000

    def _keep_up(self, now: float) -> None:
        """There is always something to pull, as long as the sender speaks."""
        while self._is_due and self._reorder.waits_since is not None:
            self._take(self._reorder.give_up(now), now)
        while self._is_due and self._is_guessing(now):
            self._guessed += self._concealment.step
            self._conceal(self._concealment.step, now)
        if self._is_guessing(now) or self._reorder.waits_since is not None:
            spare_ms = self._playout.waiting_ms - self._pulls.margin_ms
            self.deadline = now + max(LOOK_AGAIN_MS, spare_ms) / 1000
        else:
            self.deadline = None

    def _is_guessing(self, now: float) -> bool:
        """A pause may last: only what breaks off in the middle of a sound is continued."""
        unfinished = not self._is_over and not self._was_quiet
        waited_for = now < self._heard_at + GIVEN_UP_S
        return unfinished and waited_for and not self._concealment.is_silent

    def _push(self, samples: Samples, now: float) -> None:
        self._playout.push(samples)
        self._pulls.pushed(len(samples) * 1000 / self._playout.rate_hz)
        self._runs_dry_at = now + self._playout.waiting_ms / 1000

    def _delay_if_played_ms(self, ticks: int, now: float) -> float:
        """How much later than the fastest packet allowed it would be heard."""
        return self._transit_if_played_ms(ticks, now) - self._arrivals.least_ms

    def _transit_if_played_ms(self, ticks: int, now: float) -> float:
        return now * 1000 + self._playout.waiting_ms - ticks / TICKS_PER_MS

    @property
    def _packet_samples(self) -> int:
        return self._samples(self._reorder.packet_ticks / TICKS_PER_MS)

    def _samples(self, ms: float) -> int:
        return int(ms * self._playout.rate_hz / 1000)
