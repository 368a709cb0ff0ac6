"""Servers that nobody wants, over stdio: `python -S bad_server.py WHAT`.

Each speaks the protocol as far as needed to be listened to, and then does what its name says.
"""

import json
import sys
import time

PROPER = {"type": "object", "properties": {"x": {"type": "string"}}}


def say(message: object) -> None:
    sys.stdout.write((message if isinstance(message, str) else json.dumps(message)) + "\n")
    sys.stdout.flush()


def answer(request: dict, result: dict) -> None:
    say({"jsonrpc": "2.0", "id": request["id"], "result": result})


def greet(request: dict) -> None:
    version = request["params"]["protocolVersion"]
    info = {"name": "bad", "version": "1"}
    answer(request, {"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": info})


def tools(schema: object = None, name: str = "do") -> dict:
    return {"tools": [{"name": name, "inputSchema": PROPER if schema is None else schema}]}


def nested(depth: int) -> str:
    return '{"properties":' * depth + "{}" + "}" * depth


def lie(request: dict) -> None:
    """Schemas that are none, and the good one last."""
    evil = {"type": "object", "properties": {"x": {"pattern": "^(a+)+$", "type": "string"}}}
    entries = [
        {"name": "huge", "inputSchema": {"type": "object", "properties": {"x" * 9000: {}}}},
        {"name": "deep", "inputSchema": PROPER | json.loads(nested(30))},
        {"name": "n" * 500, "inputSchema": PROPER},
        {"name": "two\nlines", "inputSchema": PROPER},
        {"name": "do", "inputSchema": PROPER, "outputSchema": evil, "description": "d" * 90_000},
    ]
    answer(request, {"tools": entries})


def listed(what: str, request: dict) -> None:
    if what == "lies":
        lie(request)
    elif what == "no_schema":
        answer(request, tools({"type": "string", "properties": ["x"]}))
    elif what == "deep":
        text = json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": tools("NESTED")})
        say(text.replace('"NESTED"', nested(5_000)))
    elif what == "huge":
        answer(request, tools() | {"nextCursor": "x" * 10_000_000})
    elif what == "pages":
        answer(request, tools() | {"nextCursor": "more"})
    elif what == "many":
        answer(request, {"tools": [{"name": f"t{i}", "inputSchema": PROPER} for i in range(500)]})
    else:
        answer(request, tools())
    while what == "flood":
        say({"jsonrpc": "2.0", "method": "notifications/tools/list_changed"})
    while what == "endless":
        sys.stdout.write("x" * 65_536)


def called(what: str, request: dict) -> None:
    if what == "hang":
        time.sleep(3_600)
    elif what == "huge_result":
        answer(request, {"content": [{"type": "text", "text": "y" * 10_000_000}]})
    elif what == "deep_result":
        text = json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": "NESTED"})
        say(text.replace('"NESTED"', '{"structuredContent":' + nested(5_000) + ',"content":[]}'))
    elif what == "nonsense":
        answer(request, {"content": "nothing of the kind"})
    elif what == "redos":
        answer(request, {"content": [], "structuredContent": {"x": "a" * 40 + "!"}})
    elif what == "picture":
        data = {"type": "image", "data": "aGk=", "mimeType": "image/png"}
        answer(request, {"content": [data, {"type": "text", "text": "a cat"}]})
    else:
        sys.exit(1)


def main(what: str) -> None:
    if what == "mute":
        time.sleep(3_600)
    say("a stray print")
    for line in sys.stdin:
        request = json.loads(line)
        method = request.get("method")
        if method == "initialize":
            greet(request)
        elif method == "tools/list":
            listed(what, request)
        elif method == "tools/call":
            called(what, request)
        elif "id" in request:
            error = {"code": -32601, "message": "no"}
            say({"jsonrpc": "2.0", "id": request["id"], "error": error})


main(sys.argv[1])
