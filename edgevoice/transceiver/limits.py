"""The limits of a conversation that no owner needs to set, and the minutes of a day.

Those an owner may set are in `config.TurnConfig`. All are finite: every state
has a way home when nothing else happens.
"""

from math import inf

CONFIRM_S = 1.0
"""Speech the device hears lowers an answer this long; then the relay must have heard it too.

A relay 150 ms away with 100 ms of VAD confirms within 0.5 s.
"""
UNHEARD_S = 2.5
"""Speech the device hears keeps it listening this long: where the link has just died the relay
confirms nothing, and that is known after 2 s (`webrtc/line.py`). The words go by the next one."""
MAX_UTTERANCE_S = 65.0
"""One turn of the user. Relays end a turn after 60 s; this is for those that do not."""
DRAIN_S = 5.0
"""From the relay's last sample of an answer to the loudspeaker's; also for its first."""
STALL_S = 10.0
"""An answer that stops arriving in the middle for this long will not go on."""
TOOL_S = 60.0
"""A tool that takes longer will not answer. Tools have their own, shorter limits."""
HEARD_NOTHING_S = 2.0
"""After noise that turned out to be no words, listen at least this long again."""
UNSURE_SAMPLES = 40_000
"""2.5 s: what was sent just before a link was found dead may not have arrived."""
SPEECH_LEAD_SAMPLES = 4_800
"""0.3 s before speech is said to begin; its first sound is softer than that."""
SHORT_LIFE_S = 5.0
MOST_SHORT_LIVES = 3
"""Links in a row that broke so soon after they were opened: the next one would too."""
RENEW_AGAIN_S = 2.0
"""A session is renewed in a quiet moment; this long after one that was not quiet, look again."""
REPEAT_S = 600.0
"""A loose plug is complained about once in this time, as long as nobody asks for anything."""
BUTTON_LEAD_SAMPLES = 4_800
"""0.3 s: people begin to speak while they press."""
MAX_EARLY_EVENTS = 256
"""Events kept while the link is not yet open; a seeded conversation sends about 2 an item."""
MAX_RESPONSES = 32
MAX_CALLS = 16
"""Tools that run at a time; more are refused."""
MAX_CALL_IDS = 256
"""Calls remembered, so that none is run twice."""

DAY_S = 86_400.0


class DayMeter:
    """Session time used in 24 h from the first session. In memory; the relay's count is final."""

    def __init__(
        self,
        minutes: float,
        began: float | None = None,
        used_s: float = 0.0,
        session_s: float = inf,
    ) -> None:
        """`began`, `used_s`: of a day that is not over. `session_s`: no session is longer, even if
        the machine stood still in it and it was ended late."""
        self._allowed_s = minutes * 60.0
        self._session_s = session_s
        self.began = began
        self.used_s = used_s
        self._session_began: float | None = None

    def begin(self, now: float) -> None:
        """A session begins; call `left_s` first."""
        if self.began is None:
            self.began = now
        self._session_began = now

    def end(self, now: float) -> None:
        if self._session_began is not None:
            self.used_s += min(now - self._session_began, self._session_s)
        self._session_began = None

    def left_s(self, now: float) -> float | None:
        """Seconds still allowed, between sessions; None without a limit."""
        if self.began is not None and now - self.began >= DAY_S:
            self.began, self.used_s = None, 0.0
        if self._allowed_s <= 0:
            return None
        return max(0.0, self._allowed_s - self.used_s)
