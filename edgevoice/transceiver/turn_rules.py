"""Whose turn it is, and for how long: the only place where device and relay meet on it.

The state follows from three facts: the user is speaking (by the relay's word), an
answer is under way, an answer is being heard. `_follow` makes the state of them;
the methods above it say what happened, those below enter a state.

What keeps a session alive (`turn.idle_s`): words of the user, the work on an
answer, and hearing it. Sound that turns out to be no words does not, nor does
what the device's own VAD takes for speech.
"""

from dataclasses import dataclass

from edgevoice.config import TurnConfig
from edgevoice.realtime.response import Response
from edgevoice.transceiver.actions import Action, FlushPlayout, Problem, Stage
from edgevoice.transceiver.answering import Answering
from edgevoice.transceiver.deadlines import Deadlines, Due
from edgevoice.transceiver.duplex import Duplex
from edgevoice.transceiver.inputs import ButtonPressed, WakeDetected
from edgevoice.transceiver.limits import (
    DRAIN_S,
    HEARD_NOTHING_S,
    MAX_UTTERANCE_S,
    SPEECH_LEAD_SAMPLES,
    STALL_S,
    TOOL_S,
    UNHEARD_S,
)
from edgevoice.transceiver.standing import Standing
from edgevoice.transceiver.states import State
from edgevoice.transceiver.turn import Turn

Woken = WakeDetected | ButtonPressed

BARGE_IN = "barge-in"
"""Cause of a turn that begins by speaking into an answer."""


@dataclass(frozen=True, slots=True)
class Ending:
    """Why a session is over; also the outcome of a turn that it cuts short."""

    reason: str
    problem: Problem | None = None
    """The user expected something that will not come, and is told so."""
    is_offline: bool = False
    """The relay could not be reached, or was lost."""


