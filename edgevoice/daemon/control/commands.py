"""What the control socket and the simulator may ask of a running device: a table.

Each subject adds its own lines with `Commands.add`; nothing is decided here. A
handler is given the argument ("" when there is none) and answers with plain values,
at once or, where it has to wait for a disk, as an awaitable. It refuses with a
ControlError that says what to do.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from edgevoice.errors import ControlError

Told = Mapping[str, Any]
Answer = Told | Awaitable[Told]


@dataclass(frozen=True, slots=True)
class Command:
    act: Callable[[str], Answer]
    help: str
    """One line, for whoever sends a word that is not known."""
    argument: bool = False
    """It may be followed by one; else that is refused."""
    looks: bool = False
    """It changes nothing and may be asked often: not worth a line in the log."""
    patience_s: float = 0.0
    """By how much longer than others it may take to answer."""
    private: bool = False
    """Its argument may be somebody's words, which are in no log."""


class Commands:
    def __init__(self) -> None:
        self._table: dict[str, Command] = {}

    def add(self, commands: Mapping[str, Command]) -> None:
        taken = self._table.keys() & commands.keys()
        assert not taken, f"two commands of the same name: {taken}"
        self._table.update(commands)

    def obey(self, line: str) -> Answer:
        """One command with its argument, such as `volume +10`; ControlError for the unknown."""
        name, _, argument = line.strip().partition(" ")
        command = self._table.get(name)
        if command is None:
            known = "; ".join(f"{name}: {each.help}" for name, each in self._table.items())
            raise ControlError(f"unknown command {name!r}; known are {known}")
        if argument and not command.argument:
            raise ControlError(f"{name} takes no argument: leave it out")
        return command.act(argument.strip())

    def loggable(self, line: str) -> str:
        """The line, without an argument that is nobody's business."""
        name = line.strip().partition(" ")[0]
        command = self._table.get(name)
        return name if command is not None and command.private else line

    def patience_s(self, line: str) -> float:
        command = self._table.get(line.strip().partition(" ")[0])
        return 0.0 if command is None else command.patience_s

    def only_looks(self, line: str) -> bool:
        """Whether this is worth no line in the log."""
        command = self._table.get(line.strip().partition(" ")[0])
        return command is not None and command.looks
