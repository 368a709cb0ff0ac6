"""An answer on its way to the device: an aiortc track, paced in real time.

The engine may synthesise faster than anybody listens. At most `LEAD_S` is sent
ahead, so that what was sent is nearly what was heard when somebody interrupts.
While there is nothing to say nothing is sent, and the RTP clock runs on. Behind the
last packet of an answer goes one that says so, lest the other end take the silence for
a network that has broken off, and make something up.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np
from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError
from av.packet import Packet

from edgevoice.audio.departures import DepartureLog, Departures
from edgevoice.audio.frames import FRAME_MS, Samples
from edgevoice.errors import LocalProtocolError
from edgevoice.webrtc.codec import Encoder
from edgevoice.webrtc.silence import FALLS_SILENT
from edgevoice.webrtc.uplink import RTP_RATE_HZ, TIME_BASE

SPEAKING_RATE_HZ = 24_000
FRAME_SAMPLES = SPEAKING_RATE_HZ * FRAME_MS // 1000
FRAME_TICKS = RTP_RATE_HZ * FRAME_MS // 1000

LEAD_S = 0.06
"""Sent ahead of real time, so that the other end's jitter buffer fills at once."""
MAX_WAITING_S = 600
"""29 MB; an engine that talks longer than ten minutes ahead is broken."""

Post = Callable[[Callable[[], None]], None]


