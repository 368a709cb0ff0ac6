"""The order of tool calls: each is run once, its output sent, then one answer asked for.

A response may call several tools. The next response may be asked for only when
all of them have finished and the response that called them is done: asking
earlier is refused by the relay, asking twice makes it speak twice.
"""

from dataclasses import dataclass, field

from edgevoice.realtime.client_events import ConversationItemCreate
from edgevoice.realtime.items import FunctionCallOutput
from edgevoice.transceiver.actions import Action, RunTool, SendEvent
from edgevoice.transceiver.limits import MAX_CALL_IDS, MAX_CALLS

END_CONVERSATION = "end_conversation"
"""The tool after whose answer the device hangs up."""

INTERRUPTED = '{"error": "the user has interrupted; this was not done"}'
TOO_MANY = '{"error": "too many calls at a time; this was not done"}'


@dataclass(slots=True)
class _Batch:
    """The calls of one response."""

    running: dict[str, str] = field(default_factory=dict)
    """Call id to tool name."""
    response_done: bool = False
    spoken: bool = False
    abandoned: bool = False
    farewell: bool = False

    @property
    def complete(self) -> bool:
        return self.response_done and not self.running

    @property
    def wants_answer(self) -> bool:
        """Who said goodbye already does not say it again."""
        return not self.abandoned and not (self.farewell and self.spoken)


class ToolCalls:
    def __init__(self) -> None:
        self.owed = False
        """The outputs are sent, and the relay is to answer on them."""
        self.farewell = False
        """The conversation is to end after the next answer."""
        self._batches: dict[str, _Batch] = {}
        self._seen: dict[str, None] = {}

    @property
    def running(self) -> bool:
        """Something is being done whose result the user waits for."""
        return any(batch.running and not batch.abandoned for batch in self._batches.values())

    def call(
        self, response_id: str, call_id: str, name: str, arguments: str, wanted: bool
    ) -> list[Action]:
        """The relay announces each call twice: as its arguments end and as its item ends."""
        if call_id in self._seen:
            return []
        self._remember(call_id)
        if not wanted:
            return [_send_output(call_id, INTERRUPTED)]
        batch = self._batches.setdefault(response_id, _Batch())
        if sum(len(other.running) for other in self._batches.values()) >= MAX_CALLS:
            return [_send_output(call_id, TOO_MANY)]
        batch.running[call_id] = name
        return [RunTool(call_id, name, arguments)]

    def finish(self, call_id: str, output: str) -> list[Action]:
        """Nothing for a call of an earlier session."""
        for response_id, batch in self._batches.items():
            if call_id in batch.running:
                name = batch.running.pop(call_id)
                if name == END_CONVERSATION and not batch.abandoned:
                    batch.farewell = self.farewell = True
                self._complete(response_id)
                return [_send_output(call_id, output)]
        return []

    def response_done(self, response_id: str, spoken: bool) -> None:
        batch = self._batches.get(response_id)
        if batch is None:
            return
        batch.response_done, batch.spoken = True, spoken
        self._complete(response_id)

    def abandon(self) -> None:
        """The user wants something else. What runs goes on, but no answer is asked for."""
        self.owed = self.farewell = False
        for batch in self._batches.values():
            batch.abandoned = True

    def _complete(self, response_id: str) -> None:
        batch = self._batches[response_id]
        if batch.complete:
            del self._batches[response_id]
            self.owed = self.owed or batch.wants_answer

    def _remember(self, call_id: str) -> None:
        self._seen[call_id] = None
        if len(self._seen) > MAX_CALL_IDS:
            del self._seen[next(iter(self._seen))]


def _send_output(call_id: str, output: str) -> Action:
    return SendEvent(
        ConversationItemCreate(item=FunctionCallOutput(call_id=call_id, output=output))
    )
