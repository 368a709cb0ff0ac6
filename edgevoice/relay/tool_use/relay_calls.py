"""Runs the relay's tools for one session: asks first where it must, and shows what it does.

Everything an engine writes into a call is a stranger's: arguments are bounded and parsed here.
"""

import asyncio
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from edgevoice.relay.engines.engine import FunctionCall
from edgevoice.relay.tool_use.approvals import Approvals, Waiting
from edgevoice.relay.tool_use.mcp_writer import McpWriter
from edgevoice.relay.tool_use.offered_tools import Offered
from edgevoice.relay.tool_use.toolbox import RelayTool, Toolbox, ToolResult, is_deeper

log = logging.getLogger(__name__)

MAX_CALLS = 8
"""Of one response."""
MAX_ARGUMENTS = 8_192
MAX_DEPTH = 16
ONE_QUESTION = "not done: another call waits for the user's yes; ask about that one first"
TOO_MANY = f"not done: more than {MAX_CALLS} calls at a time"
NO_ARGUMENTS = f"not done: the arguments are no JSON object of up to {MAX_ARGUMENTS} bytes"


@dataclass(frozen=True, slots=True)
class _Call:
    tool: RelayTool
    text: str
    arguments: dict[str, Any]
    refused: str = ""
    approval_id: str | None = None


class RelayCalls:
    def __init__(self, box: Toolbox, approvals: Approvals) -> None:
        self._box = box
        self._approvals = approvals

    async def run(self, called: Sequence[FunctionCall], offered: Offered, writer: McpWriter) -> int:
        """Those calls of one response; how many were made or refused, questions not counted."""
        calls: list[_Call] = []
        asked = False
        for number, call in enumerate(called):
            made = _call(offered.ours[call.name], call.arguments)
            if number >= MAX_CALLS:
                made = _Call(made.tool, "{}", {}, TOO_MANY)
            elif not made.refused and self._needs_yes(made, call.name in offered.asked):
                if not asked:
                    self._ask(made, writer)
                    asked = True
                    continue
                made = _Call(made.tool, made.text, {}, ONE_QUESTION)
            calls.append(made)
        await self._run(calls, writer)
        return len(calls)

    def approved(self) -> Waiting | None:
        """The call the user has said yes to, once."""
        return self._approvals.take(_now())

    async def run_approved(self, waiting: Waiting, writer: McpWriter) -> int:
        call = _call(waiting.tool, waiting.arguments)
        approved = _Call(call.tool, call.text, call.arguments, call.refused, waiting.id)
        await self._run([approved], writer)
        return 1

    async def _run(self, calls: Sequence[_Call], writer: McpWriter) -> None:
        """Side by side; cancelling it cancels all of them."""
        for call in calls:
            writer.begin(call.tool, call.text, call.approval_id)
        async with asyncio.TaskGroup() as group:
            running = [group.create_task(self._make(call)) for call in calls]
            for task in running:
                writer.end(await task)

    async def _make(self, call: _Call) -> ToolResult:
        if call.refused:
            return ToolResult(call.refused, failed=True)
        began = _now()
        result = await self._box.call(call.tool, call.arguments)
        outcome = "failed" if result.failed else "done"
        took = _now() - began
        log.info("tool %s of %s: %s in %.1f s", call.tool.name, call.tool.server, outcome, took)
        return result

    def _needs_yes(self, call: _Call, client_asks: bool) -> bool:
        return client_asks or self._box.needs_yes(call.tool, call.arguments)

    def _ask(self, call: _Call, writer: McpWriter) -> None:
        request_id = writer.ask(call.tool, call.text)
        self._approvals.ask(Waiting(request_id, call.tool, call.text, _now()))


def _call(tool: RelayTool, text: str) -> _Call:
    arguments: object = None
    if len(text.encode("utf-8", "replace")) <= MAX_ARGUMENTS:
        try:
            arguments = json.loads(text or "{}")
        except (ValueError, RecursionError):
            pass
    if not isinstance(arguments, dict) or is_deeper(arguments, MAX_DEPTH):
        return _Call(tool, "{}", {}, NO_ARGUMENTS)
    return _Call(tool, text or "{}", arguments)


def _now() -> float:
    return asyncio.get_running_loop().time()
