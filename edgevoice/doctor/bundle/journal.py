"""The services' last lines in the journal, as sentences of our own source without what was put in.

A message is shown as the line of the source that wrote it: `"the relay %s is back"` stays so,
numbers in it are kept, and of longer texts those words that are in our source as well (an
error's sentence). Where no line of ours wrote it, it is left out. Debug lines always are.
"""

import ast
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

LOWEST = 6
"""The priority of `info`; what is said is logged as `debug` (7)."""
HELD_BACK = "<...>"
LEAST_WORDS = 4
"""A text with fewer may be somebody's name, and with more it is a sentence of ours."""

KEPT = ("TURN", "EVENT", "EVENT_NAME", "JOB_TYPE", "JOB_RESULT", "EXIT_CODE", "EXIT_STATUS")
"""Numbers and words of ours or systemd's."""

_PLACE = re.compile(r"%(?:\.\d+)?[-+# 0-9]*\.?\d*[sdrfgxi]|%\(\w+\)s")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_FILE = re.compile(r'File "[^"]*?(edgevoice/[\w/]+\.py)", line (\d+), in (\w+)')
_RAISED = re.compile(r"^([A-Za-z_][\w.]*(?:Error|Exception|Stopped|Lost|Refused)\b)", re.MULTILINE)
LOGS = ("debug", "info", "warning", "error", "exception", "log")


def lines(journal: str) -> Iterator[str]:
    """Of `journalctl -o json`; oldest first, with seconds before the last one."""
    entries = [entry for text in journal.splitlines() if (entry := _entry(text)) is not None]
    last = max((_time(entry) for entry in entries), default=0)
    for entry in entries:
        message = shown(entry)
        if message:
            yield f"{(_time(entry) - last) / 1e6:10.3f} s  {message}"


def _entry(text: str) -> dict[str, Any] | None:
    try:
        entry = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return entry if isinstance(entry, dict) else None


def _time(entry: Mapping[str, Any]) -> int:
    text = str(entry.get("__REALTIME_TIMESTAMP", ""))
    return int(text) if text.isdecimal() else 0


def shown(entry: Mapping[str, Any]) -> str:
    """Empty: nothing of it may be seen."""
    priority = str(entry.get("PRIORITY", ""))
    if not priority.isdecimal() or int(priority) > LOWEST:
        return ""
    fields = " ".join(f"{name}={_word(entry[name])}" for name in KEPT if name in entry)
    logger = str(entry.get("LOGGER", ""))
    if not re.fullmatch(r"edgevoice[\w.]*", logger):
        return f"systemd {fields}" if fields and "MESSAGE_ID" in entry else ""
    return (
        f"{priority} {logger}: {message(str(entry.get('MESSAGE', '')), logger)} {fields}".rstrip()
    )


def _word(value: Any) -> str:
    text = str(value)
    return text if re.fullmatch(r"[a-z_.]{1,30}|\d{1,12}", text) else HELD_BACK


def message(text: str, logger: str) -> str:
    """The template it was made from, with what may be seen of its values."""
    first, _, rest = text.partition("\n")
    for template, pattern in templates(logger):
        if match := pattern.fullmatch(first):
            return _filled(template, match.groups()) + _traceback(rest)
    return HELD_BACK + _traceback(rest)


def _filled(template: str, values: Sequence[str]) -> str:
    told = template
    for value in values:
        told = _PLACE.sub(_value(value).replace("\\", ""), told, count=1)
    return told


def _value(value: str) -> str:
    if _NUMBER.fullmatch(value):
        return value
    words = value.split()
    if len(words) < LEAST_WORDS:
        return HELD_BACK
    known = vocabulary()
    return " ".join(
        word if set(re.findall(r"\w+", word)) <= known and word.islower() else HELD_BACK
        for word in words
    )


def _traceback(text: str) -> str:
    """Where in our source, and which error; never what it says."""
    places = [f"{file}:{line} {function}" for file, line, function in _FILE.findall(text)]
    raised = _RAISED.findall(text)
    return f" [{' > '.join([*places, *raised[-1:]])}]" if places or raised else ""


@cache
def templates(logger: str) -> list[tuple[str, re.Pattern[str]]]:
    """Of the log calls in the module of that name; the longest, which says most, first."""
    source = _source(logger)
    texts = set(_logged(source))
    return [(text, _pattern(text)) for text in sorted(texts, key=len, reverse=True)]


def _source(logger: str) -> str:
    """Of the module; a logger of another name has its lines wherever its name is written."""
    package = Path(str(files("edgevoice")))
    own = package.joinpath(*logger.split(".")[1:]).with_suffix(".py")
    if own.is_file():
        return own.read_text(encoding="utf-8")
    sources = (path.read_text(encoding="utf-8") for path in sorted(package.rglob("*.py")))
    return "\n".join(text for text in sources if f'"{logger}"' in text)


def _logged(source: str) -> Iterable[str]:
    try:
        tree = ast.parse(source)
    except SyntaxError:  # several files, of which one begins with `from __future__`
        return
    for node in ast.walk(tree):
        match node:
            case ast.Call(ast.Attribute(attr=name), args) if name in LOGS:
                for argument in args[:2]:  # `log.log` has the level before it
                    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                        yield argument.value


def _pattern(template: str) -> re.Pattern[str]:
    parts = [re.escape(part) for part in _PLACE.split(template)]
    return re.compile("(.*?)".join(parts), re.DOTALL)


@cache
def vocabulary() -> frozenset[str]:
    """The words of our errors: of their sentences in the source, not of its names or examples."""
    package = Path(str(files("edgevoice")))
    words: set[str] = set()
    for folder in ("hardware", "link", "webrtc", "daemon", "relay/access", "relay/store"):
        for path in (package / folder).rglob("*.py"):
            words.update(re.findall(r"[a-z]{2,}", path.read_text(encoding="utf-8")))
    return frozenset(words)
