"""Every check fails where a server is wrong in what it looks at, and says what was wrong."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from edgevoice.conformance.check import Outcome, perform
from edgevoice.conformance.suite import checks
from edgevoice.conformance.target import Target
from edgevoice.conformance.world import World
from edgevoice.simulator.relay_process import RunningRelay
from tests.conformance.crooked import CrookedServer, Event, Spoil

pytestmark = [pytest.mark.e2e, pytest.mark.models, pytest.mark.slow]


@pytest.fixture
def honest(plain_relay: RunningRelay) -> Target:
    return Target(plain_relay.url, plain_relay.token, "model")


async def outcome_of(name: str, server: CrookedServer) -> Outcome:
    (check,) = (check for check in checks() if check.name == name)
    async with server.serving() as target, World(target, Path("/nowhere"), {}) as world:
        return await perform(check, world)


def changed(kind: str, path: str, value: Any) -> Spoil:
    """Events of this kind have something else at this place, or nothing for None."""

    def spoil(event: Event) -> Iterable[Event]:
        if event["type"].startswith(kind):
            *way, last = path.split(".")
            place = event
            for step in way:
                place = place[int(step) if step.isdigit() else step]
            if value is None:
                place.pop(last, None)
            else:
                place[last] = value
        return [event]

    return spoil


def chatty(event: Event) -> Iterable[Event]:
    return [event, {"type": "acme.hello", "event_id": f"hello_{event['event_id']}"}]


def late(event: Event) -> Iterable[Event]:
    """response.created comes with the end of the response."""
    if event["type"] == "response.created":
        return []
    if event["type"] == "response.done":
        return [{"type": "response.created", "response": {}, "event_id": "late"}, event]
    return [event]


def spoken_all_the_same(event: Event) -> Iterable[Event]:
    if event["type"] == "response.output_text.delta":
        return [event, event | {"type": "response.output_audio.delta", "event_id": "spoken"}]
    return [event]


SPOILT: list[tuple[str, Spoil, str]] = [
    ("socket.session", changed("session.created", "session.id", None), "a session with"),
    (
        "socket.session",
        changed("session.updated", "session.audio.input.turn_detection", {"type": "semantic_vad"}),
        "interrupt_response true",
    ),
    ("socket.session", changed("session.updated", "session.instructions", ""), "did not name"),
    ("socket.turn", changed("", "event_id", "same"), "an event_id of its own"),
    ("socket.turn", chatty, "no events that are not OpenAI's"),
    ("socket.turn", late, "the order conversation.item.added > response.created"),
    ("socket.turn", changed("response.done", "response.usage", None), "usage.total_tokens"),
    (
        "socket.turn",
        changed("response.output_audio_transcript.done", "transcript", "else"),
        "the same words",
    ),
    ("socket.text", spoken_all_the_same, "no event about audio"),
    ("socket.items", changed("conversation.item.added", "previous_item_id", "x"), "at the root"),
    ("socket.items", changed("error", "error.event_id", None), "error.event_id"),
    ("socket.errors", changed("error", "error.message", ""), "an error with type and message"),
    (
        "socket.cancel",
        changed("response.output_item.done", "item.status", "completed"),
        "the item closed as incomplete",
    ),
    (
        "socket.cancel",
        changed("response.done", "response.status_details", {"reason": "turn_detected"}),
        "client_cancelled",
    ),
    ("socket.out-of-band", changed("response.done", "response.metadata", {}), "metadata echoed"),
    (
        "socket.tool",
        changed("response.function_call_arguments.done", "arguments", "{}"),
        'arguments {"city": "Paris"}',
    ),
    (
        "socket.audio",
        changed("response.output_audio.delta", "delta", "AAAA" * 4_000),
        "sound that can be heard",
    ),
    (
        "socket.buffer",
        changed("conversation.item.added", "item.content.0.transcript", None),
        "a transcript in it",
    ),
    ("socket.voice", changed("input_audio_buffer.committed", "item_id", "x"), "one item_id"),
    (
        "socket.truncate",
        changed("conversation.item.truncated", "audio_end_ms", 0),
        "audio_end_ms 100",
    ),
    ("openai-python.turn", changed("response.done", "response.status", "fine"), "valid by the SDK"),
    ("openai-python.session", changed("session.updated", "session.instructions", "B"), "kept"),
    ("openai-python.cancel", changed("response.done", "response.status", "failed"), "cancelled"),
]


@pytest.mark.parametrize(("name", "spoil", "told"), SPOILT)
async def test_a_wrong_event_is_found(honest: Target, name: str, spoil: Spoil, told: str) -> None:
    outcome = await outcome_of(name, CrookedServer(honest, spoil))
    assert outcome.status == "FAILED"
    assert told in outcome.expected, outcome.line()


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ("Access-Control-Allow-Origin", "Access-Control-Allow-Origin"),
        ("Access-Control-Allow-Headers", "x-openai-agents-sdk"),
        ("Access-Control-Expose-Headers", "Expose-Headers: Location"),
    ],
)
async def test_a_missing_header_is_found(honest: Target, header: str, told: str) -> None:
    outcome = await outcome_of("http.cors", CrookedServer(honest, withheld=frozenset({header})))
    assert outcome.status == "FAILED"
    assert told in outcome.expected, outcome.line()


@pytest.mark.parametrize("name", ["http.cors", "socket.turn", "socket.tool"])
async def test_what_is_passed_on_unspoilt_is_fine(honest: Target, name: str) -> None:
    outcome = await outcome_of(name, CrookedServer(honest))
    assert outcome.status == "ok", outcome.line()
