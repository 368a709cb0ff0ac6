"""The turn report: order, differences, and honest sample counts."""

from edgevoice.daemon.diary.waterfall import SampleCounts, Waterfall
from edgevoice.transceiver.actions import Stage

ALL_ARRIVED = SampleCounts(
    first_sample=0, captured=3200, sent=3200, gaps=0, received=3200, lost_on_the_way=0
)


def test_stages_are_reported_in_order_of_time_from_the_first() -> None:
    fall = Waterfall(1, "wake")
    fall.mark(Stage.LINK_OPEN, 10.4)
    fall.mark(Stage.WAKE_END, 10.0)
    fall.mark(Stage.END, 12.0)
    report = fall.report("answered", ALL_ARRIVED)
    assert [stage for stage, _ in report.marks] == ["wake end", "link open", "end"]
    assert [round(at, 3) for _, at in report.marks] == [0.0, 0.4, 2.0]


def test_the_first_mark_of_a_stage_counts_but_the_end_moves_on() -> None:
    fall = Waterfall(1, "wake")
    for at in (1.0, 2.0, 3.0):
        fall.mark(Stage.RESPONSE_CREATED, at)
        fall.mark(Stage.END, at)
    assert fall.report("x", ALL_ARRIVED).marks == (("response created", 0.0), ("end", 2.0))


def test_a_turn_without_marks_still_has_a_report() -> None:
    assert Waterfall(3, "button").report("cancelled", ALL_ARRIVED).lines()[0] == (
        "turn 3 (button): cancelled"
    )


def test_lost_counts_what_was_not_sent_and_what_did_not_arrive() -> None:
    counts = SampleCounts(
        first_sample=0, captured=1000, sent=680, gaps=1, received=360, lost_on_the_way=320
    )
    assert counts.lost == 640
    assert "lost: 640" in Waterfall(1, "wake").report("x", counts).lines()[-1]


def test_a_relay_that_cannot_count_is_not_made_to() -> None:
    counts = SampleCounts(
        first_sample=0, captured=320, sent=320, gaps=0, received=None, lost_on_the_way=None
    )
    last = Waterfall(1, "wake").report("x", counts).lines()[-1]
    assert "received" not in last and last.endswith("lost: 0")


def test_json_has_plain_values_with_the_loss_spelled_out() -> None:
    fall = Waterfall(2, "wake")
    fall.mark(Stage.WAKE_END, 1.0)
    plain = fall.report("answered", ALL_ARRIVED).as_json()
    assert plain["marks"] == {"wake end": 0.0}
    assert plain["samples"]["lost"] == 0 and plain["number"] == 2
