"""Responses to what was written: their order, their words, their ends."""

import json
from dataclasses import dataclass
from typing import Any

from edgevoice.conformance.expect import expect
from edgevoice.conformance.session_checks import create, refused, retrieve, user_message
from edgevoice.conformance.talk import Event, Talk
from edgevoice.errors import CheckSkipped

SHORT = "Please say: one two three."
LONG = "Please say all of these numbers: " + " ".join(str(n) for n in range(101, 131))
WEATHER = {
    "type": "function",
    "name": "get_weather",
    "description": "The weather in a city.",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
    },
}
NO_CALL = "the model answers in words where a tool was to be called; choose one that calls tools"
CALL_WEATHER = 'Please call get_weather {"city": "Paris"}'
ORDER = (
    "conversation.item.added",
    "response.created",
    "response.output_item.added",
    "response.content_part.added",
    "response.output_audio_transcript.delta",
    "response.output_audio_transcript.done",
    "response.content_part.done",
    "response.output_item.done",
    "response.done",
)
"""As OpenAI's guide shows a turn; SDKs build their history on it."""
FAMILIES = frozenset(
    {"session", "conversation", "input_audio_buffer", "output_audio_buffer", "response"}
    | {"rate_limits", "mcp_list_tools", "error"}
)


@dataclass(frozen=True, slots=True)
class Answered:
    since: int
    """The number of the first event after the question."""
    response: Event
    """As in response.done."""

    @property
    def message(self) -> Event:
        messages = [item for item in self.response["output"] if item["type"] == "message"]
        expect(bool(messages), "a message in response.output", self.response["output"])
        return dict(messages[0])

    @property
    def words(self) -> str:
        part = self.message["content"][0]
        return str(part.get("transcript") or part.get("text") or "")


async def ask(talk: Talk, words: str, **params: Any) -> Answered:
    """Write, let it answer, wait for the end; it has to be a good one."""
    since = len(talk.came)
    await create(talk, words)
    await talk.say("response.create", **({"response": params} if params else {}))
    response = (await talk.wait("response.done", since, within=20.0))["response"]
    details = response.get("status_details")
    expect(response["status"] == "completed", "a completed response", details or response)
    return Answered(since, response)


async def turn(talk: Talk) -> None:
    """Section 2.4: the documented order, one response, its words the same everywhere."""
    await talk.wait("session.created")
    answered = await ask(talk, SHORT)
    kinds = talk.kinds(answered.since)
    came = [kind for kind in dict.fromkeys(kinds) if kind in ORDER]
    expect(came == list(ORDER), "the order " + " > ".join(ORDER), " > ".join(came))
    deltas = talk.all("response.output_audio_transcript.delta", answered.since)
    whole = talk.all("response.output_audio_transcript.done", answered.since)[-1]["transcript"]
    said = "".join(delta["delta"] for delta in deltas)
    expect(said == whole == answered.words, "the same words in deltas, done and item", said)
    ids = {delta["response_id"] for delta in deltas}
    expect(ids == {answered.response["id"]}, "the response's id in its deltas", ids)
    usage = answered.response.get("usage") or {}
    expect(isinstance(usage.get("total_tokens"), int), "usage.total_tokens", usage)
    await retrieve(talk, answered.message["id"])
    well_formed(talk)


def well_formed(talk: Talk) -> None:
    """What holds of every event there is."""
    ids = [event.get("event_id") for event in talk.came]
    expect(all(ids) and len(set(ids)) == len(ids), "an event_id of its own in every event", ids)
    unknown = {kind for kind in talk.kinds() if kind.partition(".")[0] not in FAMILIES}
    expect(not unknown, "no events that are not OpenAI's", sorted(unknown))


