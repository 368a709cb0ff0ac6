"""What strangers do to a relay, and to whatever takes datagrams: loud, bounded, and soon over."""

import asyncio
import json
import random
import socket
from contextlib import suppress

import aiohttp

DATAGRAMS = 300
LARGEST = 1_200
STUN = b"\x00\x01\x00\x08\x21\x12\xa4\x42"
RTP = b"\x80\x6f"
DTLS = b"\x16\xfe\xfd"
REQUESTS = 30
EVENTS = 300
PATIENCE = aiohttp.ClientTimeout(total=5)
DEEP = "[" * 5_000 + "]" * 5_000
EVIL_EVENTS = (
    "",
    "null",
    "[]",
    '{"type": 1}',
    '{"type": "no.such.event"}',
    '{"type": "response.create", "response": ' + DEEP + "}",
    '{"type": "input_audio_buffer.append", "audio": "!"}',
    '{"type": "input_audio_buffer.append", "audio": NaN}',
    '{"type": "conversation.item.truncate", "item_id": "\\ud800", "audio_end_ms": -1e308}',
    '{"type": "session.update", "session": {"tools": [1, 2, {"name": []}]}}',
    json.dumps({"type": "x", "filler": "a" * 300_000}),
)


async def send_events(url: str, token: str) -> str:
    """By a caller who was let in; how many of his events were answered."""
    answered = 0
    with suppress(aiohttp.ClientError, ConnectionError, TimeoutError):
        async with aiohttp.ClientSession() as http:
            head = {"Authorization": f"Bearer {token}"}
            async with http.ws_connect(f"{url}/v1/realtime?model=x", headers=head) as ws:
                for event in EVIL_EVENTS:
                    await ws.send_str(event)
                for _ in range(EVENTS):
                    await ws.send_str('{"type":"input_audio_buffer.clear"}')
                while not (await ws.receive(timeout=1.0)).type.name.startswith("CLOS"):
                    answered += 1
    return f"{answered} hostile events were answered"


async def send_requests(url: str, token: str) -> str:
    """Offers that are none, tokens that are none, connections on which nothing is said."""
    host, port = url.removeprefix("http://").split(":")
    mute = [await _mute(host, int(port)) for _ in range(5)]
    bodies = (b"", b"v=0\r\n", b"\xff" * 4_000, b"a" * 100_000, DEEP.encode())
    statuses: set[int] = set()
    async with aiohttp.ClientSession(timeout=PATIENCE) as http:
        for number in range(REQUESTS):
            shown = token if number % 2 else f"ev_guess{number}"
            head = {"Authorization": f"Bearer {shown}", "Content-Type": "application/sdp"}
            body = bodies[number % len(bodies)]
            with suppress(aiohttp.ClientError, TimeoutError):
                async with http.post(f"{url}/v1/realtime/calls", data=body, headers=head) as told:
                    statuses.add(told.status)
    for writer in mute:
        if writer is not None:
            writer.close()
    return f"requests were refused with {sorted(statuses)}"


async def _mute(host: str, port: int) -> asyncio.StreamWriter | None:
    try:
        _, writer = await asyncio.open_connection(host, port)
    except OSError:
        return None
    return writer


def send_datagrams(ports: list[int], chance: random.Random) -> str:
    """Noise, and what begins like STUN, RTP and DTLS, to each of these."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        for port in ports:
            for _ in range(DATAGRAMS):
                begun = chance.choice((b"", STUN, RTP, DTLS))
                with suppress(OSError):
                    stranger.sendto(
                        begun + chance.randbytes(chance.randrange(LARGEST)), ("127.0.0.1", port)
                    )
    return f"{DATAGRAMS} datagrams to each of {len(ports)} ports"
