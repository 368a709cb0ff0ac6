"""What is prepared before anybody speaks."""

import asyncio

from edgevoice.audio.gate import Gate
from edgevoice.audio.playout import PlayoutBuffer
from edgevoice.audio.ring import RingBuffer
from edgevoice.config import MediaConfig
from edgevoice.link.ways import Ways
from tests.webrtc.raw_pcm import raw


async def test_where_only_a_websocket_may_carry_it_no_media_socket_is_opened() -> None:
    codec, gate, playout = raw(16_000), Gate(RingBuffer(1.0)), PlayoutBuffer(24_000)
    ways = Ways([], gate, playout, print, MediaConfig(), codec, asyncio.sleep, "websocket")
    await ways.prepare()
    assert ways.prepared is None
