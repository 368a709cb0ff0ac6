"""When a server that failed is tried again."""

import pytest

from edgevoice.relay.openai.breaker import FIRST_S, LEAST_S, MOST_S, TRIAL_S, Breaker

NOW = 100.0


def failed(times: int, fraction: float = 1.0) -> Breaker:
    breaker = Breaker(lambda: fraction)
    for _ in range(times):
        breaker.failed(NOW)
    return breaker


def test_a_server_that_works_is_everybodys() -> None:
    breaker = Breaker()
    assert breaker.admits(NOW) and breaker.admits(NOW)


@pytest.mark.parametrize(("times", "wait_s"), [(1, 5.0), (2, 10.0), (5, 80.0), (99, MOST_S)])
def test_the_longest_pause_doubles_up_to_a_bound(times: int, wait_s: float) -> None:
    breaker = failed(times)
    assert breaker.wait_s(NOW) == wait_s
    assert not breaker.admits(NOW + wait_s - 0.1)
    assert breaker.admits(NOW + wait_s)


def test_the_pause_is_random_from_nearly_nothing_to_its_bound() -> None:
    assert failed(1, 0.0).wait_s(NOW) == LEAST_S
    assert failed(1, 0.5).wait_s(NOW) == FIRST_S / 2


def test_a_server_that_says_when_is_believed() -> None:
    breaker = Breaker(lambda: 0.0)
    breaker.failed(NOW, at_least_s=60.0)
    assert breaker.wait_s(NOW) == 60.0


def test_one_session_tries_for_all() -> None:
    breaker = failed(1)
    then = NOW + FIRST_S
    assert breaker.admits(then)
    assert not breaker.admits(then + 1)
    assert breaker.admits(then + TRIAL_S)


def test_after_a_success_all_is_forgotten() -> None:
    breaker = failed(9)
    breaker.succeeded()
    assert breaker.admits(NOW) and breaker.admits(NOW)
    breaker.failed(NOW)
    assert breaker.wait_s(NOW) == FIRST_S
