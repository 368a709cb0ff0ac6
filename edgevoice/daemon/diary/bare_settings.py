"""The configuration without anything that somebody has written in words of his own.

Numbers, switches and choices from a list are shown; of a text only whether it was set.
"""

from collections.abc import Iterator
from dataclasses import is_dataclass
from typing import Any, Literal, get_args, get_origin

from edgevoice.config import Config
from edgevoice.config_yaml import default, hints

SHOWN = frozenset({"board", "microphone.device", "speaker.device", "speaker.mixer"})
"""Names of things, without which nobody could help; they go through the redactor."""
SET, UNSET = "<set>", "<default>"


def bare(config: Config) -> dict[str, Any]:
    return dict(_section(Config, config, ""))


def _section(cls: Any, part: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    for name, wanted in hints(cls).items():
        path, value = prefix + name, getattr(part, name)
        if is_dataclass(wanted):
            yield name, dict(_section(wanted, value, f"{path}."))
        elif isinstance(value, tuple):
            yield name, [_item(one, f"{path}.") for one in value]
        elif _is_plain(wanted, value) or path in SHOWN:
            yield name, value
        else:
            yield name, UNSET if value == default(cls, name) else SET


def _item(value: Any, prefix: str) -> Any:
    """An entry of a list: a section of its own, a number, or something in words."""
    if is_dataclass(value):
        return dict(_section(type(value), value, prefix))
    return value if isinstance(value, int | float) else SET


def _is_plain(wanted: Any, value: Any) -> bool:
    """Nobody can have written anything of his own into it."""
    if get_origin(wanted) is Literal:
        return value in get_args(wanted)
    return value is None or isinstance(value, bool | int | float)
