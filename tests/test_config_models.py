"""No default names a model whose end has been announced."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from edgevoice.config import Config, PriceConfig

DYING = {
    # 2027-01-20
    "gpt-realtime",
    "gpt-realtime-2025-08-28",
    "gpt-realtime-mini",
    "gpt-realtime-mini-2025-12-15",
    "gpt-audio-mini",
    # 2027-02-26
    "whisper-1",
    "gpt-4o-transcribe",
    "gpt-4o-transcribe-diarize",
    "gpt-4o-mini-transcribe",
    "gpt-4o-mini-transcribe-2025-12-15",
}
"""From developers.openai.com/api/docs/deprecations and the types of openai-python 3.54."""


def texts(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every text in it; a price is for whatever begins with its name."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, tuple):
        for index, each in enumerate(value):
            yield from texts(each, f"{path}[{index}]")
    elif is_dataclass(value) and not isinstance(value, PriceConfig):
        for field in fields(value):
            yield from texts(getattr(value, field.name), f"{path}.{field.name}")


def test_no_default_names_a_model_that_will_be_gone() -> None:
    found = dict(texts(Config()))
    assert ".relay.upstream.model" in found and ".relay.upstream.transcription_model" in found
    assert {path: name for path, name in found.items() if name in DYING} == {}
