"""The events of the calls that the relay makes within one response. Decides nothing.

Order of a call: response.output_item.added, conversation.item.added, mcp_call_arguments.delta and
.done, mcp_call.in_progress, (it runs), mcp_call.completed or .failed, conversation.item.done,
response.output_item.done. Calls of one response run side by side and are closed in order.
Whatever was opened is closed, also when the response is cut short.
"""

from typing import Any

import msgspec

from edgevoice.realtime import server_events as says
from edgevoice.realtime.items import McpApprovalRequest, McpCall
from edgevoice.relay.answers.answer_writer import AnswerWriter
from edgevoice.relay.state import SessionState
from edgevoice.relay.tool_use.engine_items import BROKEN_OFF
from edgevoice.relay.tool_use.toolbox import RelayTool, ToolResult


class McpWriter:
    def __init__(self, state: SessionState, writer: AnswerWriter) -> None:
        self._state = state
        self._writer = writer
        self._open: list[tuple[int, McpCall]] = []

    def begin(self, tool: RelayTool, arguments: str, approval_id: str | None = None) -> None:
        """One more call; the result is told by `end`, in the order of these."""
        item = McpCall(
            tool.server,
            tool.name,
            arguments,
            id=self._state.new_id("mcp"),
            object="realtime.item",
            status="in_progress",
            approval_request_id=approval_id,
        )
        index = self._writer.next_index + len(self._open)
        self._open.append((index, item))
        self._writer.add_item(msgspec.structs.replace(item, arguments=""), index)
        place: dict[str, Any] = {
            "response_id": self._writer.response_id,
            "item_id": item.id,
            "output_index": index,
        }
        publish = self._state.publish
        publish(says.ResponseMcpCallArgumentsDelta(**place, delta=arguments))
        publish(says.ResponseMcpCallArgumentsDone(**place, arguments=arguments))
        publish(says.ResponseMcpCallInProgress(item_id=item.id, output_index=index))

    def end(self, result: ToolResult) -> None:
        """Of the oldest call that is open."""
        if result.failed:
            error = {"type": "tool_execution_error", "message": result.text}
            self._close("completed", None, error)
        else:
            self._close("completed", result.text, None)

    def abandon(self) -> None:
        """The response is over; nobody waits for what is still running."""
        while self._open:
            error = {"type": "tool_execution_error", "message": BROKEN_OFF}
            self._close("incomplete", None, error)

    def ask(self, tool: RelayTool, arguments: str) -> str:
        """For the user's yes; the id of the request."""
        assert not self._open, "questions come before calls"
        item = McpApprovalRequest(
            tool.server,
            tool.name,
            arguments,
            id=self._state.new_id("mcpr"),
            object="realtime.item",
            status="completed",
        )
        index = self._writer.next_index
        self._writer.add_item(item, index)
        self._writer.close_item(item, index)
        return item.id

    def _close(self, status: str, output: str | None, error: dict[str, str] | None) -> None:
        index, item = self._open.pop(0)
        tell = says.ResponseMcpCallFailed if error else says.ResponseMcpCallCompleted
        self._state.publish(tell(item_id=item.id, output_index=index))
        closed = msgspec.structs.replace(item, status=status, output=output, error=error)
        self._writer.close_item(closed, index)
