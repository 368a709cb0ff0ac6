"""A real MCP server for tests: `python house.py stdio|http|sse PORT`."""

import os
import sys
from pathlib import Path

import anyio
from mcp.server.mcpserver import MCPServer
from mcp_types import ToolAnnotations

house = MCPServer("house")


@house.tool(annotations=ToolAnnotations(read_only_hint=True))
def temperature(room: str) -> str:
    """How warm it is in a room."""
    return f"21 degrees in the {room}"


@house.tool(annotations=ToolAnnotations(destructive_hint=False))
def switch_light(name: str, on: bool) -> str:
    """Switch a light."""
    return f"{name} is {'on' if on else 'off'}"


@house.tool(annotations=ToolAnnotations(destructive_hint=True))
def unlock(door: str) -> str:
    """Unlock a door."""
    return f"{door} is unlocked"


@house.tool()
async def ponder(seconds: float) -> str:
    """Takes its time; tells a file whether it was allowed to."""
    note = Path(os.environ["PONDER_NOTE"]) if "PONDER_NOTE" in os.environ else None
    try:
        if note:
            note.with_suffix(".begun").touch()
        await anyio.sleep(seconds)
    except BaseException:
        if note:
            note.write_text("cancelled")
        raise
    if note:
        note.write_text("finished")
    return "42"


@house.tool()
def shout(letters: int) -> str:
    """Answers with so many letters."""
    return "a" * letters


@house.tool()
def fail() -> str:
    """Never works."""
    raise ValueError("the fuse is blown")


@house.tool()
def quit_now() -> str:
    """The end of this server."""
    os._exit(3)


if __name__ == "__main__":
    kind, port = sys.argv[1], int([*sys.argv, "0"][2])
    if kind == "stdio":
        house.run("stdio")
    elif kind == "http":
        house.run("streamable-http", port=port)
    else:
        house.run("sse", port=port)
