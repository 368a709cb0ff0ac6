"""The sample equals the defaults, what is shown can be read back, the schema is complete."""

from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from edgevoice import config as declarations
from edgevoice.config import Config
from edgevoice.config_docs import prose, sample, schema, show
from edgevoice.config_file import Effective, effective, load
from edgevoice.config_yaml import Layer, build, hints, paths

SAMPLE = Path(__file__).parents[1] / "config" / "edgevoice.yaml"


def read_back(text: str) -> Config:
    layer = Layer("shown")
    layer.read(text)
    assert layer.mistakes == []
    config: Config = build(Config, layer.settings)
    return config


def test_the_sample_in_the_repository_is_the_one_printed() -> None:
    assert SAMPLE.read_text() == sample(), "edgevoice config sample > config/edgevoice.yaml"


def test_the_sample_sets_everything_to_its_default() -> None:
    assert load([SAMPLE]) == Config()
    assert set(effective([SAMPLE]).places) == set(paths(Config))


def test_the_examples_in_the_sample_can_be_used() -> None:
    lines = sample().splitlines()
    start = lines.index("# lamps:")
    example = [line.removeprefix("# ") for line in lines[start : start + 4]]
    assert [lamp.name for lamp in read_back("\n".join(example)).lamps] == ["lamp"]


def test_every_setting_has_its_line_of_prose() -> None:
    for name, kind in vars(declarations).items():
        if name.endswith("Config"):
            for field in hints(kind):
                assert prose()[f"{name}.{field}"].endswith("."), f"{name}.{field}"


def test_what_is_shown_says_where_it_was_written() -> None:
    text = show(effective([], ["turn.idle_s=3", "wake.words=[{name: computer}]"]))
    assert "  idle_s: 3.0  # --set turn.idle_s\n" in text
    assert "  words:  # --set wake.words\n    - name: computer\n" in text
    assert "  session_s: 300.0\n" in text


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=20)


@pytest.mark.slow
@settings(max_examples=30)
@given(TEXT, st.floats(0.1, 3600), st.integers(0, 53) | st.none(), st.lists(TEXT, max_size=3))
def test_what_is_shown_can_be_read_back(
    words: str, seconds: float, pin: int | None, names: list[str]
) -> None:
    lamps = tuple(declarations.LampConfig(name=name) for name in names)
    config = Config(
        link=declarations.LinkConfig(instructions=words),
        turn=declarations.TurnConfig(idle_s=seconds),
        button=declarations.ButtonConfig(pin=pin),
        speaker=declarations.SpeakerConfig(backend="null"),
        lamps=lamps,
    )
    text = show(Effective(config, {}))
    assert read_back(text) == config
    assert yaml.safe_load(text)["link"]["instructions"] == words  # and other readers agree


@pytest.mark.parametrize("text", ["on", "1.10", "1:30", "null", "", "~", "a\nb", "# a", "'\""])
def test_text_that_yaml_would_misread_is_quoted(text: str) -> None:
    config = Config(link=declarations.LinkConfig(instructions=text))
    assert yaml.safe_load(show(Effective(config, {})))["link"]["instructions"] == text
    assert read_back(show(Effective(config, {}))) == config


whole_schema = cache(schema)


def schema_of(path: str) -> dict[str, Any]:
    part = whole_schema()
    for name in path.split("."):
        part = part["properties"][name]
    return part


def test_the_schema_knows_types_ranges_and_choices() -> None:
    assert schema_of("turn.barge_in")["type"] == "boolean"
    assert schema_of("speaker.backend")["enum"] == ["portaudio", "wav", "null"]
    assert schema_of("relay.limits.sessions") == {
        "description": "Live sessions at a time.",
        "type": "integer",
        "minimum": 1,
        "default": 16,
    }
    assert schema_of("button.pin")["anyOf"] == [
        {"type": "integer"} | {"minimum": 0, "maximum": 53},
        {"type": "null"},
    ]
    assert schema_of("indicator.pins")["items"] == {"type": "integer", "minimum": 0, "maximum": 53}
    (word,) = schema_of("wake.words")["default"]
    assert (word["name"], word["model"], word["threshold"]) == ("alexa", "", 0.5)


def test_the_schema_has_every_setting_and_allows_no_other() -> None:
    for path in paths(Config):
        assert schema_of(path)["description"]
        assert "default" in schema_of(path)
    assert schema()["additionalProperties"] is False
    assert schema_of("wake.words")["items"]["additionalProperties"] is False
