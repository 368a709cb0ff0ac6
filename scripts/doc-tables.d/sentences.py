"""The sentences that the package can say, read from its source without running it.

A sentence is a template: what is put into it at run time is written as an ellipsis. Where a
sentence is chosen among several (`a if b else c`, branches, a function that returns one), all
of them are found.
"""

import ast
import itertools
import re
from collections.abc import Iterable, Iterator
from functools import cache, cached_property
from pathlib import Path

TELLS = re.compile(
    r"(?:Error|Absent|Refused|Untrusted|Timeout|Unknown|Lost|Library|Failed|Skipped|Another|Forged"
    r"|Used|Stale|TooEarly|Finding|Mistake|Misfit|refuse|_wrong|mistake)\("
    r"|Iterator\[tuple\[str, str\]\]"
)
"""What a module has in it, if it is worth reading."""
GAP = "…"
MOST = 24
"""Alternatives of one sentence; more are not written by hand."""
DEEP = 6

Function = ast.FunctionDef | ast.AsyncFunctionDef


class Module:
    """One file: its tree, its constants, its functions."""

    def __init__(self, path: Path, package: Path) -> None:
        self.path = path
        self._package = package
        self.tree = ast.parse(path.read_text(encoding="utf-8"))

    @property
    def name(self) -> str:
        return self.path.relative_to(self._package).as_posix()

    @cached_property
    def calls(self) -> list[ast.Call]:
        return [node for node in ast.walk(self.tree) if isinstance(node, ast.Call)]

    @cached_property
    def parents(self) -> dict[ast.AST, ast.AST]:
        nodes = ast.walk(self.tree)
        return {child: node for node in nodes for child in ast.iter_child_nodes(node)}

    @cached_property
    def functions(self) -> dict[str, Function]:
        found = (node for node in ast.walk(self.tree) if isinstance(node, Function))
        return {function.name: function for function in found}

    @cached_property
    def constants(self) -> dict[str, ast.expr]:
        """Those of the module, and those it imports from other modules of the package."""
        found: dict[str, ast.expr] = {}
        for node in self.tree.body:
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("edgevoice."):
                found |= self._imported(node)
            found |= dict(_assigned(node))
        return found

    def _imported(self, node: ast.ImportFrom) -> dict[str, ast.expr]:
        path = self._package.parent / (node.module or "").replace(".", "/")
        wanted = {alias.name for alias in node.names if alias.name.isupper()}
        file = path.with_suffix(".py")
        if not wanted or not file.is_file():
            return {}
        return {name: value for name, value in _top_level(file).items() if name in wanted}

    def around(self, node: ast.AST) -> Iterator[ast.AST]:
        while node in self.parents:
            node = self.parents[node]
            yield node

    def function_of(self, node: ast.AST) -> Function | None:
        return next((one for one in self.around(node) if isinstance(one, Function)), None)


@cache
def _top_level(file: Path) -> dict[str, ast.expr]:
    there = ast.parse(file.read_text(encoding="utf-8")).body
    return {name: value for one in there for name, value in _assigned(one)}


def _assigned(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(node, ast.Assign):
        for target in node.targets:
            yield from _pairs(target, node.value)
    elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
        yield node.target.id, node.value


def _pairs(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(target, ast.Name):
        yield target.id, value
    elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        for one, its in zip(target.elts, value.elts, strict=False):
            yield from _pairs(one, its)


def sentences(module: Module, node: ast.expr, depth: int = DEEP) -> list[str]:
    """Every template that the expression may be; a single ellipsis where nothing is known."""
    if depth == 0:
        return [GAP]
    match node:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.JoinedStr(values=parts):
            return _joined(sentences(module, part, depth) for part in parts)
        case ast.FormattedValue(value=ast.Name() as name):
            told = sentences(module, name, depth - 1)
            return told if len(told) == 1 else [GAP]
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _joined(sentences(module, part, depth) for part in (left, right))
        case ast.IfExp(body=body, orelse=other):
            return sentences(module, body, depth) + sentences(module, other, depth)
        case ast.BoolOp(op=ast.Or(), values=choices):
            return [one for choice in choices for one in sentences(module, choice, depth)]
        case ast.Subscript(value=value, slice=ast.Slice()):
            return sentences(module, value, depth)
        case ast.Name():
            return _of_name(module, node, depth - 1)
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            return _returned(module, name, depth - 1)
    return [GAP]


def _joined(parts: Iterable[list[str]]) -> list[str]:
    whole = itertools.islice(itertools.product(*parts), MOST)
    return ["".join(pieces).replace(GAP + GAP, GAP) for pieces in whole]


def _returned(module: Module, name: str, depth: int) -> list[str]:
    function = module.functions.get(name)
    if function is None:
        return [GAP]
    returns = (node for node in ast.walk(function) if isinstance(node, ast.Return) and node.value)
    told = [one for node in returns if node.value for one in sentences(module, node.value, depth)]
    return told or [GAP]


def _of_name(module: Module, node: ast.Name, depth: int) -> list[str]:
    """What was last assigned to it above; all branches of the choice in which that happened."""
    function = module.function_of(node)
    if function is not None:
        found = _last_assigned(module, function, node)
        if found:
            return [one for value in found for one in sentences(module, value, depth)]
    constant = module.constants.get(node.id)
    return [GAP] if constant is None else sentences(module, constant, depth)


def _last_assigned(module: Module, function: Function, node: ast.Name) -> list[ast.expr]:
    before = [
        (statement, value)
        for statement in ast.walk(function)
        for name, value in _assigned(statement)
        if name == node.id and statement.lineno < node.lineno
    ]
    if not before:
        return []
    last, value = max(before, key=lambda pair: pair[0].lineno)
    of_node = {*module.around(node)}
    choices = [one for one in module.around(last) if isinstance(one, ast.If | ast.Try | ast.Match)]
    passed = [one for one in choices if one not in of_node]
    if not passed:
        return [value]
    inside = {*ast.walk(passed[-1])}
    return [its for statement, its in before if statement in inside]


def modules(package: Path) -> list[Module]:
    """All that raise or tell something, but the programs that only convert networks."""
    files = (path for path in sorted(package.rglob("*.py")) if "conversions" not in path.parts)
    return [Module(path, package) for path in files if TELLS.search(path.read_text("utf-8"))]
