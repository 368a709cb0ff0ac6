"""The summary of a soak, as people read it. Pure."""

from collections.abc import Iterator, Sequence
from statistics import median

from edgevoice.simulator.soak.judgement import Verdict, complaints, told
from edgevoice.simulator.soak.ledger import (
    ANSWERED,
    FATES,
    Account,
    Books,
    books,
    is_starved,
    recoveries,
)
from edgevoice.simulator.soak.soak import Options, Outcome


def lines(options: Options, outcome: Outcome, found: Sequence[Verdict]) -> Iterator[str]:
    """All of it; the verdict is the last line."""
    kept = books(outcome.episodes)
    yield ""
    yield from _turns(options, outcome, kept)
    yield from _faults(outcome)
    yield ""
    yield "what the programs held while nothing went on: slope with its 95 % interval, then the"
    yield "largest value in the first third and in the last"
    yield from (told(verdict) for verdict in found)
    yield ""
    wrong = failures(outcome, kept, found)
    yield from (f"FAILED {what}" for what in wrong)
    yield "the soak failed" if wrong else "the soak passed: flat, and every turn is explained"


def failures(outcome: Outcome, kept: Books, found: Sequence[Verdict]) -> list[str]:
    return [
        *outcome.trouble,
        *(_unexplained(account) for account in kept.unexplained),
        *([] if outcome.episodes else ["there was no conversation"]),
        *complaints(found),
    ]


def _unexplained(account: Account) -> str:
    return f"conversation {account.episode}: {account.reason}, and nothing explains it"


def _turns(options: Options, outcome: Outcome, kept: Books) -> Iterator[str]:
    count = len(outcome.episodes)
    length = outcome.episodes[-1].ended_s - outcome.episodes[0].began_s if count else 0.0
    pace = f", {60 * count / length:.1f} a minute" if length else ""
    yield f"{count} conversations in {length / 60:.1f} minutes{pace}, seed {options.seed}"
    fates = ", ".join(f"{kept.fates[fate]} {fate}" for fate in FATES)
    yield f"turns: {fates}"
    yield f"end of speech to first answer sample: p50 {kept.p50_ms} ms, p95 {kept.p95_ms} ms"
    lost = kept.lost_samples
    yield f"samples lost: {lost['calm']} without a fault, {lost['fault']} with one"
    if starved := sum(is_starved(episode) for episode in outcome.episodes):
        yield (
            f"in {starved} of {count} conversations this machine was busy with others:"
            " latencies are not the programs' own, and what failed there is counted as lost"
        )


def _faults(outcome: Outcome) -> Iterator[str]:
    if outcome.reconnections:
        times = outcome.reconnections
        yield (
            f"sessions that lost their link and went on: {len(times)},"
            f" after {median(times):.2f} s (longest {max(times):.2f} s)"
        )
    if outcome.recoveries:
        yield "fault: times, from its end to the next answer that is heard (0: it went on)"
        if usual := usual_answer_s(outcome):
            yield f"  to ask and be answered takes {usual:.1f} s of it where nothing is wrong"
    for fault, count, mean, longest in recoveries(outcome.recoveries):
        took = "no answer any more" if mean is None else f"mean {mean:.1f} s, longest {longest:.1f}"
        yield f"  {fault:<22} {count:3}  {took}"


def usual_answer_s(outcome: Outcome) -> float | None:
    """From the beginning of a question to its answer, by the marks of turns without a fault."""
    took = [
        turn["marks"]["first answer sample"]
        for episode in outcome.episodes
        if episode.talk == "question" and not episode.fault
        for turn in episode.turns
        if turn["outcome"] == ANSWERED and "first answer sample" in turn["marks"]
    ]
    return median(took) if took else None
