"""OpenAI's own Python types read every event we send. Runs where `openai` is installed."""

import asyncio

import pytest

from edgevoice.audio.vad import WebRtcVad
from edgevoice.config import RelayConfig
from edgevoice.errors import EngineError
from edgevoice.hardware.system.service_manager import ServiceManager
from edgevoice.relay.access.tokens import create
from edgevoice.relay.app import Relay, make_engine
from edgevoice.relay.engines.engine import FunctionCall, Text
from tests.relay.story import Story, spoken, tell
from tests.virtual_time import elapse
from tests.webrtc.test_sdp import BROWSER

openai = pytest.importorskip("openai")

from openai._models import construct_type, validate_type  # noqa: E402
from openai.types.realtime import RealtimeServerEvent  # noqa: E402

ITEM = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hi"}]}


async def everything(story: Story) -> None:
    """As many kinds of events as one session can have."""
    story.send("session.update", session={"type": "realtime", "instructions": "be brief"})
    story.send("conversation.item.create", item={**ITEM, "id": "a"})
    story.send("conversation.item.retrieve", item_id="a")
    story.send("conversation.item.delete", item_id="a")
    story.send("conversation.item.delete", item_id="a", event_id="e1")
    story.engine.answers = [
        [FunctionCall("lamp", "{}")],
        [Text("text")],
        [EngineError("broken")],
        [*spoken("One.", "Two."), 60.0],
    ]
    story.send("response.create", response={"metadata": {"a": "b"}})
    await elapse(0.1)
    story.send("response.create", response={"output_modalities": ["text"]})
    await elapse(0.1)
    story.send("response.create")
    await elapse(0.1)
    story.say("count")
    await elapse(1)
    story.sound(200, loud=True)
    story.send("input_audio_buffer.clear")
    story.say(EngineError("deaf"))
    await elapse(1)
    story.say("again")
    await elapse(5)


def test_every_event_is_one_that_openais_client_knows():
    story = tell(everything)
    for event in story.call.sent:
        parsed = construct_type(value=event, type_=RealtimeServerEvent)
        assert type(parsed).__name__ != "dict", event["type"]
        assert parsed.type == event["type"]
    assert len({event["type"] for event in story.call.sent}) >= 28


def test_every_event_is_valid_by_openais_schema():
    for event in tell(everything).call.sent:
        validate_type(value=event, type_=RealtimeServerEvent)


@pytest.mark.e2e
async def test_openais_client_places_a_call_and_hangs_up(tmp_path):
    """Its two ways to post an offer, against a relay with real WebRTC behind it."""
    config = RelayConfig(
        port=0, engine="parrot", store="memory", tokens_file=str(tmp_path / "tokens")
    )
    token = create(config.tokens_file, "kitchen")
    async with asyncio.TaskGroup() as group:
        stop = asyncio.Event()
        listening: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        relay = Relay(config, make_engine(config), WebRtcVad, ServiceManager({}))
        group.create_task(relay.run(stop, listening.set_result))
        url = await listening
        async with openai.AsyncOpenAI(api_key=token, base_url=url + "/v1") as client:
            plain = await client.realtime.calls.create(sdp=BROWSER)
            settings = {"type": "realtime", "model": "gpt-realtime"}
            both = await client.realtime.calls.create(sdp=BROWSER, session=settings)
            for response in (plain, both):
                assert response.response.status_code == 201
                assert response.text.startswith("v=0")
            place = both.response.headers["location"]
            await client.realtime.calls.hangup(place.rpartition("/")[2])
            with pytest.raises(openai.BadRequestError, match="offer"):
                await client.realtime.calls.create(sdp="v=0")
        stop.set()
