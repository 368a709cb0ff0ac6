"""One line of the doctor's: how something is, and what to do next if it is not well."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TextIO, TypeAlias

Level: TypeAlias = Literal["ok", "warn", "fail"]

_COLOURS: dict[Level, str] = {"ok": "32", "warn": "33", "fail": "31"}


@dataclass(frozen=True, slots=True)
class Finding:
    level: Level
    name: str
    text: str
    todo: str = ""
    """What the owner does next, as something to type; every `fail` has one."""
    provision: str = ""
    """Of ETSI EN 303 645, where the check is about one."""

    def __post_init__(self) -> None:
        assert self.todo or self.level != "fail", f"no remedy for: {self.name}: {self.text}"

    def line(self, *, colour: bool = False) -> str:
        level = f"{self.level:4}"
        if colour:
            level = f"\x1b[{_COLOURS[self.level]}m{level}\x1b[0m"
        name = f"{self.name} ({self.provision})" if self.provision else self.name
        return f"{level}  {name}: {self.text}" + (f"; {self.todo}" if self.todo else "")


def may_colour(stream: TextIO, environment: Mapping[str, str] = os.environ) -> bool:
    """A terminal whose owner did not ask for none (https://no-color.org)."""
    return stream.isatty() and not environment.get("NO_COLOR")
