"""The conversation as an engine is told it: who ran a tool is no concern of its. Pure."""

from collections.abc import Iterable, Iterator

from edgevoice.realtime.items import (
    FunctionCall,
    FunctionCallOutput,
    Item,
    McpApprovalRequest,
    McpApprovalResponse,
    McpCall,
    McpListTools,
)
from edgevoice.relay.tool_use.offered_tools import Offered

NOT_YET = (
    '{"done": false, "reason": "the user has to say yes first; ask now, in one short question, '
    'whether you should do it, and do not call it again"}'
)
BROKEN_OFF = "it was broken off; it may have been done or not"


def engine_items(items: Iterable[Item], offered: Offered) -> tuple[Item, ...]:
    """Calls that the relay made or was asked for become function calls with their outputs."""
    return tuple(told for item in items for told in _told(item, offered))


def _told(item: Item, offered: Offered) -> Iterator[Item]:
    match item:
        case McpCall():
            name = offered.name_of(item.server_label, item.name)
            yield FunctionCall(name, item.arguments or "{}", item.id, id=item.id)
            yield FunctionCallOutput(item.id, _output(item), id=f"{item.id}_output")
        case McpApprovalRequest():
            name = offered.name_of(item.server_label, item.name)
            yield FunctionCall(name, item.arguments, item.id, id=item.id)
            yield FunctionCallOutput(item.id, NOT_YET, id=f"{item.id}_output")
        case McpListTools() | McpApprovalResponse():
            pass
        case _:
            yield item


def _output(item: McpCall) -> str:
    if item.output is not None:
        return item.output
    error = item.error if isinstance(item.error, dict) else {}
    return f"error: {error.get('message') or BROKEN_OFF}"
