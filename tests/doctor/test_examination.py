"""Checks run side by side, and one that breaks or hangs is a line among others."""

import threading
from collections.abc import Iterator

from edgevoice.doctor.examination import Check, examine
from edgevoice.doctor.finding import Finding

WELL = Finding("ok", "one", "well")


def test_they_are_told_in_order_however_long_they_take() -> None:
    first_may_end = threading.Event()

    def slow() -> Iterator[Finding]:
        assert first_may_end.wait(5)
        yield WELL

    def quick() -> Iterator[Finding]:
        first_may_end.set()
        yield Finding("ok", "two", "well")

    found = list(examine([Check("a", slow), Check("b", quick)]))
    assert [finding.name for finding in found] == ["one", "two"]


def test_one_that_breaks_keeps_what_it_found_and_says_how_it_broke() -> None:
    def breaks() -> Iterator[Finding]:
        yield WELL
        raise ZeroDivisionError("of the check's")

    first, broken, last = examine([Check("a", breaks), Check("b", lambda: [WELL])])
    assert first == last == WELL
    assert broken.level == "fail" and "of the check's" in broken.text
    assert "--bundle" in broken.todo


def test_one_that_hangs_is_left_behind_after_its_time() -> None:
    released = threading.Event()

    def hangs() -> Iterator[Finding]:
        yield WELL
        released.wait(30)

    first, hanging, last = examine([Check("a", hangs, limit_s=0.02), Check("b", lambda: [WELL])])
    released.set()
    assert first == last == WELL
    assert (hanging.level, hanging.name) == ("fail", "a")
    assert "edgevoice doctor a" in hanging.todo
