import asyncio
import gc

import pytest

from edgevoice.webrtc import hardening
from edgevoice.webrtc.peer import Peer
from tests.virtual_time import elapse
from tests.webrtc import peers
from tests.webrtc.peers import pair


async def test_when_the_peer_was_last_heard_is_known() -> None:
    loop = asyncio.get_running_loop()
    async with pair() as both:
        assert hardening.last_heard(both.a) is None
        await both.connect()
        await elapse(3)
        heard_at = hardening.last_heard(both.a)
        assert heard_at is not None
        assert heard_at > loop.time() - 1.0
        peers.lose(both.b, lambda data: True)
        await elapse(0.1)
        heard_at = hardening.last_heard(both.a)
        await elapse(3)
        assert hardening.last_heard(both.a) == heard_at


async def test_sockets_are_opened_where_asked_only() -> None:
    async with pair() as both:
        for peer in (both.a, both.b):
            addresses = {
                candidate.host
                for connection in hardening.ice_connections(peer)
                for candidate in connection.local_candidates
            }
            assert addresses == {"127.0.0.1"}


async def test_whoever_closes_second_may_be_cancelled() -> None:
    """aiortc closes by itself when the other side hangs up, just when we do too."""
    async with pair() as both, asyncio.TaskGroup() as group:
        await both.connect()
        group.create_task(both.a.close())
        await asyncio.sleep(0)
        second = group.create_task(hardening.close(both.a))
        await asyncio.sleep(0)
        second.cancel()


@pytest.mark.parametrize("steps", [1, 2, 3, 4])
async def test_a_closing_that_is_cut_off_leaves_nothing_running(steps: int) -> None:
    """A session that ends while one of its links is being closed, or a loop that is too late."""
    before = len(asyncio.all_tasks())
    async with pair() as both:
        await both.connect()
        await elapse(1)
        peers.lose(both.b, lambda data: True)
        peer = Peer()
        peer.connection = both.a
        closing = asyncio.ensure_future(peer.close())
        for _ in range(steps):
            await asyncio.sleep(0)
        closing.cancel()
        await asyncio.wait([closing])
        await peer.close()
        await both.b.close()
        await elapse(60)
        both.a._RTCPeerConnection__isClosed.set_result(True)  # type: ignore[attr-defined]
        left = [str(task.get_coro()) for task in asyncio.all_tasks()]
        assert len(left) == before, left


async def test_closing_while_connecting_is_not_worth_a_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Closed just when the keys are there, aiortc goes on to start what is no more."""
    async with pair() as both, asyncio.TaskGroup() as group:
        assert both.a.sctp is not None
        dtls = both.a.sctp.transport
        shake = dtls._do_handshake
        is_closed = asyncio.Event()

        async def shake_and_close() -> None:
            await shake()
            dtls.transport.on("statechange", is_closed.set)
            group.create_task(both.a.close())
            await is_closed.wait()

        dtls._do_handshake = shake_and_close  # type: ignore[method-assign]
        await both.accept()
        await elapse(1)
        assert both.a.connectionState == "closed"
    gc.collect()
    await asyncio.sleep(0)
    assert caplog.records == []


async def test_what_is_expected_of_the_line_gives_way_to_what_is_measured() -> None:
    async with pair() as both:
        assert hardening.measured_round_trip(both.a) is None
        hardening.expect_round_trip(both.a, 0.4)
        assert hardening.measured_round_trip(both.a) == 0.4
        await both.connect()
        measured = hardening.measured_round_trip(both.a)
        assert measured is not None
        assert measured < 0.05
