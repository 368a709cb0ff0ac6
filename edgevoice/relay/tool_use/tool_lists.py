"""Lists of tools for clients that name a server themselves, as OpenAI's server sends them.

They stay out of the conversation: there a long list would take the place of what was said.
"""

import json
from collections import deque
from collections.abc import Iterable
from typing import Any

from edgevoice.realtime import server_events as says
from edgevoice.realtime.items import McpListTools
from edgevoice.relay.state import SessionState
from edgevoice.relay.tool_use.offered_tools import offer
from edgevoice.relay.tool_use.toolbox import RelayTool, Toolbox

MOST_LISTS = 32
"""A session is told of each server once; those that are away are told of again."""
MAX_BYTES = 32_768
"""Of one list; where schemas make it longer they are left out. A data channel takes 64 kB."""


class ToolLists:
    def __init__(self, state: SessionState, box: Toolbox) -> None:
        self._state = state
        self._box = box
        self._told: deque[McpListTools] = deque(maxlen=MOST_LISTS)

    def find(self, item_id: str) -> McpListTools | None:
        """SDKs retrieve what they are told of."""
        return next((item for item in self._told if item.id == item_id), None)

    def tell(self, tools: Iterable[dict[str, Any]]) -> None:
        """Of the servers in `tools` that have not been listed yet, or were away then."""
        for entry in tools:
            label = str(entry.get("server_label"))
            if entry.get("type") != "mcp" or label not in self._box.servers:
                continue
            before = [item for item in self._told if item.server_label == label]
            is_there = any(tool.server == label for tool in self._box.tools())
            if not before or (is_there and not before[-1].tools):
                self._tell(label, entry)

    def _tell(self, label: str, entry: dict[str, Any]) -> None:
        shown = offer([entry], self._box, named_only=True).ours.values()
        item_id = self._state.new_id("mcpl")
        item = McpListTools(label, (), id=item_id, object="realtime.item", status="in_progress")
        full = McpListTools(
            label, _entries(shown), id=item_id, object="realtime.item", status="completed"
        )
        self._told.append(full)
        emit = self._state.outbox.emit
        emit(says.ConversationItemAdded(item=item))
        emit(says.McpListToolsInProgress(item_id=item_id))
        if not full.tools:
            emit(says.McpListToolsFailed(item_id=item_id))
            return
        emit(says.McpListToolsCompleted(item_id=item_id))
        emit(says.ConversationItemDone(item=full))


def _entries(tools: Iterable[RelayTool]) -> tuple[dict[str, Any], ...]:
    entries: list[dict[str, Any]] = [
        {
            "name": tool.name,
            "description": tool.description,
            "input_schema": tool.parameters,
            "annotations": tool.annotations,
        }
        for tool in tools
    ]
    if len(json.dumps(entries)) > MAX_BYTES:
        entries = [entry | {"input_schema": {"type": "object"}} for entry in entries]
    while entries and len(json.dumps(entries)) > MAX_BYTES:
        entries.pop()
    return tuple(entries)
