"""Whether what a session says is OpenAI's protocol: known events, each in its documented place."""

from collections.abc import Iterable
from typing import Any

from edgevoice.realtime.wire import SERVER_EVENTS

KNOWN = {kind for kind in SERVER_EVENTS if not kind.startswith("edgevoice.")}
DELTAS = ("audio.delta", "text.delta", "transcript.delta")
DONE = ("audio.done", "text.done", "transcript.done")


class Order:
    """Fed with the events of one session; AssertionError at the first out of place."""

    def __init__(self, rates: bool = True) -> None:
        """`rates`: they are told after each response, as foreign clients want it."""
        self._rates = rates
        self._ids: set[str] = set()
        self._last = ""
        self._responses: dict[str, bool] = {}
        """By id, in the order of their creation: done."""
        self._in_conversation: set[str] = set()
        self._items: dict[str, str] = {}
        """`added` or `done`, in the conversation."""
        self._outputs: dict[str, str] = {}
        """By item: `open`, the last step of its part, `done`."""
        self._running: set[str] = set()
        """Calls of tools."""
        self._committed: set[str] = set()
        self._speech: str | None = None
        self._transcribed: set[str] = set()

    def see(self, event: dict[str, Any]) -> None:
        kind = event["type"]
        assert kind in KNOWN, f"{kind} is none of OpenAI's events"
        assert event["event_id"] not in self._ids, f"{kind}: its event_id was used before"
        assert self._ids or kind == "session.created", f"{kind} before session.created"
        assert kind != "session.created" or not self._ids
        if self._last == "response.done" and self._rates:
            assert kind == "rate_limits.updated", f"{kind} directly behind response.done"
        self._ids.add(event["event_id"])
        self._last = kind
        self._see(kind, event)

    def _see(self, kind: str, event: dict[str, Any]) -> None:
        family, _, step = kind.partition(".")
        if family == "response":
            self._see_response(step, event)
        elif kind.startswith("conversation.item.input_audio_transcription."):
            self._see_transcript(step.rpartition(".")[2], event["item_id"])
        elif kind in ("conversation.item.added", "conversation.item.done"):
            self._see_item(step.rpartition(".")[2], event)
        elif kind == "conversation.item.retrieved":
            assert event["item"]["id"] in self._items
        elif family == "input_audio_buffer":
            self._see_input(step, event)
        elif kind == "session.updated" and not event["session"]["audio"]["input"]["turn_detection"]:
            self._speech = None  # it is the client's to end turns now, and this one is none
        elif family == "output_audio_buffer":
            assert event["response_id"] in self._responses

    def _see_item(self, step: str, event: dict[str, Any]) -> None:
        item_id, before = event["item"]["id"], event.get("previous_item_id")
        assert before is None or before in self._items, f"{item_id} follows the unknown {before}"
        if step == "added":
            assert item_id not in self._items or self._items[item_id] == "done"
        else:
            assert self._items.get(item_id) == "added", f"{item_id} is done and was not added"
        self._items[item_id] = step

    def _see_input(self, step: str, event: dict[str, Any]) -> None:
        match step:
            case "speech_started":
                assert self._speech is None, "speech started twice"
                self._speech = event["item_id"]
            case "speech_stopped":
                assert self._speech == event["item_id"], "it was another's speech that stopped"
            case "committed":
                assert event["item_id"] not in self._items
                self._committed.add(event["item_id"])
                self._speech = None
            case "cleared":
                self._speech = None

    def _see_transcript(self, step: str, item_id: str) -> None:
        assert self._items.get(item_id) == "done", f"a transcript of {item_id}, which is not there"
        assert item_id not in self._transcribed, f"more than the whole transcript of {item_id}"
        if step in ("completed", "failed"):
            self._transcribed.add(item_id)

    def _see_response(self, step: str, event: dict[str, Any]) -> None:
        if step == "created":
            response = event["response"]
            assert response["id"] not in self._responses
            assert response["status"] == "in_progress"
            if response.get("conversation_id"):
                assert self._in_conversation <= self._over(), "two active responses"
                self._in_conversation.add(response["id"])
            self._responses[response["id"]] = False
            return
        if step.startswith("mcp_call."):
            self._see_call(step, event["item_id"])
            return
        response_id = event["response"]["id"] if step == "done" else event["response_id"]
        assert self._responses.get(response_id) is False, f"{step} of {response_id}, not active"
        if step == "done":
            self._see_end(event["response"])
        elif step == "output_item.added":
            assert event["item"]["id"] not in self._outputs
            self._outputs[event["item"]["id"]] = "open"
        elif step == "output_item.done":
            assert self._outputs[event["item"]["id"]] in ("open", "content_part.done")
            self._outputs[event["item"]["id"]] = "done"
        else:
            self._see_part(step, event["item_id"])

    def _see_call(self, step: str, item_id: str) -> None:
        """Of a tool that the relay runs; these events name no response."""
        assert self._outputs[item_id] == "open", f"{step} of {item_id}, not open"
        began = item_id in self._running
        assert began is (step != "mcp_call.in_progress"), f"{step} of {item_id}"
        (self._running.discard if began else self._running.add)(item_id)

    def _see_part(self, step: str, item_id: str) -> None:
        before = self._outputs[item_id]
        if step == "content_part.added":
            assert before == "open"
        elif step.endswith(DELTAS):
            assert before in ("content_part.added", "delta"), f"{step} behind {before}"
            step = "delta"
        elif step.endswith(DONE):
            assert before not in ("open", "content_part.done", "done"), f"{step} behind {before}"
            step = "written"
        elif step == "content_part.done":
            assert before == "written"
        else:
            return
        self._outputs[item_id] = step

    def _see_end(self, response: dict[str, Any]) -> None:
        assert response["status"] != "in_progress"
        assert not self._running.intersection(item["id"] for item in response["output"])
        for item in response["output"]:
            assert self._outputs[item["id"]] == "done", f"{item['id']} is not closed"
        self._responses[response["id"]] = True

    def _over(self) -> set[str]:
        return {response_id for response_id, done in self._responses.items() if done}


def check_order(events: Iterable[dict[str, Any]]) -> None:
    order = Order()
    for event in events:
        order.see(event)
