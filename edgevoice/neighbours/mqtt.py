"""The board on the owner's MQTT broker. Imports aiomqtt, which is why it is imported on demand.

What is said there is `home_assistant.py`'s business.
"""

import asyncio
import json
import logging
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aiomqtt import Client, MqttError, Will

from edgevoice import __version__
from edgevoice.config import MqttConfig
from edgevoice.errors import ControlError, CredentialError, NeighbourError, leaves
from edgevoice.neighbours import home_assistant
from edgevoice.neighbours.board_id import board_id
from edgevoice.neighbours.happening import Happening
from edgevoice.neighbours.home_assistant import Topics
from edgevoice.neighbours.neighbour import Host, Inbox
from edgevoice.secret_file import secret_file

log = logging.getLogger(__name__)

CREDENTIAL = "mqtt"
"""Its password's name among the service manager's credentials (LoadCredential=mqtt:...)."""

PORTS = {"mqtt": 1883, "mqtts": 8883}
ONLINE, OFFLINE = "online", "offline"
REFRESH_S = 30.0
"""The state is looked at this often even if nothing has happened."""
KEEPALIVE_S = 30
GOODBYE_S = 0.5
MOST_ORDER_BYTES = 64
MOST_UNSENT = 100
"""Messages that wait for a broker that takes none."""


class Mqtt:
    name = "MQTT"

    def __init__(
        self,
        config: MqttConfig,
        host: Host,
        model: str,
        wall_clock: Callable[[], datetime],
    ) -> None:
        """`model`: what kind of board it is."""
        self._config = config
        self._host = host
        self._model = model
        self._wall_clock = wall_clock
        self._board_id = ""
        self._topics = Topics("")
        self._told = ""

    async def run(self, inbox: Inbox) -> None:
        self._board_id = board_id()
        self._topics = Topics(f"{self._config.topic}/{self._board_id}")
        url = urlsplit(self._config.url)
        last_will = Will(self._topics.availability, OFFLINE, qos=1, retain=True)
        trouble = ""
        try:
            async with (
                Client(
                    hostname=url.hostname or "",
                    port=url.port or PORTS[url.scheme],
                    username=self._config.username or None,
                    password=await asyncio.to_thread(self._password),
                    tls_context=await asyncio.to_thread(self._tls, url.scheme),
                    identifier=f"edgevoice-{self._board_id}",
                    will=last_will,
                    keepalive=KEEPALIVE_S,
                    max_queued_outgoing_messages=MOST_UNSENT,
                ) as client,
                asyncio.TaskGroup() as tasks,
            ):
                log.info("MQTT: connected to %s", url.hostname)
                tasks.create_task(self._listen(client))
                tasks.create_task(self._speak(client, inbox))
        except* MqttError as group:
            trouble = str(next(leaves(group)))
        raise NeighbourError(
            f"no way to {url.hostname} ({trouble or 'the broker hung up'}): see neighbours.mqtt"
        )

    def _password(self) -> str | None:
        path = secret_file(self._config.password_file, CREDENTIAL)
        if path == Path():
            return None
        try:
            return path.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise CredentialError(
                f"neighbours.mqtt.password_file cannot be read ({error}): write it anew"
            ) from error

    def _tls(self, scheme: str) -> ssl.SSLContext | None:
        if scheme != "mqtts":
            return None
        return ssl.create_default_context(cafile=self._config.ca_file or None)

    async def _speak(self, client: Client, inbox: Inbox) -> None:
        for name in (*home_assistant.COMMANDS, "volume"):
            await client.subscribe(self._topics.command(name), qos=1)
        if self._config.discovery_prefix:
            await client.subscribe(f"{self._config.discovery_prefix}/status")
        await self._introduce(client)
        try:
            while True:
                await self._tell_state(client)
                happening = await inbox.get(REFRESH_S)
                if happening is not None:
                    await self._tell(client, happening)
        finally:  # who says goodbye has no last will
            with suppress(MqttError):
                await client.publish(self._topics.availability, OFFLINE, 1, True, timeout=GOODBYE_S)

    async def _introduce(self, client: Client) -> None:
        prefix = self._config.discovery_prefix
        if prefix:
            name = self._config.name or socket.gethostname()
            message = home_assistant.device_message(
                self._board_id, name, self._model, __version__, self._topics
            )
            topic = home_assistant.discovery_topic(prefix, self._board_id)
            await client.publish(topic, json.dumps(message), qos=1, retain=True)
        await client.publish(self._topics.availability, ONLINE, qos=1, retain=True)
        self._told = ""

    async def _tell(self, client: Client, happening: Happening) -> None:
        if happening.name in home_assistant.EVENTS:
            event = {"event_type": happening.name, **happening.fields}
            await client.publish(self._topics.event, json.dumps(event), qos=0)

    async def _tell_state(self, client: Client) -> None:
        status = self._host.status()
        message = json.dumps(home_assistant.state_message(status, self._wall_clock()))
        if message != self._told:
            await client.publish(self._topics.state, message, qos=1, retain=True)
            self._told = message

    async def _listen(self, client: Client) -> None:
        async for message in client.messages:
            topic, payload = str(message.topic), _bytes(message.payload)
            if topic == f"{self._config.discovery_prefix}/status":
                if payload == ONLINE.encode():  # Home Assistant has started anew
                    await self._introduce(client)
                continue
            self._obey(topic, payload, retained=message.retain)

    def _obey(self, topic: str, payload: bytes, *, retained: bool) -> None:
        command = home_assistant.order(topic, payload, self._topics)
        if retained or command is None or len(payload) > MOST_ORDER_BYTES:
            log.warning("MQTT: a message to %s is not understood; it is ignored", topic)
            return
        log.info("MQTT: %s", command)
        try:
            self._host.command(command)
        except ControlError as refused:
            log.warning("MQTT: %s is refused: %s", command, refused)


def _bytes(payload: Any) -> bytes:
    return payload if isinstance(payload, bytes) else b""
