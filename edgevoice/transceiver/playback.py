"""Whether an answer is over: the relay has sent it all, and the loudspeaker has played it.

Two small facts that arrive in any order over two wires, and their join.
"""


class Playback:
    def __init__(self) -> None:
        self.streaming = False
        """Between `output_audio_buffer.started` and `.stopped` or `.cleared`."""
        self.playing = False
        """Between the loudspeaker's first and last sample."""
        self.heard = False
        """Some of what is being streamed, or was last, has been played."""

    @property
    def over(self) -> bool:
        return self.heard and not self.streaming and not self.playing

    def stream_started(self) -> None:
        """An answer that follows another without a pause is already playing."""
        self.streaming, self.heard = True, self.playing

    def stream_stopped(self) -> None:
        self.streaming = False

    def stream_cleared(self) -> None:
        """The relay dropped the rest; what never arrived need not be waited for."""
        self.streaming, self.heard = False, True

    def playout_started(self) -> None:
        self.playing = self.heard = True

    def playout_drained(self) -> None:
        self.playing = False

    def flushed(self) -> None:
        self.streaming = self.playing = self.heard = False
