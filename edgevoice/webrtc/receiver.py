"""From RTP packets to samples in their places. Pure: `now` is an argument.

A lost packet is recovered from the one after it or concealed, and always takes
its place, so that the index of a sample never shifts. Where the sender sent
nothing (closed gate) nothing is made up: the next index is simply larger. Silence
that was announced instead of sent (DTX) is silence of exactly that length.
"""

from collections.abc import Callable

import numpy as np

from edgevoice.audio.frames import Samples
from edgevoice.errors import RemoteProtocolError
from edgevoice.webrtc.codec import Decoder
from edgevoice.webrtc.reorder import PACKET_TICKS, RATE_HZ, Piece, Reorder
from edgevoice.webrtc.silence import goes_on, is_silence, silent_ticks
from edgevoice.webrtc.uplink import RTP_RATE_HZ

LONGEST_PACKET_TICKS = 6 * PACKET_TICKS
LONGEST_SILENCE_TICKS = RATE_HZ
"""Encoders in DTX say every 0.4 s that they are still there."""

OnSamples = Callable[[int, Samples], None]
"""Index of the first sample in the stream, and the samples."""


class Receiver:
    def __init__(
        self,
        decoder: Decoder,
        on_samples: OnSamples,
        first_timestamp: int | None = None,
        wait_s: float = 0.06,
    ) -> None:
        self.reorder = Reorder(first_timestamp, wait_s)
        self.concealed = 0
        self.recovered = 0
        self.damaged = 0
        self.foreign = 0
        self._decoder = decoder
        self._on_samples = on_samples
        self._ssrc: int | None = None
        self._silent_from: int | None = None
        """Where a silence began whose end was not announced, in ticks."""
        self._next = 0
        """Index after the last sample handed on; nothing is handed on twice."""

    @property
    def received(self) -> int:
        return self.reorder.received

    @property
    def lost(self) -> int:
        return self.reorder.lost

    @property
    def samples(self) -> int:
        """Length of the stream so far, silences included."""
        return self._next

    @property
    def deadline(self) -> float | None:
        return self.reorder.deadline

    def push(self, ssrc: int, sequence: int, timestamp: int, payload: bytes, now: float) -> None:
        """One RTP packet. The first sender heard is the only one listened to."""
        if self._ssrc is None:
            self._ssrc = ssrc
        if ssrc == self._ssrc:
            self._play(self.reorder.push(sequence, timestamp, payload, now))
        else:
            self.foreign += 1

    def expire(self, now: float) -> None:
        self._play(self.reorder.expire(now))

    def _play(self, pieces: list[Piece]) -> None:
        missing: list[int] = []
        for ticks, payload in pieces:
            if payload is None:
                missing.append(ticks)
                continue
            self._fill(missing, ticks, payload)
            self._fall_silent(ticks)
            missing = []
            self._hand_on(ticks, self._decoded(payload))
            if is_silence(payload) and goes_on(payload):
                self._silent_from = ticks + silent_ticks(payload)

    def _fill(self, missing: list[int], next_ticks: int, next_payload: bytes) -> None:
        """FEC covers only the packet directly before; the others are made up."""
        length = self.reorder.packet_ticks
        for ticks in missing:
            if ticks + length == next_ticks and not is_silence(next_payload):
                self.recovered += 1
                self._hand_on(ticks, self._recovered(next_payload))
            else:
                self.concealed += 1
                self._hand_on(ticks, self._decoder.conceal(self._samples(length)))

    def _fall_silent(self, until: int) -> None:
        """What was not sent since the sender fell silent was silence."""
        since, self._silent_from = self._silent_from, None
        if since is not None and 0 < until - since <= LONGEST_SILENCE_TICKS:
            self._hand_on(since, np.zeros(self._samples(until - since), np.int16))

    def _recovered(self, next_payload: bytes) -> Samples:
        length = self._samples(self.reorder.packet_ticks)
        try:
            return self._decoder.recover(next_payload, length)
        except RemoteProtocolError:
            return self._decoder.conceal(length)

    def _decoded(self, payload: bytes) -> Samples:
        if is_silence(payload):
            ticks = silent_ticks(payload)
            self.reorder.lasted(ticks, usual=False)
            return np.zeros(self._samples(ticks), np.int16)
        try:
            samples = self._decoder.decode(payload)
        except RemoteProtocolError:
            self.damaged += 1
            return self._decoder.conceal(self._samples(self.reorder.packet_ticks))
        ticks = len(samples) * RTP_RATE_HZ // self._decoder.rate_hz
        if 0 < ticks <= LONGEST_PACKET_TICKS:
            self.reorder.lasted(ticks)
        return samples

    def _samples(self, ticks: int) -> int:
        return ticks * self._decoder.rate_hz // RTP_RATE_HZ

    def _hand_on(self, ticks: int, samples: Samples) -> None:
        index = self._samples(ticks)
        repeated = self._next - index
        if repeated > 0:
            samples, index = samples[repeated:], self._next
        if len(samples):
            self._next = index + len(samples)
            self._on_samples(index, samples)
