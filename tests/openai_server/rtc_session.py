"""A session over WebRTC: answers at the speed of sound, and what was heard is known here."""

import asyncio

from edgevoice.audio.frames import Samples
from edgevoice.realtime.session import Session as Effective
from edgevoice.webrtc.call import Call
from tests.openai_server.answering import Behaviour, Event, Response, tone
from tests.openai_server.ice_lite import become_lite
from tests.openai_server.session import Session

MAX_MESSAGE_BYTES = 65_536
GOODBYE_S = 0.2


class RtcSession(Session):
    """`answer` an offer, then `run`."""

    chars_per_append = 16_384

    def __init__(self, call_id: str, behaviour: Behaviour, effective: Effective) -> None:
        super().__init__(call_id, behaviour, effective)
        self.ahead_s = 0.0
        """How much faster than real time RTP came, at most: a NetEq would stretch it."""
        self._first_rtp: float | None = None
        self._rtp_samples = 0
        self._playing: Response | None = None
        self.call = Call(
            on_audio=self._on_rtp,
            on_message=self.on_message,
            on_open=self.begin,
            on_closed=self.hang_up,
            media_host="127.0.0.1",
            codec=behaviour.codec,
            event_bytes=MAX_MESSAGE_BYTES,
        )

    async def answer(self, offer: str) -> str:
        await asyncio.sleep(self._behaviour.answers_call_after_s)
        answer = await self.call.answer(offer)
        if self._behaviour.ice_lite:
            become_lite(self.call)
        return answer

    async def run(self) -> None:
        with self._limited():
            async with asyncio.TaskGroup() as group:
                group.create_task(self.call.run())
                await self.over.wait()
                await asyncio.sleep(GOODBYE_S)  # the last event still travels
                await self.call.close()

    def report(self) -> Event:
        return super().report() | {"ahead_s": round(self.ahead_s, 3)}

    def _send(self, text: str) -> None:
        self.call.send(text)

    def _on_rtp(self, index: int, samples: Samples) -> None:
        now = asyncio.get_running_loop().time()
        self._first_rtp = self._first_rtp or now
        self._rtp_samples += len(samples)
        self.ahead_s = max(self.ahead_s, self._rtp_samples / 16_000 - (now - self._first_rtp))
        self._hear("rtp", samples)

    def _truncate_item(self, event: Event) -> None:
        """The server does it by itself, and sooner."""
        self.violations.append("a truncation over WebRTC")

    def _asked_to_clear(self, event: Event) -> None:
        self._clear_output()

    def _play(self, response: Response) -> None:
        """All words are there long before all sound has been heard."""
        self.words(response, self._answer())
        output = self.call.output
        output.on_first_packet = lambda: self._sounds(response)
        output.on_drained = lambda: self._drained(response)
        output.begin()
        output.play(tone(self._behaviour.answer_s))
        output.end()

    def _sounds(self, response: Response) -> None:
        self._playing = response
        self.say("output_audio_buffer.started", response_id=response.id)
        self._finish(response, "completed")

    def _drained(self, response: Response) -> None:
        self._playing = None
        self.say("output_audio_buffer.stopped", response_id=response.id)

    def _clear_output(self) -> None:
        heard_ms = self.call.output.clear()
        playing, self._playing = self._playing, None
        if playing is None:
            return
        self.say("output_audio_buffer.cleared", response_id=playing.id)
        self.say(
            "conversation.item.truncated",
            item_id=playing.item_id,
            content_index=0,
            audio_end_ms=heard_ms,
        )