async def text(talk: Talk) -> None:
    """Section 2.5: output_modalities ["text"] brings text events and no sound."""
    await talk.wait("session.created")
    answered = await ask(talk, SHORT, output_modalities=["text"])
    deltas = talk.all("response.output_text.delta", answered.since)
    said = "".join(delta["delta"] for delta in deltas)
    expect(bool(said) and said == answered.words, "response.output_text.delta with the words", said)
    part = talk.all("response.content_part.added", answered.since)[0]["part"]
    expect(part["type"] == "text", "a part of type text", part)
    kinds = talk.kinds(answered.since)
    expect(not any("audio" in kind for kind in kinds), "no event about audio", sorted(set(kinds)))


async def cancel(talk: Talk) -> None:
    """Sections 2.4 and 2.6: never two responses; one that is cancelled is closed."""
    await talk.wait("session.created")
    since = len(talk.came)
    await create(talk, LONG)
    await talk.say("response.create")
    delta = await talk.wait("response.output_audio_transcript.delta", since)
    await refused(talk, "response.create", "conversation_already_has_active_response")
    since = len(talk.came)
    await talk.say("response.cancel")
    response = (await talk.wait("response.done", since))["response"]
    ended = response["status"], (response.get("status_details") or {}).get("reason")
    expect(ended == ("cancelled", "client_cancelled"), "cancelled, client_cancelled", ended)
    closed = (await talk.wait("response.output_item.done", since))["item"]
    expect(closed["status"] == "incomplete", "the item closed as incomplete", closed)
    expect(closed["id"] == delta["item_id"], "the item that was being said", closed)
    after = await ask(talk, SHORT)
    expect(bool(after.words), "an answer to the question after it", after.response)


async def out_of_band(talk: Talk) -> None:
    """Section 2.7.6: conversation none, input and metadata of its own, echoed."""
    await talk.wait("session.created")
    since = len(talk.came)
    metadata = {"topic": "check", "client_event_id": "check_1"}
    await talk.say(
        "response.create",
        response={
            "conversation": "none",
            "metadata": metadata,
            "output_modalities": ["text"],
            "input": [user_message("Please say: apart.")],
        },
    )
    done = (await talk.wait("response.done", since, within=20.0))["response"]
    created = (await talk.wait("response.created", since))["response"]
    for response in (created, done):
        expect(response.get("metadata") == metadata, "metadata echoed", response.get("metadata"))
    expect(not done.get("conversation_id"), "no conversation_id", done.get("conversation_id"))
    added = talk.all("conversation.item.added", since)
    expect(not added, "no item added to the conversation", added)
    await refused(talk, "conversation.item.retrieve", item_id=done["output"][0]["id"])


async def tool(talk: Talk) -> None:
    """Sections 2.3 and 2.4: a call, its result as an item, and an answer made of it."""
    await talk.wait("session.created")
    await talk.say("session.update", session={"type": "realtime", "tools": [WEATHER]})
    await talk.wait("session.updated")
    since = len(talk.came)
    await create(talk, CALL_WEATHER)
    await talk.say("response.create")
    done = (await talk.wait("response.done", since, within=20.0))["response"]
    if {item["type"] for item in done["output"]} == {"message"}:
        raise CheckSkipped(NO_CALL)
    asked = await talk.wait("response.function_call_arguments.done", since)
    expect(asked.get("name") == "get_weather", "a call of get_weather", asked)
    city = json.loads(asked["arguments"]).get("city")
    expect(city == "Paris", 'arguments {"city": "Paris"}', asked["arguments"])
    calls = [item for item in done["output"] if item["type"] == "function_call"]
    expect([call["call_id"] for call in calls] == [asked["call_id"]], "it in response.output", done)
    since = len(talk.came)
    result = {"type": "function_call_output", "call_id": asked["call_id"], "output": "sunny"}
    await talk.say("conversation.item.create", item=result)
    await talk.wait("conversation.item.added", since)
    await talk.say("response.create")
    answer = (await talk.wait("response.done", since, within=20.0))["response"]
    said = Answered(since, answer).words
    expect("sunny" in said.lower(), "an answer that knows the result, sunny", said)
