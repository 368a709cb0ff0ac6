"""The tables of events, from the types that both programs read and write."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from errors import table

import edgevoice
from edgevoice.realtime.wire import CLIENT_EVENTS, SERVER_EVENTS

PACKAGE = Path(edgevoice.__file__).parent
RELAY = PACKAGE / "relay"
READERS = ("openai", "monitoring")
"""What is there is from the server behind the relay, or looks on."""

MEANINGS = {
    "session.update": "changes settings; answered by `session.updated`",
    "input_audio_buffer.append": "sound in base64; over WebSocket only",
    "input_audio_buffer.commit": "ends a turn by hand; 100 ms of sound at least",
    "input_audio_buffer.clear": "forgets the turn that is being said",
    "conversation.item.create": "adds a message (with sound, too), a tool's result or an approval",
    "conversation.item.retrieve": "asks for one item",
    "conversation.item.truncate": "says how much of an answer was heard",
    "conversation.item.delete": "forgets one item",
    "response.create": "wants an answer; with `conversation: none` beside the conversation",
    "response.cancel": "ends an answer",
    "output_audio_buffer.clear": "drops what is left of an answer; over WebRTC only",
    "edgevoice.wake": "ours: the next utterance begins with a wake phrase, at these samples",
    "edgevoice.resume": "ours: goes on with a session on a new transport",
    "edgevoice.ping": "ours: is answered by `edgevoice.pong`",
}


def client_table() -> str:
    """What a client may send; KeyError where a new event has no meaning here yet."""
    fields = _fields("client_events.py")
    lines = [(f"`{kind}`", _named(fields[kind]), MEANINGS[kind]) for kind in sorted(CLIENT_EVENTS)]
    return table(("a client sends", "with", "which"), lines)


def server_table() -> str:
    fields, sent = _fields("server_events.py"), _made()
    lines = []
    for kind in sorted(SERVER_EVENTS):
        by = "relay" if kind in sent else "only read, from other servers"
        lines.append((f"`{kind}`", _named(fields[kind]), by))
    return table(("a server sends", "with", "who sends it"), lines)


def _named(fields: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in fields)


def _classes(file: str) -> Iterator[tuple[ast.ClassDef, str]]:
    """Each event's class and its type, in the order of their definition."""
    for node in ast.parse((PACKAGE / "realtime" / file).read_text()).body:
        if isinstance(node, ast.ClassDef):
            for keyword in node.keywords:
                if keyword.arg == "tag" and isinstance(keyword.value, ast.Constant):
                    yield node, str(keyword.value.value)


def _fields(file: str) -> dict[str, list[str]]:
    return {
        kind: [
            one.target.id
            for one in node.body
            if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name)
        ]
        for node, kind in _classes(file)
    }


def _made() -> set[str]:
    """The types that the relay itself makes; elsewhere it only reads them."""
    files = (path for path in sorted(RELAY.rglob("*.py")) if path.parent.name not in READERS)
    words = set(re.findall(r"\b[A-Z]\w+", "\n".join(path.read_text() for path in files)))
    return {kind for node, kind in _classes("server_events.py") if node.name in words}
