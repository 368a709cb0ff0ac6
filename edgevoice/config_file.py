"""Reading an owner's configuration: defaults < board < config.yaml < config.d < `--set`.

All mistakes of all files come in one ConfigError, each with file, line and path.
How one file is read is in `config_yaml.py`, what is allowed in `config_rules.py`,
how it is shown in `config_docs.py`.
"""

from argparse import Namespace
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from edgevoice.config import Config, ControlConfig
from edgevoice.config_rules import contradictions
from edgevoice.config_yaml import Layer, Mistake, Place, Setting, build, parse
from edgevoice.errors import ConfigError

# What the services read. Neither has to exist; a path the owner names has to.
DEFAULT_PATHS = (Path("/etc/edgevoice/config.yaml"), Path("/etc/edgevoice/config.d"))
# Far above any configuration; a mistyped path to something else should fail fast.
MAX_FILE_BYTES = 1_048_576


@dataclass(frozen=True, slots=True)
class Effective:
    """What applies, and where each setting that is not a default was written."""

    config: Config
    places: Mapping[str, Place]


def load(paths: Sequence[Path] | None = None, overrides: Sequence[str] = ()) -> Config:
    """The configuration from these files or folders (None: those of the services)."""
    return effective(paths, overrides).config


def effective(paths: Sequence[Path] | None = None, overrides: Sequence[str] = ()) -> Effective:
    layers = read_layers(paths, overrides)
    settings = merged(layers)
    mistakes = [mistake for layer in layers for mistake in layer.mistakes]
    config: Config = build(Config, settings)
    if not mistakes:
        mistakes = list(_contradictions(config, settings))
    if mistakes:
        raise ConfigError("\n".join(str(mistake) for mistake in mistakes))
    return Effective(config, {path: setting.place for path, setting in settings.items()})


def read_layers(paths: Sequence[Path] | None, overrides: Sequence[str]) -> list[Layer]:
    """The board's first, as everything goes before it."""
    layers = [read_file(path) for path in expand(paths)]
    layers += [read_override(text) for text in overrides]
    return [read_board(layers), *layers]


def merged(layers: Sequence[Layer]) -> dict[str, Setting]:
    settings: dict[str, Setting] = {}
    for layer in layers:
        settings |= layer.settings
    return settings


def asked_for(args: Namespace) -> Effective:
    """What applies for a command: from `-c` and `--set` where it was given them."""
    return effective(*_named(args))


def control_socket(args: Namespace) -> str:
    """Where the running device is found, whatever else is wrong in its configuration."""
    setting = merged(read_layers(*_named(args))).get("control.socket")
    return str(setting.value) if setting else ControlConfig().socket


def _named(args: Namespace) -> tuple[list[Path] | None, Sequence[str]]:
    named: list[str] | None = getattr(args, "config", None)
    paths = [Path(path) for path in named] if named else None
    return paths, getattr(args, "set", None) or ()


def expand(paths: Sequence[Path] | None) -> Iterator[Path]:
    """Folders become the YAML files in them, in order of name.

    A folder that may not be looked into stays, and reading it fails: no setting is passed over.
    """
    for path in DEFAULT_PATHS if paths is None else paths:
        try:
            yield from sorted(file for file in path.iterdir() if file.suffix in (".yaml", ".yml"))
        except FileNotFoundError:
            if paths is not None:
                yield path
        except OSError:  # a file, mostly
            yield path


def read_file(path: Path) -> Layer:
    layer = Layer(str(path))
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
        if len(content) > MAX_FILE_BYTES:
            raise ValueError(f"is larger than {MAX_FILE_BYTES} bytes: not a configuration")
        layer.read(content.decode())
    except OSError as error:
        layer.mistakes.append(Mistake(Place(str(path)), "", f"cannot be read: {error.strerror}"))
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        layer.mistakes.append(Mistake(Place(str(path), line), "", "is not UTF-8 text"))
    except ValueError as error:
        layer.mistakes.append(Mistake(Place(str(path)), "", str(error)))
    except RecursionError:
        layer.mistakes.append(Mistake(Place(str(path)), "", "is nested far too deeply"))
    return layer


def read_override(text: str) -> Layer:
    """`turn.connect_s=2`; a value beginning with [ { or a quote is YAML, else taken as it is."""
    name, equals, written = text.partition("=")
    layer = Layer(f"--set {name}")
    if not equals:
        layer.mistakes.append(Mistake(Place("--set"), "", f'"{text}" is not NAME=VALUE'))
        return layer
    node: yaml.Node | None = yaml.ScalarNode("", written, style=None if written else '"')
    if written.startswith(("[", "{", '"', "'")):
        node, mistakes = parse(written, layer.source)
        layer.mistakes = [Mistake(Place(layer.source), "", told.text) for told in mistakes]
    if node is not None:
        layer.section(_nest(name.strip().split("."), _unplaced(node)), Config, "")
    return layer


def read_board(layers: Sequence[Layer]) -> Layer:
    """The board profile that the last of these layers asks for."""
    asked = [layer.settings["board"] for layer in layers if "board" in layer.settings]
    name, place = (str(asked[-1].value), asked[-1].place) if asked else (Config().board, None)
    if name not in boards():
        layer = Layer(str(place))
        text = f'no profile "{name}"; the profiles are ' + ", ".join(boards())
        layer.mistakes.append(Mistake(place or Place("default"), "board", text))
        return layer
    layer = Layer(f"boards/{name}.yaml")
    layer.read((files("edgevoice") / "boards" / f"{name}.yaml").read_text())
    return layer


def boards() -> list[str]:
    """The names of the profiles that ship with edgevoice."""
    names = (item.name for item in (files("edgevoice") / "boards").iterdir())
    return sorted(name.removesuffix(".yaml") for name in names if name.endswith(".yaml"))


def _contradictions(config: Config, settings: Mapping[str, Setting]) -> Iterator[Mistake]:
    for path, text in contradictions(config):
        setting = settings.get(path) or settings.get(path.partition("[")[0])
        yield Mistake(setting.place if setting else Place("default"), path, text)


def _nest(names: Sequence[str], node: yaml.Node) -> yaml.Node:
    for name in reversed(names):
        node = yaml.MappingNode("", [(yaml.ScalarNode("", name), node)])
    return node


def _unplaced(node: yaml.Node) -> yaml.Node:
    """The same node without lines: those of a command line option say nothing."""
    node.start_mark = None
    return node


def changed(old: object, new: object) -> tuple[str, ...]:
    """The names of the settings that differ between two of a kind; a list counts as one."""
    return tuple(_changed(old, new, ""))


def _changed(old: Any, new: Any, path: str) -> Iterator[str]:
    for field in fields(old):
        before, after = getattr(old, field.name), getattr(new, field.name)
        if is_dataclass(before):
            yield from _changed(before, after, f"{path}{field.name}.")
        elif before != after:
            yield path + field.name
