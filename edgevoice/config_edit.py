"""Settings that a command writes, each into a file of its own in `config.d`, with its reason.

What else is in that file stays, and so do the reasons behind its settings; nothing is
written that `edgevoice config check` would refuse.
"""

import difflib
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from edgevoice.config_file import DEFAULT_PATHS, effective, expand, read_file
from edgevoice.config_yaml import Layer, Setting, parse
from edgevoice.errors import ConfigError

_REASON = re.compile(r"""^[^"']*?  # (.*)$""")


@dataclass(frozen=True, slots=True)
class Change:
    path: str
    """Such as `echo.delay_ms`."""
    value: object
    reason: str


class SettingsFile:
    """`paths` are those of `-c`, None for the ones in /etc; `head` says who writes the file."""

    def __init__(self, paths: Sequence[str] | None, name: str, head: str) -> None:
        self._paths = None if not paths else [Path(path) for path in paths]
        self._head = head
        self.path = _folder(self._paths, name) / name

    def with_changes(self, changes: Iterable[Change]) -> str:
        """The file's text with these settings in it; ConfigError where the file is broken."""
        before = self._text()
        layer, root = Layer(str(self.path)), _mapping(before, str(self.path))
        layer.read(before)
        if layer.mistakes:
            raise ConfigError("\n".join(map(str, layer.mistakes)))
        reasons = dict(_reasons(before, layer))
        for change in changes:
            _set(root, change.path.split("."), change.value)
            reasons[change.path] = change.reason
        return self._head + _written(root, reasons, str(self.path))

    def diff(self, text: str) -> str:
        lines = difflib.unified_diff(
            self._text().splitlines(), text.splitlines(), str(self.path), str(self.path), "", "",
            lineterm="",
        )  # fmt: skip
        return "\n".join(lines)

    def write(self, text: str) -> None:
        """At once or not at all; ConfigError says why not."""
        fresh = self.path.with_name(self.path.name + ".new")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with fresh.open("w", encoding="utf-8") as file:
                self._keep_owner(file.fileno())
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            self._check(fresh)
            os.replace(fresh, self.path)
        except OSError as error:
            raise ConfigError(
                f"{self.path} cannot be written ({error.strerror}): run it with sudo, or name"
                " a folder of your own with -c"
            ) from error
        finally:
            _remove(fresh)

    def _keep_owner(self, fresh: int) -> None:
        """Who may read and write the old file may do so with the new one."""
        if self.path.exists():
            before = self.path.stat()
            os.fchmod(fresh, before.st_mode & 0o777)
            if os.geteuid() == 0:
                os.fchown(fresh, before.st_uid, before.st_gid)

    def overruled(self) -> list[str]:
        """Settings of the written file that a later file sets again, as `path (file:line)`."""
        places = effective(self._paths).places
        mine = read_file(self.path).settings
        return [
            f"{path} ({places[path]})" for path in mine if places[path].source != str(self.path)
        ]

    def _text(self) -> str:
        try:
            return self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return ""
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{self.path} cannot be read ({error}): run it with sudo") from error

    def _check(self, fresh: Path) -> None:
        """With the new file in the old one's place everything must still fit together."""
        files = [path for path in expand(self._paths) if path != self.path]
        beside = [path for path in files if path.parent == self.path.parent]
        later = [path for path in beside if path.name > self.path.name]
        place = files.index(later[0]) if later else len(files)
        effective([*files[:place], fresh, *files[place:]])


def _folder(paths: Sequence[Path] | None, name: str) -> Path:
    if paths is None:
        return DEFAULT_PATHS[1]
    folders = [path for path in paths if path.is_dir()]
    if not folders:
        raise ConfigError(
            f"{name} belongs into a folder of settings, and none is named: add one with -c"
        )
    return folders[-1]


def _mapping(text: str, source: str) -> yaml.MappingNode:
    node, mistakes = parse(text, source)
    if mistakes:
        raise ConfigError("\n".join(map(str, mistakes)))
    return node if isinstance(node, yaml.MappingNode) else _node({})


def _set(root: yaml.MappingNode, names: Sequence[str], value: object) -> None:
    """In the place the name has already, or as the last one."""
    name, *rest = names
    inside: dict[str, tuple[yaml.Node, yaml.Node]] = {pair[0].value: pair for pair in root.value}
    key, node = inside.get(name) or (yaml.ScalarNode("tag:yaml.org,2002:str", name), None)
    if rest:
        node = node if isinstance(node, yaml.MappingNode) else _node({})
        node.flow_style = False  # a line for each setting, so that each has its reason
        _set(node, rest, value)
    else:
        node = _node(value)
    root.value = list((inside | {name: (key, node)}).values())


def _node(value: object) -> Any:
    node = yaml.compose(yaml.safe_dump(value, default_flow_style=False, sort_keys=False))
    if isinstance(node, yaml.MappingNode):
        node.flow_style = False
    return node


def _reasons(text: str, layer: Layer) -> Iterator[tuple[str, str]]:
    """The comments behind the settings, as `_written` puts them."""
    lines = text.splitlines()
    for path, setting in layer.settings.items():
        line = lines[_line(lines, setting)]
        if match := _REASON.search(line):
            yield path, match[1]


def _written(root: yaml.MappingNode, reasons: Mapping[str, str], source: str) -> str:
    lines = yaml.serialize(root, allow_unicode=True, width=10_000).splitlines()
    layer = Layer(source)
    layer.read("\n".join(lines))
    for path in reasons.keys() & layer.settings.keys():
        lines[_line(lines, layer.settings[path])] += f"  # {reasons[path]}"
    return "\n".join(lines) + "\n"


def _line(lines: Sequence[str], setting: Setting) -> int:
    """Index of the line with the setting's name: that of a list is above its first entry."""
    index = setting.place.line - 1
    return index - 1 if lines[index].lstrip().startswith("- ") else index


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:  # a folder one may not write to: then it was never made
        pass
