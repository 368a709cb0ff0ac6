"""Sound by events, over a plain WebSocket: the input buffer, the answer, what was heard of it."""

import asyncio
import base64
from collections.abc import Awaitable, Callable, Iterator
from functools import cache
from pathlib import Path

import numpy as np

from edgevoice.audio.frames import CAPTURE_RATE_HZ, Samples
from edgevoice.audio.resample import resample
from edgevoice.audio.wav import read_wav
from edgevoice.conformance.answer_checks import LONG, SHORT, Answered, ask
from edgevoice.conformance.expect import expect
from edgevoice.conformance.session_checks import RESET, create, refused, retrieve
from edgevoice.conformance.talk import Talk
from edgevoice.errors import CheckFailed, CheckSkipped

RATE_HZ = 24_000
SPEECH = Path(__file__).parents[1] / "simulator" / "speech" / "whats_the_date_today.wav"
BLOCK_S = 0.1
LONGEST_SILENCE_S = 9.0
"""semantic_vad waits for 8 s at most."""
HEARD = (
    "input_audio_buffer.speech_started",
    "input_audio_buffer.speech_stopped",
    "input_audio_buffer.committed",
    "response.created",
    "response.done",
)


@cache
def speech() -> Samples:
    """A question of two seconds, 16 kHz."""
    return read_wav(SPEECH)


async def until_it_ends(
    talk: Talk, since: int, silence: Callable[[float], Awaitable[None]]
) -> None:
    """Be silent, as a microphone is, until the server finds that the turn is over."""
    for _ in range(round(LONGEST_SILENCE_S / BLOCK_S)):
        if talk.all("input_audio_buffer.speech_stopped", since):
            return
        await silence(BLOCK_S)
    raise CheckFailed(
        f"input_audio_buffer.speech_stopped within {LONGEST_SILENCE_S:g} s of silence",
        talk.told(since),
    )


async def append(talk: Talk, samples: Samples) -> None:
    """16 kHz; blocks as small as SDKs send them, a little faster than they are spoken."""
    for block in blocks(samples):
        await talk.say("input_audio_buffer.append", audio=base64.b64encode(block).decode())
        await asyncio.sleep(BLOCK_S / 5)


def blocks(samples: Samples) -> Iterator[bytes]:
    """24 kHz PCM, a tenth of a second each."""
    size = round(BLOCK_S * RATE_HZ)
    sound = resample(samples, CAPTURE_RATE_HZ, RATE_HZ)
    for start in range(0, len(sound), size):
        yield sound[start : start + size].astype("<i2").tobytes()


async def audio(talk: Talk) -> None:
    """Section 2.4: 24 kHz PCM in response.output_audio.delta, then its .done."""
    await talk.wait("session.created")
    answered = await ask(talk, SHORT)
    deltas = talk.all("response.output_audio.delta", answered.since)
    sound = b"".join(base64.b64decode(delta["delta"]) for delta in deltas)
    samples = np.frombuffer(sound[: len(sound) & ~1], "<i2")
    long_enough = len(samples) > 0.2 * RATE_HZ and len(sound) % 2 == 0
    expect(long_enough, "more than 0.2 s of 16-bit samples", f"{len(sound)} bytes")
    loud = int(np.abs(samples.astype(int)).max())
    expect(loud > 1_000, "sound that can be heard", f"a peak of {loud}")
    expect(
        bool(talk.all("response.output_audio.done", answered.since)),
        "response.output_audio.done",
        talk.told(answered.since),
    )


async def buffer(talk: Talk) -> None:
    """Section 2.3: without turn detection, commit makes an item and no response."""
    await talk.wait("session.created")
    transcription = {"transcription": {"model": "gpt-4o-mini-transcribe"}, "turn_detection": None}
    await talk.say(
        "session.update", session={"type": "realtime", "audio": {"input": transcription}}
    )
    await talk.wait("session.updated")
    since = len(talk.came)
    await append(talk, speech())
    await talk.say("input_audio_buffer.commit")
    committed = await talk.wait("input_audio_buffer.committed", since)
    item = (await talk.wait("conversation.item.added", since))["item"]
    expect(item["id"] == committed["item_id"], "the committed item added", item)
    part = item["content"][0]
    expect(part["type"] == "input_audio", "a part of type input_audio", item)
    # @openai/agents-realtime throws where it is left out.
    expect("transcript" in part, "a transcript in it, null or empty while nobody knows", part)
    await talk.wait("conversation.item.input_audio_transcription.completed", since, within=15.0)
    expect(not talk.all("response.created", since), "no response by itself", talk.told(since))
    await append(talk, speech()[:8_000])
    await talk.say("input_audio_buffer.clear")
    await talk.wait("input_audio_buffer.cleared", since)
    await refused(talk, "input_audio_buffer.commit", "input_audio_buffer_commit_empty")
    await talk.say("response.create")
    done = (await talk.wait("response.done", len(talk.came), within=20.0))["response"]
    expect(bool(Answered(since, done).words), "an answer to the committed sound", done)


