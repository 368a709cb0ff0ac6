"""What became of every question and every turn, and whether there is a reason for it. Pure.

An episode is one conversation of the soak: what was said and ordered is known, and so is which
fault was produced meanwhile. The device's own reports say what became of it. Where the two do
not fit, something is unexplained, and the soak has failed.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

ANSWERED, INTERRUPTED, CANCELLED = "answered", "interrupted", "cancelled"
NOTHING_SAID, LOST, UNEXPLAINED = "nothing said", "lost and said so", "unexplained"
FATES = (ANSWERED, INTERRUPTED, CANCELLED, NOTHING_SAID, LOST, UNEXPLAINED)

SILENCE = ("no speech", "nothing more said", "nothing heard", "idle", "no words")
"""What the device says of a turn in which it understood nobody."""
TROUBLE = ("failed", "lost", "no answer", "the relay hung up", "microphone lost", "muted")
"""How the outcome begins where it is the device or its relay that could not."""
ENDS = (
    "cancelled", "muted", "shutdown", "the program ends", "reload", "stopped", "goodbye",
)  # fmt: skip


STARVED = 0.15
"""So much of a conversation in which an event loop was ready and others ran: packets are late
by hundreds of milliseconds then, and what comes of it is the machine's doing. The summary says
how many conversations that was."""


@dataclass(slots=True)
class Episode:
    number: int
    talk: str
    began_s: float
    fault: str = ""
    """Of the schedule; empty: none."""
    asked: int = 0
    """Questions that were spoken to an open microphone, and ought to be turns."""
    interrupts: int = 0
    """Times that somebody spoke into an answer."""
    orders: int = 0
    """Times that the owner stopped or muted it."""
    unanswered: int = 0
    """Times that it was woken and nothing was said."""
    ended_s: float = 0.0
    turns: list[dict[str, Any]] = field(default_factory=list)
    """As the device tells them."""
    notes: list[str] = field(default_factory=list)
    """What else was seen, and whether a refusal was as it should be."""
    dropped: int = 0
    """Blocks that the simulated microphone could not hand over in time."""
    starved: bool = False
    """The machine had no time for one of the programs; see `STARVED`."""


@dataclass(frozen=True, slots=True)
class Account:
    """Of one turn, or of a question that became none."""

    episode: int
    fate: str
    reason: str
    latency_ms: int | None = None


def accounts(episode: Episode) -> list[Account]:
    """Of all turns of an episode, and of the questions that none of them is about."""
    found = [_of_turn(episode, turn) for turn in episode.turns]
    heard = sum(account.fate != NOTHING_SAID for account in found)
    missing = episode.asked - heard
    return [*found, *(_unheard(episode) for _ in range(missing))]


def _of_turn(episode: Episode, turn: dict[str, Any]) -> Account:
    outcome = str(turn.get("outcome", "?"))
    fate = _fate(episode, outcome)
    return Account(episode.number, fate, outcome, latency_ms(turn))


def _fate(episode: Episode, outcome: str) -> str:
    excused = bool(episode.fault) or is_starved(episode)
    if outcome in (ANSWERED, "goodbye"):
        return ANSWERED
    if outcome == INTERRUPTED and (episode.interrupts or episode.orders or excused):
        return INTERRUPTED
    if outcome.startswith(ENDS) and (episode.orders or excused):
        return CANCELLED
    if outcome in SILENCE and (episode.unanswered or excused):
        return NOTHING_SAID if episode.unanswered else LOST
    if outcome.startswith(TROUBLE) and excused:
        return LOST
    return UNEXPLAINED


def is_starved(episode: Episode) -> bool:
    return episode.starved or episode.dropped > 0


def _unheard(episode: Episode) -> Account:
    """A question that no turn tells of: only where the microphone could not hear it."""
    if is_starved(episode):
        return Account(episode.number, LOST, "the machine had no time for it")
    if episode.fault:
        return Account(episode.number, LOST, f"not heard, {episode.fault}")
    return Account(episode.number, UNEXPLAINED, "a question that became no turn")


def latency_ms(turn: dict[str, Any]) -> int | None:
    """From the end of what was said to the first sound of the answer."""
    marks: dict[str, float] = turn.get("marks") or {}
    try:
        return round((marks["first answer sample"] - marks["end of speech"]) * 1e3)
    except KeyError:
        return None


@dataclass(frozen=True, slots=True)
class Books:
    """Of a whole run."""

    fates: Counter[str]
    unexplained: list[Account]
    p50_ms: int | None
    p95_ms: int | None
    lost_samples: dict[str, int]
    """Captured for the relay and not there in the end: without a fault, and with one."""


def books(episodes: Sequence[Episode]) -> Books:
    every = [account for episode in episodes for account in accounts(episode)]
    latencies = sorted(a.latency_ms for a in every if a.latency_ms is not None)
    return Books(
        Counter(account.fate for account in every),
        [account for account in every if account.fate == UNEXPLAINED],
        round(median(latencies)) if latencies else None,
        quantile(latencies, 0.95),
        {
            "calm": sum(_lost(e) for e in episodes if not e.fault),
            "fault": sum(_lost(e) for e in episodes if e.fault),
        },
    )


def quantile(ordered: Sequence[int], part: float) -> int | None:
    """Of the nearest rank."""
    if not ordered:
        return None
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def _lost(episode: Episode) -> int:
    """Counts run through a session: the last turn of each has the sum."""
    sessions = {
        turn["samples"]["first_sample"]: int(turn["samples"]["lost"]) for turn in episode.turns
    }
    return sum(sessions.values())


@dataclass(frozen=True, slots=True)
class Recovery:
    """From the moment at which a fault was over to the next answer that is heard."""

    fault: str
    seconds: float | None
    """None: the run was over first."""


def recoveries(found: Sequence[Recovery]) -> Iterator[tuple[str, int, float | None, float | None]]:
    """Each kind of fault, how often, mean and longest time."""
    for fault in sorted({each.fault for each in found}):
        times = [each.seconds for each in found if each.fault == fault and each.seconds is not None]
        count = sum(each.fault == fault for each in found)
        mean = sum(times) / len(times) if times else None
        yield fault, count, mean, max(times, default=None)
