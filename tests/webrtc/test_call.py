"""The relay's end against offers of every kind."""

import asyncio
import os

import pytest

from edgevoice.errors import LinkError, LocalProtocolError, RemoteProtocolError
from edgevoice.webrtc import sdp
from tests.webrtc.ends import new_call
from tests.webrtc.peers import pair
from tests.webrtc.test_sdp import BROWSER


async def test_the_answer_to_a_browser_is_opus_with_fec_on_the_chosen_address() -> None:
    call = new_call()
    answer = await call.answer(BROWSER)
    await call.close()
    assert "a=rtpmap:111 opus/48000/2" in answer
    assert "a=fmtp:111 minptime=10;useinbandfec=1;usedtx=0;stereo=0;sprop-stereo=0" in answer
    assert "a=max-message-size:262144" in answer
    assert "G722" not in answer
    candidates = [line for line in answer.splitlines() if line.startswith("a=candidate")]
    assert candidates
    assert all(" 127.0.0.1 " in line for line in candidates)


async def test_a_client_that_never_comes_is_given_up() -> None:
    closed: list[str] = []
    call = new_call(closed=closed)
    await call.answer(BROWSER)
    start = asyncio.get_running_loop().time()
    await call.run()
    assert asyncio.get_running_loop().time() - start < 12
    assert "no media connection" in closed[0]


async def test_a_call_can_be_closed_before_it_runs_and_twice() -> None:
    closed: list[str] = []
    call = new_call(closed=closed)
    await call.answer(BROWSER)
    await call.close("no room")
    await call.close()
    await call.run()
    assert closed == ["no room"]


async def test_a_call_that_was_not_answered_closes_too() -> None:
    await new_call().close()


async def test_an_address_that_is_not_ours_is_an_error_with_the_remedy() -> None:
    with pytest.raises(LinkError, match=r"relay\.media_host"):
        await new_call(host="192.0.2.77").answer(BROWSER)


async def test_a_client_that_does_not_read_is_hung_up_on() -> None:
    closed: list[str] = []
    call = new_call(closed=closed)
    await call.answer(BROWSER)
    for _ in range(50):
        call.send("x" * 100_000)
    await call.run()
    assert "does not read" in closed[0]


async def test_an_exception_of_the_session_is_raised_by_run_and_closes_the_call() -> None:
    """It must not end up in aiortc's tasks, which would only log it."""

    def broken() -> None:
        raise LocalProtocolError("a bug")

    async with pair() as both:
        call = new_call()
        call._peer.on_open = broken
        answer = await call.answer(sdp.without_addresses(both.a.localDescription.sdp))
        async with asyncio.timeout(5):
            with pytest.raises(LocalProtocolError):
                await asyncio.gather(call.run(), accept(both.a, answer))
        assert call._peer.ended


async def accept(peer: object, answer: str) -> None:
    from aiortc import RTCPeerConnection, RTCSessionDescription

    assert isinstance(peer, RTCPeerConnection)
    await peer.setRemoteDescription(RTCSessionDescription(answer, "answer"))


@pytest.mark.parametrize("offer", ["", "v=0", os.urandom(200).hex(), "v=0\r\n" * 300])
async def test_garbage_is_refused(offer: str) -> None:
    with pytest.raises(RemoteProtocolError):
        await new_call().answer(offer)
