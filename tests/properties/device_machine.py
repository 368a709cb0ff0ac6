"""Everything that can happen to a device, in any order: people, hands, relay, way and parts."""

import asyncio
import contextlib
import gc
import tempfile
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from edgevoice.audio.frames import FRAME_SAMPLES
from edgevoice.errors import ControlError, EngineError
from edgevoice.link.announced import Announced
from edgevoice.realtime.wire import encode
from edgevoice.relay.engines.engine import FunctionCall
from edgevoice.transceiver.states import State
from tests.properties import device_invariants
from tests.properties.device_world import BUTTON, World
from tests.properties.far_end import MOODS, SLOW_S
from tests.properties.sound_in_memory import SPEECH, STOP, WAKE, loud
from tests.relay.story import spoken
from tests.transceiver.test_histories import events
from tests.virtual_time import VirtualTimeLoop, elapse

FRAME_S = 0.02
WAKE_LENGTH, GAP = 24, 15
"""Of the wake phrase, and of the pause behind it, in frames."""
ANSWERS = {
    "short": spoken("One.", ms=300),
    "long": spoken("One.", "Two.", "Three.", ms=2_000),
    "late": [1.5, *spoken("Late.")],
    "hangs": [3_600.0],
    "nothing": [],
    "a timer": [FunctionCall("set_timer", '{"seconds": 4}')],
    "goodbye": [FunctionCall("end_conversation", "{}")],
    "louder": [FunctionCall("set_volume", '{"percent": 60}'), *spoken("Louder.", ms=500)],
    "nonsense": [FunctionCall("lamp", "not json"), *spoken("So.", ms=400)],
    "fails": [EngineError("broken at once")],
    "fails within": [*spoken("Oh", ms=500), EngineError("broken")],
}
BABBLE = ["", "[" * 2_000, '{"type": 7}', "null", '{"type":"response.created","response":null}']
ALL_MOODS = sorted({*MOODS, *SLOW_S, "well"})
OWNERS = st.fixed_dictionaries(
    {
        "barge_in": st.booleans(),
        "follow_up_s": st.sampled_from([8.0, 8.0, 0.0]),
        "standby": st.sampled_from([False, False, True]),
        "renew_s": st.sampled_from([3_300.0, 12.0]),
        "required": st.booleans(),
        "session_s": st.sampled_from([60.0, 12.0]),
        "begun": st.sampled_from([None, 0.5, 2.2, 2.9, "breaks"]),
    }
)


