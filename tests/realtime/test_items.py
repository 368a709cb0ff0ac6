"""Items: what callers write in one line, and what the protocol may add."""

import msgspec
import pytest

from edgevoice.realtime import items
from edgevoice.realtime.items import ContentPart, Item, Message, UnknownItem


@pytest.mark.parametrize(
    ("item", "written"),
    [
        (
            items.user_text("hello", id="i1"),
            {
                "type": "message",
                "id": "i1",
                "role": "user",
                "content": [{"type": "input_text", "text": "hello"}],
            },
        ),
        (
            items.system_text("be brief"),
            {
                "type": "message",
                "role": "system",
                "content": [{"type": "input_text", "text": "be brief"}],
            },
        ),
        (
            items.assistant_text("hi"),
            {
                "type": "message",
                "role": "assistant",
                "content": [{"type": "output_text", "text": "hi"}],
            },
        ),
        (
            items.user_audio(status="completed"),
            {
                "type": "message",
                "status": "completed",
                "role": "user",
                "content": [{"type": "input_audio"}],
            },
        ),
        (
            items.assistant_audio("hi", status="in_progress"),
            {
                "type": "message",
                "status": "in_progress",
                "role": "assistant",
                "content": [{"type": "output_audio", "transcript": "hi"}],
            },
        ),
        (
            items.function_output("c1", '{"ok":true}'),
            {"type": "function_call_output", "call_id": "c1", "output": '{"ok":true}'},
        ),
    ],
)
def test_constructors_write_what_the_protocol_wants(item: Item, written: object) -> None:
    assert msgspec.json.decode(msgspec.json.encode(item)) == written


def test_every_known_item_says_its_type() -> None:
    assert items.user_text("x").type == "message"
    assert items.function_output("c", "{}").type == "function_call_output"
    assert all(issubclass(known, Item) for known in items.KNOWN.values())


def test_an_unknown_item_has_an_id_when_it_gives_one() -> None:
    assert UnknownItem({"type": "hologram", "id": "h1"}).id == "h1"
    assert UnknownItem({"type": "hologram", "id": 5}).id == ""
    assert UnknownItem({"type": "hologram"}).type == "hologram"


def test_unknown_items_are_equal_by_what_they_say_and_show_none_of_it() -> None:
    one = UnknownItem({"type": "hologram", "text": "secret"})
    assert one == UnknownItem({"type": "hologram", "text": "secret"})
    assert one != UnknownItem({"type": "hologram"})
    assert "secret" not in repr(one)


def test_the_words_of_a_part_are_its_text_or_its_transcript() -> None:
    assert ContentPart("input_text", text="a").words == "a"
    assert ContentPart("output_audio", transcript="b").words == "b"
    assert ContentPart("input_audio").words == ""


def test_a_message_may_have_no_content_yet() -> None:
    assert Message("assistant").content == ()
