"""Whether media gets through to a relay of ours: a connection without a session, and its time."""

import asyncio

from edgevoice.audio.playout import PlayoutBuffer
from edgevoice.config import MediaConfig
from edgevoice.errors import LinkTimeout
from edgevoice.link.signalling import Signalling
from edgevoice.link.ways import opus
from edgevoice.webrtc.arrivals import Arrivals
from edgevoice.webrtc.caller import Caller
from edgevoice.webrtc.fmtp import Wishes
from edgevoice.webrtc.jitter_buffer import JitterBuffer

PROBE_S = 5.0
"""The relay gives up a little later."""
PLAYED_HZ = 48_000


async def reach(signalling: Signalling, seconds: float = PROBE_S) -> float:
    """How long ICE, DTLS and the event channel took together; no sound is sent.

    LinkTimeout where nothing gets through; LinkRefused by a relay that knows no probes.
    """
    media = MediaConfig()
    codec = opus(media, PLAYED_HZ)
    arrivals = Arrivals(media.jitter_min_ms, media.jitter_max_ms)
    jitter = JitterBuffer(codec.decoder(), PlayoutBuffer(PLAYED_HZ), arrivals)
    caller = Caller(codec, jitter, asyncio.sleep)
    await caller.prepare(Wishes(fec=True, rate_hz=PLAYED_HZ))
    try:
        answer = await signalling.probe(caller.offer)
        return await _opened(caller, answer.text, seconds)
    finally:
        await caller.close()


async def _opened(caller: Caller, answer: str, seconds: float) -> float:
    loop = asyncio.get_running_loop()
    began, open_at = loop.time(), list[float]()

    def opened() -> None:
        open_at.append(loop.time())
        caller.end("it got through")

    caller.on_open = opened
    await caller.accept(answer)
    reason = ""
    try:
        async with asyncio.timeout(seconds):
            reason = await caller.run()
    except TimeoutError:
        pass  # told below
    if not open_at:
        told = f" ({reason})" if reason else ""
        raise LinkTimeout(
            f"no media connection within {seconds:g} s{told}: is UDP blocked?"
            " Set link.transport: auto"
        )
    return open_at[0] - began
