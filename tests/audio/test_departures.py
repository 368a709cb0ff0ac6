from edgevoice.audio.departures import BOUNDS_S, DepartureLog, Departures


def test_frames_by_how_late_they_were():
    log = DepartureLog()
    for late_s in (0.0, -0.5, 0.001, 0.0011, 0.05, 30.0):
        log.left(late_s)
    taken = log.take()
    assert dict(zip((*BOUNDS_S, "more"), taken.counts, strict=True)) == {
        0.001: 3, 0.002: 1, 0.005: 0, 0.01: 0, 0.02: 0, 0.05: 1, 0.1: 0, 0.25: 0, 1.0: 0, "more": 1,
    }  # fmt: skip
    assert taken.frames == 6
    assert round(taken.late_s, 4) == 30.0521


def test_what_most_of_them_kept():
    assert Departures().within(0.95) is None
    assert Departures((90, 5, 5, 0, 0, 0, 0, 0, 0, 0)).within(0.95) == 0.002
    assert Departures((90, 4, 6, 0, 0, 0, 0, 0, 0, 0)).within(0.95) == 0.005
    assert Departures((90, 0, 0, 0, 0, 0, 0, 0, 0, 10)).within(0.95) is None


def test_what_was_taken_is_not_taken_again():
    log = DepartureLog()
    log.left(0.0)
    first = log.take()
    assert log.take() == Departures()
    log.left(0.0)
    assert (first + log.take()).frames == 2
