"""The first turn as data: what the gate lets out, as `input_audio_buffer.append`.

For servers that would stretch what comes faster than real time. It takes frames from
the gate like the uplink and never beside it, so that captured and sent stay one count
over the change from appends to media. When to append and when to commit is the
transceiver's to say (`transceiver/first_turn.py`).

It runs in nobody's task: every captured block and every order gives it a turn. What the
channel cannot take yet stays in the ring, behind the gate.
"""

from base64 import b64encode
from collections.abc import Callable

import numpy as np

from edgevoice.audio.frames import CAPTURE_RATE_HZ, FRAME_SAMPLES, Samples
from edgevoice.audio.gate import Gate
from edgevoice.audio.resample import Resampler
from edgevoice.errors import LocalProtocolError
from edgevoice.realtime.client_events import ClientEvent, InputAudioBufferAppend
from edgevoice.transceiver.actions import CommitAppended

APPEND_RATE_HZ = 24_000
"""The only rate of `audio/pcm`."""
LEAST_FRAMES = 5
"""0.1 s per append, so that events do not outweigh the sound in them."""
MOST_FRAMES = 12
"""0.24 s: 15,360 characters of base64. Peers need not take messages of more than 64 kB, and SCTP
lets nothing else through before a message has gone."""
MOST_PENDING_BYTES = 65_536
"""In the channel and not yet on the wire; a second of sound. The rest waits in the ring."""


class Appender:
    """Used once a link. `pump` whenever something may have been captured or sent."""

    def __init__(
        self,
        gate: Gate,
        send: Callable[[ClientEvent], None],
        pending_bytes: Callable[[], int],
        on_first_sent: Callable[[int], None],
    ) -> None:
        self.taken_samples = 0
        self.sent_bytes = 0
        """Of base64."""
        self.is_done = False
        """The turn was appended whole, and the events behind it are on their way."""
        self._gate = gate
        self._send = send
        self._pending_bytes = pending_bytes
        self._on_first_sent = on_first_sent
        self._resampler = Resampler(CAPTURE_RATE_HZ, APPEND_RATE_HZ)
        self._commit: CommitAppended | None = None
        self._until = 0

    def commit(self, action: CommitAppended) -> None:
        """Append up to the turn's last sample (and no less than was appended), then commit."""
        if self._commit is not None:
            raise LocalProtocolError("a turn is committed twice")
        captured = self._gate.next_sample + self._gate.available * FRAME_SAMPLES
        wanted = captured if action.until_sample is None else action.until_sample
        self._commit, self._until = action, min(wanted, captured)
        self.pump()

    def pump(self) -> None:
        """Send what there is, as far as the channel takes it."""
        while not self.is_done and self._pending_bytes() < MOST_PENDING_BYTES:
            frames = self._next_frames()
            if frames:
                self._append(frames)
            elif self._commit is not None and self._gate.next_sample >= self._until:
                self._finish(self._commit)
            else:
                return

    def _next_frames(self) -> int:
        """How many frames to append now."""
        if self._commit is None:
            ready = self._gate.available
            return min(ready, MOST_FRAMES) if ready >= LEAST_FRAMES else 0
        missing = -(-(self._until - self._gate.next_sample) // FRAME_SAMPLES)
        return max(0, min(missing, self._gate.available, MOST_FRAMES))

    def _append(self, frames: int) -> None:
        pieces = []
        for _ in range(frames):
            taken = self._gate.take()
            if taken is None:
                break
            index, frame = taken
            if not self.taken_samples:
                self._on_first_sent(index)
            self.taken_samples += len(frame)
            pieces.append(self._resampler.push(frame))
        self._say(pieces)

    def _finish(self, commit: CommitAppended) -> None:
        self._say([self._resampler.finish()])
        for event in commit.events:
            self._send(event)
        self.is_done = True

    def _say(self, pieces: list[Samples]) -> None:
        sound = np.concatenate([np.zeros(0, np.int16), *pieces]).astype("<i2")
        if len(sound):
            text = b64encode(sound.tobytes()).decode("ascii")
            self.sent_bytes += len(text)
            self._send(InputAudioBufferAppend(audio=text))
