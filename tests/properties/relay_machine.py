"""Everything that can happen to a session of the relay, in any order."""

import asyncio
import gc
from collections.abc import Coroutine
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from edgevoice.errors import EngineError
from edgevoice.relay.engines.engine import FunctionCall, Text
from tests.properties import relay_invariants
from tests.properties.relay_client import IDLE_S, SESSION_S, Caller
from tests.relay.story import spoken
from tests.relay.test_session_properties import ACTS
from tests.virtual_time import VirtualTimeLoop, elapse

HANGS_S = 3_600.0
ANSWERS = {
    "short": spoken("One.", ms=300),
    "long": spoken("One.", "Two.", "Three.", ms=2_000),
    "late": [1.5, *spoken("Late.")],
    "slow": [Text("Well,"), 3.0, *spoken("slow.")],
    "hangs": [HANGS_S],
    "hangs within": [*spoken("So"), HANGS_S],
    "silent": [Text("silent")],
    "nothing": [],
    "a tool": [FunctionCall("lamp", "{}")],
    "a tool with words": [*spoken("So."), FunctionCall("lamp", "not json"), *spoken("Done.")],
    "fails": [EngineError("broken at once")],
    "fails within": [*spoken("Oh", ms=500), EngineError("broken")],
}
GARBAGE = [
    "", "{", "[]", "null", '{"type":7}', '{"type":"\\ud800"}', "[" * 3_000, '{"type":"x"}' * 2,
    '{"type":"edgevoice.resume"}', '{"type":"response.create","response":{"input":[[[]]]}}',
    '{"type":"input_audio_buffer.append","audio":"%%"}', '{"type":"conversation.item.create"}',
]  # fmt: skip
TOUCHING = ("session.update", "input_audio_buffer.commit", "input_audio_buffer.clear")
"""What a client may do so that a turn is not found by itself, or not taken."""


