"""Against mosquitto, the broker most owners have."""

import asyncio
import json
import logging
import os
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiomqtt import Client, MqttError

from edgevoice.config import MqttConfig
from edgevoice.errors import CredentialError, NeighbourError
from edgevoice.neighbours.happening import Happening
from edgevoice.neighbours.mqtt import Mqtt
from edgevoice.neighbours.neighbour import Inbox
from tests.neighbours.board import FakeBoard, free_port
from tests.waiting import until

pytestmark = pytest.mark.e2e


def mosquitto() -> str:
    found = shutil.which("mosquitto", path=os.environ["PATH"] + ":/usr/sbin")
    if not found:
        if os.environ.get("CI") == "true":
            pytest.fail("CI has to have mosquitto; scripts/setup --dev installs it")
        pytest.skip("mosquitto is not installed; scripts/setup --dev does it")
    return found


class Broker:
    """A real one, and what it has kept or passed on."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.said: dict[str, list[bytes]] = {}
        self._config = folder / "mosquitto.conf"
        self._config.write_text(f"listener {self.port} 127.0.0.1\nallow_anonymous true\n")
        self._process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        return f"mqtt://127.0.0.1:{self.port}"

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            mosquitto(), "-c", str(self._config), stderr=asyncio.subprocess.DEVNULL
        )
        await until(self._answers)

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    async def stop(self) -> None:
        assert self._process is not None
        self._process.kill()
        await self._process.wait()

    async def listen(self) -> None:
        """As Home Assistant does; for ever, over restarts."""
        while True:
            try:
                async with Client("127.0.0.1", self.port) as client:
                    await client.subscribe("#")
                    async for message in client.messages:
                        assert isinstance(message.payload, bytes)
                        self.said.setdefault(str(message.topic), []).append(message.payload)
            except MqttError:
                await asyncio.sleep(0.05)

    async def say(self, topic: str, payload: str, *, retain: bool = False) -> None:
        async with Client("127.0.0.1", self.port) as client:
            await client.publish(topic, payload, qos=1, retain=retain)

    def all(self, ending: str) -> list[bytes]:
        """Messages on the board's topic that ends so, the oldest first."""
        return next((said for topic, said in self.said.items() if topic.endswith(ending)), [])

    def last(self, ending: str) -> str:
        return self.all(ending)[-1].decode() if self.all(ending) else ""

    def topic(self, ending: str) -> str:
        return next(topic for topic in self.said if topic.endswith("/state"))[:-5] + ending


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[Broker]:
    broker = Broker(tmp_path)
    await broker.start()
    listening = asyncio.ensure_future(broker.listen())
    yield broker
    listening.cancel()
    await broker.stop()


@asynccontextmanager
async def at_home(broker: Broker, board: FakeBoard, **settings: str) -> AsyncIterator[Inbox]:
    inbox = Inbox()
    mqtt = Mqtt(
        MqttConfig(url=broker.url, name="kitchen", **settings),
        board.host(),
        "a test",
        lambda: datetime(2026, 11, 30, tzinfo=UTC),
    )
    greeted = len(broker.all("/availability"))
    task = asyncio.ensure_future(mqtt.run(inbox))
    await until(lambda: len(broker.all("/availability")) > greeted or task.done())
    await until(lambda: broker.last("/state"))
    yield inbox
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await until(lambda: broker.last("/availability") == "offline")


async def test_home_assistant_is_told_of_the_board_and_of_what_happens(broker: Broker) -> None:
    board = FakeBoard()
    async with at_home(broker, board) as inbox:
        device = json.loads(await until(lambda: broker.last("/config")))
        assert device["device"]["name"] == "kitchen"
        assert await until(lambda: broker.last("/availability")) == "online"
        board.status["state"] = "listening"
        inbox.put(Happening("wake_word_detected", {"word": "alexa", "score": 0.9}))
        event = json.loads(await until(lambda: broker.last("/event")))
        assert event == {"event_type": "wake_word_detected", "word": "alexa", "score": 0.9}
        await until(lambda: json.loads(broker.last("/state"))["state"] == "listening")
    assert broker.last("/availability") == "offline"


async def test_it_obeys_and_says_so(broker: Broker) -> None:
    board = FakeBoard()
    async with at_home(broker, board) as inbox:
        await broker.say(broker.topic("volume/set"), "40")
        await until(lambda: board.commands)
        inbox.put(Happening("idle"))
        await until(lambda: json.loads(broker.last("/state"))["volume"] == 40)
        await broker.say(broker.topic("mute/set"), "PRESS")
        await until(lambda: board.commands == ["volume 40", "mute"])


async def test_what_is_refused_or_not_understood_costs_nothing(
    broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    board = FakeBoard()
    with caplog.at_level(logging.WARNING):
        async with at_home(broker, board):
            await broker.say(broker.topic("volume/set"), "loud")
            await broker.say(broker.topic("stop/set"), "PRESS")
            await until(lambda: "nothing is going on" in caplog.text)
    assert "volume/set is not understood" in caplog.text
    assert board.commands == ["stop"]


async def test_an_order_that_was_kept_for_it_is_not_obeyed(broker: Broker) -> None:
    """It may be years old."""
    board = FakeBoard()
    async with at_home(broker, board):
        topic = broker.topic("mute/set")
    await broker.say(topic, "PRESS", retain=True)
    async with at_home(broker, board):
        await broker.say(broker.topic("volume/set"), "10")
        await until(lambda: board.commands)
    assert board.commands == ["volume 10"]


async def test_home_assistant_that_starts_anew_is_told_again(broker: Broker) -> None:
    async with at_home(broker, FakeBoard()):
        await until(lambda: broker.last("/config"))
        (topic,) = [topic for topic in broker.said if topic.endswith("/config")]
        broker.said[topic].clear()
        await broker.say("homeassistant/status", "online")
        assert await until(lambda: broker.said[topic])


async def test_a_broker_that_dies_ends_it_with_an_error(broker: Broker) -> None:
    inbox, board = Inbox(), FakeBoard()
    mqtt = Mqtt(MqttConfig(url=broker.url), board.host(), "a test", lambda: datetime.now(UTC))
    task = asyncio.ensure_future(mqtt.run(inbox))
    await until(lambda: broker.last("/state"))
    await broker.stop()
    with pytest.raises(NeighbourError, match="no way to 127.0.0.1"):
        await asyncio.wait_for(task, 10)
    await broker.start()


async def test_a_password_that_cannot_be_read_is_told(broker: Broker) -> None:
    config = MqttConfig(url=broker.url, username="me", password_file="/nonexistent")
    mqtt = Mqtt(config, FakeBoard().host(), "a test", lambda: datetime.now(UTC))
    with pytest.raises(CredentialError, match="password_file"):
        await mqtt.run(Inbox())