async def voice(talk: Talk) -> None:
    """Section 2.4: server_vad hears the turn, commits it and answers."""
    await talk.wait("session.created")
    since = len(talk.came)
    detection = {"turn_detection": {"type": "server_vad", "silence_duration_ms": 500}}
    await talk.say("session.update", session={"type": "realtime", "audio": {"input": detection}})
    await append(talk, speech())

    async def silence(seconds: float) -> None:
        await append(talk, np.zeros(round(seconds * CAPTURE_RATE_HZ), np.int16))

    await until_it_ends(talk, since, silence)
    await talk.wait("response.done", since, within=20.0)
    order_of_turn(talk, since)


async def barge_in(talk: Talk) -> None:
    """Section 2.6: a voice ends the response; what was heard of it the client has to say."""
    await talk.wait("session.created")
    since = len(talk.came)
    detection = {"turn_detection": {"type": "server_vad", "interrupt_response": True}}
    await talk.say("session.update", session={"type": "realtime", "audio": {"input": detection}})
    await create(talk, LONG)
    await talk.say("response.create")
    delta = await talk.wait("response.output_audio.delta", since)
    await append(talk, speech())
    await talk.wait("input_audio_buffer.speech_started", since)
    done = (await talk.wait("response.done", since))["response"]
    if "response.done" in talk.kinds()[: talk.kinds().index("input_audio_buffer.speech_started")]:
        raise CheckSkipped("its answers are made too fast to be interrupted while they are made")
    ended = done["status"], (done.get("status_details") or {}).get("reason")
    expect(ended == ("cancelled", "turn_detected"), "cancelled, turn_detected", ended)
    heard = {"item_id": delta["item_id"], "content_index": 0, "audio_end_ms": 100}
    await talk.say("conversation.item.truncate", **heard)
    await talk.wait("conversation.item.truncated", since, item_id=delta["item_id"])


def order_of_turn(talk: Talk, since: int) -> None:
    came = [kind for kind in dict.fromkeys(talk.kinds(since)) if kind in HEARD]
    expect(came == list(HEARD), "the order " + " > ".join(HEARD), " > ".join(came))
    started = talk.all("input_audio_buffer.speech_started", since)[0]
    stopped = talk.all("input_audio_buffer.speech_stopped", since)[0]
    spoken_ms = stopped["audio_end_ms"] - started["audio_start_ms"]
    expect(500 < spoken_ms < 4_500, "a turn of about two seconds", f"{spoken_ms} ms")
    ids = {started["item_id"], talk.all("input_audio_buffer.committed", since)[0]["item_id"]}
    expect(len(ids) == 1, "one item_id from speech_started to committed", ids)


async def truncate(talk: Talk) -> None:
    """Section 2.6: what was not heard leaves the conversation; it cannot become longer."""
    await talk.wait("session.created")
    await talk.say("session.update", session=RESET)
    answered = await ask(talk, SHORT)
    item_id = answered.message["id"]
    too_much = {"item_id": item_id, "content_index": 0, "audio_end_ms": 600_000}
    await refused(talk, "conversation.item.truncate", **too_much)
    since = len(talk.came)
    await talk.say("conversation.item.truncate", **too_much | {"audio_end_ms": 100})
    told = await talk.wait("conversation.item.truncated", since, item_id=item_id)
    expect(told["audio_end_ms"] == 100, "audio_end_ms 100", told)
    left = (await retrieve(talk, item_id))["content"][0].get("transcript") or ""
    expect(left != answered.words, "a transcript without what was not heard", left)
    user = {"item_id": talk.all("conversation.item.added")[0]["item"]["id"]}
    await refused(talk, "conversation.item.truncate", content_index=0, audio_end_ms=0, **user)
