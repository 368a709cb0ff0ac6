"""Whatever a client asks for in whatever order: the protocol's order, and whatever opens closes."""

import base64
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgevoice.errors import EngineError
from edgevoice.relay.engines.engine import FunctionCall, Text
from edgevoice.relay.session import CallTerms
from tests.relay.story import Story, spoken, tell, user_text
from tests.virtual_time import elapse

ITEM = object()
"""In an act: some item of the conversation."""
RESPONSE = object()

DETECTIONS = [
    None,
    {"type": "server_vad"},
    {"type": "server_vad", "create_response": False, "idle_timeout_ms": 5_000},
    {"type": "server_vad", "interrupt_response": False, "silence_duration_ms": 0},
    {"type": "semantic_vad", "eagerness": "high"},
    {"type": "server_vad", "threshold": None, "silence_duration_ms": None},
]
FUNCTION = {"type": "function", "name": "lamp", "parameters": {"type": "object"}}
PATCHES: list[dict[str, Any]] = [
    *({"audio": {"input": {"turn_detection": detection}}} for detection in DETECTIONS),
    {"output_modalities": ["text"]},
    {"output_modalities": ["audio"]},
    {"output_modalities": None, "instructions": None, "tools": None, "tool_choice": None},
    {"audio": {"input": None, "output": None}},
    {"audio": None},
    {"audio": {"output": {"format": {"type": "audio/pcmu"}, "voice": {"id": "me"}}}},
    {"audio": {"input": {"format": {"type": "audio/pcma"}, "transcription": None}}},
    {"audio": {"input": {"transcription": {"model": "x"}}}},
    {"tools": [FUNCTION], "tool_choice": {"type": "function", "name": "lamp"}},
    {"tools": [{}], "tool_choice": 7},
    {"tools": [{"type": "mcp", "server_label": None}]},
    {"truncation": {"type": "retention_ratio", "retention_ratio": 0.1}, "max_output_tokens": 1},
    {
        "truncation": {
            "type": "retention_ratio",
            "retention_ratio": 0.0,
            "token_limits": {"post_instructions": 0},
        }
    },
    {"type": "transcription"},
    {"max_output_tokens": "inf", "speed": 2, "reasoning": {"effort": "low"}, "prompt": {"id": 3}},
]
PARAMS: list[Any] = [
    None,
    {},
    {"conversation": "none", "metadata": {"topic": "x"}},
    {"conversation": "none", "output_modalities": ["text"], "input": []},
    {"conversation": "none", "input": [user_text("aside")], "tools": [FUNCTION]},
    {"input": [{"type": "item_reference", "id": ITEM}]},
    {"input": [{"type": "mcp_call", "server_label": "a", "name": "b", "arguments": ""}]},
    {"input": [{"type": "dance", "id": "d"}, {"type": "message", "role": "nobody"}]},
    {"input": [{"type": "function_call_output", "call_id": "?", "output": ""}]},
    {"tools": [{"type": "mcp", "server_label": "elsewhere"}], "tool_choice": "required"},
    {"tools": [{}, {"type": 7}, {"type": "mcp", "allowed_tools": 7}], "tool_choice": ["x"]},
    {"max_output_tokens": 1},
    {"max_output_tokens": -5},
    {"audio": {"output": {"format": {"type": "audio/pcmu"}, "voice": "me"}}},
    {"audio": {"output": {"format": 7}}},
    {"audio": {"output": 7}},
    {"audio": 7},
    {"output_modalities": []},
    {"output_modalities": ["dance"], "instructions": "\0"},
    {"conversation": "conv_1"},
]
SILENCE = base64.b64encode(bytes(9_600)).decode()
ITEMS: list[dict[str, Any]] = [
    user_text("hello"),
    user_text("\0 \u2028 \U0001f600" * 50),
    {**user_text("twice"), "id": "twice"},
    {**user_text("root"), "id": "root"},
    {"type": "message", "role": "system", "content": [{"type": "input_text", "text": "be"}]},
    {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "I"}]},
    {"type": "message", "role": "user", "content": [{"type": "input_audio", "audio": SILENCE}]},
    {"type": "message", "role": "user", "content": []},
    {"type": "function_call", "name": "lamp", "arguments": "{", "call_id": "call_9"},
    {"type": "function_call_output", "call_id": "call_9", "output": ""},
    {"type": "mcp_approval_response", "approval_request_id": "?", "approve": True},
    {"type": "mcp_list_tools", "server_label": "a", "tools": []},
]
OTHER_ITEM = st.sampled_from([ITEM, "nobody", ""])
ACTS = st.one_of(
    st.tuples(st.just("wait"), st.sampled_from([0.0, 0.05, 0.3, 1.5])),
    st.tuples(st.just("sound"), st.booleans()),
    st.builds(lambda p: ("session.update", {"session": p}), st.sampled_from(PATCHES)),
    st.builds(lambda p: ("response.create", {"response": p}), st.sampled_from(PARAMS)),
    st.builds(
        lambda r: ("response.cancel", {"response_id": r}),
        st.sampled_from([None, RESPONSE, "nobody"]),
    ),
    st.builds(
        lambda item, after: ("conversation.item.create", {"item": item, "previous_item_id": after}),
        st.sampled_from(ITEMS),
        st.sampled_from([None, "root", ITEM, "nobody"]),
    ),
    st.builds(lambda i: ("conversation.item.delete", {"item_id": i}), OTHER_ITEM),
    st.builds(lambda i: ("conversation.item.retrieve", {"item_id": i}), OTHER_ITEM),
    st.builds(
        lambda i, part, ms: (
            "conversation.item.truncate",
            {"item_id": i, "content_index": part, "audio_end_ms": ms},
        ),
        OTHER_ITEM,
        st.sampled_from([0, 0, 0, 1, 10**9]),
        st.sampled_from([0, 10, 400, 1_000, 10**12]),
    ),
    st.sampled_from(
        [
            ("input_audio_buffer.commit", {}),
            ("input_audio_buffer.clear", {}),
            ("output_audio_buffer.clear", {}),
            ("session.dance", {}),
        ]
    ),
)
ANSWERS = st.sampled_from(
    [
        spoken("One.", "Two.", ms=400),
        [0.3, *spoken("Late.")],
        [Text("silent")],
        [],
        [FunctionCall("lamp", "{}")],
        [*spoken("So."), FunctionCall("lamp", "not json"), *spoken("Done.")],
        [Text("Oh"), EngineError("broken")],
        [EngineError("broken at once")],
    ]
)