class WholeDevice(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.loop = VirtualTimeLoop()
        self.errors: list[dict[str, Any]] = []
        self.loop.set_exception_handler(lambda loop, context: self.errors.append(context))
        self.folder = tempfile.TemporaryDirectory()
        self.neighbours: list[Any] = []

    def play(self, story: Coroutine[Any, Any, None]) -> None:
        self.loop.run_until_complete(story)

    def do(self, what: Callable[[], Any], then_s: float = 0.1) -> None:
        """Within the loop; and what follows has a moment."""

        async def act() -> None:
            what()
            await elapse(then_s)

        self.play(act())

    @initialize(owner=OWNERS)
    def start(self, owner: dict[str, Any]) -> None:
        async def begin() -> None:
            self.world = World(Path(self.folder.name), owner)
            await self.world.start()
            await elapse(0.5)

        self.play(begin())
        if owner["begun"] == "breaks":
            self.somebody_speaks_while_the_way_breaks(True, 1.2, 1.0, "tears")
            assert self.world.heard(self.world.said[-1]), "words are lost with the way"
        elif owner["begun"] is not None:  # a conversation, which has come so far
            self.world.far.engine.answers = [list(ANSWERS["long"])]
            self.somebody_speaks(woken=True, frames=40, rest_s=owner["begun"])

    # People.

    @rule(
        woken=st.sampled_from([True, True, False]),
        frames=st.sampled_from([20, 40, 80, 150]),
        rest_s=st.sampled_from([0.3, 0.7, 1.5, 3.0]),
    )
    def somebody_speaks(self, woken: bool, frames: int, rest_s: float) -> None:
        self._speak(woken, frames, rest_s)

    @rule(
        woken=st.sampled_from([True, False]),
        after_s=st.sampled_from([0.05, 0.3, 0.6, 1.2]),
        away_s=st.sampled_from([0.3, 1.0, 1.5, 2.5]),
        how=st.sampled_from(["comes back", "tears", "dies"]),
    )
    def somebody_speaks_while_the_way_breaks(
        self, woken: bool, after_s: float, away_s: float, how: str
    ) -> None:
        far = self.world.far

        async def spoil() -> None:
            await elapse(after_s)
            far.hold()
            await elapse(away_s)
            if how != "dies":
                (far.go_on if how == "comes back" else far.tear)()

        self._speak(woken, 50, 4.0, meanwhile=spoil)

    @rule()
    def they_talk_on(self) -> None:
        """For longer than some owners let them."""
        self._speak(True, 20, 3.0)
        for _ in range(3):
            self._speak(False, 20, 3.0)

    def _speak(self, woken: bool, frames: int, rest_s: float, meanwhile: Any = None) -> None:
        before = WAKE_LENGTH + GAP if woken else 0
        sound = np.concatenate(
            [loud(WAKE, WAKE_LENGTH), loud(0, GAP), loud(SPEECH, frames)]
            if woken
            else [loud(SPEECH, frames)]
        )
        ends = (before + frames) * FRAME_SAMPLES

        async def speak() -> None:
            if self.world.microphone.is_open:
                said = self.world.say(sound, before * FRAME_SAMPLES, ends)
                self.world.said.append(said)
            if meanwhile is not None:
                await meanwhile()
            await elapse((before + frames) * FRAME_S + rest_s)

        self.play(speak())

    @rule(muted_s=st.sampled_from([0.1, 0.5]))
    def mute_and_unmute_and_wake(self, muted_s: float) -> None:
        """What was said before is none of what was meant for the relay."""
        for command, then_s in (("mute", muted_s), ("unmute", 0.3)):
            with contextlib.suppress(ControlError):
                self.do(lambda command=command: self.world.command(command), then_s)
            self.holds()
        self.the_owner_types("wake")
        self.play(elapse(0.6))

    @rule(word=st.sampled_from([WAKE, STOP]), rest_s=st.sampled_from([0.0, 0.5, 2.0]))
    def a_word_is_said(self, word: int, rest_s: float) -> None:
        self.do(lambda: self.world.microphone.say(loud(word, WAKE_LENGTH)), 0.5 + rest_s)

    @rule(seconds=st.sampled_from([0.02, 0.3, 1.0, 2.5, 7.0, 20.0]))
    def nobody_speaks(self, seconds: float) -> None:
        self.play(elapse(seconds))

    # Hands.

    @rule(held_s=st.sampled_from([[0.1], [0.1, 0.1], [0.01], [1.3], [21.0], [0.1] * 5]))
    def the_button_is_pressed(self, held_s: list[float]) -> None:
        async def press() -> None:
            for held in held_s:
                self.world.pins.drive(BUTTON, False)
                await elapse(held)
                self.world.pins.drive(BUTTON, True)
                await elapse(0.15)

        self.play(press())

    @rule(
        what=st.sampled_from(
            ["mute", "unmute", "unmute", "stop", "wake", "wake", "volume 30", "volume +10"]
        )
    )
    def the_owner_types(self, what: str) -> None:
        with contextlib.suppress(ControlError):
            self.do(lambda: self.world.command(what), 0.2)

    @rule(what=st.sampled_from(['timers set_timer {"seconds": 2}', "dnd on", "dnd off", "forget"]))
    def the_owner_asks(self, what: str) -> None:
        async def ask() -> None:
            asked = self.world.command(what)
            if not isinstance(asked, dict):
                await asked
            await elapse(0.1)

        self.play(ask())

    # The relay, and the way there.

    @rule(mood=st.sampled_from(ALL_MOODS))
    def the_relay_changes_its_mood(self, mood: str) -> None:
        self.world.far.mood = mood

    @rule(kinds=st.lists(st.sampled_from(sorted(ANSWERS)), min_size=1, max_size=3))
    def it_will_answer(self, kinds: list[str]) -> None:
        self.world.far.engine.answers = [list(ANSWERS[kind]) for kind in kinds]

    @rule(
        words=st.sampled_from(["so", "", EngineError("deaf")]),
        takes_s=st.sampled_from([0.0, 0.1, 2.0]),
    )
    def it_will_hear(self, words: str | EngineError, takes_s: float) -> None:
        self.world.far.engine.words.insert(0, words)
        self.world.far.engine.recognition_s = takes_s

    @rule(seconds=st.sampled_from([0.3, 1.0, 1.5, 3.0]))
    def the_way_is_away(self, seconds: float) -> None:
        """And comes back, if nobody gave it up meanwhile."""

        async def hold() -> None:
            self.world.far.hold()
            await elapse(seconds)
            self.world.far.go_on()

        self.play(hold())

    @rule(how=st.sampled_from(["dies", "tears", "changes"]))
    def the_way_ends(self, how: str) -> None:
        far = self.world.far
        deeds: dict[str, Callable[[], Any]] = {
            "dies": far.hold,
            "tears": far.tear,
            "changes": self.world.device._network_changed,
        }
        self.do(deeds[how])

    @rule(
        how=st.sampled_from(
            ["", "session_expired", "insufficient_quota", "invalid_api_key", "server_error"]
        )
    )
    def the_relay_hangs_up(self, how: str) -> None:
        self.world.deeds.append((self.loop.time(), "hung up"))
        self.do(lambda: self.world.far.hang_up_all("enough", how))

    @rule()
    def the_relay_is_restarted(self) -> None:
        """It knows nothing of any session any more."""

        def restart() -> None:
            self.world.far.tear()
            self.world.far.hang_up_all("the relay is stopping")
            self.world.far.placed.clear()

        self.do(restart)

    @rule(said=st.lists(events.map(encode) | st.sampled_from(BABBLE), min_size=1, max_size=8))
    def the_relay_babbles(self, said: list[str]) -> None:
        """Events out of order, and some that are none."""
        self.world.deeds.append((self.loop.time() + 60.0, "babble"))
        self.do(lambda: [self.world.far.babble(each) for each in said])

    @rule(urgent=st.booleans())
    def something_is_announced(self, urgent: bool) -> None:
        words = np.full(12_000, 9_000, np.int16)
        self.do(lambda: self.world.device._unasked.announcements.add(words, urgent=urgent))

    @rule(urgent=st.booleans())
    def the_relay_keeps_a_note(self, urgent: bool) -> None:
        self.world.far.notes.append(Announced("dinner", urgent))

    # Parts.

    @rule(there=st.booleans())
    def the_microphone(self, there: bool) -> None:
        microphone = self.world.microphone
        self.do(microphone.plug_in if there else microphone.unplug)

    @rule(there=st.booleans())
    def the_speaker(self, there: bool) -> None:
        speaker: Any = self.world.device._speaker
        self.do(speaker.plug_in if there else speaker.unplug)

    @rule(works=st.booleans())
    def the_light(self, works: bool) -> None:
        self.world.pins.is_broken = not works

    @rule(works=st.booleans())
    def the_disk(self, works: bool) -> None:
        """A file where the folder was: nothing can be written there."""
        set_disk(self.world.folder, works)

    @rule(seconds=st.sampled_from([0.5, 1.9, 5.0, 40.0, 20_000.0]))
    def the_machine_stands_still(self, seconds: float) -> None:
        def still() -> None:
            self.world.deeds.append((self.loop.time() + seconds, "the machine stood still"))
            self.loop.now += seconds
            self.world.pins.made.lit_at += seconds  # it blinked, and stood still as well

        self.do(still, 0.3)

    @rule(follow_up_s=st.sampled_from([6.0, 8.0, 9.0]))
    def the_owner_reloads(self, follow_up_s: float) -> None:
        world = self.world
        world.written = replace(
            world.written, turn=replace(world.written.turn, follow_up_s=follow_up_s)
        )
        self.do(world.program.reload, 1.0)
        world.look()

    @rule()
    def a_neighbour_reads_nothing(self) -> None:
        async def connect() -> None:
            path = str(self.world.folder / "events.sock")
            with contextlib.suppress(OSError):
                self.neighbours.append(await asyncio.open_unix_connection(path))

        if len(self.neighbours) < 3:
            self.play(connect())

    # What must hold.

    @invariant()
    def holds(self) -> None:
        if hasattr(self, "world"):
            self.play(self._hold())
            assert not self.errors, self.errors

    async def _hold(self) -> None:
        device_invariants.check(self.world)

    def teardown(self) -> None:
        try:
            if hasattr(self, "world"):
                self.recovers()
        finally:
            self.clear_up()

    def recovers(self) -> None:
        """The trouble is over, and some time has passed: whoever says its name is answered."""
        self.play(self._mend())
        self.holds()
        assert self.world.mind.state is State.IDLE, "a session is left"
        before = len(self.world.far.engine.utterances)
        self.somebody_speaks(woken=True, frames=40, rest_s=3.0)
        said = self.world.said[-1]
        assert self.world.heard(said), f"it does not listen: {self.world.mind.state}"
        assert len(self.world.far.engine.utterances) == before + 1
        assert self.world.device.turns.reports[-1].outcome == "answered"
        self.play(elapse(10.0))
        self.holds()
        assert self.world.mind.state is State.IDLE
        left = [placed for placed in self.world.far.live if placed.session.may_resume]
        assert len(left) <= self.world.owner["standby"], "a session is left open at the relay"
        self.play(self._end())

    async def _mend(self) -> None:
        world = self.world
        set_disk(world.folder, works=True)
        world.far.mood, world.pins.is_broken = "well", False
        world.far.go_on()
        world.far.engine.answers, world.far.engine.recognition_s = [], 0.1
        world.far.engine.words[:3] = ["well"] * 3
        speaker: Any = world.device._speaker
        world.microphone.plug_in()
        speaker.plug_in()
        await elapse(2.0)
        if world.said and not all(world.heard(one) for one in world.said):
            await elapse(device_invariants.RESOLVED_S)
            device_invariants.check(world)
        world.command("stop")
        world.command("unmute")
        await elapse(4.0)
        world.command("stop")  # a timer of before
        await elapse(2.5)

    async def _end(self) -> None:
        began = self.loop.time()
        await self.world.stop()
        assert self.loop.time() < began + 2.0, "it takes long to end"
        self.world.far.hang_up_all("the end")
        await elapse(5.0)
        left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        assert not left, f"left behind: {left}"

    def clear_up(self) -> None:
        for _, writer in self.neighbours:
            writer.close()
        for task in asyncio.all_tasks(self.loop):
            task.cancel()
        for _ in range(10):
            self.play(asyncio.sleep(0))
        self.loop.run_until_complete(self.loop.shutdown_asyncgens())
        self.loop.run_until_complete(self.loop.shutdown_default_executor())
        self.loop.close()
        gc.collect(1)
        self.folder.cleanup()


def set_disk(folder: Path, works: bool) -> None:
    state, aside = folder / "state", folder / "state.aside"
    if works and aside.exists():
        state.unlink()
        aside.rename(state)
    elif not works and state.is_dir():
        state.rename(aside)
        state.write_text("in the way of the folder")
