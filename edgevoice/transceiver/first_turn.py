"""The first turn towards a server that is not ours: as data, and nothing of it as media.

What was said while connecting reaches our relay as RTP faster than real time. Another
server's jitter buffer would take that for a delay and play it faster, and servers write
appended sound and RTP into one buffer as it arrives. So either all of a turn is
appended or none of it: the whole first turn goes through the event channel with turn
detection off, the device itself hears where it ends, and when the server has committed
it, media begins at the next sample, and with it turn detection.

Turns in general are decided in `turn_rules.py`; this stands in for the server's voice
there, once a link.
"""

from edgevoice.config import TurnConfig
from edgevoice.realtime.client_events import (
    ClientEvent,
    InputAudioBufferCommit,
    ResponseCreate,
)
from edgevoice.realtime.server_events import Error, InputAudioBufferCommitted, ServerEvent
from edgevoice.transceiver.actions import (
    Action,
    AppendAudio,
    AttachMedia,
    CommitAppended,
    SendEvent,
)
from edgevoice.transceiver.deadlines import Deadlines, Due
from edgevoice.transceiver.greeting import deaf, without_detection
from edgevoice.transceiver.inputs import WakeDetected
from edgevoice.transceiver.limits import MAX_UTTERANCE_S
from edgevoice.transceiver.turn_rules import TurnRules, Woken

SAMPLES_PER_MS = 16
MORE_THAN_THE_PHRASE = 4_800
"""0.3 s: speech that ends so much later than the wake phrase was more than the phrase. The end of
that is an estimate, which is rather early than late: detection comes 0.1 s before it, median."""
INTRODUCED_S = 3.0
"""From the opened link to `session.created`, which is the first thing a server says."""
COMMIT_ID = "first_turn"
"""By which an error names our commit."""


def is_appended(setting: str, extensions: bool) -> bool:
    """Is the first turn sent as data to this server? Ours takes sound as media only.

    `setting`: `link.first_turn`.
    """
    return setting == "auto" and not extensions


