"""A flight as text and back: JSON lines that lose nothing.

The first line says what it is and of which version. Then, in order of time,
beginnings (`{"now": ..., "setup": {...}}`) and steps (`{"now": ..., "input": {...},
"actions": [...], "state": "..."}`). Events are as on the wire. Actions are only
written: whoever plays it again (`replay.py`) compares them as text.

Versions: 1 holds what was said; in 2 it may be masked (`"masked": true`), as
`realtime/masking.py` does it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any, get_args

import msgspec

from edgevoice.errors import EdgeVoiceError, FlightRecordError
from edgevoice.realtime.event import UnknownEvent
from edgevoice.realtime.items import Item, UnknownItem
from edgevoice.realtime.masking import Mask
from edgevoice.realtime.server_events import ConversationItemAdded, ServerEvent
from edgevoice.realtime.wire import decode_server_event, encode
from edgevoice.transceiver import inputs
from edgevoice.transceiver.actions import Action
from edgevoice.transceiver.flight import Beginning, Entry
from edgevoice.transceiver.inputs import EventReceived, Input
from edgevoice.transceiver.setup import Setup

VERSION = 2
READABLE = (1, 2)
WHERE = "`edgevoice why` and `edgevoice record last` name folders that hold one"

LONGEST_LINE = 4 << 20
"""A setup with a remembered conversation of the largest size an owner may set is shorter
by far; what is longer is no record of ours."""

KINDS: dict[str, type[Input]] = {kind.__name__: kind for kind in get_args(inputs.Input)}
ACTIONS: dict[str, type[Action]] = {kind.__name__: kind for kind in get_args(Action)}


@dataclass(frozen=True, slots=True)
class Recorded:
    """A step as it was written down."""

    now: float
    happened: Input
    actions: tuple[str, ...]
    state: str
    broken: str = ""


def lines(
    entries: Iterable[Entry], about: Mapping[str, Any], *, masked: bool = False
) -> Iterator[str]:
    """The record, line by line; `about` is put beside the version."""
    mask = Mask()
    yield _json({"edgevoice_flight_record": VERSION, "masked": masked, **about})
    for entry in entries:
        line = _line(entry)
        yield _json(mask.mask(msgspec.json.decode(line))) if masked else line


def _line(entry: Entry) -> str:
    if isinstance(entry, Beginning):
        return _json({"now": entry.now, "setup": entry.setup})
    broken = {"broken": entry.broken} if entry.broken else {}
    return _json(
        {
            "now": entry.now,
            "input": _named(entry.happened),
            "actions": [_named(action) for action in entry.actions],
            "state": entry.after.value,
            **broken,
        }
    )


def _named(thing: Input | Action) -> dict[str, Any]:
    """Its type and its fields; what is within is left to the encoder."""
    name = type(thing).__name__
    if isinstance(thing, EventReceived):
        return {"type": name, "event": _event(thing.event)}
    return {"type": name, **{field.name: getattr(thing, field.name) for field in fields(thing)}}


def _event(event: ServerEvent) -> Any:
    if isinstance(event, UnknownEvent):
        return {"unknown": event.type, "raw": event.raw}
    return msgspec.Raw(encode(event).encode())


def as_text(thing: Input | Action, mask: Mask | None = None) -> str:
    """As it is recorded, to be compared with that; `mask`: of a record that is masked."""
    text = _json(_named(thing))
    return text if mask is None else _json(mask.mask(msgspec.json.decode(text)))


def _json(value: Any) -> str:
    return _ENCODER.encode(value).decode()


def _hook(value: Any) -> Any:
    """What msgspec does not write by itself."""
    if isinstance(value, UnknownItem):
        return value.raw
    raise TypeError(f"{type(value).__name__} cannot be written down")


_ENCODER = msgspec.json.Encoder(enc_hook=_hook)


def read(text: Iterable[str]) -> tuple[dict[str, Any], list[Beginning | Recorded]]:
    """The first line and all entries. FlightRecordError for what is no record of ours.

    The last line, if nothing follows it, not even the end of the line, may have been cut
    off by the power: then it is left out, and `about["cut_off"]` says so.
    """
    every = list(text)
    about: dict[str, Any] = {}
    entries: list[Beginning | Recorded] = []
    for number, line in enumerate(every, start=1):
        if not line.strip():
            continue
        try:
            if not about:
                about = _header(line)
            else:
                entries.append(_entry(_object(line)))
        except FlightRecordError:
            raise
        except (msgspec.DecodeError, KeyError, TypeError, ValueError, EdgeVoiceError) as error:
            if not about or number < len(every):
                raise FlightRecordError(
                    f"line {number} is no flight record: {error}; {WHERE}"
                ) from error
            about["cut_off"] = True
    if not about:
        raise FlightRecordError(f"it is empty; {WHERE}")
    return about, entries


def _object(line: str) -> dict[str, Any]:
    if len(line) > LONGEST_LINE:
        raise ValueError(f"{len(line)} characters are too long")
    try:
        return msgspec.json.decode(line, type=dict[str, Any])
    except RecursionError as error:
        raise ValueError("it nests too deep") from error


def _header(line: str) -> dict[str, Any]:
    about = _object(line)
    if "edgevoice_session_record" in about:
        raise FlightRecordError(
            "it is the record of a relay's session, to be read as it is, not played"
        )
    version = about.get("edgevoice_flight_record")
    if version not in READABLE:
        wrote = about.get("version", "that wrote it")
        known = " and ".join(map(str, READABLE))
        raise FlightRecordError(
            f"its version is {version}, and this edgevoice reads {known}; play it with edgevoice"
            f" {wrote}"
        )
    return about


def _entry(raw: dict[str, Any]) -> Beginning | Recorded:
    now = msgspec.convert(raw["now"], float)
    if "setup" in raw:
        return Beginning(now, msgspec.convert(raw["setup"], Setup, dec_hook=_item))
    decided = msgspec.convert(raw["actions"], list[dict[str, Any]])
    actions = tuple(_json(_filled(action)) for action in decided)
    broken = msgspec.convert(raw.get("broken", ""), str)
    return Recorded(now, _input(raw["input"]), actions, str(raw["state"]), broken)


def _filled(action: dict[str, Any]) -> dict[str, Any]:
    """An older edgevoice's with what its kind has got since: it meant what is usual."""
    kind = ACTIONS.get(action.get("type", ""))
    usual = {field.name: field.default for field in fields(kind)} if kind else {}
    lacking = {name: value for name, value in usual.items() if name not in action}
    return action | {name: value for name, value in lacking.items() if value is not MISSING}


def _input(raw: dict[str, Any]) -> Input:
    kind = KINDS.get(raw["type"])
    if kind is None:
        raise ValueError(f"no input is called {raw['type']!r}")
    if kind is not EventReceived:
        return msgspec.convert(raw, kind)
    event = raw["event"]
    if set(event) == {"unknown", "raw"}:
        return EventReceived(UnknownEvent(event["unknown"], event["raw"]))
    return EventReceived(decode_server_event(msgspec.json.encode(event), LONGEST_LINE))


def _item(wanted: type, raw: Any) -> Item:
    """msgspec's hook for the items of a remembered conversation."""
    added = {"type": "conversation.item.added", "item": raw}
    event = decode_server_event(msgspec.json.encode(added), LONGEST_LINE)
    if wanted is not Item or not isinstance(event, ConversationItemAdded):
        raise ValueError("an item is wanted")
    return event.item
