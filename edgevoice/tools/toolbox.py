"""The tools an assistant has, and the one place where a tool is run.

Whatever goes wrong in a tool becomes JSON the model can read; nothing that a
model says or a tool does ends the program.
"""

import asyncio
import json
import logging
from collections.abc import Iterable
from typing import Any, NoReturn

from edgevoice.errors import EdgeVoiceError, ToolError
from edgevoice.tools.schema import checked
from edgevoice.tools.tool import Result, Tool

log = logging.getLogger(__name__)

TIMEOUT_S = 10.0
"""Longer than this nobody waits in silence for an answer."""

MOST_BYTES = 16_384
"""Of a call's arguments: a hundred times more than any of our tools needs."""


class ToolBox:
    def __init__(self, tools: Iterable[Tool], timeout_s: float = TIMEOUT_S) -> None:
        self._tools: dict[str, Tool] = {}
        self._timeout_s = timeout_s
        for tool in tools:
            assert tool.name not in self._tools, f"two tools are called {tool.name}"
            self._tools[tool.name] = tool

    def definitions(self) -> list[dict[str, Any]]:
        """For `session.tools`."""
        return [
            {
                "type": "function",
                "name": tool.name,
                "description": tool.description,
                "parameters": dict(tool.parameters),
            }
            for tool in self._tools.values()
        ]

    async def call(self, name: str, arguments_json: str) -> str:
        """The tool's result as JSON text, or {"error": …} saying what to do differently."""
        try:
            return json.dumps(await self._run(name, arguments_json), ensure_ascii=False)
        except EdgeVoiceError as error:
            log.info("tool %r refused", name[:64])
            return _error(str(error))
        except TimeoutError:
            log.warning("tool %r was stopped after %g s", name[:64], self._timeout_s)
            return _error(f"{name} took longer than {self._timeout_s:g} s")
        except Exception:  # a bug in one tool is not the end of the conversation
            log.exception("tool %r failed", name[:64])
            return _error(f"{name} failed")

    async def _run(self, name: str, arguments_json: str) -> Result:
        tool = self._tools.get(name)
        if tool is None:
            known = ", ".join(self._tools) or "none"
            raise ToolError(f"there is no tool {name[:64]}; tools: {known}")
        arguments = checked(parse(arguments_json), tool.parameters)
        async with asyncio.timeout(self._timeout_s):
            return await tool.run(arguments)


def parse(arguments_json: str) -> dict[str, Any]:
    """A JSON object; nothing at all stands for an empty one, as models like to write it."""
    if len(arguments_json) > MOST_BYTES:
        raise ToolError(f"the arguments are longer than {MOST_BYTES} characters")
    if not arguments_json.strip():
        return {}
    try:
        arguments = json.loads(arguments_json, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise ToolError("the arguments are not a JSON object") from None
    if not isinstance(arguments, dict):
        raise ToolError("the arguments are not a JSON object")
    return arguments


def _no_constant(name: str) -> NoReturn:
    """NaN and Infinity are Python's, not JSON's."""
    raise ValueError(name)


def _error(message: str) -> str:
    return json.dumps({"error": message}, ensure_ascii=False)