class Client:
    """Acts in a session, and numbers what it sends."""

    def __init__(self, story: Story, in_events: bool) -> None:
        self._story = story
        self._in_events = in_events
        self.sent = 0

    async def act(self, kind: str, what: Any, choice: int) -> None:
        if kind == "wait":
            await elapse(what)
        elif kind == "sound" and self._in_events:
            pcm = np.full(24 * 700, 8_000 * what, np.int16).tobytes()
            self.send("input_audio_buffer.append", {"audio": base64.b64encode(pcm).decode()}, 0)
        elif kind == "sound":
            self._story.sound(700, loud=what)
        else:
            self.send(kind, what, choice)

    def send(self, kind: str, fields: dict[str, Any], choice: int) -> None:
        self.sent += 1
        before = len(self._story.all("error"))
        self._story.send(kind, event_id=f"e{self.sent}", **self._filled(fields, choice))
        for error in self._story.all("error")[before:]:
            assert error["error"]["event_id"] == f"e{self.sent}"

    def _filled(self, fields: Any, choice: int) -> Any:
        if isinstance(fields, dict):
            return {key: self._filled(value, choice) for key, value in fields.items()}
        if isinstance(fields, list):
            return [self._filled(value, choice) for value in fields]
        if fields is ITEM:
            added = self._story.all("conversation.item.added")
            return some([event["item"]["id"] for event in added], choice)
        if fields is RESPONSE:
            created = self._story.all("response.created")
            return some([event["response"]["id"] for event in created], choice)
        return fields


def some(ids: list[str], choice: int) -> str:
    """The newest more often than the others."""
    return ids[-1 - min(choice, len(ids) - 1)] if ids else "nobody"


@pytest.mark.parametrize("in_events", [True, False])
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=40)
@given(
    acts=st.lists(st.tuples(ACTS, st.sampled_from([0, 0, 0, 1, 2, 5])), max_size=30),
    answers=st.lists(ANSWERS, min_size=1, max_size=6),
)
def test_whatever_opens_closes_and_every_error_names_its_event(in_events, acts, answers):
    async def tale(story: Story) -> None:
        client = Client(story, in_events)
        story.engine.answers = answers * 30
        story.engine.words = ["well", "", EngineError("deaf"), "so"] * 50
        for (kind, what), choice in acts:
            await client.act(kind, what, choice)
        client.send("session.update", {"session": PATCHES[0]}, 0)  # no turn is open at the end
        await elapse(120.0)

    terms = CallTerms(session_s=3600.0, patch={}, sound_in_events=in_events)
    story = tell(tale, terms=terms)
    for opens, closes, name in PAIRS:
        assert names(story, opens, name) == names(story, closes, name), closes


PAIRS = [
    ("response.created", "response.done", "response"),
    ("response.output_item.added", "response.output_item.done", "item"),
    ("conversation.item.added", "conversation.item.done", "item"),
    ("response.content_part.added", "response.content_part.done", "item_id"),
]


def names(story: Story, kind: str, name: str) -> list[str]:
    """Of what all events of the kind are about."""
    about = [event[name] for event in story.all(kind)]
    return sorted(what["id"] if isinstance(what, dict) else what for what in about)
