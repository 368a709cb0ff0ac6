"""What a scalar means is decided by its field, never guessed by YAML."""

from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgevoice.config import Config
from edgevoice.config_yaml import Layer, Misfit, build, hints, paths, scalar


def layer(text: str) -> Layer:
    made = Layer("c.yaml")
    made.read(text)
    return made


def config(text: str) -> Config:
    made = layer(text)
    assert made.mistakes == []
    built: Config = build(Config, made.settings)
    return built


def mistakes(text: str) -> list[str]:
    return [str(mistake) for mistake in layer(text).mistakes]


@pytest.mark.parametrize(
    ("text", "wanted", "value"),
    [
        ("true", bool, True),
        ("7", int, 7),
        ("-7", int, -7),
        ("8_000", int, 8000),
        ("7", float, 7.0),
        ("1e-2", float, 0.01),
        ("1.10", str, "1.10"),
        ("on", str, "on"),
        ("0123", str, "0123"),
        ("null", int | None, None),
        ("", int | None, None),
        ("4", int | None, 4),
        ("null", Literal["portaudio", "null"], "null"),
    ],
)
def test_a_plain_scalar_is_read_as_its_field_wants_it(text: str, wanted: Any, value: Any) -> None:
    read = scalar(text, quoted=False, wanted=wanted)
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("on", bool),
        ("yes", bool),
        ("1", bool),
        ("True", bool),
        ("true", int),
        ("1:30", int),
        ("010", int),
        ("0x10", int),
        ("1.0", int),
        ("1e3", int),
        ("1:30", float),
        (".5", float),
        (".inf", float),
        ("nan", float),
        ("true", float),
        ("null", str),
        ("", str),
        ("Info", Literal["info"]),
    ],
)
def test_traps_of_yaml_are_mistakes(text: str, wanted: Any) -> None:
    with pytest.raises(Misfit, match="must be"):
        scalar(text, quoted=False, wanted=wanted)


@pytest.mark.parametrize("wanted", [int, float, bool, int | None])
def test_a_quoted_number_is_text(wanted: Any) -> None:
    with pytest.raises(Misfit, match='not "1"'):
        scalar("1", quoted=True, wanted=wanted)


def test_sections_lists_and_entries_are_read() -> None:
    read = config(
        "turn: {connect_s: 2}\n"
        "indicator:\n  kind: rgb\n  pins: [1, 2, 3]\n"
        "lamps:\n- name: desk\n- {name: on, pin: 5, active_high: false}\n"
    )
    assert read.turn.connect_s == 2.0
    assert read.indicator.pins == (1, 2, 3)
    assert [(lamp.name, lamp.pin, lamp.active_high) for lamp in read.lamps] == [
        ("desk", 22, True),
        ("on", 5, False),
    ]


def test_a_section_of_comments_only_changes_nothing() -> None:
    assert config("turn:\n  # connect_s: 2\nlink:\n") == Config()
    assert config("# nothing\n") == Config()
    assert config("") == Config()


def test_every_mistake_is_told_with_its_line_and_path() -> None:
    assert mistakes(
        "turn:\n"
        "  conect_s: 2\n"
        "  idle_s: soon\n"
        "  idle_s: 3\n"
        "lamps:\n"
        "  - pin: 99\n"
        "  - name: x\n"
        "    pinn: 3\n"
        "context: 5\n"
        "speaker: {volume_percent: [1]}\n"
        "button: {pin: 54}\n"
    ) == [
        "c.yaml:2: turn.conect_s: unknown; did you mean turn.connect_s?",
        "c.yaml:3: turn.idle_s: must be a number, not soon",
        "c.yaml:4: turn.idle_s: is set twice, first in line 3",
        "c.yaml:6: lamps[0].pin: must be from 0 to 53, not 99",
        "c.yaml:8: lamps[1].pinn: unknown; did you mean lamps[1].pin?",
        "c.yaml:9: context: must be a section of `name: value` lines",
        "c.yaml:10: speaker.volume_percent: must be a whole number, not a list or section",
        "c.yaml:11: button.pin: must be from 0 to 53, not 54",
    ]


def test_a_setting_in_the_wrong_section_is_sent_to_the_right_one() -> None:
    assert mistakes("reconnect_s: 2\n") == [
        "c.yaml:1: reconnect_s: unknown; did you mean turn.reconnect_s?"
    ]
    assert mistakes("turn: {aggressiveness: 2}\n") == [
        "c.yaml:1: turn.aggressiveness: unknown; did you mean vad.aggressiveness?"
    ]


def test_a_key_like_nothing_known_gets_the_list_of_known_ones() -> None:
    (told,) = mistakes("sounds: {zzz: 1}\n")
    assert told.endswith("unknown; known here: chime, errors, spoken_errors")


def test_a_wrong_choice_names_the_choices() -> None:
    assert mistakes("log_level: inof\n") == [
        "c.yaml:1: log_level: must be one of debug, info, warning, error, not inof;"
        " did you mean info?"
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("turn: [", "c.yaml:1: not YAML: "),
        ("\n\tturn: 1", "c.yaml:2: not YAML: "),
        ("a: 1\n---\nb: 2\n", "c.yaml:2: not YAML: "),
        ("turn: &t {idle_s: 1}\nlink: *t\n", "c.yaml:2: `*alias` is not used here"),
        ("\x00", "c.yaml: not YAML: "),
        ("- a\n", "c.yaml:1: must be a section"),
        ("? [a]\n: 1\n", "c.yaml:1: ?: unknown"),
    ],
)
def test_what_is_not_our_kind_of_yaml_is_one_clear_mistake(text: str, expected: str) -> None:
    (told,) = mistakes(text)
    assert told.startswith(expected)


@given(st.text(max_size=60))
def test_no_text_makes_the_reader_fail(text: str) -> None:
    assert set(layer(text).settings) <= set(paths(Config))


@given(
    st.sampled_from(["board", "turn.idle_s", "lamps", "button.pin", "relay.local.chat.url"]),
    st.recursive(st.integers() | st.text("ab:", max_size=3), lambda c: st.lists(c, max_size=3)),
)
def test_a_value_is_either_taken_or_a_mistake(path: str, value: object) -> None:
    *sections, name = path.split(".")
    nested = "".join(f"{{{section}: " for section in sections) + f"{{{name}: {value!r}}}"
    made = layer(nested + "}" * len(sections))
    assert list(made.settings) == [path] or made.mistakes


def test_every_setting_has_a_path() -> None:
    known = list(paths(Config))
    assert "relay.local.chat.url" in known
    assert "wake.words" in known
    assert len(known) == len(set(known))
    assert set(hints(Config)) == {path.partition(".")[0] for path in known}
