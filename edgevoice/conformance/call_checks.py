"""Calls over WebRTC: media and data channel, secrets, hanging up, the sideband."""

import asyncio
from typing import Any

from edgevoice.conformance import http
from edgevoice.conformance.answer_checks import LONG, SHORT, Answered, ask
from edgevoice.conformance.expect import expect
from edgevoice.conformance.session_checks import create
from edgevoice.conformance.socket_talk import socket_talk
from edgevoice.conformance.sound_checks import order_of_turn, speech, until_it_ends
from edgevoice.conformance.target import Target
from edgevoice.conformance.webrtc_talk import WebRtcTalk, webrtc_talk

SETTINGS: dict[str, Any] = {"type": "realtime", "instructions": "Be brief, says the check."}
ENDS_S = 5.0


async def sound(talk: WebRtcTalk) -> None:
    """Section 2.2: sound comes as RTP, and its beginning and end are told."""
    await talk.wait("session.created")
    answered = await ask(talk, SHORT)
    response_id = answered.response["id"]
    await talk.wait("output_audio_buffer.started", answered.since, response_id=response_id)
    stopped = "output_audio_buffer.stopped"
    await talk.wait(stopped, answered.since, within=15.0, response_id=response_id)
    kinds = talk.kinds(answered.since)
    expect(
        kinds.index("response.done") < kinds.index(stopped),
        f"{stopped} after response.done",
        " > ".join(dict.fromkeys(kinds)),
    )
    by_event = [kind for kind in kinds if kind == "response.output_audio.delta"]
    expect(not by_event, "no sound by events", f"{len(by_event)} response.output_audio.delta")
    expect(talk.loud_frames > 5, "sound that can be heard", f"{talk.loud_frames} loud frames")


async def voice(talk: WebRtcTalk) -> None:
    """Section 2.4: server_vad hears the turn in what comes as RTP."""
    await talk.wait("session.created")
    since = len(talk.came)
    await talk.speak(speech())
    await until_it_ends(talk, since, talk.silence)
    await talk.wait("response.done", since, within=20.0)
    order_of_turn(talk, since)


async def interrupt(talk: WebRtcTalk) -> None:
    """Section 2.6: response.cancel, then output_audio_buffer.clear, as SDKs send them."""
    await talk.wait("session.created")
    since = len(talk.came)
    await create(talk, LONG)
    await talk.say("response.create")
    started = await talk.wait("output_audio_buffer.started", since)
    await talk.say("response.cancel")
    await talk.say("output_audio_buffer.clear")
    done = (await talk.wait("response.done", since))["response"]
    expect(done["status"] == "cancelled", "a cancelled response", done["status"])
    response_id = started["response_id"]
    await talk.wait("output_audio_buffer.cleared", since, response_id=response_id)
    await asyncio.sleep(0.3)
    loud = talk.loud_frames
    await asyncio.sleep(0.5)
    expect(talk.loud_frames - loud < 5, "silence", f"{talk.loud_frames - loud} loud frames")


async def barge_in(talk: WebRtcTalk) -> None:
    """Section 2.6: a voice ends the answer; the server clears and truncates by itself."""
    await talk.wait("session.created")
    since = len(talk.came)
    await create(talk, LONG)
    await talk.say("response.create")
    started = await talk.wait("output_audio_buffer.started", since)
    await talk.speak(speech())
    await until_it_ends(talk, since, talk.silence)
    response_id = started["response_id"]
    await talk.wait("input_audio_buffer.speech_started", since)
    await talk.wait("output_audio_buffer.cleared", since, response_id=response_id)
    truncated = await talk.wait("conversation.item.truncated", since)
    heard_ms = truncated["audio_end_ms"]
    expect(heard_ms < 5_000, "the answer cut where it was heard", f"{heard_ms} ms")
    first, second = "response.done", "response.created"
    await talk.wait(second, since + talk.kinds(since).index(second) + 1, within=15.0)
    expect(bool(talk.all(first, since)), "the first response ended before the second", talk.told())


async def multipart(target: Target) -> None:
    """Section 2.1: the parts sdp and session, in one request."""
    async with webrtc_talk(target, session=SETTINGS) as talk:
        settings = (await talk.wait("session.created"))["session"]
    given = settings.get("instructions")
    expect(given == SETTINGS["instructions"], "the instructions of the part session", given)


async def secret(target: Target) -> None:
    """Section 2.1: a client secret opens calls with the session it was made for."""
    answer = await http.post(target, "/realtime/client_secrets", {"session": SETTINGS})
    expect(answer.status == 200, "200 with a secret", answer.told)
    for _ in range(2):
        async with webrtc_talk(target, answer.json["value"]) as talk:
            settings = (await talk.wait("session.created"))["session"]
            given = settings.get("instructions")
            expect(given == SETTINGS["instructions"], "the instructions of the secret", given)


async def hang_up(target: Target) -> None:
    """Section 2.1: POST calls/{id}/hangup ends it; for one that is unknown it is 404."""
    async with webrtc_talk(target) as talk:
        await talk.wait("session.created")
        path = f"/realtime/calls/{talk.call_id}/hangup"
        answer = await http.post(target, path)
        expect(answer.status == 200, "200", answer.told)
        for _ in range(round(ENDS_S / 0.05)):
            if talk.ended:
                break
            await asyncio.sleep(0.05)
        expect(bool(talk.ended), f"the call's end within {ENDS_S:g} s", talk.told())
    answer = await http.post(target, "/realtime/calls/rtc_unknown/hangup")
    expect(answer.status == 404, "404 for an unknown call", answer.told)


async def sideband(target: Target) -> None:
    """Section 2.1: a second connection to the same session, which outlives it."""
    async with webrtc_talk(target) as call:
        await call.wait("session.created")
        async with socket_talk(target, f"call_id={call.call_id}") as side:
            await side.say("session.update", session=SETTINGS)
            settings = (await side.wait("session.updated"))["session"]
            given = settings.get("instructions")
            expect(given == SETTINGS["instructions"], "the instructions it sent", given)
            await create(side, SHORT)
            await side.say("response.create")
            done = await side.wait("response.done", within=20.0)
            expect(bool(Answered(0, done["response"]).words), "an answer", done)
            same = await call.wait("response.done", response=done["response"])
            expect(same["response"]["status"] == "completed", "the same at the call", same)
        await ask(call, SHORT)