class PacedOutput(MediaStreamTrack):
    """begin() play()* end() for each answer; clear() at any time.

    The callbacks are made by the call's own task, never from within aiortc.
    """

    kind = "audio"
    on_first_packet: Callable[[], None]
    """The first packet of the answer has left."""
    on_drained: Callable[[], None]
    """The answer was ended, and its last sample has had its time to be heard."""

    def __init__(self, encoder: Encoder, post: Post) -> None:
        super().__init__()
        self.on_first_packet = lambda: None
        self.on_drained = lambda: None
        self._encoder = encoder
        self._post = post
        self._pieces: deque[Samples] = deque()
        self._waiting_samples = 0
        self._sent_samples = 0
        self._answer = 0
        """Counts answers, so that a late callback is not taken for the next one's."""
        self._is_begun = False
        self._is_ended = False
        self._is_announced = True
        """Its first packet was told of."""
        self._is_speaking = False
        """Packets were sent, and not yet that there are no more."""
        self._changed = asyncio.Event()
        self._clock_start: float | None = None
        self._next_tick = 0
        self._end_tick = 0
        """Where the last sound sent ends; the next timestamp may be later."""
        self._ready_at = 0.0
        """Since when the next frame is there."""
        self._departures = DepartureLog()
        self.packets = 0

    def departures(self) -> Departures:
        """Packets that have left since the last time, by how late they were."""
        return self._departures.take()

    @property
    def sent_ms(self) -> int:
        """How much of the current answer, or of the last one, was sent."""
        return self._sent_samples * 1000 // SPEAKING_RATE_HZ

    @property
    def waiting_ms(self) -> int:
        return self._waiting_samples * 1000 // SPEAKING_RATE_HZ

    def begin(self, at_ms: int = 0) -> None:
        """A new answer: what is left of the one before is dropped.

        `at_ms`: it goes on from there, because what is before it was sent elsewhere.
        """
        self.clear()
        self._sent_samples = at_ms * SPEAKING_RATE_HZ // 1000
        self._is_begun = True
        self._is_announced = False

    def play(self, samples: Samples) -> None:
        """24 kHz int16, any length, in order."""
        if not self._is_begun or self._is_ended:
            raise LocalProtocolError("begin() an answer before play()")
        if samples.dtype != np.int16 or samples.ndim != 1:
            raise LocalProtocolError(f"mono int16 wanted, got {samples.dtype}{samples.shape}")
        if self._waiting_samples > MAX_WAITING_S * SPEAKING_RATE_HZ:
            raise LocalProtocolError(f"more than {MAX_WAITING_S} s of answer are waiting")
        had_frame = self._has_frame()
        self._pieces.append(samples)
        self._waiting_samples += len(samples)
        self._note_ready(had_frame)
        self._changed.set()

    def end(self) -> None:
        """Nothing more comes for this answer; `on_drained` follows."""
        if not self._is_begun:
            raise LocalProtocolError("begin() an answer before end()")
        had_frame = self._has_frame()
        self._is_ended = True
        self._note_ready(had_frame)
        self._changed.set()

    def clear(self) -> int:
        """Stop speaking at once; how many ms of the answer were sent. No callback follows."""
        self._pieces.clear()
        self._waiting_samples = 0
        self._is_begun = self._is_ended = self._is_speaking = False
        self._answer += 1
        self._changed.set()
        return self.sent_ms

    async def recv(self) -> "Packet[Any]":
        while self.readyState == "live":
            self._changed.clear()
            if self._has_frame():
                due = self._heard_at(self._next_tick) - LEAD_S
                await self._until(due)
                if self._has_frame():
                    late_s = asyncio.get_running_loop().time() - max(due, self._ready_at)
                    self._departures.left(late_s)
                    return self._packet()
            elif self._is_ended and self._is_speaking:
                return self._last_packet()
            elif self._is_ended:
                await self._drain(self._answer)
            else:
                await self._changed.wait()
        raise MediaStreamError

    def _has_frame(self) -> bool:
        """Half a frame waits for its other half, unless none will come."""
        enough = 1 if self._is_ended else FRAME_SAMPLES
        return self._waiting_samples >= enough

    def _note_ready(self, had_frame: bool) -> None:
        if not had_frame:
            self._ready_at = asyncio.get_running_loop().time()

    def _heard_at(self, tick: int) -> float:
        """When a packet with this timestamp is due at the ear, were there no network."""
        if self._clock_start is None:
            self._clock_start = asyncio.get_running_loop().time()
        return self._clock_start + tick / RTP_RATE_HZ

    async def _until(self, when: float) -> None:
        await asyncio.sleep(max(0.0, when - asyncio.get_running_loop().time()))

    async def _drain(self, answer: int) -> None:
        await self._until(self._heard_at(self._end_tick))
        if answer == self._answer:
            self._is_begun = self._is_ended = False
            self._post(lambda: self._tell_drained(answer))

    def _tell_drained(self, answer: int) -> None:
        if answer == self._answer:
            self.on_drained()

    def _tell_first(self, answer: int) -> None:
        if answer == self._answer:
            self.on_first_packet()

    def _packet(self) -> "Packet[Any]":
        packet = self._stamped(self._encoder.encode(self._frame()), self._tick_now())
        self._end_tick = self._next_tick
        self._is_speaking = True
        self.packets += 1
        return packet

    def _last_packet(self) -> "Packet[Any]":
        self._is_speaking = False
        return self._stamped(FALLS_SILENT, self._next_tick)

    def _stamped(self, payload: bytes, tick: int) -> "Packet[Any]":
        packet: Packet[Any] = Packet(payload)
        packet.pts = tick
        packet.time_base = TIME_BASE
        self._next_tick = tick + FRAME_TICKS
        return packet

    def _tick_now(self) -> int:
        """The next timestamp, or a later one when there was silence in between."""
        late = asyncio.get_running_loop().time() - self._heard_at(self._next_tick)
        return self._next_tick + max(0, round(late * RTP_RATE_HZ))

    def _frame(self) -> Samples:
        """The next 20 ms, filled up with silence at the very end."""
        pieces, missing = [], FRAME_SAMPLES
        while missing and self._pieces:
            piece = self._pieces.popleft()
            if len(piece) > missing:
                self._pieces.appendleft(piece[missing:])
                piece = piece[:missing]
            pieces.append(piece)
            missing -= len(piece)
        taken = FRAME_SAMPLES - missing
        if taken and not self._is_announced:
            self._is_announced = True
            answer = self._answer
            self._post(lambda: self._tell_first(answer))
        self._waiting_samples -= taken
        self._sent_samples += taken
        return np.concatenate([*pieces, np.zeros(missing, np.int16)])