class FirstTurn:
    def __init__(
        self,
        setting: str,
        rules: TurnRules,
        deadlines: Deadlines,
        config: TurnConfig,
        first_sample: int,
    ) -> None:
        self.is_appending = False
        """From the opening of the link until the turn is over."""
        self._setting = setting
        self._rules = rules
        self._deadlines = deadlines
        self._config = config
        self._first_sample = first_sample
        self._phrase_end = first_sample
        self._is_in_speech = False
        """As the device's own VAD has it, the wake phrase included."""
        self._spoke_from: int | None = None
        self._spoke_until: int | None = None
        self._is_open = False
        """The link is."""
        self._is_told = False
        """The turn has begun by the rules, too."""
        self._is_introduced = False
        self._is_committing = False

    def woken(self, woken: Woken, in_speech: bool) -> None:
        """Speech goes on behind the phrase, as far as the device can tell already."""
        self._is_in_speech = in_speech
        if isinstance(woken, WakeDetected):
            self._phrase_end = woken.phrase_end

    def link_opened(
        self, extensions: bool, now: float, from_sample: int | None = None
    ) -> list[Action]:
        """Before any other event of ours. `from_sample`: of a session that takes over."""
        self._is_open = True
        if from_sample is not None:
            self._first_sample = self._phrase_end = from_sample
        self._is_told = self._is_introduced = self._is_committing = False
        self.is_appending = is_appended(self._setting, extensions)
        if not self.is_appending:
            return []
        begun: list[Action] = [deaf(), AppendAudio(from_sample)]
        if self._spoke_from is not None:
            begun += self._user_speaks(self._spoke_from, now)
            return [*begun, *self._finish_if_over(now)]
        if self._is_in_speech:
            self._deadlines.extend(Due.TURN, now + MAX_UTTERANCE_S)
        return begun

    def link_lost(self) -> None:
        """What is said until the next one opens goes there in the same way."""
        self._is_open = self.is_appending = False

    def introduction(self, action: Action) -> Action:
        """The `session.update` with which we introduce ourselves; it must not end our turn."""
        return without_detection(action) if self.is_appending else action

    def introduced(self, now: float) -> list[Action]:
        """The server knows who is to answer. The turn may have ended before the link was up."""
        self._is_introduced = True
        return self._finish_if_over(now)

    def speech_started(self, sample: int, now: float) -> list[Action]:
        self._is_in_speech = True
        if sample < self._phrase_end - MORE_THAN_THE_PHRASE:
            return []
        self._spoke_until = None
        if self._spoke_from is None:
            self._spoke_from = sample
        return self._user_speaks(sample, now)

    def speech_stopped(self, sample: int, now: float) -> list[Action]:
        self._is_in_speech = False
        if self._spoke_from is None:
            if sample < self._phrase_end + MORE_THAN_THE_PHRASE:
                return self._only_the_phrase(now)
            self._spoke_from = self._phrase_end
        self._spoke_until = sample
        if self._is_open and not self.is_appending:
            self._forget()
        return self._finish_if_over(now)

    def expired(self, now: float) -> list[Action] | None:
        """Patience is over. What was said until now is the turn; None: nothing was."""
        if not self.is_appending or (self._spoke_until is None and not self._is_in_speech):
            return None
        return self._finish(self._spoke_until, now)

    def told(self, event: ServerEvent) -> list[Action]:
        """The server has the turn, or does not want it: go on by media."""
        if not self._is_committing:
            return []
        match event:
            case InputAudioBufferCommitted():
                return self._attach()
            case Error(error=details) if details.event_id == COMMIT_ID:
                return self._attach()
            case _:
                return []

    def _attach(self) -> list[Action]:
        self._is_committing = False
        return [AttachMedia()]

    def _user_speaks(self, sample: int, now: float) -> list[Action]:
        if self._is_told or not self.is_appending:
            return []
        self._is_told = True
        return self._rules.user_started(self._ms(sample), now)

    def _only_the_phrase(self, now: float) -> list[Action]:
        if self.is_appending:
            self._deadlines.arm(Due.TURN, now + self._config.no_speech_s)
        return []

    def _finish_if_over(self, now: float) -> list[Action]:
        """Who is to answer must know first who it is; a silent server is not waited for long."""
        if not self.is_appending or self._spoke_until is None:
            return []
        if self._is_introduced:
            return self._finish(self._spoke_until, now)
        self._deadlines.arm(Due.TURN, now + INTRODUCED_S)
        return []

    def _finish(self, until_sample: int | None, now: float) -> list[Action]:
        """None: up to what has been captured by now."""
        spoke_from = self._phrase_end if self._spoke_from is None else self._spoke_from
        begun = self._user_speaks(spoke_from, now)
        self.is_appending, self._is_committing = False, True
        self._forget()
        if until_sample is None:
            end_ms = self._ms(spoke_from) + round(MAX_UTTERANCE_S * 1000)
        else:
            end_ms = self._ms(until_sample)
        commit = CommitAppended(until_sample, (*self._commit(),))
        return [*begun, commit, *self._rules.user_stopped("", end_ms, now)]

    def _forget(self) -> None:
        """The server has it."""
        self._spoke_from = self._spoke_until = None

    def _commit(self) -> list[ClientEvent]:
        """What follows the last append: an answer is wanted, and from then on listened to."""
        listen = [do.event for do in self._rules.duplex.hear() if isinstance(do, SendEvent)]
        return [InputAudioBufferCommit(event_id=COMMIT_ID), ResponseCreate(), *listen]

    def _ms(self, sample: int) -> int:
        """In the stream that the server gets; rounded up, so as not to end before the end."""
        return -(-max(0, sample - self._first_sample) // SAMPLES_PER_MS)
