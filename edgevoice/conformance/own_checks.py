"""What only a relay of edgevoice has; a server of somebody else is not asked for it."""

import aiohttp

from edgevoice import __version__
from edgevoice.conformance.expect import expect
from edgevoice.conformance.target import Target
from edgevoice.conformance.webrtc_talk import webrtc_talk
from edgevoice.errors import CheckSkipped

VERSION = "Edgevoice-Version"
FOREIGN = "a server that is no relay of edgevoice need not have it"


async def health(target: Target) -> None:
    async with (
        aiohttp.ClientSession() as http,
        http.get(f"{target.url}/healthz", ssl=target.trust()) as answer,
    ):
        if answer.status == 404:
            raise CheckSkipped(FOREIGN)
        expect(answer.status == 200, "200", f"status {answer.status}")
        told = await answer.json()
    expect(told.get("status") == "ok", '{"status": "ok"}', told)


async def extensions(target: Target) -> None:
    """A client that names its version is told of the conversation, and may ask for a pong."""
    async with webrtc_talk(target, headers={VERSION: __version__}) as talk:
        if VERSION not in talk.headers:
            raise CheckSkipped(FOREIGN)
        await talk.wait("session.created")
        await talk.wait("edgevoice.conversation")
        await talk.say("edgevoice.ping")
        await talk.wait("edgevoice.pong")
