"""From one probability per frame to where speech begins and ends. Counts frames, knows no time.

What the probabilities come from is `vad.py`'s concern; what a beginning or an end
means for the conversation is the transceiver's, or the relay's turn detection's.
"""

from dataclasses import dataclass

from edgevoice.audio.frames import CAPTURE_RATE_HZ, FRAME_SAMPLES

HYSTERESIS = 0.15
"""Speech goes on until the probability falls this far below the threshold (Silero's choice)."""

BLIP_S = 0.06
"""Within a silence, speech shorter than this is a click of the VAD, and the silence goes on."""


@dataclass(frozen=True, slots=True)
class SpeechStart:
    """Speech began at `sample`; found out `start_s` later."""

    sample: int


@dataclass(frozen=True, slots=True)
class SpeechEnd:
    """Speech ended at `sample`, the first of the silence; found out `stop_s` later."""

    sample: int


class Endpointer:
    def __init__(self, start_s: float, stop_s: float, threshold: float = 0.5) -> None:
        frame_s = FRAME_SAMPLES / CAPTURE_RATE_HZ
        self._start_frames = max(1, round(start_s / frame_s))
        self._stop_frames = max(1, round(stop_s / frame_s))
        self._blip_frames = max(1, round(BLIP_S / frame_s))
        self._threshold = threshold
        self.in_speech = False
        self._since = self._frames = self._speech_frames = 0

    def reset(self) -> None:
        """Nobody is speaking, as far as is known."""
        self.in_speech = False
        self._begin(0)

    def hear(self, probability: float, first_sample: int) -> SpeechStart | SpeechEnd | None:
        """One frame and the index of its first sample, in order; what it completes, if anything."""
        if self.in_speech:
            return self._while_speaking(probability, first_sample)
        return self._while_silent(probability, first_sample)

    def _while_silent(self, probability: float, sample: int) -> SpeechStart | None:
        """Count up for speech and down for doubt, so that one weak frame does not start over."""
        if probability < self._threshold:
            self._frames = max(0, self._frames - 1)
            return None
        if self._frames == 0:
            self._since = sample
        self._frames += 1
        if self._frames < self._start_frames:
            return None
        self.in_speech = True
        start = SpeechStart(self._since)
        self._begin(sample + FRAME_SAMPLES)
        return start

    def _while_speaking(self, probability: float, sample: int) -> SpeechEnd | None:
        if probability >= self._threshold - HYSTERESIS:
            self._go_on(sample)
            return None
        self._speech_frames = 0
        self._frames += 1
        if self._frames < self._stop_frames:
            return None
        self.in_speech = False
        end = SpeechEnd(self._since)
        self._begin(0)
        return end

    def _go_on(self, sample: int) -> None:
        """Speech: it takes a few frames of it to break off a silence that has begun."""
        self._speech_frames += 1
        if self._frames == 0 or self._speech_frames >= self._blip_frames:
            self._begin(sample + FRAME_SAMPLES, self._speech_frames)
        else:
            self._frames += 1

    def _begin(self, since: int, speech_frames: int = 0) -> None:
        """Start counting anew; what is counted would begin at sample `since`."""
        self._since = since
        self._frames = 0
        self._speech_frames = speech_frames
