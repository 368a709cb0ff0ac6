"""What is kept for a client that comes back."""

import json
from itertools import count

import pytest

from edgevoice.errors import RemoteProtocolError
from edgevoice.realtime import server_events as says
from edgevoice.relay import outbox
from edgevoice.relay.outbox import Outbox


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
