"""Whatever arrives, it is an event or a RemoteProtocolError."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevoice.errors import LocalProtocolError, RemoteProtocolError
from edgevoice.realtime import items, wire
from edgevoice.realtime.client_events import ConversationItemCreate, ResponseCreate
from edgevoice.realtime.event import UnknownEvent
from edgevoice.realtime.items import FunctionCallOutput, Message, UnknownItem
from edgevoice.realtime.server_events import ResponseCreated, ResponseDone, ResponseOutputItemAdded

from . import golden_files


def complaint(data: str | bytes, limit_bytes: int = wire.LIMIT_BYTES) -> str:
    with pytest.raises(RemoteProtocolError) as caught:
        wire.decode_client_event(data, limit_bytes)
    return str(caught.value)


def retrieve(item_id: str) -> str:
    return '{"type":"conversation.item.retrieve","item_id":"' + item_id + '"}'


def test_a_message_of_the_limit_is_read_and_one_byte_more_is_not() -> None:
    text = retrieve("é" * 20)
    size = len(text.encode())
    assert wire.decode_client_event(text, size).type == "conversation.item.retrieve"
    assert complaint(text, size - 1).startswith(f"message of {size} bytes at $")
    assert "bytes at $" in complaint(b" " * (wire.LIMIT_BYTES + 1))


def test_nesting_is_counted_before_anything_is_parsed() -> None:
    assert "nests deeper" in complaint('{"type":"x","a":' + "[" * 100_000)


def test_nesting_up_to_the_limit_is_fine() -> None:
    inner = wire.LIMIT_NESTING - 1
    text = '{"type":"x","a":' + "[" * inner + "]" * inner + "}"
    assert isinstance(wire.decode_client_event(text), UnknownEvent)
    assert "nests deeper" in complaint(text.replace("[", "[[").replace("]", "]]"))


def test_brackets_in_strings_are_text() -> None:
    text = retrieve("[{" * 50 + r"\"[\\")
    event = wire.decode_client_event(text)
    assert event.item_id == "[{" * 50 + '"[\\'  # type: ignore[union-attr]


def test_many_flat_arrays_are_not_deep() -> None:
    assert not wire.too_deep(b"[" + b"[]," * 40_000 + b"{}]")


def test_an_unclosed_string_hides_nothing() -> None:
    assert "truncated" in complaint('{"type":"x","a":"' + r"\"" * 100_000)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("", "event:"),
        ("[]", "got `array` at $"),
        ("{}", "missing required field `type` at $"),
        ('{"type":7}', "got `int` at $.type"),
        ('{"type":"x"} trailing', "malformed"),
        ('{"type":"x","a":NaN}', "malformed"),
        ('{"type":"x","a":1e999}', "out of range at $"),
        ('{"type":"x","a":' + "9" * 5000 + "}", "out of range at $"),
        (r'{"type":"x","a":"\ud800"}', "event:"),
        ('{"type":"x","a":"\ud800"}', "not Unicode text: surrogates not allowed"),
        (b'{"type":"x","a":"\xff"}', "not Unicode text: invalid start byte"),
        (b'\xef\xbb\xbf{"type":"x"}', "event:"),
    ],
)
def test_what_is_no_event_is_refused(data: str | bytes, said: str) -> None:
    assert said in complaint(data)


def test_of_two_types_the_last_one_counts_as_in_javascript() -> None:
    assert wire.decode_client_event('{"type":"response.create","type":"x"}').type == "x"
    assert "$.type" in complaint('{"type":"x","type":"response.create"}')


@pytest.mark.parametrize(
    ("type", "change", "path"),
    [
        ("conversation.item.truncate", {"audio_end_ms": "541"}, "$.audio_end_ms"),
        ("conversation.item.truncate", {"audio_end_ms": -1}, "$.audio_end_ms"),
        ("conversation.item.truncate", {"audio_end_ms": 2**53}, "$.audio_end_ms"),
        ("conversation.item.truncate", {"content_index": 0.5}, "$.content_index"),
        ("conversation.item.create", {"item": 3}, "$.item"),
        ("conversation.item.create", {"item": {"role": "user"}}, "$.item"),
        ("conversation.item.create", {"item": {"type": "message"}}, "$.item"),
        (
            "conversation.item.create",
            {"item": {"type": "message", "role": "user", "content": [{"type": 1}]}},
            "$.item.content[0].type",
        ),
        (
            "response.create",
            {"response": {"input": [{"type": "item_reference", "id": None}]}},
            "$.response.input[0].id",
        ),
        (
            "session.update",
            {"session": {"audio": {"input": {"turn_detection": {"threshold": 2}}}}},
            "$.session.audio.input.turn_detection.threshold",
        ),
        ("edgevoice.wake", {"end_sample": -5}, "$.end_sample"),
    ],
)
def test_a_complaint_names_the_type_and_the_path(
    type: str, change: dict[str, Any], path: str
) -> None:
    said = complaint(msgspec.json.encode(golden_files.raw("client", type) | change))
    assert said.startswith(f"{type}: ")
    assert said.endswith(f" at {path}")


def test_a_complaint_stays_short() -> None:
    assert (
        len(
            complaint(
                '{"type":"session.update","session":{"max_output_tokens":"' + "x" * 9000 + '"}}'
            )
        )
        < 600
    )


def test_an_unknown_event_is_written_back_as_it_came() -> None:
    text = '{"type":"session.dream","event_id":"e1","of":[{"sheep":1.5},null,18446744073709551616]}'
    event = wire.decode_server_event(text)
    assert isinstance(event, UnknownEvent)
    assert (event.type, event.event_id) == ("session.dream", "e1")
    assert msgspec.json.decode(wire.encode(event)) == msgspec.json.decode(text)


def test_an_unknown_event_may_call_itself_what_it_likes() -> None:
    event = wire.decode_server_event('{"type":"session.dream","event_id":[7]}')
    assert (event.event_id, wire.encode(event)) == ("", '{"type":"session.dream","event_id":[7]}')


def test_client_and_server_do_not_speak_each_others_events() -> None:
    assert isinstance(wire.decode_server_event('{"type":"response.cancel"}'), UnknownEvent)
    assert isinstance(
        wire.decode_client_event('{"type":"input_audio_buffer.cleared"}'), UnknownEvent
    )


def test_an_unknown_item_survives_beside_known_ones() -> None:
    text = (
        '{"type":"response.done","response":{"id":"r","status":"completed","output":['
        '{"type":"hologram","id":"h1","beams":[1,2]},{"type":"message","role":"assistant",'
        '"content":[{"type":"output_smell","text":"toast"}]}]}}'
    )
    event = wire.decode_server_event(text)
    assert isinstance(event, ResponseDone)
    hologram, message = event.response.output
    assert isinstance(hologram, UnknownItem)
    assert isinstance(message, Message)
    assert message.content[0].type == "output_smell"
    assert msgspec.json.decode(wire.encode(event)) == msgspec.json.decode(text)


def test_lists_clients_rely_on_are_written_when_empty() -> None:
    added = ResponseOutputItemAdded("r", 0, Message("assistant", id="i", status="in_progress"))
    assert '"content":[]' in wire.encode(added)
    created = wire.decode_server_event('{"type":"response.created","response":{"id":"r"}}')
    assert isinstance(created, ResponseCreated)
    assert '"output":[]' in wire.encode(created)


def test_what_is_not_set_is_not_written() -> None:
    assert wire.encode(ResponseCreate()) == '{"type":"response.create"}'
    created = wire.encode(ConversationItemCreate(items.function_output("c1", "{}")))
    assert msgspec.json.decode(created) == {
        "type": "conversation.item.create",
        "item": {"type": "function_call_output", "call_id": "c1", "output": "{}"},
    }


def test_text_that_is_not_unicode_is_our_mistake() -> None:
    with pytest.raises(LocalProtocolError, match=r"^conversation\.item\.create: "):
        wire.encode(ConversationItemCreate(FunctionCallOutput("c1", "\ud800")))


@pytest.mark.parametrize(
    ("data", "event_id"),
    [
        ('{"type":"conversation.item.truncate","event_id":"e7","audio_end_ms":"x"}', "e7"),
        ('{"event_id":"e8"}', "e8"),
        ('{"type":"response.cancel"}', ""),
        ('{"type":"response.cancel","event_id":7}', ""),
        ("nonsense", ""),
        ("[" * 9000, ""),
    ],
)
def test_the_id_of_a_wrong_event_can_be_named(data: str, event_id: str) -> None:
    assert wire.event_id_of(data) == event_id


SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
)
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)
SIDES = {"client": wire.decode_client_event, "server": wire.decode_server_event}
STORED = [(side, type) for side in SIDES for type in golden_files.types(side)]


def nodes(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    found = [path]
    for key, child in inner:
        nested = isinstance(child, dict | list)
        found += nodes(child, (*path, key)) if nested else [(*path, key)]
    return found


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(value[path[0]], path[1:], new)
    return copy


@given(st.data())
def test_a_stored_event_with_one_place_spoiled(data: st.DataObject) -> None:
    side, type = data.draw(st.sampled_from(STORED))
    raw = golden_files.raw(side, type)
    spoiled = replaced(raw, data.draw(st.sampled_from(nodes(raw))), data.draw(JSON))
    try:
        event = SIDES[side](msgspec.json.encode(spoiled))
    except RemoteProtocolError:
        return
    assert SIDES[side](wire.encode(event)) == event


@given(st.binary(max_size=60) | st.text(max_size=60))
def test_bytes_of_any_kind(data: bytes | str) -> None:
    with pytest.raises(RemoteProtocolError):
        wire.decode_client_event(data)


@given(st.dictionaries(st.text(max_size=8), JSON, max_size=4), st.text(max_size=8))
def test_any_object_with_a_type_survives(raw: dict[str, Any], type: str) -> None:
    raw["type"] = "x-" + type
    event = wire.decode_server_event(msgspec.json.encode(raw))
    assert msgspec.json.decode(wire.encode(event)) == msgspec.json.decode(msgspec.json.encode(raw))


def depth(value: Any) -> int:
    if not isinstance(value, dict | list):
        return 0
    inner = value.values() if isinstance(value, dict) else value
    return 1 + max(map(depth, inner), default=0)


@given(JSON, st.integers(0, 6))
def test_the_scan_counts_what_a_parser_would(value: Any, limit: int) -> None:
    assert wire.too_deep(msgspec.json.encode(value), limit) == (depth(value) > limit)
