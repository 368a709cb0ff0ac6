from edgevoice.transceiver.limits import DAY_S, DayMeter


def test_time_between_sessions_costs_nothing():
    meter = DayMeter(minutes=2.0)
    assert meter.left_s(0.0) == 120.0
    meter.begin(0.0)
    meter.end(50.0)
    assert meter.left_s(1_000.0) == 70.0


def test_less_than_nothing_is_nothing():
    meter = DayMeter(minutes=1.0)
    meter.begin(0.0)
    meter.end(75.0)
    assert meter.left_s(80.0) == 0.0


def test_a_day_counts_from_its_first_session():
    meter = DayMeter(minutes=1.0)
    meter.begin(5_000.0)
    meter.end(5_060.0)
    assert meter.left_s(5_000.0 + DAY_S - 1.0) == 0.0
    assert meter.left_s(5_000.0 + DAY_S) == 60.0
    meter.begin(200_000.0)
    meter.end(200_030.0)
    assert meter.left_s(200_100.0) == 30.0


def test_zero_is_no_limit():
    assert DayMeter(minutes=0.0).left_s(0.0) is None


def test_a_machine_that_stood_still_has_not_talked_all_the_while():
    meter = DayMeter(minutes=10.0, session_s=300.0)
    meter.begin(0.0)
    meter.end(20_000.0)
    assert meter.left_s(20_000.0) == 300.0
