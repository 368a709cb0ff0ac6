"""Which relay is called next, and when: no clock, no chance."""

import pytest

from edgevoice.errors import LinkError, LinkRefused, LinkTimeout, LinkUntrusted
from edgevoice.link.retry import AVOID_S, BASE_S, MOST_S, MOST_WAIT_S, Retry


def retrying(relays: int = 1, random: float = 1.0) -> Retry:
    retry = Retry(relays, lambda: random)
    retry.begin(0.0)
    return retry


def round_of(retry: Retry, now: float, *errors: LinkError | None) -> list[int]:
    """Who was called in one round that nobody answered."""
    called = []
    while (index := retry.next(now)) is not None:
        called.append(index)
        retry.failed(index, (errors[index] if errors else None) or LinkTimeout("x"), now)
    return called


def test_in_the_owners_order_without_a_pause() -> None:
    assert round_of(retrying(3), 0.0) == [0, 1, 2]


@pytest.mark.fault("relay-errors")
def test_after_a_round_the_pauses_grow_up_to_a_limit() -> None:
    retry = retrying(random=1.0)
    pauses = []
    for _ in range(8):
        round_of(retry, 0.0)
        pauses.append(retry.pause_s(0.0))
    assert pauses == [min(MOST_S, BASE_S * 2**n) for n in range(1, 9)]


def test_a_pause_is_anything_from_nothing_to_its_limit() -> None:
    retry = retrying(random=0.0)
    round_of(retry, 0.0)
    assert retry.pause_s(0.0) == 0.0


@pytest.mark.parametrize("error", [LinkRefused(401, "no"), LinkUntrusted("no")])
@pytest.mark.fault("bad-certificate")
def test_who_does_not_want_us_is_not_asked_again(error: LinkError) -> None:
    retry = retrying(2)
    round_of(retry, 0.0, error, None)
    assert not retry.is_hopeless
    retry.pause_s(0.0)
    assert round_of(retry, 1.0) == [1]


def test_when_nobody_wants_us_there_is_no_hope_until_the_next_time() -> None:
    retry = retrying(2)
    round_of(retry, 0.0, LinkUntrusted("no"), LinkRefused(404, "no"))
    assert retry.is_hopeless
    retry.begin(1.0)
    assert not retry.is_hopeless


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503])
@pytest.mark.fault("relay-errors")
def test_trouble_that_passes_is_no_refusal(status: int) -> None:
    retry = retrying()
    round_of(retry, 0.0, LinkRefused(status, "later"))
    assert not retry.is_hopeless


@pytest.mark.fault("relay-busy")
def test_nobody_comes_back_before_he_is_wanted() -> None:
    retry = retrying(random=0.5)
    round_of(retry, 0.0, LinkRefused(429, "later", retry_after_s=20.0))
    assert retry.pause_s(0.0) == 20.0
    assert round_of(retry, 19.9) == []
    retry.pause_s(19.9)
    assert round_of(retry, 20.0) == [0]


@pytest.mark.fault("relay-busy")
def test_who_asks_while_a_relay_is_left_alone_is_told_why() -> None:
    retry = retrying()
    round_of(retry, 0.0, LinkRefused(429, "fewer calls", retry_after_s=20.0))
    assert str(retry.reason(0.0)) == "fewer calls"
    retry.begin(5.0)
    assert round_of(retry, 5.0) == []
    assert retry.waits_s(5.0) == 15.0
    assert str(retry.reason(5.0)) == "not called for another 15 s, as it asked: fewer calls"
    assert str(retry.reason(23.0)) == "not called for another 0 s, as it asked: fewer calls"
    retry.begin(21.0)
    assert str(retry.reason(21.0)) == "nobody to call: name a relay in link.url"


def test_while_one_is_waited_for_the_others_are_called() -> None:
    retry = retrying(2, random=1.0)
    round_of(retry, 0.0, LinkRefused(503, "later", retry_after_s=20.0), None)
    assert retry.pause_s(0.0) == 2 * BASE_S
    assert round_of(retry, 1.0) == [1]


def test_nobody_is_waited_for_for_ever() -> None:
    retry = retrying()
    round_of(retry, 0.0, LinkRefused(503, "later", retry_after_s=1e6))
    assert retry.pause_s(0.0) == MOST_WAIT_S


def test_who_failed_comes_last_for_a_while() -> None:
    retry = retrying(2)
    retry.failed(0, LinkTimeout("x"), 0.0)
    retry.begin(AVOID_S - 1)
    assert round_of(retry, AVOID_S - 1) == [1, 0]
    retry.begin(3 * AVOID_S)
    assert round_of(retry, 3 * AVOID_S) == [0, 1]


def test_who_answers_again_is_forgiven() -> None:
    retry = retrying(2)
    retry.failed(0, LinkTimeout("x"), 0.0)
    retry.worked(0)
    retry.begin(1.0)
    assert round_of(retry, 1.0) == [0, 1]


def test_in_another_network_everything_is_open_again() -> None:
    retry = retrying(2)
    retry.failed(0, LinkTimeout("x"), 0.0)
    retry.network_changed()
    retry.begin(1.0)
    assert round_of(retry, 1.0) == [0, 1]


def test_who_holds_the_session_is_asked_first() -> None:
    retry = retrying(3)
    retry.begin(0.0, first=2)
    assert round_of(retry, 0.0) == [2, 0, 1]
