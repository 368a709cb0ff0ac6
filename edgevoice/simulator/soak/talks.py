"""The conversations: what is said, pressed and ordered in each, and what is to be expected."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from edgevoice.simulator.soak.house import House
from edgevoice.simulator.soak.ledger import Episode
from edgevoice.simulator.soak.watcher import IDLE, SPEAKING

SPEECH = Path(__file__).parent.parent / "speech"
WITH_WAKE_WORD, PLAIN, LAMP = "alexa_what_time_is_it", "whats_the_date_today", "turn_on_the_lamp"

WOKEN_S = 2.0
ANSWER_S = 30.0
INTO_SENTENCE_S = 1.0
"""The wake word is over, the question is not."""
INTO_ANSWER_S = 0.4
RING_S = 15.0
SAY_S = 25.0

Break = Callable[[str], Awaitable[None]]
"""Called at each moment of `schedule.MOMENTS`."""


async def nothing(moment: str) -> None:
    """No fault."""


class Talks:
    def __init__(self, house: House) -> None:
        self._house = house
        self._watcher = house.watcher

    async def hold(self, kind: str, episode: Episode, breaking: Break = nothing) -> None:
        """One conversation; `ControlError` is a refusal that nobody expected."""
        await breaking("idle")
        await TALKS[kind](self, episode, breaking)

    async def say(self, name: str) -> None:
        """Returns when it has been said."""
        await asyncio.sleep(await self._house.order(f"say {SPEECH / name}.wav"))

    async def _ask(self, name: str, episode: Episode, breaking: Break = nothing) -> None:
        episode.asked += 1
        began = self._house.clock()
        length = await self._house.order(f"say {SPEECH / name}.wav")
        await asyncio.sleep(INTO_SENTENCE_S)
        await breaking("sentence")
        await asyncio.sleep(max(0.0, began + length - self._house.clock()))

    async def _answer(self, breaking: Break = nothing) -> bool:
        """Wait until it is being heard, and has been for a moment; False: it did not come."""
        await self._watcher.until(lambda: self._watcher.state != IDLE, WOKEN_S)
        if not await self._watcher.until_state(SPEAKING, IDLE, within_s=ANSWER_S):
            return False
        if self._watcher.state != SPEAKING:
            return False
        await asyncio.sleep(INTO_ANSWER_S)
        await breaking("answer")
        return self._watcher.state == SPEAKING

    async def question(self, episode: Episode, breaking: Break) -> None:
        await self._ask(WITH_WAKE_WORD, episode, breaking)
        await self._answer(breaking)

    async def follow_up(self, episode: Episode, breaking: Break) -> None:
        await self.question(episode, breaking)
        if await self._watcher.until_state("listening", within_s=ANSWER_S):
            await self._ask(PLAIN, episode)

    async def button(self, episode: Episode, breaking: Break) -> None:
        await self._house.ask("wake")
        await self._ask(LAMP, episode, breaking)
        await self._answer(breaking)

    async def barge_in(self, episode: Episode, breaking: Break) -> None:
        await self._interrupt(PLAIN, episode)

    async def wake_word_in_answer(self, episode: Episode, breaking: Break) -> None:
        await self._interrupt(WITH_WAKE_WORD, episode)

    async def _interrupt(self, words: str, episode: Episode) -> None:
        await self._ask(WITH_WAKE_WORD, episode)
        if await self._answer():
            episode.interrupts += 1
            await self._ask(words, episode)
            await self._answer()

    async def stopped(self, episode: Episode, breaking: Break) -> None:
        await self._ask(WITH_WAKE_WORD, episode)
        await self._answer()
        episode.orders += 1
        await self._house.ask("stop")

    async def unanswered_wake(self, episode: Episode, breaking: Break) -> None:
        episode.unanswered += 1
        await self._house.ask("wake")
        await self._watcher.until_state("listening", within_s=WOKEN_S)

    async def timer(self, episode: Episode, breaking: Break) -> None:
        """It rings, and somebody stops it."""
        began = self._house.clock()
        await self._house.ask('timers set_timer {"seconds": 2}')
        if not await self._watcher.until_event("timer_ringing", began, RING_S):
            episode.notes.append("unexplained: a timer did not ring")
        await asyncio.sleep(INTO_SENTENCE_S)
        await self._house.ask("stop")
        if not await self._watcher.until_event("timer_stopped", began, RING_S):
            episode.notes.append("unexplained: a timer did not stop ringing")

    async def announcement(self, episode: Episode, breaking: Break) -> None:
        began = self._house.clock()
        await self._house.ask("say The soup is ready.", patience_s=SAY_S)
        if not await self._watcher.until_event("announcement_over", began, SAY_S):
            episode.notes.append("unexplained: an announcement was not said to its end")

    async def muted(self, episode: Episode, breaking: Break) -> None:
        """In the middle of an answer; what is said then is heard by nobody."""
        await self._ask(WITH_WAKE_WORD, episode)
        await self._answer()
        episode.orders += 1
        await self._house.ask("mute")
        await self._watcher.until_state(IDLE, within_s=WOKEN_S)
        await self.say(WITH_WAKE_WORD)
        if self._watcher.state != IDLE:
            episode.notes.append("unexplained: it woke while it was muted")
        await self._house.ask("unmute")


Talk = Callable[[Talks, Episode, Break], Awaitable[None]]

TALKS: dict[str, Talk] = {
    "question": Talks.question,
    "follow-up": Talks.follow_up,
    "button": Talks.button,
    "barge-in": Talks.barge_in,
    "wake word in the answer": Talks.wake_word_in_answer,
    "stopped": Talks.stopped,
    "unanswered wake": Talks.unanswered_wake,
    "timer": Talks.timer,
    "announcement": Talks.announcement,
    "muted": Talks.muted,
}
