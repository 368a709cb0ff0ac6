"""What one token may use, with the time as an argument."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevoice.config import LimitsConfig
from edgevoice.relay.access.limits import Bucket, Day, Limits
from edgevoice.relay.http.refusal import CallRefused
from edgevoice.relay.patience import CONNECT_S, Patience
from edgevoice.relay.store.records import Use

TODAY = Day()


def test_a_new_session_takes_the_place_of_the_oldest():
    limits = Limits(LimitsConfig(sessions_per_token=2))
    for number, call in enumerate("ab"):
        assert limits.admit("kitchen", TODAY, number).replaced == ()
        limits.started("kitchen", call, number)
    assert limits.admit("kitchen", TODAY, 5).replaced == ("a",)
    assert limits.admit("hall", TODAY, 5).replaced == ()


def test_a_full_relay_refuses_but_replacing_is_not_more():
    limits = Limits(LimitsConfig(sessions=1))
    limits.started("kitchen", "a", 0)
    with pytest.raises(CallRefused) as refused:
        limits.admit("hall", TODAY, 1)
    assert refused.value.status == 503
    assert refused.value.retry_after_s > 0
    assert limits.admit("kitchen", TODAY, 1).replaced == ("a",)


@pytest.mark.fault("wake-storm")
def test_starts_per_minute_say_when_to_come_back():
    limits = Limits(LimitsConfig(starts_per_minute=6))
    for _ in range(6):
        limits.admit("kitchen", TODAY, 0)
    with pytest.raises(CallRefused) as refused:
        limits.admit("kitchen", TODAY, 1)
    assert refused.value.status == 429
    assert refused.value.retry_after_s == pytest.approx(9)
    limits.admit("kitchen", TODAY, 10.1)
    limits.admit("hall", TODAY, 1)


def test_coming_back_is_counted_apart_and_more_generously():
    limits = Limits(LimitsConfig(starts_per_minute=6))
    for _ in range(18):
        limits.admit_return("kitchen", 0)
    with pytest.raises(CallRefused, match="18 returns") as refused:
        limits.admit_return("kitchen", 1)
    assert refused.value.status == 429
    assert refused.value.retry_after_s == pytest.approx(2 + 1 / 3)
    for _ in range(6):
        limits.admit("kitchen", TODAY, 1)
    limits.admit_return("hall", 1)
    limits.admit_return("kitchen", 4)


def used(seconds=0.0, cost_usd=0.0, left_s=1_000.0):
    return Day(Use(seconds=seconds, cost_micro_usd=round(cost_usd * 1e6)), left_s)


def test_the_minutes_of_a_day_shorten_sessions_and_then_refuse_them():
    limits = Limits(LimitsConfig(minutes_per_day=10, session_s=500))
    assert limits.admit("kitchen", used(0), 0).session_s == 500
    assert limits.admit("kitchen", used(400), 0).session_s == 200
    assert limits.admit("kitchen", used(599), 0).session_s == 1
    with pytest.raises(CallRefused, match="10 minutes") as refused:
        limits.admit("kitchen", used(599.5), 0)
    assert (refused.value.status, refused.value.code) == (429, "insufficient_quota")
    assert refused.value.retry_after_s == 1_000


def test_the_money_of_a_day_refuses_them_too():
    limits = Limits(LimitsConfig(cost_per_day_usd=0.5))
    limits.admit("kitchen", used(cost_usd=0.499999), 0)
    with pytest.raises(CallRefused, match=r"0\.5 dollars") as refused:
        limits.admit("kitchen", used(cost_usd=0.5), 0)
    assert (refused.value.status, refused.value.code) == (429, "insufficient_quota")


def test_zero_is_no_limit():
    limits = Limits(LimitsConfig(minutes_per_day=0, cost_per_day_usd=0, session_s=math.inf))
    assert limits.admit("kitchen", used(90_000, 1e6), 0).session_s == math.inf
    assert limits.spent(Use(seconds=1e9, cost_micro_usd=10**12)) == ""


@given(st.lists(st.floats(0, 3), max_size=200))
def test_a_bucket_never_gives_more_than_its_burst_and_rate(pauses):
    now, given_out, bucket = 0.0, 0, Bucket(5, 10, 0.0)
    for pause in pauses:
        now += pause
        given_out += bucket.take(now)
        assert given_out <= 10 + 5 * now + 1e-6


def test_a_bucket_says_exactly_how_long_to_wait():
    bucket = Bucket(2, 1, 0.0)
    assert bucket.take(0.0)
    assert not bucket.take(0.1)
    assert bucket.take(0.1 + bucket.wait_s)


def test_patience_has_three_reasons():
    assert Patience(60, 300, 0).expired(CONNECT_S) == "never connected"
    patience = Patience(60, 300, 0)
    patience.opened(1)
    assert patience.expired(60) is None
    assert patience.expired(61) == "idle"
    patience.active(290)
    assert patience.deadline == 300
    assert patience.expired(300) == "session too long"


def test_on_standby_nobody_loses_patience_until_it_is_used():
    patience = Patience(60, 300, 0, standby=True)
    assert patience.expired(CONNECT_S) == "never connected", "but it has to be there"
    patience = Patience(60, 300, 0, standby=True)
    patience.opened(1.0)
    assert patience.deadline == math.inf
    patience.wake(50_000.0)
    assert patience.deadline == 50_060.0
    patience.active(50_290.0)
    assert patience.expired(50_300.0) == "session too long"


def test_standby_takes_a_place():
    limits = Limits(LimitsConfig(sessions=1))
    limits.stands_by("kitchen", "a", 0.0)
    assert limits.admit("kitchen", TODAY, 5_000.0).replaced == ("a",)
    with pytest.raises(CallRefused, match="full"):
        limits.admit("hall", TODAY, 5_000.0)
    limits.ended("kitchen", "a", 6_300.0)
    limits.admit("hall", TODAY, 6_300.0)


def test_a_start_elsewhere_counts_and_needs_minutes_too():
    limits = Limits(LimitsConfig(starts_per_minute=2, minutes_per_day=10))
    assert limits.count_start("kitchen", TODAY, 0) == 600
    limits.count_start("kitchen", TODAY, 0)
    with pytest.raises(CallRefused) as refusal:
        limits.count_start("kitchen", TODAY, 0)
    assert refusal.value.code == "rate_limit_exceeded"
    with pytest.raises(CallRefused) as refusal:
        limits.count_start("hall", used(600), 600)
    assert refusal.value.code == "insufficient_quota"


def test_a_clock_that_is_put_back_shuts_nobody_out():
    bucket = Bucket(1, 2, 4_000_000_000.0)
    assert bucket.take(4_000_000_000.0)
    assert bucket.take(1_900_000_000.0)
    assert not bucket.take(1_900_000_000.5)
    assert bucket.take(1_900_000_001.0)


def test_of_the_spared_none_makes_room():
    limits = Limits(LimitsConfig(sessions_per_token=2))
    limits.started("kitchen", "a", 0.0)
    limits.started("kitchen", "b", 1.0)
    assert limits.admit("kitchen", TODAY, 2.0, {"a"}).replaced == ("b",)
    with pytest.raises(CallRefused, match="sessions_per_token"):
        limits.admit("kitchen", TODAY, 3.0, {"a", "b"})
