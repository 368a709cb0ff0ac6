"""Which answer is being heard, and how much of it, over as many links as it takes.

In the sender's time: where sound was made up on the way, or taken out of pauses, it was
not as long when it was sent.
"""

from edgevoice.realtime.client_events import EdgevoiceResume
from edgevoice.realtime.server_events import (
    OutputAudioBufferStarted,
    OutputAudioBufferStopped,
    ServerEvent,
)
from edgevoice.webrtc.jitter_buffer import JitterBuffer
from edgevoice.webrtc.statistics import ReceiveStatistics

WHOLE_MS = 3_600_000
"""More than any answer lasts: nothing of it is wanted any more."""
SKIP_S = 2.0
"""What still arrives of an interrupted answer is dropped for at most this long."""


class Heard:
    def __init__(self) -> None:
        self._answer_id = ""
        """The answer that is being heard, or was last."""
        self._is_sent = False
        """The relay has said that it was sent to its end."""
        self._is_over = False
        """It was, and nothing of it was missing when the link broke that it came by."""
        self._is_skipped = False
        self._jitter: JitterBuffer | None = None
        self._stretched_ms = 0
        """By the links before this one, less what this one did before the answer began."""
        self._statistics = ReceiveStatistics()

    @property
    def statistics(self) -> ReceiveStatistics:
        """Of the link that is heard now, or was last."""
        if self._jitter is not None:
            self._statistics = self._jitter.statistics()
        return self._statistics

    def begin(self) -> None:
        """What is received from now on is a new answer."""
        self._is_skipped = False
        self._stretched_ms = -self._here_ms()

    def skip(self, now: float) -> None:
        """It was interrupted: what still arrives of it is not heard."""
        self._is_skipped = True
        if self._jitter is not None:
            self._jitter.skip(now + SKIP_S)

    def over(self, jitter: JitterBuffer, now: float) -> None:
        """It is heard by this from now on."""
        self.broke_off()
        self._jitter = jitter
        if self._is_skipped:
            jitter.skip(now + SKIP_S)

    def broke_off(self) -> None:
        """Nothing more is heard by the link there was."""
        self._stretched_ms += self._here_ms()
        self._statistics = self.statistics
        self._is_over = self._is_over or (self._is_sent and self.is_whole)
        self._jitter = None

    def follow(self, event: ServerEvent) -> None:
        if isinstance(event, OutputAudioBufferStarted):
            self._answer_id = event.response_id
            self._is_sent = self._is_over = False
        elif isinstance(event, OutputAudioBufferStopped):
            self._is_sent = event.response_id == self._answer_id

    def ms(self, played_ms: int) -> int:
        """Of what the loudspeaker has played."""
        return max(0, played_ms - self._stretched_ms - self._here_ms())

    @property
    def is_whole(self) -> bool:
        """Nothing of what was sent by this link is missing, as far as is known."""
        return self._jitter is not None and not self._jitter.is_short

    def claim(self, events: int, played_ms: int) -> EdgevoiceResume:
        """Where the answer is to go on, if nothing more of it comes by the link there was.

        One that is over stays over: opened again, it would shut out whoever speaks by now.
        """
        unwanted = self._is_skipped or self.is_whole or self._is_over
        heard_ms = WHOLE_MS if unwanted else self.ms(played_ms)
        return EdgevoiceResume(events=events, response_id=self._answer_id, heard_ms=heard_ms)

    def _here_ms(self) -> int:
        return self._jitter.statistics().stretch_ms if self._jitter else 0
