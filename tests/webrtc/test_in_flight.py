"""How much is under way: written, and not answered for yet."""

import pytest

from edgevoice.webrtc.in_flight import ASK_EVERY_BYTES, InFlight


def test_what_was_written_is_under_way_until_a_pong_says_it_has_arrived() -> None:
    flight = InFlight()
    flight.wrote(300)
    asked = flight.question()
    flight.wrote(200)
    assert flight.pending_bytes == 500
    flight.answered(asked)
    assert flight.pending_bytes == 200
    flight.answered(flight.question())
    assert flight.pending_bytes == 0


def test_it_asks_when_enough_was_written_since_the_last_time() -> None:
    flight = InFlight()
    assert not flight.is_worth_asking
    flight.wrote(ASK_EVERY_BYTES)
    assert flight.is_worth_asking
    flight.question()
    assert not flight.is_worth_asking


def test_only_the_latest_of_several_questions_may_be_answered() -> None:
    """RFC 6455, section 5.5.3, and an older answer that comes afterwards takes nothing back."""
    flight = InFlight()
    flight.wrote(100)
    first = flight.question()
    flight.wrote(100)
    flight.answered(flight.question())
    flight.answered(first)
    assert flight.pending_bytes == 0


@pytest.mark.parametrize("payload", [b"", b"hello", bytes(9), b"\xff" * 8, (101).to_bytes(8)])
def test_an_answer_to_no_question_of_ours_says_nothing(payload: bytes) -> None:
    flight = InFlight()
    flight.wrote(100)
    flight.question()
    flight.wrote(100)
    flight.answered(payload)
    assert flight.pending_bytes == 200
