"""Whatever happens over however many sessions and relays: the words, once, in order, if heard."""

from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgevoice.realtime.items import Message
from tests import virtual_time
from tests.relay.device import Device, Relay
from tests.relay.story import Story, spoken
from tests.virtual_time import elapse

ACTS = st.lists(st.sampled_from(["talk", "interrupt"]), max_size=2)
ENDS = st.sampled_from(["stop", "break off", "stop in an answer"])
SESSIONS = st.lists(
    st.tuples(st.sampled_from(["ours", "ours too", "theirs"]), ACTS, ENDS), max_size=4
)


class Tale:
    """What was said, as the user would tell it."""

    def __init__(self) -> None:
        self.device = Device()
        self.relays = {"ours": Relay(), "ours too": Relay(), "theirs": Relay(ours=False)}
        self.said: list[str] = []
        self.perhaps: dict[str, str] = {}
        """An answer that was interrupted, by the question before it."""
        self._numbers = count(1)

    async def session(self, where: str, acts: list[str], end: str) -> None:
        async with self.device.session(self.relays[where]) as story:
            for act in acts:
                await self.ask(story)
                if act == "interrupt":
                    await self.device.interrupts()
                else:
                    await elapse(4.0)
                    self.said.append(self.perhaps.pop(self.said[-1]))
            if end != "stop":
                await self.ask(story)
                self.perhaps.popitem()
            if end == "break off":
                self.device.cut_off()
                await elapse(4.0)

    async def ask(self, story: Story) -> None:
        """The answer has just begun afterwards."""
        number = next(self._numbers)
        answer = [f"A{number}.", f" B{number}.", f" C{number}."]
        story.engine.answers.append(spoken(*answer))
        story.say(f"Q{number}")
        await elapse(1.5)
        self.said.append(f"Q{number}")
        self.perhaps[f"Q{number}"] = "".join(answer)

    async def told(self, where: str) -> list[str]:
        """What a relay knows at the end."""
        async with self.device.session(self.relays[where]) as story:
            story.engine.answers.append(spoken("End."))
            story.say("The end")
            await elapse(3.0)
            items = story.engine.requests[-1].items
            if self.relays[where].ours:
                assert self.device.mind.conversation.digest() == story.session.conversation.digest()
        words = [i.content[0].words for i in items if isinstance(i, Message)]
        assert words.pop() == "The end"
        return words

    def without_interrupted(self, words: list[str]) -> list[str]:
        """Checked and taken out: some of what was said until then."""
        kept: list[str] = []
        for word in words:
            whole = self.perhaps.get(kept[-1]) if kept else None
            if whole is not None and word != whole and whole.startswith(word):
                continue
            kept.append(word)
        return kept


@pytest.mark.slow
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(SESSIONS, st.sampled_from(["ours", "theirs"]))
def test_the_words_once_in_order_if_heard(
    sessions: list[tuple[str, list[str], str]], last: str
) -> None:
    async def story() -> None:
        tale = Tale()
        for session in sessions:
            await tale.session(*session)
        words = await tale.told(last)
        assert tale.without_interrupted(words) == tale.said

    virtual_time.run(story())
