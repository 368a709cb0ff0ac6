"""The response that follows the relay's own tools: when there is one, and that there is one. Pure.

OpenAI's server makes none: its clients ask for one whenever a call of a tool has ended. Ours
makes it, for clients that know nothing of these tools, and takes the wish of those that do know
for fulfilled.
"""

from collections import deque
from typing import Any

from edgevoice.realtime.response import ResponseParams as Params
from edgevoice.relay.answers.answer import Answer

MAX_ROUNDS = 8
"""Calls lead to calls. After so many in a row the engine has to answer with what it has."""
WISH_S = 5.0
"""The client's wish comes within a round trip."""


class FollowUps:
    def __init__(self) -> None:
        self._params = Params()
        self._rounds = 0
        self._last: Answer | None = None
        self._is_due = False
        self._wishes: deque[float] = deque(maxlen=64)
        """Until when `response.create` without more is one that we have fulfilled already."""

    @property
    def is_asked(self) -> bool:
        """The engine has said something after it was told that it has to ask."""
        return self._last is not None and self._last.is_heard

    def begin_anew(self) -> None:
        """The user, or the client, goes on with something of its own."""
        self._rounds, self._is_due, self._params = 0, False, Params()
        self._wishes.clear()

    def done(self, answer: Answer, now: float) -> bool:
        """It is over; True: the relay owes the next one."""
        self._last = None if answer.wants_more else answer
        if not answer.wants_more:
            return False
        self._wishes.extend([now + WISH_S] * answer.calls_made)
        self._rounds += 1
        self._is_due = True
        self._params = Params(
            output_modalities=answer.params.output_modalities,
            instructions=answer.params.instructions,
            tools=answer.params.tools,
        )
        return True

    def next(self) -> Params:
        """As what it follows was asked for, but for what concerned that one alone."""
        return self._params if self._is_due else Params()

    def choice(self, choice: Any) -> Any:
        """Of tools: whoever had to call one has done so."""
        if self._rounds >= MAX_ROUNDS:
            return "none"
        return choice if self._rounds == 0 or choice == "none" else "auto"

    def is_made_already(self, now: float) -> bool:
        """A wish for the answer to a tool's result. Uses it up."""
        while self._wishes and self._wishes[0] < now:
            self._wishes.popleft()
        if not self._wishes:
            return False
        self._wishes.popleft()
        return True
