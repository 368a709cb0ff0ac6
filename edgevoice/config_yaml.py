"""Strict YAML: from text to values of the types that `config.py` declares.

PyYAML finds the structure and the lines. What a scalar means is decided by the
type of its field, not guessed by YAML: `on` is no truth value, 1.10 stays what
was written where text is wanted, 1:30 is not 90. Every mistake is collected
with its line; merging and files are in `config_file.py`.
"""

import difflib
import re
import types
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import yaml

from edgevoice.config import Config
from edgevoice.config_rules import RANGES

INTEGER = re.compile(r"[+-]?(0|[1-9][0-9_]*)")
NUMBER = re.compile(r"[+-]?(0|[1-9][0-9_]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
NOTHING = ("", "~", "null")
DEEPEST = 20
"""Nothing of ours has five levels. PyYAML takes 17 s for 3,000 brackets."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where something was written: a file and line, or a command line option."""

    source: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.source}:{self.line}" if self.line else self.source


@dataclass(frozen=True, slots=True, order=True)
class Mistake:
    place: Place
    path: str
    text: str

    def __str__(self) -> str:
        return ": ".join(part for part in (str(self.place), self.path, self.text) if part)


@dataclass(frozen=True, slots=True)
class Setting:
    value: object
    place: Place


def line_of(node: yaml.Node | yaml.Event) -> int:
    """Counted from 1; 0 where there is no file."""
    return node.start_mark.line + 1 if node.start_mark else 0


class Misfit(ValueError):
    """A value that does not fit its field; the text says what would."""


def parse(text: str, source: str) -> tuple[yaml.Node | None, list[Mistake]]:
    """The document's nodes, or the reasons why there are none."""
    try:
        mistakes = list(_unusable(yaml.parse(text, yaml.SafeLoader), source))
        return (None if mistakes else yaml.compose(text, yaml.SafeLoader)), mistakes
    except yaml.MarkedYAMLError as error:
        place = Place(source, error.problem_mark.line + 1 if error.problem_mark else 0)
        return None, [Mistake(place, "", f"not YAML: {error.problem or error.context}")]
    except yaml.YAMLError as error:
        return None, [Mistake(Place(source), "", f"not YAML: {str(error).splitlines()[0]}")]
    except (OverflowError, ValueError) as error:  # of a letter's or YAML's own number
        return None, [Mistake(Place(source), "", f"not YAML: {error}")]


def _unusable(events: Iterator[yaml.Event], source: str) -> Iterator[Mistake]:
    """What is YAML and is not used here."""
    depth = 0
    for event in events:
        if isinstance(event, yaml.AliasEvent):
            place = Place(source, line_of(event))
            yield Mistake(place, "", "`*alias` is not used here: write it out")
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            yield Mistake(Place(source, line_of(event)), "", "is nested far too deeply")
            return


