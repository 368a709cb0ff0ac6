"""Bytes to events and back; the one place where a message from outside is judged.

A message is measured, its nesting counted and its JSON parsed, in this order, so
that nothing hostile is ever looked at twice. What remains wrong is a
RemoteProtocolError whose message has the path. Types we do not know are kept as
they came. What events mean lives elsewhere.
"""

import re
from collections.abc import Mapping
from typing import Any, cast, get_args

import msgspec
from msgspec import Struct

from edgevoice.errors import LocalProtocolError, RemoteProtocolError
from edgevoice.realtime.client_events import ClientEvent
from edgevoice.realtime.event import Event, UnknownEvent
from edgevoice.realtime.items import KNOWN, Item, UnknownItem
from edgevoice.realtime.server_events import ServerEvent

LIMIT_BYTES = 262_144
"""What WebRTC stacks, ours included, announce as `a=max-message-size`."""

LIMIT_NESTING = 32
"""The deepest event of the protocol has 9 levels, and tools' schemas need some more.
Parsers recurse: without a limit 5,000 brackets raise RecursionError."""

LIMIT_BRACKETS = 64
"""In a message of more than `LIMIT_BYTES`, in its texts too. Only sound is that long, and it has
none: counting a deep nesting in 20 MB would take a second, and counting brackets takes 20 ms."""

LIMIT_COMPLAINT = 200
"""Errors may quote what was sent; nobody's log should fill with it."""

_STRINGS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
"""An unclosed string reaches to the end, so that no byte is looked at twice."""
_BRACKETS = bytes.maketrans(b"{}", b"[]")
_OTHERS = bytes(set(range(256)) - set(b"[]{}"))


class _Typed(Struct):
    type: str


class _Named(Struct):
    event_id: str = ""


def _read_item(wanted: type, raw: Any) -> Item:
    """msgspec's hook for the one field type it cannot build by itself."""
    assert wanted is Item
    if not isinstance(raw, dict) or not isinstance(raw.get("type"), str):
        raise ValueError("Expected an item: an `object` with a `type`")
    known = KNOWN.get(raw["type"])
    if known is None:
        return UnknownItem(raw)
    try:
        return cast(Item, msgspec.convert(raw, known))
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from None  # msgspec adds the outer path to this one only


def _write_item(item: Any) -> Mapping[str, Any]:
    assert isinstance(item, UnknownItem)
    return item.raw


_ENCODER = msgspec.json.Encoder(enc_hook=_write_item)
_TYPED = msgspec.json.Decoder(_Typed)
_NAMED = msgspec.json.Decoder(_Named)
_RAW = msgspec.json.Decoder(dict[str, Any])

_Decoders = Mapping[str, msgspec.json.Decoder[Any]]


def _decoders(events: Any) -> _Decoders:
    return {
        str(event.__struct_config__.tag): msgspec.json.Decoder(event, dec_hook=_read_item)
        for event in get_args(events)
        if event is not UnknownEvent
    }


CLIENT_EVENTS = _decoders(ClientEvent)
SERVER_EVENTS = _decoders(ServerEvent)


def decode_client_event(data: str | bytes, limit_bytes: int = LIMIT_BYTES) -> ClientEvent:
    """What a client sent. Raises RemoteProtocolError; then drop the message, not the link."""
    return cast(ClientEvent, _decode(data, limit_bytes, CLIENT_EVENTS))


def decode_server_event(data: str | bytes, limit_bytes: int = LIMIT_BYTES) -> ServerEvent:
    """What a server sent. Raises RemoteProtocolError; then drop the message, not the link."""
    return cast(ServerEvent, _decode(data, limit_bytes, SERVER_EVENTS))


def event_id_of(data: str | bytes, limit_bytes: int = LIMIT_BYTES) -> str:
    """The `event_id` of a message that may be wrong otherwise; empty when there is none.

    An error answer must name it: SDKs settle what they are waiting for by it.
    """
    try:
        return cast(_Named, _parse(_NAMED, _checked(data, limit_bytes), "event")).event_id
    except RemoteProtocolError:
        return ""


def encode(event: Event | UnknownEvent) -> str:
    """The event as JSON text, an unknown one as it came."""
    try:
        return _ENCODER.encode(event.raw if isinstance(event, UnknownEvent) else event).decode()
    except UnicodeEncodeError as error:
        raise LocalProtocolError(f"{event.type}: cannot be sent as UTF-8: {error}") from error


def _decode(data: str | bytes, limit_bytes: int, known: _Decoders) -> Event | UnknownEvent:
    checked = _checked(data, limit_bytes)
    typed: _Typed = _parse(_TYPED, checked, "event")
    if typed.type not in known and len(checked) > LIMIT_BYTES:
        raise RemoteProtocolError(f"event of an unknown type at $, and {len(checked)} bytes of it")
    if typed.type not in known:
        return UnknownEvent(typed.type, _parse(_RAW, checked, "event"))
    return cast(Event, _parse(known[typed.type], checked, typed.type))


def _checked(data: str | bytes, limit_bytes: int) -> bytes:
    """UTF-8 that is small and flat enough to be parsed."""
    if len(data) > limit_bytes:
        raise RemoteProtocolError(f"message of {len(data)} bytes at $; at most {limit_bytes}")
    try:
        encoded = data.encode() if isinstance(data, str) else data
        encoded.decode()
    except (UnicodeEncodeError, UnicodeDecodeError) as error:
        raise RemoteProtocolError(f"message at $ is not Unicode text: {error.reason}") from None
    if len(encoded) > limit_bytes:
        raise RemoteProtocolError(f"message of {len(encoded)} bytes at $; at most {limit_bytes}")
    is_long = len(encoded) > LIMIT_BYTES
    if is_long and encoded.count(b"[") + encoded.count(b"{") > LIMIT_BRACKETS:
        raise RemoteProtocolError(
            f"message of {len(encoded)} bytes at $ with more than {LIMIT_BRACKETS} brackets:"
            f" beyond {LIMIT_BYTES} bytes only sound is taken"
        )
    if not is_long and too_deep(encoded):
        raise RemoteProtocolError(
            f"message at $ nests deeper than {LIMIT_NESTING} levels, or its brackets do not match"
        )
    return encoded


def too_deep(text: bytes, limit: int = LIMIT_NESTING) -> bool:
    """True when arrays and objects nest deeper than the limit, or do not pair up.

    Brackets in strings are text. Each round takes the innermost pairs away; in C, a
    quarter of a megabyte of brackets takes a few milliseconds.
    """
    if text.count(b"[") + text.count(b"{") <= limit:
        return False
    brackets = _STRINGS.sub(b"", text).translate(_BRACKETS, _OTHERS)
    for _ in range(limit):
        brackets = brackets.replace(b"[]", b"")
    return bool(brackets)


def _parse(decoder: msgspec.json.Decoder[Any], text: bytes, kind: str) -> Any:
    try:
        return decoder.decode(text)
    except ValueError as error:
        raise RemoteProtocolError(_complaint(kind, str(error))) from None


def _complaint(kind: str, text: str) -> str:
    """msgspec's words with one path: a hook's error has its own, innermost first."""
    what, *paths = text.split(" - at `$")
    path = "$" + "".join(part.rstrip("`") for part in reversed(paths))
    return f"{kind[:60]}: {what[:LIMIT_COMPLAINT]} at {path[:LIMIT_COMPLAINT]}"
