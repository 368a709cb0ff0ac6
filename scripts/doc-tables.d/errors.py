"""Tables of everything that can be said when something is wrong, each with what helps."""

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from remedies import OF_KIND, OF_STATUS, parted
from sentences import GAP, Module, modules, sentences

import edgevoice
from edgevoice import errors

PACKAGE = Path(edgevoice.__file__).parent
CLASSES = {
    name: kind
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, errors.EdgeVoiceError)
}
GROUPS: dict[str, tuple[type[Exception], ...]] = {
    "Sound": (errors.AudioError,),
    "Pins, buses and lights": (errors.GpioError,),
    "Models": (errors.ModelError,),
    "Keys, tokens and certificates": (errors.CredentialError,),
    "The way to the relay": (errors.LinkError, errors.NetworkUnknown),
    "The running assistant, and commands that ask it": (errors.ControlError,),
    "Settings and arguments": (errors.ConfigError,),
    "What the relay keeps": (errors.StoreError,),
    "What answers, and its tools": (errors.EngineError, errors.McpError, errors.ToolError),
    "Neighbours": (errors.NeighbourError,),
    "Finding out what is wrong": (
        errors.DoctorError,
        errors.PlotError,
        errors.FlightRecordError,
        errors.ScenarioError,
        errors.LaboratoryError,
        errors.CheckSkipped,
    ),
    "Bugs": (errors.LocalProtocolError,),
}
WORD = re.compile(r"[A-Za-z]{2,}")


@dataclass(frozen=True, order=True)
class Row:
    message: str
    remedy: str
    kind: str
    """The class of the error, or the status of a refusal."""
    where: str
    """File and line, for whoever has to mend it."""


@cache
def package() -> tuple[Module, ...]:
    return tuple(modules(PACKAGE))


def called(module: Module) -> Iterator[tuple[str, ast.Call]]:
    for call in module.calls:
        if isinstance(call.func, ast.Name | ast.Attribute):
            yield call.func.id if isinstance(call.func, ast.Name) else call.func.attr, call


def rows(of: Iterable[type[Exception]]) -> list[Row]:
    """Of all errors of these classes and of those below them."""
    names = {name for name, kind in CLASSES.items() if issubclass(kind, tuple(of))}
    found = [
        row
        for module in package()
        for name, call in called(module)
        if name in names and call.args
        for row in _rows(module, call, name, call.args[1 if name == "LinkRefused" else 0])
    ]
    return sorted(set(found))


def _rows(module: Module, call: ast.Call, kind: str, node: ast.expr) -> Iterator[Row]:
    where = f"{module.name}:{call.lineno}"
    for sentence in sentences(module, node):
        if says_something(sentence):
            trouble, remedy = parted(" ".join(sentence.split()))
            yield Row(trouble, remedy or OF_KIND.get(kind, ""), kind, where)


def says_something(sentence: str) -> bool:
    """What only passes on another's message is listed where that one is made."""
    words = WORD.findall(sentence)
    return len(words) > 1 or (bool(words) and GAP not in sentence)


def refusals() -> list[Row]:
    """What the relay answers over HTTP."""
    found = []
    for module in package():
        for name, call in called(module):
            if name == "CallRefused" and len(call.args) > 1:
                status = ast.unparse(call.args[0])
                status = status if status.isdigit() else "400"
                for row in _rows(module, call, status, call.args[1]):
                    found.append(Row(row.message, row.remedy or OF_STATUS[status], *_of(row)))
    return sorted(set(found), key=lambda row: (row.kind, row.message, row.remedy))


def _of(row: Row) -> tuple[str, str]:
    return row.kind, row.where


def events() -> list[Row]:
    """What an event of type `error` says, at either end."""
    found = rows((errors.RemoteProtocolError,))
    for module in package():
        for name, call in called(module):
            if name == "refuse" and call.args:
                found += _rows(module, call, "RemoteProtocolError", call.args[0])
    return sorted(set(found))


def settings() -> list[Row]:
    """Mistakes in a configuration or a scenario: what follows file, line and setting."""
    found: list[Row] = []
    for module in package():
        for name, call in called(module):
            if name == "Mistake" and len(call.args) == 3:
                found += _rows(module, call, "Config", call.args[2])
            elif name in ("mistake", "Misfit") and module.name == "config_yaml.py":
                found += _rows(module, call, "Config", call.args[-1])
            elif name == "_wrong" and module.name == "simulator/scenario.py":
                found += _rows(module, call, "Scenario", call.args[1])
        if module.name == "config_rules.py":
            for node in ast.walk(module.tree):
                match node:
                    case ast.Yield(value=ast.Tuple(elts=[_, text])):
                        line = ast.copy_location(ast.Call(ast.Name("Mistake"), []), node)
                        found += _rows(module, line, "Config", text)
    return sorted(set(found))


@dataclass(frozen=True, order=True)
class Finding:
    subject: str
    text: str
    todo: str
    level: str


def findings() -> list[Finding]:
    """What the doctor says of what is not well."""
    found = set()
    for module in package():
        if not module.name.startswith("doctor/"):
            continue
        for name, call in called(module):
            if name == "Finding" and len(call.args) >= 4:
                found |= set(_findings(module, call))
    return sorted(found)


def _findings(module: Module, call: ast.Call) -> Iterator[Finding]:
    levels = {n.value for n in ast.walk(call.args[0]) if isinstance(n, ast.Constant)}
    bad = [level for level in ("fail", "warn") if level in levels]
    if not bad and not isinstance(call.args[0], ast.Name):
        return
    subject = sentences(module, call.args[1])[0]
    todos = [t for t in sentences(module, call.args[3]) if t]
    for text in sentences(module, call.args[2]):
        for todo in todos:
            helps = "what it says: it depends on the board" if todo == GAP else todo
            yield Finding(subject, text, helps, "/".join(bad) or "fail/warn")


def cell(text: str) -> str:
    """As it may stand in a cell of a table."""
    escaped = " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
    return escaped[:1] + escaped[1:].replace(" *", " \\*")


def table(head: tuple[str, ...], lines: Iterable[tuple[str, ...]]) -> str:
    top = f"| {' | '.join(head)} |\n|{'---|' * len(head)}"
    body = dict.fromkeys(f"| {' | '.join(map(cell, line))} |" for line in lines)
    return "\n".join([top, *body])


def errors_table() -> str:
    parts = []
    for title, kinds in GROUPS.items():
        lines = [(row.message, row.remedy) for row in rows(kinds)]
        parts.append(f"### {title}\n\n{table(('message', 'what helps'), lines)}")
    return "\n\n".join(parts)


def settings_table() -> str:
    return table(("mistake", "what helps"), [(row.message, row.remedy) for row in settings()])


def refusals_table() -> str:
    lines = [(row.kind, row.message, row.remedy) for row in refusals()]
    return table(("status", "message", "what helps"), lines)


def events_table() -> str:
    return table(("message", "what helps"), [(row.message, row.remedy) for row in events()])


def findings_table() -> str:
    return table(
        ("about", "it says", "what helps"), [(f.subject, f.text, f.todo) for f in findings()]
    )