class TurnRules:
    def __init__(
        self,
        standing: Standing,
        deadlines: Deadlines,
        config: TurnConfig,
        duplex: Duplex,
        first_sample: int,
    ) -> None:
        self.ending: Ending | None = None
        """Set once: then the session is to be closed."""
        self.turn = Turn(first_sample)
        self.answering = Answering()
        self.duplex = duplex
        self._standing = standing
        self._deadlines = deadlines
        self._config = config
        self._user_speaking = False
        self._user_item = ""
        self._was_open = False
        """There has been a link in this session."""
        self._failed = False
        self._complain_later = False
        self._listen_until = 0.0
        self._active_at = 0.0

    @property
    def is_sounding(self) -> bool:
        """Some of an answer may be in the loudspeaker's buffer."""
        playback = self.answering.playback
        speaking = self._standing.state is State.SPEAKING and not playback.over
        return speaking or playback.playing

    @property
    def is_stoppable(self) -> bool:
        """There is an answer, or one to come, or one that the user's voice has just stopped."""
        barged_in = self.turn.is_open and self.turn.cause == BARGE_IN
        return self._standing.state in (State.THINKING, State.SPEAKING) or barged_in

    def end(
        self, reason: str, problem: Problem | None = None, is_offline: bool = False
    ) -> list[Action]:
        """Hang up; nothing of the session is asked any more after this."""
        self.ending = Ending(reason, problem, is_offline)
        return []

    # Waking, by word or button.

    def wake(self, woken: Woken, now: float) -> list[Action]:
        """From IDLE."""
        return [*self._begin_turn(woken, now), *self._go(State.CONNECTING, _cause(woken), now)]

    def link_opened(self, now: float) -> list[Action]:
        """Patience counts from here: before, nobody could have answered."""
        self._was_open = True
        mark = self.turn.mark(Stage.LINK_OPEN, now)
        self._active_at = now
        return [*mark, *self._listen("link opened", now, self._config.no_speech_s)]

    # The link, when it breaks within a session.

    def link_lost(self, now: float) -> list[Action]:
        """What is under way stays under way: it goes on when there is a link again."""
        self._deadlines.arm(Due.CUE, now + self._config.cue_s)
        self._deadlines.arm(Due.TURN, now + self._config.reconnect_s)
        return [*self.duplex.unduck(), *self._go(State.CONNECTING, "link lost", now)]

    def link_resumed(self, now: float) -> list[Action]:
        """The relay goes on where it was; what it said meanwhile follows."""
        self._active_at = now
        if self._user_speaking:
            return self._hear_out("link resumed", now)
        if self.answering.playback.streaming or self.answering.busy:
            return [*self._go(State.LISTENING, "link resumed", now), *self.settle(now)]
        if self.turn.is_open and self.turn.was_answered:
            return self._finish_turn(now)
        return self._listen("link resumed", now, self._patience_s(now))

    @property
    def is_quiet(self) -> bool:
        """Nobody says anything, and nobody is to."""
        listening = self._standing.state is State.LISTENING
        return listening and not (self.turn.is_open or self._user_speaking or self.answering.busy)

    @property
    def unanswered_item(self) -> str:
        """The user's item whose answer has not been heard to its end; empty: none."""
        playback = self.answering.playback
        waiting = self.answering.busy or playback.streaming or playback.playing
        return self._user_item if waiting and not self._user_speaking else ""

    def first_needed(self, unsure: int, words_known: bool) -> int:
        """The first sample that another session must hear, so that nothing said is missing.

        `words_known`: those of the unanswered item are in the conversation already.
        """
        if self._user_speaking or (self.unanswered_item and not words_known):
            return max(0, min(unsure, self.turn.speech_from - SPEECH_LEAD_SAMPLES))
        return max(unsure, self.turn.decided_at)

    def start_over(self, first_sample: int, now: float) -> list[Action]:
        """Another session takes over, which knows nothing of answers under way."""
        silenced = [FlushPlayout()] if self.is_sounding else []
        self.answering = Answering()
        self.duplex.relay_changed()
        self.turn.rebase(first_sample)
        self._user_speaking, self._active_at = False, now
        return [*silenced, *self._listen("link reopened", now, self._patience_s(now))]

    def ask_again(self, now: float) -> list[Action]:
        """For the answer that the session before could not give."""
        return [*self.answering.ask(), *self.settle(now)]

    def _patience_s(self, now: float) -> float:
        """After an outage: as if the wait had just begun, or what is left of it."""
        if self.turn.is_open:
            return self._config.no_speech_s
        return max(self._listen_until - now, HEARD_NOTHING_S)

    def wake_again(self, wake: WakeDetected, now: float) -> list[Action]:
        """In the follow-up window, where it is not needed, or within a sentence."""
        self._active_at = now
        if not self._user_speaking:
            self._deadlines.extend(Due.TURN, now + self._config.no_speech_s)
        if not self.turn.is_open:
            return self._begin_turn(wake, now)
        # The voice that stopped the answer was saying the wake word.
        return self.turn.woken(wake.phrase_end, now) if self.turn.cause == BARGE_IN else []

    def stop_and_listen(self, woken: Woken, now: float) -> list[Action]:
        """Silence, and listen in the same breath: the gate has been open all the time."""
        actions = [*self.answering.stop(), *self._cut_short(now), *self._begin_turn(woken, now)]
        actions += self._mark_silence(now)
        self._active_at = now
        return [*actions, *self._listen(_cause(woken), now, self._config.no_speech_s)]

    def _cut_short(self, now: float) -> list[Action]:
        """The user wants something else: whatever went wrong before is of no interest."""
        self._failed = self._complain_later = False
        return self.turn.end("interrupted", now)

    def _mark_silence(self, now: float) -> list[Action]:
        """In the turn that interrupts; the state is still the one interrupted."""
        speaking = self._standing.state is State.SPEAKING
        return self.turn.mark(Stage.ANSWER_SILENCED, now) if speaking else []

    def _begin_turn(self, woken: Woken, now: float) -> list[Action]:
        begun = self.turn.begin(_cause(woken))
        if isinstance(woken, WakeDetected):
            return [*begun, *self.turn.woken(woken.phrase_end, now)]
        return [*begun, *self.turn.mark(Stage.WAKE_DECIDED, now)]

    # The user.

    def local_speech_started(self, sample: int, now: float) -> list[Action]:
        """A hint: lower the answer at once, and wait for the relay's word."""
        self.turn.local_speech_started(sample)
        if self._standing.state is State.LISTENING:
            self._deadlines.extend(Due.TURN, now + UNHEARD_S)
        return self.duplex.duck(now) if self._standing.state is State.SPEAKING else []

    def local_speech_stopped(self, sample: int, now: float) -> list[Action]:
        return [*self.turn.local_speech_stopped(sample, now), *self.duplex.unduck()]

    def barge_in(self, sample: int, now: float) -> list[Action]:
        """For certain: stop the answer here and at the relay, and listen, without its word.

        That word (`user_started`) finds the turn begun. If it never comes, this was a
        false alarm, and listening ends as it would have after the answer.
        """
        if self._standing.state is not State.SPEAKING or not self.duplex.barge_in:
            return []
        actions = [*self.answering.stop(), *self._cut_short(now), *self.turn.begin(BARGE_IN)]
        actions += [*self.turn.barged_in(sample, now), *self._mark_silence(now)]
        self._active_at = now
        if self._user_speaking:
            return [*actions, *self._hear_out("barge-in", now)]
        patience_s = max(self._config.follow_up_s, HEARD_NOTHING_S)
        return [*actions, *self._listen("barge-in", now, patience_s)]

    def user_started(self, audio_start_ms: int, now: float) -> list[Action]:
        """By the relay's word, which interrupts an answer."""
        state = self._standing.state
        if state is State.SPEAKING and not self.duplex.barge_in:
            return []
        actions: list[Action] = []
        if state is not State.LISTENING:
            actions += [*self.answering.interrupt(), *self._cut_short(now)]
        if not self.turn.is_open:
            actions += self.turn.begin("follow-up" if state is State.LISTENING else BARGE_IN)
            actions += self._mark_silence(now)
        self._user_speaking = True
        actions += self.turn.speech_started(audio_start_ms, now)
        return [*actions, *self._hear_out("speech started", now)]

    def user_stopped(self, item_id: str, audio_end_ms: int, now: float) -> list[Action]:
        if not self._user_speaking:
            return []
        marks = self.turn.speech_stopped(audio_end_ms, self.duplex.silence_ms, now)
        return [*marks, *self._turn_over(item_id, now)]

    def committed(self, item_id: str, now: float) -> list[Action]:
        """Follows the end of speech; comes alone when the relay ends a silence by itself."""
        mark = self.turn.mark(Stage.TURN_COMMITTED, now)
        listening = self._standing.state is State.LISTENING
        return [*mark, *(self._turn_over(item_id, now) if listening else [])]

    def transcribed(self, item_id: str, transcript: str, now: float) -> list[Action]:
        """No words, and no answer begun: there will be none."""
        waiting = self._standing.state is State.THINKING and self.answering.awaited
        if transcript.strip() or item_id != self._user_item or not waiting:
            return []
        self.answering.expect_nothing()
        if self.answering.busy:
            return []
        until = max(self._listen_until, now + HEARD_NOTHING_S)
        ended = self.turn.end("nothing heard", now)
        return [*ended, *self._listen("nothing heard", now, until - now)]

    def _turn_over(self, item_id: str, now: float) -> list[Action]:
        self._user_speaking, self._user_item = False, item_id
        self.answering.await_answer()
        return self.settle(now)

    # The answer.

    def answer_created(self, response_id: str, now: float) -> list[Action]:
        cancel = self.answering.created(response_id)
        if cancel:
            return [*cancel, *self.settle(now)]
        begun = [] if self.turn.is_open else self.turn.begin("follow-up")
        return [*begun, *self.turn.mark(Stage.RESPONSE_CREATED, now), *self.settle(now)]

    def answer_done(self, response: Response, now: float) -> list[Action]:
        if self.answering.done(response):
            return self.settle(now)
        self._failed = self._complain_later = True
        speaking = self._standing.state is State.SPEAKING
        return [*([] if speaking else self._complain()), *self.settle(now)]

    def _complain(self) -> list[Action]:
        """Of a failed answer: not over the part of it that is still being heard."""
        complain, self._complain_later = self._complain_later, False
        return [self.duplex.complaint(Problem.ANSWER_FAILED)] if complain else []

    def playout_started(self, now: float) -> list[Action]:
        """What comes in after an interruption is the rest of what was interrupted."""
        if self.answering.silenced:
            return [FlushPlayout()]
        self.answering.playback.playout_started()
        return [*self.turn.mark(Stage.FIRST_ANSWER_SAMPLE, now), *self.settle(now)]

    def settle(self, now: float) -> list[Action]:
        """Something about the answer has changed: do what follows."""
        if self._standing.state is State.CONNECTING:
            return []
        asked = [] if self._user_speaking else self.answering.ask_if_owed()
        return [*asked, *self._follow(now)]

    def _follow(self, now: float) -> list[Action]:
        state, playback = self._standing.state, self.answering.playback
        if state is State.SPEAKING and not playback.over:
            return self._await_playback(now)
        if playback.streaming:
            return self._speak(now)
        if self._user_speaking:
            return self._hear_out("still speaking", now) if state is State.SPEAKING else []
        if self.answering.busy:
            return self._think(now)
        return [] if state is State.LISTENING else self._finish_turn(now)

    # Entering a state, and how long to stay.

    def _listen(
        self, why: str, now: float, patience_s: float, spoken: bool = False
    ) -> list[Action]:
        """`spoken`: after an answer that was heard to its end."""
        self._user_speaking = False
        self._listen_until = now + patience_s
        self._deadlines.arm(Due.TURN, self._listen_until)
        return [*self.duplex.answer_over(forget=spoken), *self._go(State.LISTENING, why, now)]

    def _hear_out(self, why: str, now: float) -> list[Action]:
        """The user is speaking; the relay will say when that is over."""
        self._deadlines.arm(Due.TURN, now + MAX_UTTERANCE_S)
        return [*self.duplex.answer_over(forget=False), *self._go(State.LISTENING, why, now)]

    def _think(self, now: float) -> list[Action]:
        using_tools = self.answering.tools_running
        self._deadlines.arm(Due.TURN, now + (TOOL_S if using_tools else self._config.think_s))
        why = "tool called" if using_tools else "answer awaited"
        return [*self.duplex.answer_over(forget=True), *self._go(State.THINKING, why, now)]

    def _speak(self, now: float) -> list[Action]:
        begun = [] if self.turn.is_open else self.turn.begin("follow-up")
        self.turn.was_answered = True
        self._await_playback(now)
        return [*begun, *self._go(State.SPEAKING, "answer", now), *self.duplex.answer_begins()]

    def _await_playback(self, now: float) -> list[Action]:
        """As long as it comes and is heard, an answer may take what it takes."""
        playback = self.answering.playback
        if playback.playing and playback.streaming:
            self._deadlines.disarm(Due.TURN)
        elif playback.playing or playback.streaming:
            self._deadlines.arm(Due.TURN, now + STALL_S)
        else:
            self._deadlines.arm(Due.TURN, now + DRAIN_S)
        return []

    def _finish_turn(self, now: float) -> list[Action]:
        """Nothing more is coming: listen for a while, or hang up."""
        said = "answered" if self.turn.was_answered else "no words"
        actions = self.turn.end("failed" if self._failed else said, now)
        actions += self._complain()
        self._failed, self._active_at = False, now
        if self.answering.farewell:
            return [*actions, *self.end("goodbye")]
        if self._config.follow_up_s <= 0:
            return [*actions, *self.end("answered")]
        return [*actions, *self._listen("turn over", now, self._config.follow_up_s, spoken=True)]

    def _go(self, state: State, why: str, now: float) -> list[Action]:
        return list(self._standing.go(state, why, now))

    # Patience.

    def turn_expired(self, now: float) -> list[Action]:
        """The state has lasted too long."""
        match self._standing.state:
            case State.CONNECTING if self._was_open:
                reason = f"lost: no relay within {self._config.reconnect_s:g} s"
                return self.end(reason, Problem.CONNECTION_LOST, is_offline=True)
            case State.CONNECTING:
                reason = f"failed: no relay within {self._config.connect_s:g} s"
                return self.end(reason, Problem.RELAY_UNREACHABLE, is_offline=True)
            case State.LISTENING if self._user_speaking:
                return self.end("endless speech")
            case State.LISTENING:
                return self.end("no speech" if self.turn.is_open else "nothing more said")
            case State.SPEAKING:
                self.answering.playback.flushed()
                return [FlushPlayout(), *self._follow_silence(now)]
            case _:
                return self.end("no answer", Problem.NO_ANSWER)

    def _follow_silence(self, now: float) -> list[Action]:
        """The answer stopped coming; whatever else is under way goes on."""
        if self._user_speaking:
            return self._hear_out("answer stalled", now)
        return self._think(now) if self.answering.busy else self._finish_turn(now)

    def watch_idle(self) -> None:
        """To be called after everything that happens."""
        if self._standing.state is State.LISTENING and not self._user_speaking:
            self._deadlines.arm(Due.IDLE, self._active_at + self._config.idle_s)
        else:
            self._deadlines.disarm(Due.IDLE)


def _cause(woken: Woken) -> str:
    return "wake" if isinstance(woken, WakeDetected) else woken.source