class Layer:
    """One file's settings, flat (`turn.connect_s`), and its mistakes."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.settings: dict[str, Setting] = {}
        self.mistakes: list[Mistake] = []

    def read(self, text: str) -> None:
        node, mistakes = parse(text, self.source)
        self.mistakes += mistakes
        if node is not None:
            self.section(node, Config, "")

    def section(self, node: yaml.Node, cls: type, path: str) -> None:
        """Take the settings of one dataclass from a mapping; an empty one has none."""
        if isinstance(node, yaml.ScalarNode) and not node.style and node.value in NOTHING:
            return
        if not isinstance(node, yaml.MappingNode):
            self.mistake(node, path, "must be a section of `name: value` lines")
            return
        seen: dict[str, int] = {}
        for key, value in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else "?"
            here = f"{path}.{name}" if path else name
            if name in seen:
                self.mistake(key, here, f"is set twice, first in line {seen[name]}")
            elif name not in hints(cls):
                self.mistake(key, here, unknown(name, cls, path))
            else:
                self.field(value, cls, name, here)
            seen.setdefault(name, line_of(key))

    def field(self, node: yaml.Node, cls: type, name: str, path: str) -> None:
        wanted = hints(cls)[name]
        if is_section(wanted):
            self.section(node, wanted, path)
            return
        try:
            value = self.value(node, wanted, path)
            numbers = () if get_origin(wanted) is Literal else value
            for number in numbers if isinstance(numbers, tuple) else (numbers,):
                check_range(number, f"{cls.__name__}.{name}")
        except Misfit as misfit:
            self.mistake(node, path, str(misfit))
        else:
            self.settings[path] = Setting(value, self.place(node))

    def value(self, node: yaml.Node, wanted: Any, path: str) -> object:
        if get_origin(wanted) is tuple:
            return self.listing(node, get_args(wanted)[0], path)
        if not isinstance(node, yaml.ScalarNode):
            raise Misfit(f"must be {describe(wanted)}, not a list or section")
        return scalar(node.value, bool(node.style), wanted)

    def listing(self, node: yaml.Node, wanted: Any, path: str) -> tuple[object, ...]:
        if not isinstance(node, yaml.SequenceNode):
            raise Misfit("must be a list: one `- ...` line per entry, or []")
        if not is_section(wanted):
            return tuple(self.value(item, wanted, path) for item in node.value)
        return tuple(self.entry(item, wanted, f"{path}[{i}]") for i, item in enumerate(node.value))

    def entry(self, node: yaml.Node, cls: Any, path: str) -> object:
        inner = Layer(self.source)
        inner.section(node, cls, path)
        self.mistakes += inner.mistakes
        return build(cls, inner.settings, path)

    def place(self, node: yaml.Node) -> Place:
        return Place(self.source, line_of(node))

    def mistake(self, node: yaml.Node, path: str, text: str) -> None:
        self.mistakes.append(Mistake(self.place(node), path, text))


def build(cls: Any, settings: Mapping[str, Setting], path: str = "") -> Any:
    """A dataclass from flat settings; what is not set keeps its default."""
    values = {}
    for name, wanted in hints(cls).items():
        here = f"{path}.{name}" if path else name
        if is_section(wanted):
            values[name] = build(wanted, settings, here)
        elif here in settings:
            values[name] = settings[here].value
    return cls(**values)


def scalar(text: str, quoted: bool, wanted: Any) -> object:
    """What a scalar means where `wanted` is expected."""
    choices = get_args(wanted) if get_origin(wanted) is Literal else ()
    for choice in choices:
        if text == str(choice):
            return choice
    if wanted is str and (quoted or text not in NOTHING):
        return text
    if not quoted and optional(wanted):
        return None if text in NOTHING else scalar(text, quoted, optional(wanted))
    if not quoted and wanted is bool and text in ("true", "false"):
        return text == "true"
    if not quoted and wanted is int and INTEGER.fullmatch(text):
        return int(text)
    if not quoted and wanted is float and NUMBER.fullmatch(text):
        return float(text)
    raise Misfit(f"must be {describe(wanted)}, not {shown(text, quoted)}" + hint(text, wanted))


def is_section(wanted: Any) -> bool:
    """Whether the field holds further fields."""
    return is_dataclass(wanted)


def optional(wanted: Any) -> Any:
    """X of `X | None`, or None."""
    if get_origin(wanted) not in (Union, types.UnionType):
        return None
    return next(kind for kind in get_args(wanted) if kind is not types.NoneType)


def shown(text: str, quoted: bool) -> str:
    return f'"{text}"' if quoted else text or "nothing"


def hint(text: str, wanted: Any) -> str:
    if wanted is str:
        return '; write "" for no text'
    if get_origin(wanted) is Literal:
        near = difflib.get_close_matches(text, map(str, get_args(wanted)), 1)
        return f"; did you mean {near[0]}?" if near else ""
    return ""


def describe(wanted: Any) -> str:
    if get_origin(wanted) is Literal:
        return "one of " + ", ".join(map(str, get_args(wanted)))
    if optional(wanted):
        return f"{describe(optional(wanted))} or null"
    words = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}
    return words[wanted]


def check_range(number: object, name: str) -> None:
    if not isinstance(number, int | float) or isinstance(number, bool):
        return
    if number not in RANGES[name]:
        raise Misfit(f"must be {RANGES[name]}, not {number:g}")


def unknown(name: str, cls: type, section: str) -> str:
    """What to say of a key that is not there: the nearest one, or where it belongs."""
    near = difflib.get_close_matches(name, hints(cls), 1)
    if near:
        return f"unknown; did you mean {section}{'.' * bool(section)}{near[0]}?"
    elsewhere = [path for path in paths(Config) if path.rpartition(".")[2] == name]
    if elsewhere:
        return f"unknown; did you mean {' or '.join(elsewhere[:3])}?"
    return "unknown; known here: " + ", ".join(hints(cls))


@cache
def hints(cls: Any) -> dict[str, Any]:
    """The types of a dataclass's fields, in their order."""
    resolved = get_type_hints(cls)
    return {field.name: resolved[field.name] for field in fields(cls)}


def paths(cls: Any, prefix: str = "") -> Iterator[str]:
    """Every setting's path, such as `turn.connect_s`; lists are one setting."""
    for name, wanted in hints(cls).items():
        if is_section(wanted):
            yield from paths(wanted, f"{prefix}{name}.")
        else:
            yield prefix + name


def default(cls: Any, name: str) -> Any:
    """The default of one field."""
    (found,) = (field for field in fields(cls) if field.name == name)
    if found.default is not MISSING:
        return found.default
    assert found.default_factory is not MISSING, f"{cls.__name__}.{name} has no default"
    return found.default_factory()
