"""What the privacy log says, whoever wrote it and whatever became of it."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevoice.daemon.diary.privacy_reading import reading

BEGAN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def at(seconds: float) -> str:
    return (BEGAN + timedelta(seconds=seconds)).isoformat()


def closing(began: float, seconds: float = 2.0) -> dict[str, object]:
    return {"from": at(began), "seconds": seconds, "why": "x", "pcm_bytes": 9, "to": "relay"}


def opening(began: float) -> dict[str, object]:
    return {"opened": at(began), "why": "x"}


def test_a_line_of_before_openings_were_written_is_an_interval() -> None:
    (interval,) = reading([closing(0)]).intervals
    assert (interval.began, interval.seconds, interval.to) == (BEGAN, 2.0, "relay")


def test_an_opening_and_its_end_are_one_interval() -> None:
    read = reading([opening(0), closing(0), opening(9), closing(9)])
    assert [interval.seconds for interval in read.intervals] == [2.0, 2.0]
    assert read.open_since is None


def test_an_opening_without_an_end_was_interrupted() -> None:
    read = reading([opening(0), opening(60), closing(60), opening(90)])
    told = read.told(BEGAN, is_open=False)
    assert [each["interrupted"] for each in told["intervals"]] == [True, False, True]


def test_the_one_that_is_going_on_is_no_interval_yet() -> None:
    told = reading([opening(0), closing(0), opening(90)]).told(BEGAN, is_open=True)
    assert len(told["intervals"]) == 1 and told["open_since"] == at(90)


def test_only_what_was_since_is_told() -> None:
    read = reading([opening(0), closing(0), opening(50), closing(50)])
    since = BEGAN + timedelta(seconds=30)
    assert [each["from"] for each in read.told(since, is_open=False)["intervals"]] == [
        "2026-01-02T03:04:55.000+00:00"
    ]


def test_muted_times_are_told_as_such() -> None:
    read = reading(
        [
            {"microphone": "closed", "at": at(0)},
            {"microphone": "open", "at": at(60)},
            {"microphone": "closed", "at": at(90)},
        ]
    )
    first, second = read.told(BEGAN, is_open=False)["microphone_closed"]
    assert first["until"] == "2026-01-02T03:05:05.000+00:00" and second["until"] is None


values = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just(at(3))
garbage = st.dictionaries(
    st.sampled_from(["opened", "from", "seconds", "pcm_bytes", "at", "microphone", "why"]), values
)


@given(st.lists(garbage, max_size=8))
def test_garbage_is_left_out(lines: list[dict[str, object]]) -> None:
    reading([*lines, closing(5)]).told(BEGAN, is_open=False)


@pytest.mark.parametrize(
    ("at", "seconds"),
    [
        ("0001-01-01T00:00:00+00:00", 1.0),
        ("9999-12-31T23:59:59+00:00", 1.0),
        ("2026-01-02T00:00:00+00:00", float("nan")),
        ("2026-01-02T00:00:00+00:00", 1e300),
        ("2026-01-02T00:00:00+00:00", -1.0),
    ],
)
def test_times_that_cannot_be_are_left_out(at: str, seconds: float) -> None:
    """Such as a failing card may make them: nothing else fails of it."""
    line = {"from": at, "seconds": seconds, "why": "", "pcm_bytes": 1, "to": ""}
    read = reading([line])
    assert read.intervals == []
    assert read.told(datetime(2026, 1, 1, tzinfo=UTC), is_open=False)["intervals"] == []
