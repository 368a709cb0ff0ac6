"""Settings, items and errors: what a client may say at any time, by whatever carrier."""

from typing import Any

from edgevoice.conformance.expect import expect
from edgevoice.conformance.talk import Event, Talk

RESET: dict[str, Any] = {"type": "realtime", "audio": {"input": {"turn_detection": None}}}


async def session(talk: Talk) -> None:
    """Section 2.5: effective settings come first, updates merge, SDKs read them back."""
    first = await talk.wait("session.created")
    expect(talk.kinds()[0] == "session.created", "session.created as the first event", talk.told())
    _complete(first["session"])
    await _update(talk, tracing="auto")
    patch = {"input": {"turn_detection": {"type": "semantic_vad"}}, "output": {"voice": "ash"}}
    await _update(talk, model="gpt-realtime-2.1", instructions="Be brief.", audio=patch)
    asked = {"input": {"transcription": {"model": "gpt-4o-mini-transcribe"}}}
    now = await _update(talk, audio=asked)
    detection = now["audio"]["input"]["turn_detection"] or {}
    expect(detection.get("type") == "semantic_vad", "the turn_detection asked for", detection)
    is_full = detection.get("interrupt_response") is True
    expect(is_full, "effective defaults: turn_detection.interrupt_response true", detection)
    kept = now.get("instructions")
    expect(kept == "Be brief.", "instructions that a later update did not name", kept)
    voice = now["audio"]["output"]["voice"]
    expect(isinstance(voice, str), "audio.output.voice as a string", voice)
    now = await _update(talk, instructions="", audio={"input": {"turn_detection": None}})
    cleared = now.get("instructions"), now["audio"]["input"].get("turn_detection")
    expect(cleared in (("", None), (None, None)), "cleared by empty text and by null", cleared)


def _complete(settings: Event) -> None:
    wanted = {"id", "object", "type", "model", "output_modalities", "audio"}
    expect(wanted <= settings.keys(), f"a session with {sorted(wanted)}", sorted(settings))
    expect(settings["object"] == "realtime.session", "object realtime.session", settings["object"])
    expect(str(settings["id"]).startswith("sess_"), "an id sess_...", settings["id"])
    audio = settings["audio"]
    expect("input" in audio and "output" in audio, "audio.input and audio.output", audio)


async def _update(talk: Talk, **patch: Any) -> Event:
    since = len(talk.came)
    await talk.say("session.update", session={"type": "realtime", **patch})
    return dict((await talk.wait("session.updated", since))["session"])


async def items(talk: Talk) -> None:
    """Section 2.3: created where it is asked for, retrieved as it is, deleted for good."""
    await talk.wait("session.created")
    first = await create(talk, "first")
    front = await create(talk, "front", previous_item_id="root")
    between = await create(talk, "between", previous_item_id=front["item"]["id"])
    expect(not front.get("previous_item_id"), "nothing before an item put at the root", front)
    previous = between.get("previous_item_id")
    expect(previous == front["item"]["id"], "previous_item_id as asked for", previous)
    kept = await retrieve(talk, first["item"]["id"])
    text = kept["content"][0].get("text")
    expect(text == "first", 'the text of the item, "first"', text)
    since = len(talk.came)
    await talk.say("conversation.item.delete", item_id=between["item"]["id"])
    await talk.wait("conversation.item.deleted", since, item_id=between["item"]["id"])
    await refused(talk, "conversation.item.retrieve", item_id=between["item"]["id"])
    await refused(talk, "conversation.item.delete", item_id="item_unknown")
    item = user_message("nowhere")
    await refused(talk, "conversation.item.create", item=item, previous_item_id="item_unknown")


async def errors(talk: Talk) -> None:
    """Section 2.4: an error names the client's event, and the session stays open."""
    await talk.wait("session.created")
    await refused(talk, "no.such.event")
    await refused(talk, "conversation.item.create")
    await refused(talk, "session.update", session={"type": "realtime", "audio": 7})
    await refused(talk, "response.cancel")
    since = len(talk.came)
    await talk.send("{ this is no JSON")
    await talk.wait("error", since)
    await _update(talk, instructions="Still here.")


async def create(talk: Talk, text: str, **options: Any) -> Event:
    """The conversation.item.added of it; .done has come too."""
    since = len(talk.came)
    await talk.say("conversation.item.create", item=user_message(text), **options)
    added = await talk.wait("conversation.item.added", since)
    done = await talk.wait("conversation.item.done", since)
    same = added["item"]["id"] == done["item"]["id"]
    expect(same, "item.added and item.done of one item", [added, done])
    return added


async def retrieve(talk: Talk, item_id: str) -> Event:
    since = len(talk.came)
    await talk.say("conversation.item.retrieve", item_id=item_id)
    retrieved = await talk.wait("conversation.item.retrieved", since)
    expect(retrieved["item"]["id"] == item_id, f"the item {item_id}", retrieved)
    return dict(retrieved["item"])


async def refused(talk: Talk, kind: str, code: str = "", **fields: Any) -> None:
    since = len(talk.came)
    event_id = await talk.say(kind, **fields)
    error = (await talk.wait("error", since))["error"]
    named = error.get("event_id")
    expect(named == event_id, f"error.event_id {event_id}, of the refused {kind}", error)
    is_told = bool(error.get("message") and error.get("type"))
    expect(is_told, "an error with type and message", error)
    expect(not code or error.get("code") == code, f"error.code {code}", error)


def user_message(text: str) -> Event:
    return {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}
