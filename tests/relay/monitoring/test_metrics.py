"""What Prometheus reads, as Prometheus reads it."""

import asyncio

from prometheus_client.parser import text_string_to_metric_families as families

from edgevoice.audio.departures import Departures
from edgevoice.relay.monitoring import facts
from edgevoice.relay.monitoring.metrics import MOST_WORDS, Metrics
from tests.relay.monitoring.house import began, billed, turn


def read(metrics: Metrics) -> dict[str, float]:
    """`name{label=value}` and its number; without our prefix."""
    found = {}
    for family in families(metrics.text().decode()):
        for sample in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
            name = sample.name.removeprefix("edgevoice_relay_")
            found[f"{name}{{{labels}}}" if labels else name] = sample.value
    return found


def seen(*happened: facts.Fact) -> dict[str, float]:
    metrics = Metrics("0.5.0", "local")
    for number, fact in enumerate(happened):
        metrics.see(fact, 100.0 + number)
    return read(metrics)


def test_sessions_by_state():
    story = [began("a"), began("b", standby=True), began("c", transport="websocket")]
    told = seen(*story, facts.SessionHeld("a", ""), facts.SessionWoken("b"))
    assert told["sessions{state=live}"] == 2
    assert told["sessions{state=held}"] == 1
    assert told["sessions{state=standby}"] == 0
    assert told["session_starts_total{kind=token,transport=webrtc}"] == 2
    told = seen(*story, facts.SessionHeld("a", ""), facts.SessionResumed("a", 2.0))
    assert told["sessions{state=held}"] == 0
    assert told["session_resumes_total"] == 1
    told = seen(*story, facts.SessionResumed("b", 2.0, standby=True))
    assert told["sessions{state=standby}"] == 1


def test_ends_by_the_class_of_their_reason():
    told = seen(began(), facts.SessionEnded("rtc_1", "the connection broke off: [Errno 104]"))
    assert told["session_ends_total{reason=connection}"] == 1
    assert told["sessions{state=live}"] == 0
    assert told["session_duration_seconds_sum"] == 1.0


def test_engines_that_stand_in():
    told = seen(began(engine="openai"), facts.EngineChanged("rtc_1", "local"))
    assert told["failovers_total{engine=local}"] == 1


def test_stages_count_from_the_end_of_speech():
    told = seen(began(), turn(ms=(0, 120, 130, 480, 510, 900, 3400)))
    assert told["turns_total{outcome=completed}"] == 1
    assert told["turn_stage_seconds_sum{stage=first_packet_sent}"] == 0.51
    assert told["turn_stage_seconds_bucket{le=0.5,stage=first_packet_sent}"] == 0
    assert told["turn_stage_seconds_bucket{le=0.7,stage=first_packet_sent}"] == 1
    assert not any("speech_stopped" in name for name in told)


def test_tokens_and_cost():
    told = seen(began(), billed(cost_usd=0.25), billed(cost_usd=0.5))
    assert told["tokens_total{direction=in,kind=audio}"] == 60
    assert told["tokens_total{direction=out,kind=text}"] == 40
    assert told["cost_usd_total"] == 0.75


def test_packets_and_how_late_they_left():
    late = Departures((7, 0, 0, 2, 0, 0, 0, 0, 0, 1), 1.6)
    told = seen(facts.MediaCounted("rtc_1", 100, 3, late))
    assert told["packets_total{direction=in}"] == 100
    assert told["packets_total{direction=out}"] == 10
    assert told["lost_packets_total"] == 3
    assert told["pacing_lag_seconds_bucket{le=0.005}"] == 7
    assert told["pacing_lag_seconds_bucket{le=0.01}"] == 9
    assert told["pacing_lag_seconds_count"] == 10
    assert told["pacing_lag_seconds_sum"] == 1.6


def test_trouble_is_counted():
    told = seen(
        facts.Refused(401, "invalid_api_key"),
        facts.EventsDropped("rtc_1"),
        facts.AnswerForeseen(used=True),
        facts.AnswerForeseen(used=False),
        facts.AnswerForeseen(used=False),
        facts.LoopLagged(0.03),
    )
    assert told["foreseen_answers_total{used=yes}"] == 1
    assert told["foreseen_answers_total{used=no}"] == 2
    assert told["refusals_total{code=invalid_api_key,status=401}"] == 1
    assert told["dropped_events_total"] == 1
    assert told["event_loop_lag_seconds_bucket{le=0.05}"] == 1
    assert told["event_loop_lag_seconds_bucket{le=0.02}"] == 0


def test_strangers_cannot_make_it_grow():
    told = seen(
        *(facts.Refused(400, f"code {number}") for number in range(1000)),
        *(turn(outcome=f"outcome {number}") for number in range(1000)),
        *(began(f"rtc_{number}", f"caller {number}") for number in range(1000)),
        *(facts.SessionEnded(f"rtc_{number}", f"reason {number}") for number in range(1000)),
    )
    assert sum(name.startswith("refusals_total") for name in told) == MOST_WORDS + 1
    assert told["refusals_total{code=other,status=400}"] == 1000 - MOST_WORDS
    assert len(told) < 500


def test_nobody_is_named():
    assert not any("kitchen" in name or "rtc_1" in name for name in seen(began(), turn()))


def test_two_relays_in_one_program_do_not_share_their_numbers():
    first, second = Metrics("1", "local"), Metrics("1", "local")
    first.see(facts.Refused(401, "x"), 0.0)
    assert not any(name.startswith("refusals_total") for name in read(second))


async def test_what_the_process_holds_is_counted_when_somebody_asks():
    metrics = Metrics("0.5.0", "local")
    before = read(metrics)
    task = asyncio.create_task(asyncio.Event().wait())
    assert read(metrics)["tasks"] == before["tasks"] + 1
    assert before["threads"] >= 1
    task.cancel()
