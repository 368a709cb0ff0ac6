"""The relay's tools in a session at the server, which takes them for functions like any other.

The client is shown `mcp_call` items, as it is by a brain of our own (`tool_use/`). When the last
tool of a response has ended, the answer to its result is asked for, unless the user speaks: what
follows that turn answers both. Tools that need the user's yes are not offered.
"""

import json
from asyncio import Task
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from edgevoice.realtime import client_events as asks
from edgevoice.realtime import server_events as says
from edgevoice.realtime.items import FunctionCall, Item, McpCall, function_output
from edgevoice.realtime.session import Session as Settings
from edgevoice.relay.tool_use.engine_items import BROKEN_OFF
from edgevoice.relay.tool_use.follow_ups import WISH_S
from edgevoice.relay.tool_use.offered_tools import Offered, choice_for, offer
from edgevoice.relay.tool_use.toolbox import Arguments, RelayTool, Toolbox, ToolResult

if TYPE_CHECKING:
    from edgevoice.relay.openai.brain import UpstreamBrain

MOST_RUNNING = 8
MAX_ARGUMENTS = 8_192


@dataclass(slots=True)
class _Call:
    item: McpCall
    call_id: str
    tool: RelayTool
    output_index: int
    task: Task[None] | None = None


class ServerTools:
    def __init__(self, brain: "UpstreamBrain", box: Toolbox) -> None:
        self._brain = brain
        self._state = brain.state
        self._box = box
        self._calls: dict[str, _Call] = {}
        """Begun and not ended, by item."""
        self._shown: dict[str, McpCall] = {}
        """What the server's items are to the client, those of the last responses."""
        self._is_due = False
        self._wishes: deque[float] = deque(maxlen=64)
        self.offered = Offered()

    @property
    def is_running(self) -> bool:
        return any(call.task is not None for call in self._calls.values())

    def settings(self) -> Settings:
        """As the server is to have them."""
        settings = self._state.settings
        self.offered = self._offer(settings.tools)
        choice = choice_for(settings.tool_choice, self.offered)
        return msgspec.structs.replace(settings, tools=self.offered.functions, tool_choice=choice)

    def functions(self, tools: tuple[dict[str, Any], ...]) -> tuple[dict[str, Any], ...]:
        """For one response, in place of the session's."""
        found = self._offer(tools)
        self.offered = Offered(self.offered.functions, {**self.offered.ours, **found.ours})
        return found.functions

    def is_answered(self, now: float) -> bool:
        """The client wishes for the answer to a tool's result, which comes anyway."""
        while self._wishes and self._wishes[0] < now:
            self._wishes.popleft()
        if not self._wishes:
            return False
        self._wishes.popleft()
        return True

    # What the server says, as the client sees it.

    def shown(self, event: says.ServerEvent) -> says.ServerEvent | None:
        """None: not yet, or not at all."""
        match event:
            case says.ResponseOutputItemAdded(item=FunctionCall() as item):
                return self._begun(event, item)
            case says.ConversationItemDone(item=FunctionCall() as item):
                return None if item.id in self._shown else event
            case says.ConversationItemAdded(item=FunctionCall() as item):
                return msgspec.structs.replace(event, item=self._shown.get(item.id, item))
            case says.ResponseFunctionCallArgumentsDelta() if event.item_id in self._calls:
                return says.ResponseMcpCallArgumentsDelta(**_place(event), delta=event.delta)
            case says.ResponseFunctionCallArgumentsDone() if event.item_id in self._calls:
                return says.ResponseMcpCallArgumentsDone(**_place(event), arguments=event.arguments)
            case says.ResponseOutputItemDone(item=FunctionCall() as item) if item.id in self._calls:
                return msgspec.structs.replace(event, item=self._called(item))
            case says.ResponseDone(response=response):
                output = tuple(self._shown.get(item.id, item) for item in response.output)
                shown = msgspec.structs.replace(response, output=output)
                return msgspec.structs.replace(event, response=shown)
            case _:
                return event

    def response_done(self) -> None:
        """Those that it had begun and not called are not run."""
        for item_id in [name for name, call in self._calls.items() if call.task is None]:
            self._close(self._calls.pop(item_id), "incomplete", ToolResult(BROKEN_OFF, True))
        if self.is_running or self._is_due:
            self._brain.questions.asked()
        self.go_on()

    def go_on(self) -> None:
        """Ask for the answer to what the tools have brought, when it is time."""
        brain = self._brain
        if not self._is_due or self.is_running or brain.answers.is_active:
            return
        self._is_due = False
        if brain.speaking:
            return
        brain.questions.asked()
        brain.ask(asks.ResponseCreate())

    def abandon(self) -> None:
        """The server is lost: nobody there waits for them."""
        for call in self._calls.values():
            if call.task is not None:
                call.task.cancel()
            self._close(call, "incomplete", ToolResult(BROKEN_OFF, failed=True))
        self._calls.clear()

    # How it is done.

    def _offer(self, tools: tuple[dict[str, Any], ...]) -> Offered:
        named = any(tool.get("type") == "mcp" for tool in tools)
        found = offer(tools, self._box, named_only=named)
        ours = {
            name: tool
            for name, tool in found.ours.items()
            if name not in found.asked and not self._box.needs_yes(tool, {})
        }
        hidden = found.ours.keys() - ours.keys()
        functions = tuple(f for f in found.functions if f.get("name") not in hidden)
        return Offered(functions, ours)

    def _begun(
        self, event: says.ResponseOutputItemAdded, item: FunctionCall
    ) -> says.ResponseOutputItemAdded:
        tool = self.offered.ours.get(item.name)
        if tool is None:
            return event
        shown = McpCall(
            tool.server, tool.name, "", id=item.id, object="realtime.item", status="in_progress"
        )
        self._calls[item.id] = _Call(shown, item.call_id, tool, event.output_index)
        self._shown[item.id] = shown
        for old in list(self._shown)[: -4 * MOST_RUNNING]:
            del self._shown[old]
        return msgspec.structs.replace(event, item=shown)

    def _called(self, item: FunctionCall) -> Item:
        call = self._calls[item.id]
        call.item = msgspec.structs.replace(call.item, arguments=item.arguments)
        self._shown[item.id] = call.item
        if item.status in (None, "completed"):
            call.task = self._state.spawn(self._run(call))
        return call.item

    async def _run(self, call: _Call) -> None:
        item_id, index = call.item.id, call.output_index
        self._state.publish(says.ResponseMcpCallInProgress(item_id=item_id, output_index=index))
        result = await self._result(call)
        del self._calls[call.item.id]
        self._close(call, "completed", result)
        self._wishes.append(self._brain.now() + WISH_S)
        self._brain.tell(function_output(call.call_id, result.text, f"{call.item.id}_output"))
        self._is_due = True
        self.go_on()

    async def _result(self, call: _Call) -> ToolResult:
        running = sum(other.task is not None for other in self._calls.values())
        arguments = _arguments(call.item.arguments)
        if running > MOST_RUNNING:
            return ToolResult(f"not done: more than {MOST_RUNNING} calls at a time", failed=True)
        if arguments is None:
            return ToolResult("not done: the arguments are no JSON object", failed=True)
        if self._box.needs_yes(call.tool, arguments):
            return ToolResult("not done: the owner wants the user asked before this", failed=True)
        return await self._box.call(call.tool, arguments)

    def _close(self, call: _Call, status: str, result: ToolResult) -> None:
        error = {"type": "tool_execution_error", "message": result.text} if result.failed else None
        tell = says.ResponseMcpCallFailed if error else says.ResponseMcpCallCompleted
        self._state.publish(tell(item_id=call.item.id, output_index=call.output_index))
        output = None if error else result.text
        item = msgspec.structs.replace(call.item, status=status, output=output, error=error)
        self._shown[item.id] = item
        previous = self._state.item_before(item.id)
        self._state.publish(says.ConversationItemDone(item=item, previous_item_id=previous))


def _place(
    event: says.ResponseFunctionCallArgumentsDelta | says.ResponseFunctionCallArgumentsDone,
) -> dict[str, Any]:
    return {
        "response_id": event.response_id,
        "item_id": event.item_id,
        "output_index": event.output_index,
    }


def _arguments(text: str) -> Arguments | None:
    if len(text) > MAX_ARGUMENTS:
        return None
    try:
        given = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return None
    return given if isinstance(given, dict) else None
