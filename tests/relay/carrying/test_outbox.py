"""What is kept for a client that comes back."""

import json
from itertools import count

import pytest

from edgevoice.errors import RemoteProtocolError
from edgevoice.realtime import server_events as says
from edgevoice.realtime.response import ErrorDetails
from edgevoice.relay.carrying import outbox
from edgevoice.relay.carrying.outbox import Outbox


class Sent:
    def __init__(self, *, keep: bool = True) -> None:
        self.texts: list[str] = []
        numbers = count(1)
        self.outbox = Outbox(self.texts.append, lambda kind: f"{kind}_{next(numbers)}", keep=keep)
        self.outbox.open()

    def say(self, number: int, size: int = 10) -> None:
        for _ in range(number):
            self.outbox.emit(says.ConversationItemDeleted(item_id="x" * size))


def test_what_was_missed_is_repeated_as_it_was_sent():
    sent = Sent()
    sent.say(5)
    assert sent.outbox.since(2) == tuple(sent.texts[2:])
    assert sent.outbox.since(5) == ()
    assert sent.outbox.since(0) == tuple(sent.texts)


def test_what_is_about_the_transport_is_neither_counted_nor_repeated():
    sent = Sent()
    sent.say(1)
    sent.outbox.tell(says.EdgevoicePong())
    sent.say(1)
    assert sent.outbox.count == 2
    assert [json.loads(text)["type"] for text in sent.outbox.since(0)] == (
        ["conversation.item.deleted"] * 2
    )
    assert json.loads(sent.texts[1])["event_id"] == "event_2"


def test_more_than_was_sent_cannot_have_been_received():
    sent = Sent()
    sent.say(3)
    with pytest.raises(RemoteProtocolError, match="4 received, but 3"):
        sent.outbox.since(4)


def test_only_so_many_events_are_kept():
    sent = Sent()
    sent.say(outbox.KEPT_EVENTS + 2)
    assert len(sent.outbox.since(2)) == outbox.KEPT_EVENTS
    with pytest.raises(RemoteProtocolError, match="call anew"):
        sent.outbox.since(1)


def test_only_so_many_bytes_are_kept():
    sent = Sent()
    sent.say(8, size=100_000)
    assert len(sent.outbox.since(3)) == 5
    with pytest.raises(RemoteProtocolError):
        sent.outbox.since(2)


def test_for_clients_that_cannot_come_back_nothing_is_kept():
    sent = Sent(keep=False)
    sent.say(1)
    with pytest.raises(RemoteProtocolError):
        sent.outbox.since(0)


def error(event_id: str = "") -> says.Error:
    return says.Error(error=ErrorDetails(message="no", event_id=event_id or None))


def test_errors_go_to_whoever_has_asked_then_or_later():
    sent, told = Sent(), []
    with sent.outbox.answering(told.append, "e1"):
        sent.outbox.emit(error())
        sent.say(1)
    sent.outbox.emit(error("e1"))
    assert len(told) == 2
    assert len(sent.texts) == 1
    sent.outbox.emit(error("e1"))
    sent.outbox.emit(error("e2"))
    assert len(sent.texts) == 3


def test_the_client_is_told_of_its_own_event_whoever_used_the_name_before():
    sent, told = Sent(), []
    with sent.outbox.answering(told.append, "e1"):
        pass
    sent.outbox.asked("e1")
    sent.outbox.emit(error("e1"))
    assert (len(told), len(sent.texts)) == (0, 1)


def test_only_so_many_who_asked_are_remembered():
    sent, told = Sent(), []
    for number in range(outbox.MOST_ASKERS + 1):
        with sent.outbox.answering(told.append, f"e{number}"):
            pass
    with sent.outbox.answering(told.append, "x" * 1_000):
        pass
    for name in ("e0", "e1", "x" * 1_000):
        sent.outbox.emit(error(name))
    assert (len(told), len(sent.texts)) == (1, 2)