class RelaySession(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.loop = VirtualTimeLoop()
        self.wrong: list[dict[str, Any]] = []
        self.loop.set_exception_handler(lambda loop, context: self.wrong.append(context))
        self.spoken: list[tuple[int, int]] = []
        """Where the client said something, in a session that takes turns by itself."""
        self.is_plain = True
        self.hung = False

    def play(self, story: Coroutine[Any, Any, None]) -> None:
        self.loop.run_until_complete(story)

    @initialize(kind=st.sampled_from(["ours", "ours", "foreign", "foreign in events"]))
    def call(self, kind: str) -> None:
        async def begin() -> None:
            self.caller = Caller(kind == "ours", kind == "foreign in events")
            self.began = self.loop.time()
            self.running = self.loop.create_task(self.caller.session.run())
            await asyncio.sleep(0)
            self.caller.session.on_open()

        self.play(begin())

    @property
    def is_live(self) -> bool:
        return self.caller.session.is_running

    @property
    def may_speak(self) -> bool:
        return self.is_live and self.caller.is_connected

    # The client.

    @precondition(lambda self: self.may_speak)
    @rule(act=ACTS, choice=st.sampled_from([0, 0, 0, 1, 2, 5]))
    def asks(self, act: tuple[str, Any], choice: int) -> None:
        kind, what = act
        if kind in ("wait", "sound"):
            return
        if kind in TOUCHING:
            self.is_plain = False
            self.spoken.clear()
        if what.get("previous_item_id") == "root" or hides_words(what):
            self.caller.is_replica = False

        async def ask() -> None:
            await self.caller.client.act(kind, what, choice)

        self.play(ask())

    @precondition(lambda self: self.may_speak)
    @rule(text=st.sampled_from(GARBAGE) | st.text(max_size=20))
    def babbles(self, text: str) -> None:
        if "resume" not in text:  # which is none of the events that count
            self.play(said(lambda: self.caller.send_raw(text)))

    @precondition(lambda self: self.may_speak)
    @rule(count=st.sampled_from([10, 100, 400]))
    def floods(self, count: int) -> None:
        async def flood() -> None:
            for _ in range(count):
                if self.may_speak:
                    self.caller.send("input_audio_buffer.dance")

        self.play(flood())

    @precondition(lambda self: self.is_live and not self.caller.in_events)
    @rule(ms=st.sampled_from([60, 400, 1_500]), rest_ms=st.sampled_from([100, 400, 900, 2_000]))
    def speaks(self, ms: int, rest_ms: int) -> None:
        async def speak() -> None:
            where = self.caller.capture(ms, loud=True)
            await elapse(ms / 1_000)
            self.caller.capture(rest_ms, loud=False)
            await elapse(rest_ms / 1_000)
            if ms >= 400 and self.is_plain:
                self.spoken.append(where)

        self.play(speak())

    @precondition(lambda self: self.is_live and not self.caller.in_events)
    @rule(ms=st.sampled_from([100, 1_000, 3_000]))
    def is_silent(self, ms: int) -> None:
        async def silence() -> None:
            self.caller.capture(ms, loud=False)
            await elapse(ms / 1_000)

        self.play(silence())

    # The engine.

    @rule(kinds=st.lists(st.sampled_from(sorted(ANSWERS)), min_size=1, max_size=3))
    def engine_will_answer(self, kinds: list[str]) -> None:
        self.hung = self.hung or any("hangs" in kind for kind in kinds)
        self.caller.engine.answers = [list(ANSWERS[kind]) for kind in kinds]

    @rule(
        words=st.sampled_from(["so", "", EngineError("deaf")]),
        takes_s=st.sampled_from([0.0, 0.1, 2.0]),
    )
    def engine_will_hear(self, words: str | EngineError, takes_s: float) -> None:
        self.caller.engine.words.insert(0, words)
        self.caller.engine.recognition_s = takes_s

    @precondition(lambda self: self.may_speak and not self.caller.in_events)
    @rule(words=st.sampled_from(["so", "", EngineError("deaf")]))
    def is_asked_and_hears(self, words: str | EngineError) -> None:
        self.engine_will_hear(words, 0.1)
        self.speaks(400, 900)

    # The way between.

    @precondition(lambda self: self.may_speak and self.caller.extensions)
    @rule(unseen=st.sampled_from([0, 1, 5, 1_000]))
    def way_breaks(self, unseen: int) -> None:
        self.play(self.caller.break_off(unseen))
        assert self.caller.session.may_resume

    @precondition(lambda self: self.is_live and not self.caller.is_connected)
    @rule()
    def comes_back(self) -> None:
        self.play(said(self.caller.come_back))

    @precondition(lambda self: self.may_speak and self.caller.extensions)
    @rule()
    def changes_ways(self) -> None:
        """Another transport takes over while the one before still holds."""

        async def change() -> None:
            self.caller.look()
            self.caller.come_back()

        self.play(change())

    @precondition(lambda self: self.is_live and self.caller.extensions)
    @rule()
    def somebody_else_tries(self) -> None:
        """A transport whose first message is none that could take over."""

        async def attempt() -> None:
            leg, call = self.caller.offer()
            self.caller.say_on(leg, "response.create")
            assert call.sent[-1]["error"]["code"] == "resume_refused"

        self.play(attempt())

    @precondition(lambda self: self.may_speak and not self.caller.extensions)
    @rule()
    def way_breaks_for_good(self) -> None:
        self.play(self.caller.break_off(0))
        self.play(elapse(0.1))
        assert not self.is_live

    @rule(seconds=st.sampled_from([0.0, 0.02, 0.5, 3.0, 12.0]))
    def time_passes(self, seconds: float) -> None:
        self.play(elapse(seconds))

    # What must hold.

    @invariant()
    def holds(self) -> None:
        if not hasattr(self, "caller"):
            return
        self.play(asyncio.sleep(0))
        relay_invariants.check(self.caller, self.loop.time(), self.began)
        assert not self.wrong, self.wrong
        if self.running.done():
            self.running.result()

    def teardown(self) -> None:
        try:
            if hasattr(self, "caller"):
                self.ends()
        finally:
            for task in asyncio.all_tasks(self.loop):
                task.cancel()
            self.play(asyncio.sleep(0))
            self.loop.run_until_complete(self.loop.shutdown_asyncgens())
            self.loop.close()
            gc.collect(1)  # a session's ring is large, and hangs in circles

    def ends(self) -> None:
        """Trouble is over: what was said is heard, what was opened closes, and it ends."""
        if self.is_live and not self.caller.is_connected:
            self.comes_back()
        if self.may_speak and not self.caller.in_events:
            self.is_silent(3_000)
        if self.may_speak and self.is_plain and not self.hung:
            self.was_heard()
        is_whole = self.may_speak and not self.hung and self.caller.in_events is False
        if is_whole and self.loop.time() < self.began + SESSION_S - IDLE_S - 15.0:
            self.play(elapse(IDLE_S + 15.0))
            self.holds()
            relay_invariants.check_closed(self.caller)
        self.is_over()

    def was_heard(self) -> None:
        """Every utterance, whole and sample by sample, in one turn or at the seam of two."""
        self.play(elapse(5.0))
        turns = [turn.samples.tobytes() for turn in self.caller.engine.utterances]
        for start, end in self.spoken:
            said = self.caller.heard_as(start, end).tobytes()
            assert any(said in turn for turn in turns), f"{start} to {end} was not heard"

    def is_over(self) -> None:
        self.play(elapse(relay_invariants.PATIENCE_S))
        self.holds()
        assert not self.is_live and self.running.done(), "it goes on for ever"
        relay_invariants.check_nothing_left(self.caller, self.loop)


def hides_words(fields: dict[str, Any]) -> bool:
    """Whoever wants no transcripts is told of none, and cannot remember the words."""
    audio = (fields.get("session") or {}).get("audio", {})
    heard = {"transcription": None} if audio is None else audio.get("input", {})
    return heard is None or heard.get("transcription", True) is None


async def said(what: Any) -> None:
    """Within the loop."""
    what()
