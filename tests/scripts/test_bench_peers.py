"""What the peer benchmark makes of its measurements: who leads, what is said, where sounds lie.

No peer is installed or started here; the command itself is run by hand.
"""

import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

BENCHES = Path(__file__).resolve().parents[2] / "scripts" / "bench.d"


@pytest.fixture(scope="module")
def peers() -> Iterator[Any]:
    """The benchmark's own modules, which are no part of the package."""
    sys.path.insert(0, str(BENCHES))
    try:
        from peers import page, record, scenes, sheet, waking
        from peers.ends import ear

        yield SimpleNamespace(
            page=page, record=record, scenes=scenes, sheet=sheet, waking=waking, ear=ear
        )
    finally:
        sys.path.remove(str(BENCHES))


def heard(**told: Any) -> dict[str, Any]:
    return {"woke": True, "lost_s": 0.0, "begins_s": 0.0, "to_server_s": 0.1, "uplink_s": 0.05,
            "turn_s": 0.5, "to_answer_s": 0.6} | told  # fmt: skip


def row(peers: Any, mine: float, **theirs: Any) -> Any:
    cells = {"edgevoice": peers.sheet.Cell((mine,))}
    for name, value in theirs.items():
        shown = peers.sheet.Cell(says=value) if isinstance(value, str) else None
        cells[name] = shown or peers.sheet.Cell((value,))
    return peers.sheet.Row("Row", "ms", cells, rivals=tuple(theirs))


@pytest.mark.parametrize(
    ("mine", "theirs", "said"),
    [
        (10.0, {"a": 30.0, "b": 20.0}, "**leads** by 10 ms"),
        (25.0, {"a": 30.0, "b": 20.0}, "**behind** b by 5 ms"),
        (20.2, {"a": 20.0}, "level with a"),
        (20.0, {"a": "not offered"}, "**leads**: nobody else can"),
    ],
)
def test_the_verdict_is_about_the_best_of_the_others(
    peers: Any, mine: float, theirs: dict[str, Any], said: str
) -> None:
    assert peers.sheet.verdict(row(peers, mine, **theirs)) == said


def test_what_is_finer_than_the_measurement_is_no_lead(peers: Any) -> None:
    recovered = {"edgevoice": [{"heard_s": 4.0}], "wyoming-satellite": [{"heard_s": 2.5}]}
    made = peers.sheet.rows({"recovering": {"microphone": recovered, "server": recovered}})
    assert {peers.sheet.verdict(one) for one in made} == {"level with wyoming-satellite"}


def test_a_cell_tells_its_median_its_spread_and_how_many_there_were(peers: Any) -> None:
    sheet = peers.sheet
    few = sheet.Row("Row", "ms", {"edgevoice": sheet.Cell((1.0, 2.0, 90.0))})
    many = sheet.Row("Row", "ms", {"edgevoice": sheet.Cell(tuple(map(float, range(1, 100))))})
    assert sheet.cell(few, "edgevoice") == "2 ms (1 to 90, n 3)"
    assert sheet.cell(many, "edgevoice") == "50 ms (25 to 75, n 99)"
    assert sheet.cell(few, "pyopen-wakeword") == "not offered"
    assert sheet.cell(few, "wyoming-satellite") == "–"


def test_who_plays_on_offers_no_interruption(peers: Any) -> None:
    went_on = {"answered": True, "silent_s": 4.0, "stopped": False}
    stopped = {"answered": True, "silent_s": 0.2, "stopped": True}
    (made,) = peers.sheet.rows(
        {"interrupting": {"edgevoice": [stopped], "wyoming-satellite": [went_on]}}
    )
    assert peers.sheet.cell(made, "wyoming-satellite") == "not offered: plays on to its end, 4.0 s"
    assert peers.sheet.verdict(made) == "**leads**: nobody else can"


def test_only_the_way_to_the_server_and_back_is_compared(peers: Any) -> None:
    slow_to_decide = heard(turn_s=1.5, to_answer_s=1.55)
    made = peers.sheet.rows(
        {"talking": {"edgevoice": [slow_to_decide], "wyoming-satellite": [heard()]}}
    )
    told = {one.title: peers.sheet.verdict(one) for one in made}
    assert (
        told["End of speech to the answer, without the server's decision"] == "**leads** by 50 ms"
    )
    assert told["End of speech to the answer, with the server's decision"].startswith(
        "not compared"
    )


