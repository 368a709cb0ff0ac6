"""The list of all checks, in the order they are made, and how each gets what it acts on."""

from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from importlib import import_module

from edgevoice.conformance import (
    answer_checks,
    call_checks,
    http_checks,
    own_checks,
    session_checks,
    sound_checks,
)
from edgevoice.conformance.check import Check
from edgevoice.conformance.socket_talk import socket_talk
from edgevoice.conformance.talk import Talk
from edgevoice.conformance.target import Target
from edgevoice.conformance.webrtc_talk import WebRtcTalk, webrtc_talk
from edgevoice.conformance.world import World
from edgevoice.errors import CheckSkipped

PROTOCOL = "OpenAI's API reference, Realtime"
ANY_CARRIER: dict[str, Callable[[Talk], Awaitable[None]]] = {
    "session": session_checks.session,
    "turn": answer_checks.turn,
    "text": answer_checks.text,
    "items": session_checks.items,
    "errors": session_checks.errors,
    "cancel": answer_checks.cancel,
    "out-of-band": answer_checks.out_of_band,
    "tool": answer_checks.tool,
}
SOCKET: dict[str, Callable[[Talk], Awaitable[None]]] = {
    "audio": sound_checks.audio,
    "buffer": sound_checks.buffer,
    "voice": sound_checks.voice,
    "truncate": sound_checks.truncate,
    "barge-in": sound_checks.barge_in,
}
CALL: dict[str, Callable[[WebRtcTalk], Awaitable[None]]] = {
    "sound": call_checks.sound,
    "voice": call_checks.voice,
    "interrupt": call_checks.interrupt,
    "barge-in": call_checks.barge_in,
}
REQUESTS: dict[str, Callable[[Target], Awaitable[None]]] = {
    "http.cors": http_checks.cors,
    "http.refusals": http_checks.refusals,
    "http.client-secret": http_checks.client_secret,
    "socket.subprotocol": http_checks.subprotocol,
    "webrtc.multipart": call_checks.multipart,
    "webrtc.secret": call_checks.secret,
    "webrtc.hangup": call_checks.hang_up,
    "webrtc.sideband": call_checks.sideband,
    "edgevoice.health": own_checks.health,
    "edgevoice.extensions": own_checks.extensions,
}
SDKS = {
    "openai-python": (
        "openai_checks",
        "openai[realtime]",
        ("secret", "calls", "session", "turn", "items", "cancel", "out_of_band"),
    ),
    "agents-python": ("agents_checks", "openai-agents", ("turn", "interrupt", "tool", "voice")),
}
SCRIPTS = {
    "agents-node": (
        "node",
        "@openai/agents-realtime (npm)",
        ("turn", "interrupt", "tool", "voice", "barge-in"),
    ),
    "openai-node": ("node", "openai (npm)", ("turn",)),
    "agents-browser": (
        "browser",
        "@openai/agents-realtime (npm) in Chromium",
        ("turn", "secret", "interrupt", "tool", "voice", "barge-in"),
    ),
    "openai-browser": ("browser", "openai (npm) in Chromium", ("turn",)),
}


def checks() -> Iterator[Check]:
    for name, asking in REQUESTS.items():
        yield Check(name, PROTOCOL, partial(_request, asking))
    for name, talking in (ANY_CARRIER | SOCKET).items():
        yield Check(f"socket.{name}", PROTOCOL, partial(_over_socket, talking))
    for name, calling in (ANY_CARRIER | CALL).items():
        yield Check(f"webrtc.{name}", PROTOCOL, partial(_over_webrtc, calling))
    for client, (module, package, names) in SDKS.items():
        for name in names:
            told = f"{client}.{name.replace('_', '-')}"
            yield Check(told, f"{package} (PyPI)", partial(_with_sdk, module, package, name))
    for client, (program, package, names) in SCRIPTS.items():
        for name in names:
            told = f"{client}.{name}"
            yield Check(told, package, partial(_with_script, program, told))


async def _request(asking: Callable[[Target], Awaitable[None]], world: World) -> None:
    await asking(world.target)


async def _over_socket(talking: Callable[[Talk], Awaitable[None]], world: World) -> None:
    async with socket_talk(world.target) as talk:
        await talking(talk)


async def _over_webrtc(calling: Callable[[WebRtcTalk], Awaitable[None]], world: World) -> None:
    async with webrtc_talk(world.target) as talk:
        await calling(talk)


async def _with_sdk(module: str, package: str, name: str, world: World) -> None:
    """Imported when it is wanted: whoever runs a relay need not have it."""
    try:
        sdk = import_module(f"edgevoice.conformance.{module}")
    except ImportError as missing:
        raise CheckSkipped(f"{missing.name} is not installed: pip install '{package}'") from missing
    await getattr(sdk, name)(world.target)


async def _with_script(program: str, name: str, world: World) -> None:
    await world.play(program, name)
