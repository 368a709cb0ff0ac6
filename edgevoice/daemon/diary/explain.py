"""One sentence about why: from a step of the transceiver, or from what the ears let pass. Pure.

Facts and numbers only; nothing that was said.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from edgevoice.audio.wake_rule import Miss
from edgevoice.config import WakeWordConfig
from edgevoice.daemon.diary.legs import WAIT, is_slow, legs, worst
from edgevoice.transceiver.actions import Announce, PlaySound, Problem
from edgevoice.transceiver.inputs import (
    ButtonPressed,
    LinkFailed,
    LinkLost,
    LinkStruggles,
    MicrophoneLost,
    MuteRequested,
    StopRequested,
    WakeDetected,
)
from edgevoice.transceiver.states import State
from edgevoice.transceiver.step import Step


@dataclass(frozen=True, slots=True)
class Reason:
    kind: str
    """wake, non-wake, stop, slow turn, refusal, restart, or failure."""
    sentence: str
    facts: dict[str, Any] = field(default_factory=dict)


def of_step(step: Step, ending: str, words: Sequence[WakeWordConfig]) -> Reason | None:
    """`ending`: why the last session ended, or why none began."""
    if step.before is State.IDLE and step.after is not State.IDLE:
        return _wake(step, words)
    if step.before is not State.IDLE and step.after is State.IDLE:
        return _stop(step, ending)
    return _refusal(step, ending)


def _wake(step: Step, words: Sequence[WakeWordConfig]) -> Reason:
    match step.happened:
        case WakeDetected(name, score):
            threshold = next((word.threshold for word in words if word.name == name), 0.0)
            return Reason(
                "wake",
                f'"{name}" was heard with a score of {score:.2f}; the threshold is {threshold:g}',
                {"word": name, "score": round(score, 3), "threshold": threshold},
            )
        case ButtonPressed(source=source):
            who = {"button": "the button was pressed", "control": "`edgevoice wake` was called"}
            return Reason("wake", who.get(source, f"{source} asked for it"), {"source": source})
        case other:
            return Reason("wake", f"it woke by itself ({type(other).__name__})")


ENDINGS = {
    "no speech": "nobody said anything after it woke",
    "nothing more said": "nothing more was said after the answer",
    "answered": "the answer was over, and no follow-up was to be waited for",
    "goodbye": "the assistant said goodbye",
    "idle": "nothing was said or heard for too long (turn.idle_s)",
    "session limit": "the session reached its limit (turn.session_s)",
    "daily limit": "the minutes of the day are used up (turn.minutes_per_day)",
    "no answer": "no answer came in time (turn.think_s)",
    "endless speech": "speech went on for over a minute",
    "the relay hung up": "the relay hung up",
    "shut down": "the program was stopped",
    "cancelled": "the button was pressed",
    "muted": "it was muted",
    "microphone lost": "the microphone was lost",
}


def _stop(step: Step, ending: str) -> Reason:
    facts = {"ending": ending}
    match step.happened:
        case StopRequested("indicator"):
            return _no_light(ending)
        case StopRequested(source):
            names = {"control": "`edgevoice stop` was called", "stop word": "a stop word was heard"}
            return Reason("stop", names.get(source, f"{source} stopped it"), facts)
        case MuteRequested(source):
            return Reason("stop", f"it was muted by {_who(source)}", facts)
        case MicrophoneLost(reason):
            return Reason("stop", f"the microphone was lost: {reason}", facts)
        case LinkFailed() | LinkLost() | LinkStruggles() if ending not in ENDINGS:
            told = ending.removeprefix("failed: ").removeprefix("lost: ")
            how = "lost" if ending.startswith("lost") else "not there"
            return Reason("stop", f"the relay was {how}: {told}", facts)
    return Reason("stop", ENDINGS.get(ending, ending), facts)


def _who(source: str) -> str:
    return {"control": "`edgevoice mute`", "button": "the button"}.get(source, source)


REFUSALS = {
    Problem.MICROPHONE_LOST: "its microphone is lost; `edgevoice doctor` says what to do",
    Problem.DAILY_LIMIT: "the minutes of the day are used up (turn.minutes_per_day)",
}


def _no_light(ending: str) -> Reason:
    text = "no audio was sent: the indicator does not work, and indicator.required forbids it"
    return Reason("refusal", f"{text}; check its pins", {"ending": ending})


def _refusal(step: Step, ending: str) -> Reason | None:
    """It was asked for something, and did not even begin."""
    if step.before is not State.IDLE or not isinstance(step.happened, WakeDetected | ButtonPressed):
        return None
    for action in step.actions:
        if action == PlaySound("muted"):
            return Reason("refusal", "it is muted; `edgevoice unmute` opens the microphone")
        if isinstance(action, Announce) and action.problem in REFUSALS:
            return Reason("refusal", REFUSALS[action.problem], {"ending": ending})
    return None


def offline(step: Step, ending: str) -> Reason | None:
    """The session that ended with this step sent nothing: there was nobody to send it to."""
    failed = step.before is State.CONNECTING and step.after is State.IDLE
    if not failed or not ending.startswith("failed: "):
        return None
    told = ending.removeprefix("failed: ")
    return Reason("refusal", f"no relay took the call: {told}", {"ending": ending})


MISSES = {
    "below": "was not quite heard: its best score was {score:.2f}, {under:.2f} under {threshold:g}",
    "refractory": "was heard again ({score:.2f}) too soon after the last time (wake.refractory_s)",
    "unconfirmed": "was heard ({score:.2f}), but not by the second engine, or not long enough",
    "own voice": "was part of what the assistant itself said",
    "snoozed": (
        "was heard ({score:.2f}) and ignored: it had woken it again and again, and nobody spoke"
        " (wake.snooze_minutes)"
    ),
}


def of_miss(miss: Miss) -> Reason:
    """A wake word that was nearly one."""
    told = MISSES[miss.why].format(
        score=miss.score, threshold=miss.threshold, under=miss.threshold - miss.score
    )
    facts = {"word": miss.name, "score": round(miss.score, 3), "threshold": miss.threshold}
    return Reason("non-wake", f'"{miss.name}" {told}', {**facts, "because": miss.why})


def of_slowness(skipped_s: float) -> Reason:
    """It was not listening."""
    told = f"{skipped_s:.1f} s of sound were not listened to, as the processor was too slow"
    return Reason("non-wake", told, {"skipped_s": round(skipped_s, 1)})


def of_turn(turn: Mapping[str, Any], before: Mapping[str, Mapping[str, float]]) -> Reason | None:
    """A turn that kept somebody waiting; `before`: what was usual until then."""
    marks = turn["marks"]
    if not is_slow(marks, before):
        return None
    wait_s, leg = legs(marks)[WAIT.name], worst(marks, before)
    known = before.get(WAIT.name)
    usually = f", usually {known['p50_s']:.1f} s" if known else ""
    normal = f" (usually {leg[2]:.1f} s)" if known else ""
    return Reason(
        "slow turn",
        f"turn {turn['turn']} took {wait_s:.1f} s to be answered{usually}:"
        f" {leg[1]:.1f} s of it{normal} went to {leg[0].name}, which is {leg[0].whose}",
        {"turn": turn["turn"], "wait_s": round(wait_s, 3), "leg": leg[0].name},
    )