def test_lost_words_are_counted_by_breath_and_by_the_worst(peers: Any) -> None:
    stock = [heard(), heard(lost_s=0.18), heard(woke=False, lost_s=None)]
    made = peers.sheet.rows({"talking": {"edgevoice": [heard()], "openWakeWord + aiortc": stock}})
    told = {one.title: peers.sheet.cell(one, "openWakeWord + aiortc") for one in made}
    assert told["One breath: not woken at all"] == "33 %"
    assert told["Words lost after the wake word: breaths with a loss"] == "50 %"
    assert told["Words lost: speech of the command, the worst breath"] == "180 ms"


def test_the_page_says_where_edgevoice_does_not_lead(peers: Any) -> None:
    results = {
        "command": "scripts/bench peers", "date": "today", "machine": {"kernel": "Linux"},
        "systems": {"edgevoice": "as it comes"}, "missing": {"x": "needs Python 2"}, "failed": {},
        "versions": {"edgevoice": {"edgevoice": "1"}},
        "talking": {"edgevoice": [heard(to_server_s=0.3)], "wyoming-satellite": [heard()]},
    }  # fmt: skip
    page = peers.page.page(results)
    assert "- End of the wake word to its sound at the server: **behind** wyoming-satellite" in page
    assert "**x** could not be had: needs Python 2" in page


def test_a_sound_is_found_where_it_is_and_nowhere_else(peers: Any) -> None:
    words, noise = np.random.default_rng(1).integers(-9000, 9000, (2, 16_000)).astype(np.int16)
    late = np.concatenate((np.zeros(700, np.int16), words))
    assert peers.scenes.place(late, words) == 700
    assert peers.scenes.place(words[3000:], words) == -3000
    assert peers.scenes.place(noise, words) is None


def test_speech_before_the_first_sound_that_arrived_is_lost(peers: Any) -> None:
    rate = 16_000
    sound = np.random.default_rng(1).integers(-9000, 9000, 2 * rate).astype(np.int16)
    sound[rate : rate + rate // 4] = 0  # a pause, which nobody misses
    said = peers.scenes.Said("x", sound, word_end=rate // 2, speech_end=2 * rate)
    assert peers.scenes.lost_speech_s(said, first_heard=0) == 0
    assert peers.scenes.lost_speech_s(said, rate + rate // 4) == pytest.approx(0.5, abs=0.03)
    assert peers.scenes.lost_speech_s(said, 0, holes=1600) == 0.1


def test_a_turn_ends_after_half_a_second_of_silence(peers: Any) -> None:
    turns = peers.ear.Turns()
    loud, quiet = np.full(3200, 3000, np.int16), np.zeros(320, np.int16)
    assert not turns.hear(loud) and turns.speaking
    assert [turns.hear(quiet) for _ in range(26)].index(True) == 24


def test_what_a_server_wrote_down_is_read_by_call(peers: Any, tmp_path: Path) -> None:
    with closing(peers.ear.Ear(tmp_path)) as ear:
        for _ in range(2):
            ear.call()
            ear.hear(0, np.full(320, 7, np.int16))
        ear.hear(640, np.full(320, 9, np.int16))
    record = peers.record.Record(tmp_path)
    first, second = record.calls()
    assert (first.holes, second.holes) == (0, 320)
    assert record.sound(second).tolist() == [7] * 320 + [9] * 320
    assert record.calls(record.length) == []
    assert second.arrived(700) == second.pieces[1]["at"] and second.arrived(400) is None


def test_a_score_counts_once_and_only_in_time(peers: Any) -> None:
    said = [SimpleNamespace(start=10 * 16_000, end=11 * 16_000)]
    scores = [(1.0, 0.9), (10.9, 0.6), (11.0, 0.9), (30.0, 0.8)]
    assert peers.waking.detections(scores, 0.5) == [10.9, 30.0]
    assert peers.waking.missed(scores, 0.5, said) == 0
    assert peers.waking.missed([(12.5, 0.9)], 0.5, said) == 1
