"""What we write is what OpenAI's own SDK reads, strictly by its types."""

import pytest

from edgevoice.realtime import wire

from . import golden_files

pytest.importorskip("openai")
pydantic = pytest.importorskip("pydantic")

from openai.types.realtime import RealtimeClientEvent, RealtimeServerEvent  # noqa: E402

CLIENT = pydantic.TypeAdapter(RealtimeClientEvent)
SERVER = pydantic.TypeAdapter(RealtimeServerEvent)
WITH_REFERENCES = "response.create"  # the SDK has a second type for input with references


def theirs(side: str) -> list[str]:
    return [type for type in golden_files.types(side) if not type.startswith("edgevoice.")]


@pytest.mark.parametrize("type", theirs("server"))
def test_server_event(type: str) -> None:
    event = wire.decode_server_event(golden_files.text("server", type))
    read = SERVER.validate_json(wire.encode(event), strict=True)
    assert read.type == type
    assert not read.model_extra


@pytest.mark.parametrize("type", [type for type in theirs("client") if type != WITH_REFERENCES])
def test_client_event(type: str) -> None:
    event = wire.decode_client_event(golden_files.text("client", type))
    read = CLIENT.validate_json(wire.encode(event), strict=True)
    assert read.type == type
    assert not read.model_extra
