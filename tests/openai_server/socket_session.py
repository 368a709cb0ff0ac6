"""A session over a WebSocket: sound is data, an answer is sent as fast as it is made."""

import asyncio
import base64
import json

from aiohttp import WSCloseCode, WSMsgType, web

from edgevoice.realtime.session import Session as Effective
from tests.openai_server.answering import Behaviour, Event, Numbers, Response, tone
from tests.openai_server.session import Session

CHUNK_S = 0.1
RATE_HZ = 24_000


class SocketSession(Session):
    """`run` it with its socket."""

    chars_per_append = 15 * 1024 * 1024

    def __init__(self, number: int, behaviour: Behaviour, effective: Effective) -> None:
        super().__init__(f"ws_{number}", behaviour, effective)
        self._number = Numbers(f"s{number}_")
        self._outgoing: asyncio.Queue[str] = asyncio.Queue()
        self._making: asyncio.Task[None] | None = None
        self.frozen = False
        """It does not even answer pings any more."""
        self.dropped = asyncio.Event()
        """The way breaks, without a goodbye."""

    async def run(self, socket: web.WebSocketResponse) -> None:  # type: ignore[override]
        with self._limited():
            async with asyncio.TaskGroup() as group:
                self._group = group
                tasks = [
                    group.create_task(self._read(socket)),
                    group.create_task(self._write(socket)),
                    group.create_task(self._drop(socket)),
                ]
                self.begin()
                await self.over.wait()
                if not self.dropped.is_set() and not self.frozen:
                    await self._outgoing.join()  # the last event still travels
                for task in (*tasks, self._making):
                    if task is not None:
                        task.cancel()
        await socket.close(code=WSCloseCode.GOING_AWAY)

    async def _read(self, socket: web.WebSocketResponse) -> None:
        async for message in socket:
            if self.frozen:
                continue
            if message.type == WSMsgType.PING:
                await socket.pong(message.data)
            elif message.type == WSMsgType.TEXT:
                self.on_message(message.data)
        self.hang_up("the client hung up")

    async def _write(self, socket: web.WebSocketResponse) -> None:
        while True:
            text = await self._outgoing.get()
            if not socket.closed and not self.frozen:
                await socket.send_str(text)
            self._outgoing.task_done()

    async def _drop(self, socket: web.WebSocketResponse) -> None:
        await self.dropped.wait()
        transport = socket._req and socket._req.transport
        if transport is not None:
            transport.abort()
        self.hang_up("dropped")

    def _send(self, text: str) -> None:
        self._outgoing.put_nowait(text)

    def _play(self, response: Response) -> None:
        self._making = self._group.create_task(self._make(response))

    async def _make(self, response: Response) -> None:
        """A word every now and then, and its sound behind it."""
        behaviour = self._behaviour
        answer = self._answer().split()
        words = [word + " " for word in answer]
        pieces = round(behaviour.answer_s / CHUNK_S)
        for piece in range(pieces):
            while words and piece >= pieces * (1 - len(words) / len(answer)):
                self.words(response, words.pop(0))
            sound = base64.b64encode(tone(CHUNK_S).tobytes()).decode()
            response.spoken_ms += round(CHUNK_S * 1000)
            self.spoken_ms[response.item_id] = response.spoken_ms
            self.say("response.output_audio.delta", **self._part_ids(response), delta=sound)
            await asyncio.sleep(behaviour.make_s / pieces)
            if self._response is not response:
                return
        self._finish(response, "completed")

    def _clear_output(self) -> None:
        """What was sent is the client's to throw away."""

    def _asked_to_clear(self, event: Event) -> None:
        self._error("invalid_value", "Only over WebRTC", event.get("event_id"))

    def _truncate_item(self, event: Event) -> None:
        item = self.items.get(event["item_id"])
        made_ms = self.spoken_ms.get(event["item_id"], 0)
        if item is None or item.get("role") != "assistant":
            self._error("invalid_value", "No such item of the assistant", event.get("event_id"))
        elif event["audio_end_ms"] > made_ms:
            said = f"Audio content of {made_ms}ms is already shorter than {event['audio_end_ms']}ms"
            self._error("invalid_value", said, event.get("event_id"))
        else:
            self.truncated[event["item_id"]] = event["audio_end_ms"]
            item["content"] = [{"type": "output_audio", "transcript": None}]
            told = {key: event[key] for key in ("item_id", "content_index", "audio_end_ms")}
            self.say("conversation.item.truncated", **told)


async def attend(session: Session, socket: web.WebSocketResponse) -> None:
    """A second connection to a session: sees everything, may say everything."""
    outgoing: asyncio.Queue[str] = asyncio.Queue()
    session.sidebands.append(outgoing.put_nowait)

    async def read() -> None:
        async for message in socket:
            if message.type == WSMsgType.PING:
                await socket.pong(message.data)
            elif message.type == WSMsgType.TEXT:
                session.asides.append(json.loads(message.data)["type"])
                session.on_message(message.data)

    async def write() -> None:
        while True:
            await socket.send_str(await outgoing.get())
            outgoing.task_done()

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(read()), group.create_task(write())]
        session.attending.append(tasks[0])
        over = group.create_task(session.over.wait())
        await asyncio.wait([tasks[0], over], return_when=asyncio.FIRST_COMPLETED)
        if not tasks[0].done():
            await outgoing.join()
        for task in (*tasks, over):
            task.cancel()
    session.sidebands.remove(outgoing.put_nowait)
    await socket.close()
