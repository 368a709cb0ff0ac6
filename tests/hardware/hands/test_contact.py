"""Bouncing, spiking and stuck contacts."""

from hypothesis import given
from hypothesis import strategies as st

from edgevoice.hardware.hands.contact import Contact, Verdict

PRESSED, RELEASED, STUCK = Verdict.PRESSED, Verdict.RELEASED, Verdict.STUCK


def history(edges: list[tuple[float, bool]], until: float) -> list[tuple[float, Verdict]]:
    """Feed the edges, calling at every deadline as the loop would."""
    contact = Contact(bounce_s=0.03, stuck_s=10.0)
    told: list[tuple[float, Verdict]] = []

    def run_to(moment: float) -> None:
        while contact.deadline is not None and contact.deadline <= moment:
            now = contact.deadline
            told.extend((round(now, 6), verdict) for verdict in contact.passed(now))

    for at, pressed in edges:
        run_to(at)
        told.extend((at, verdict) for verdict in contact.feed(pressed, at))
    run_to(until)
    return told


def test_a_press_counts_while_the_button_is_still_down() -> None:
    told = history([(1.0, True), (1.5, False)], until=2.0)
    assert told == [(1.03, PRESSED), (1.53, RELEASED)]


def test_bouncing_on_both_edges_is_one_press() -> None:
    down = [(1.000, True), (1.002, False), (1.004, True), (1.009, False), (1.012, True)]
    up = [(1.400, False), (1.405, True), (1.411, False)]
    assert [verdict for _, verdict in history(down + up, until=2.0)] == [PRESSED, RELEASED]


def test_a_spike_is_no_press() -> None:
    assert history([(1.0, True), (1.029, False)], until=2.0) == []


def test_two_quick_presses_are_two() -> None:
    edges = [(1.0, True), (1.1, False), (1.2, True), (1.3, False)]
    assert [verdict for _, verdict in history(edges, until=2.0)].count(PRESSED) == 2


def test_held_for_long_it_is_stuck_once() -> None:
    told = history([(1.0, True)], until=100.0)
    assert told == [(1.03, PRESSED), (11.0, STUCK)]


def test_a_stuck_button_works_again_after_its_release() -> None:
    edges = [(1.0, True), (50.0, False), (60.0, True)]
    verdicts = [verdict for _, verdict in history(edges, until=61.0)]
    assert verdicts == [PRESSED, STUCK, RELEASED, PRESSED]


def test_edges_that_arrive_late_together_still_make_a_press() -> None:
    """The loop was busy: both edges are handed over at once, with their true times."""
    contact = Contact(bounce_s=0.03, stuck_s=10.0)
    assert contact.feed(True, 1.0) == []
    assert contact.feed(False, 1.2) == [PRESSED]


@given(st.lists(st.tuples(st.floats(0.0001, 15.0), st.booleans()), max_size=40))
def test_presses_and_releases_alternate(steps: list[tuple[float, bool]]) -> None:
    edges, now = [], 0.0
    for wait_s, pressed in steps:
        now += wait_s
        edges.append((now, pressed))
    verdicts = [verdict for _, verdict in history(edges, until=now + 1) if verdict is not STUCK]
    assert verdicts[::2] == [PRESSED] * len(verdicts[::2])
    assert verdicts[1::2] == [RELEASED] * len(verdicts[1::2])
