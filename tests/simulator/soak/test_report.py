from edgevoice.simulator.soak.judgement import Sample, verdicts
from edgevoice.simulator.soak.ledger import Episode, Recovery
from edgevoice.simulator.soak.report import lines, usual_answer_s
from edgevoice.simulator.soak.soak import Options, Outcome


def turn(outcome: str):
    marks = {"wake end": 0.0, "end of speech": 1.0, "first answer sample": 1.5}
    return {"outcome": outcome, "marks": marks, "samples": {"first_sample": 0, "lost": 0}}


def outcome(*outcomes: str, growth: float = 0.0, **episode: object) -> Outcome:
    turns = [turn(word) for word in outcomes]
    told = Episode(1, "question", 10.0, asked=1, ended_s=70.0, turns=turns, **episode)
    samples = [
        Sample(at, "device", 1, True, {"tasks": 20 + growth * at, "anonymous_mb": 90.0,
               "rss_mb": 150.0, "pss_mb": 120.0, "threads": 4.0, "descriptors": 12.0})
        for at in range(0, 600, 20)
    ]  # fmt: skip
    return Outcome([told], [Recovery("relay killed", 4.0)], [1.5], samples, [])


def summary(found: Outcome) -> str:
    return "\n".join(lines(Options(seed=7), found, verdicts(found.samples, 10, 60.0)))


def test_a_good_run_is_said_in_figures():
    told = summary(outcome("answered"))
    assert told.endswith("the soak passed: flat, and every turn is explained")
    assert "1 conversations in 1.0 minutes, 1.0 a minute, seed 7" in told
    assert "turns: 1 answered, 0 interrupted" in told
    assert "p50 500 ms, p95 500 ms" in told
    assert "sessions that lost their link and went on: 1, after 1.50 s (longest 1.50 s)" in told
    assert "relay killed             1  mean 4.0 s, longest 4.0" in told
    assert "to ask and be answered takes 1.5 s of it" in told
    assert "FAILED" not in told and "busy" not in told


def test_an_unexplained_turn_fails_it():
    told = summary(outcome("failed: out of the blue"))
    assert "FAILED conversation 1: failed: out of the blue, and nothing explains it" in told
    assert told.endswith("the soak failed")


def test_a_leak_fails_it():
    told = summary(outcome("answered", growth=0.05))
    assert "FAILED device tasks: " in told


def test_other_trouble_and_a_run_without_conversations_fail_it():
    found = outcome("answered")
    found.trouble.append("the relay has ended; see its log")
    assert "FAILED the relay has ended; see its log" in summary(found)
    assert "FAILED there was no conversation" in summary(Outcome([], [], [], found.samples, []))


def test_a_busy_machine_is_told():
    told = summary(outcome("failed: no relay within 5 s", starved=True))
    assert "in 1 of 1 conversations this machine was busy with others" in told
    assert "1 lost and said so, 0 unexplained" in told


def test_no_usual_time_where_nothing_was_answered():
    assert usual_answer_s(outcome("no answer")) is None
