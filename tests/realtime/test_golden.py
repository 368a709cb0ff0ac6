"""Every event type is stored once; reading and writing it loses nothing."""

from typing import get_args

import msgspec
import pytest

from edgevoice.realtime import client_events, server_events, wire
from edgevoice.realtime.event import Event, UnknownEvent

from . import golden_files


def known(union: object) -> set[type[Event]]:
    return {event for event in get_args(union) if event is not UnknownEvent}


CLIENT = known(client_events.ClientEvent)
SERVER = known(server_events.ServerEvent)


def test_eleven_and_ours_forty_six_and_ours() -> None:
    assert len(CLIENT) == 11 + 3
    assert len(SERVER) == 46 + 4


@pytest.mark.parametrize(("side", "events"), [("client", CLIENT), ("server", SERVER)])
def test_each_event_has_its_file(side: str, events: set[type[Event]]) -> None:
    assert golden_files.types(side) == sorted(str(event.__struct_config__.tag) for event in events)


@pytest.mark.parametrize("event", sorted(CLIENT | SERVER, key=str))
def test_a_class_is_named_after_its_type(event: type[Event]) -> None:
    tag = str(event.__struct_config__.tag)
    assert event.__name__ == "".join(word.capitalize() for word in tag.replace(".", "_").split("_"))


@pytest.mark.parametrize("type", golden_files.types("client"))
def test_client_event_comes_back_as_it_was(type: str) -> None:
    event = wire.decode_client_event(golden_files.text("client", type))
    assert not isinstance(event, UnknownEvent)
    assert event.type == type
    assert msgspec.json.decode(wire.encode(event)) == golden_files.raw("client", type)


@pytest.mark.parametrize("type", golden_files.types("server"))
def test_server_event_comes_back_as_it_was(type: str) -> None:
    event = wire.decode_server_event(golden_files.text("server", type))
    assert not isinstance(event, UnknownEvent)
    assert event.type == type
    assert msgspec.json.decode(wire.encode(event)) == golden_files.raw("server", type)


@pytest.mark.parametrize("type", golden_files.types("server"))
def test_a_server_event_without_its_id_is_read(type: str) -> None:
    raw = golden_files.raw("server", type)
    raw.pop("event_id", None)
    assert wire.decode_server_event(msgspec.json.encode(raw)).event_id == ""


@pytest.mark.parametrize("type", golden_files.types("server"))
def test_what_a_server_adds_is_no_trouble(type: str) -> None:
    raw = golden_files.raw("server", type) | {"added_in_2027": {"deep": [1, None]}}
    event = wire.decode_server_event(msgspec.json.encode(raw))
    assert event == wire.decode_server_event(golden_files.text("server", type))
