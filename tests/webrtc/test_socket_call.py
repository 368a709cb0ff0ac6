"""The relay's end of a call over a WebSocket. How it talks to a device is in tests/link."""

import asyncio

import pytest
from aiohttp import WSMsgType

from edgevoice.errors import RemoteProtocolError
from edgevoice.webrtc.media_header import parse
from edgevoice.webrtc.rtp_packet import RtpPacket
from edgevoice.webrtc.socket_call import SocketCall
from tests.virtual_time import elapse
from tests.webrtc.raw_pcm import raw
from tests.webrtc.test_socket_line import FakeSocket


class Desk:
    """Where a call comes in."""

    def __init__(self) -> None:
        self.heard: list[tuple[int, int]] = []
        self.closed: list[str] = []
        self.call = SocketCall(
            on_audio=lambda index, samples: self.heard.append((index, len(samples))),
            on_message=lambda text: None,
            on_open=lambda: self.call.send("welcome"),
            on_closed=self.closed.append,
            codec=raw(16_000),
        )


async def test_where_the_clock_starts_is_where_sample_0_is() -> None:
    """Also when the device had to leave out what came first."""
    desk, socket = Desk(), FakeSocket()
    desk.call.answer("first-timestamp=4294967000")
    desk.call.attach(socket)
    socket.says(WSMsgType.BINARY, RtpPacket(7, 1, 4_294_967_000 + 4_800, bytes(640)).pack())
    async with asyncio.TaskGroup() as group:
        group.create_task(desk.call.run())
        await elapse(0.2)
        await desk.call.close("enough")
    assert desk.heard[-1] == (1_600, 320)
    assert socket.sent == ["welcome"]
    assert desk.closed == ["enough"]


@pytest.mark.parametrize("dtx", [0, 1])
def test_silence_need_not_be_sent_to_us_by_who_does_not_want_it_either(dtx: int) -> None:
    assert parse(Desk().call.answer(f"usedtx={dtx}")).wishes.dtx is bool(dtx)


def test_an_offer_that_says_nothing_is_refused() -> None:
    with pytest.raises(RemoteProtocolError, match="Edgevoice-Media"):
        Desk().call.answer("")


async def test_a_device_that_asks_and_never_comes_is_given_up() -> None:
    desk = Desk()
    desk.call.answer("usedtx=0")
    await desk.call.run()
    assert desk.closed == ["no WebSocket after 10 s"]
    await desk.call.left()
