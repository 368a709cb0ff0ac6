"""Sessions whose transport breaks, over real sockets: nothing that was said is lost."""

import asyncio
from pathlib import Path

import numpy as np
import pytest

from edgevoice.config import LimitsConfig
from edgevoice.relay.engines.engine import Audio, Text
from tests.relay.story import user_text
from tests.relay.test_resume_sound import loud_ramp
from tests.relay.wire import House
from tests.virtual_time import elapse
from tests.webrtc.raw_pcm import ramp

pytestmark = pytest.mark.slow


@pytest.fixture
def house(tmp_path):
    return House(str(tmp_path / "tokens"))


def speaks(start, stop):
    """Four seconds of one utterance, every sample of it different from its neighbours."""
    sound = loud_ramp(start, stop)
    sound[np.arange(start, stop) >= 64_000] = 0
    return sound


def sockets() -> int:
    links = Path("/proc/self/fd").iterdir()
    return sum(link.is_symlink() and "socket" in str(link.readlink()) for link in links)


@pytest.mark.parametrize("noticed", [True, False], ids=["held", "before the relay has noticed"])
@pytest.mark.parametrize("spoken_s", [0.31, 1.5, 3.99])
@pytest.mark.fault("link-loss-3s")
async def test_an_utterance_goes_on_sample_by_sample(house, spoken_s, noticed):
    async def tale(house: House) -> None:
        house.engine.words = ["all of it"]
        house.device.source = speaks
        await elapse(spoken_s)
        house.cut()
        await elapse(8 if noticed else 1)
        assert (house.session._line.held_since is not None) == noticed
        await house.device.resume()
        await elapse(6)
        (utterance,) = house.engine.utterances
        first = int(np.flatnonzero(utterance.samples == speaks(0, 1)[0])[0])
        assert np.array_equal(utterance.samples[first : first + 64_000], speaks(0, 64_000))
        kinds = house.device.kinds()
        assert kinds.count("input_audio_buffer.speech_started") == 1
        received = [event for event in house.device.events if event["type"].endswith("received")]
        end = house.session._brain.position
        assert received[-1]["samples"] <= end == house.session._line.received.samples
        assert received[-1]["concealed"] == received[-1]["lost"] == 0

    await house.tell(tale)


@pytest.mark.parametrize("noticed", [True, False], ids=["held", "before the relay has noticed"])
async def test_an_answer_goes_on_from_what_was_heard(house, noticed):
    async def tale(house: House) -> None:
        house.engine.answers = [[Text("So."), Audio(ramp(0, 240_000))]]
        house.device.send("conversation.item.create", item=user_text("well?"))
        house.device.send("response.create")
        await elapse(1.5)
        house.cut()
        heard = house.device.ear.samples
        heard_ms = len(heard) // 24
        await elapse(8 if noticed else 1)
        response_id = house.device.events[-1]["response_id"]
        await house.device.resume(response_id, heard_ms)
        await elapse(10)
        whole = np.concatenate([heard[: heard_ms * 24], house.device.ear.samples])
        assert np.array_equal(whole, ramp(0, 240_000))
        kinds = house.device.kinds()
        assert kinds.count("output_audio_buffer.started") == 1
        assert kinds.count("output_audio_buffer.stopped") == 1

    await house.tell(tale)


async def test_an_answer_sent_into_the_void_to_its_end_is_heard_all_the_same(house):
    async def tale(house: House) -> None:
        house.engine.answers = [[Text("So."), Audio(ramp(0, 48_000))]]
        house.device.send("response.create")
        await elapse(1)
        house.cut()
        heard_ms = len(house.device.ear.samples) // 24
        await elapse(1.5)
        assert house.session._voice.response_id is None
        response_id = house.device.events[-1]["response_id"]
        await house.device.resume(response_id, heard_ms)
        await elapse(3)
        assert np.array_equal(house.device.ear.samples, ramp(heard_ms * 24, 48_000))
        assert house.device.kinds().count("output_audio_buffer.stopped") == 1

    await house.tell(tale)


async def test_events_of_both_sides_arrive_once_and_in_order(house):
    async def tale(house: House) -> None:
        device = house.device
        for number in range(3):
            device.send("conversation.item.create", item=user_text(f"before {number}"))
        await elapse(0.5)
        house.cut()
        for number in range(3):
            device.send("conversation.item.create", item=user_text(f"into the void {number}"))
        device.send("edgevoice.ping")
        device.sent.pop()  # not counted
        await elapse(1)
        await device.resume()
        device.send("edgevoice.ping")
        device.sent.pop()
        await elapse(1)
        added = [event["item"] for event in device.events if event["type"].endswith("item.added")]
        words = [item["content"][0]["text"] for item in added]
        assert words == [f"before {n}" for n in range(3)] + [f"into the void {n}" for n in range(3)]
        assert device.pongs == 1
        assert len({event["event_id"] for event in device.events}) == len(device.events)

    await house.tell(tale)


@pytest.mark.slow
async def test_twenty_breaks_leave_no_socket_no_task_and_no_memory(tmp_path):
    async def tale(house: House) -> None:
        house.device.source = speaks
        house.engine.words = ["all of it"]
        await elapse(0.1)
        await house.device.resume()
        await elapse(3)
        before = sockets(), len(asyncio.all_tasks())
        for number in range(20):
            if number % 5 == 0:
                house.cut()
            if number % 10 == 0:
                await elapse(8)
            await house.device.resume()
        await elapse(12)
        assert (sockets(), len(asyncio.all_tasks())) == before
        (utterance,) = house.engine.utterances
        assert speaks(0, 64_000).tobytes() in utterance.samples.tobytes()
        assert len(house.carriers) == 1

    limits = LimitsConfig(starts_per_minute=1000)
    await House(str(tmp_path / "tokens"), limits=limits).tell(tale)


async def test_a_held_session_holds_no_socket_and_no_task_of_its_media(house):
    async def tale(house: House) -> None:
        await elapse(1)
        tasks, open_sockets = len(asyncio.all_tasks()), sockets()
        house.cut()
        await elapse(10)
        assert house.session._line.leg is None
        assert sockets() <= open_sockets - 2  # both ends have given up
        assert len(asyncio.all_tasks()) < tasks
        await elapse(31)
        assert house.calls.live == 0
        assert "did not come back" in house.reasons[0]

    await house.tell(tale)


async def test_a_device_that_says_goodbye_is_not_waited_for(house):
    async def tale(house: House) -> None:
        await elapse(0.5)
        await house.device.caller.peer.close()
        await elapse(1)
        assert house.calls.live == 0

    await house.tell(tale)
    assert house.reasons[0].startswith("the other side")


async def test_a_new_transport_that_never_opens_changes_nothing(house):
    async def tale(house: House) -> None:
        device = house.device
        await elapse(0.5)
        leg = house.session.new_leg(lambda leg: house._carrier(leg, "127.0.0.1"))
        await house.carrier.answer(device.caller.offer)
        assert house.session.admit(leg)
        open_sockets = sockets()
        await elapse(16)
        assert sockets() == open_sockets - 1
        device.send("conversation.item.create", item=user_text("still here"))
        await elapse(0.5)
        assert device.kinds()[-1] == "conversation.item.done"

    await house.tell(tale)
