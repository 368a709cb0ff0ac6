"""Both ends of a session over real sockets, in virtual time."""

import asyncio

import numpy as np
import pytest

from edgevoice.audio.frames import FRAME_SAMPLES
from edgevoice.realtime.client_events import ResponseCreate
from edgevoice.realtime.server_events import SessionCreated
from edgevoice.transceiver.inputs import EventReceived
from tests.webrtc.house import house
from tests.webrtc.raw_pcm import ramp


async def test_a_session_opens_and_events_go_both_ways() -> None:
    async with house() as home:
        opened = await home.board.talk()
        assert opened.extensions
        assert opened.relay.startswith("127.0.0.1:")
        received = await home.board.until(EventReceived)
        assert isinstance(received.event, SessionCreated)
        home.board.link.send(ResponseCreate())
        await asyncio.sleep(0.1)
        assert '"response.create"' in home.relay.messages[0]


@pytest.mark.parametrize("answer_after_s", [0.0, 0.5, 2.0])
async def test_what_was_captured_arrives_sample_by_sample(answer_after_s: float) -> None:
    """The gate opens in the past, the link takes its time, capture goes on."""
    async with house() as home:
        await asyncio.sleep(3)
        home.relay.answer_after_s = answer_after_s
        first = home.board.ring.end - 12_345
        await home.board.talk(first)
        await asyncio.sleep(3)
        home.board.gate.close()
        await asyncio.sleep(0.5)
        heard = home.relay.heard()
        assert len(heard) == home.board.gate.sent_samples
        assert len(heard) >= 12_345 + (answer_after_s + 3) * 16_000 - 2 * FRAME_SAMPLES
        assert np.array_equal(heard, ramp(first, first + len(heard)))
        assert home.board.gate.gaps == 0
        assert home.relay.call.receiver.lost == 0
