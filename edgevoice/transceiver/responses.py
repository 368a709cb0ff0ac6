"""Which responses the relay is working on, which are wanted, and what of them was spoken.

One response is active at a time by the protocol's rules; a relay that breaks
them must not confuse us, so they are kept by id. What follows from them for the
conversation is decided in `session.py`.
"""

from dataclasses import dataclass

from edgevoice.transceiver.limits import MAX_RESPONSES


@dataclass(slots=True)
class Answer:
    """One response of the relay."""

    id: str
    unwanted: bool = False
    """The user has interrupted it, or asked for something else meanwhile."""
    done: bool = False
    failed: bool = False
    has_audio: bool = False
    """Will be heard, or was: a response of tool calls and text alone has none."""
    was_streamed: bool = False
    """The relay has begun to send that audio."""
    audio_parts: tuple[tuple[str, int], ...] = ()
    """Item and content index of its audio; nearly always one."""


class Responses:
    def __init__(self) -> None:
        self.awaited = False
        """A turn was committed; the relay will answer by itself."""
        self.silenced = False
        """What still arrives of an interrupted answer must not be heard."""
        self.asked = ""
        """Event id of our `response.create` that has not led to a response yet."""
        self._last_asked = ""
        self._asked_count = 0
        self._next_unwanted = False
        self._answers: dict[str, Answer] = {}

    @property
    def active(self) -> list[Answer]:
        return [answer for answer in self._answers.values() if not answer.done]

    @property
    def working(self) -> bool:
        """An answer that is wanted is being made."""
        return bool(self.asked) or any(not answer.unwanted for answer in self.active)

    @property
    def free(self) -> bool:
        """`response.create` would not be the second at a time."""
        return not self.asked and not self.awaited and not self.active

    def find(self, response_id: str) -> Answer | None:
        return self._answers.get(response_id)

    def commit(self) -> None:
        """The user's turn is over; what the relay begins now is the answer to it."""
        self.awaited, self._next_unwanted = True, False

    def give_up_waiting(self) -> None:
        self.awaited = False

    def ask(self) -> str:
        """We send `response.create`; the event id to send it with."""
        self._asked_count += 1
        self.asked = self._last_asked = f"edgevoice_response_{self._asked_count}"
        return self.asked

    def refuse(self, event_id: str) -> bool:
        """False if that was not our request.

        A response of the relay's own may have come first and been taken for its result.
        """
        if not event_id or event_id != self._last_asked:
            return False
        self.asked = self._last_asked = ""
        return True

    def heard(self) -> None:
        """The relay has begun to send an answer that is wanted."""
        self.silenced = False

    def created(self, response_id: str) -> Answer:
        answer = Answer(response_id, unwanted=self._next_unwanted)
        self._keep(answer)
        self.awaited, self.asked, self._next_unwanted = False, "", False
        if not answer.unwanted:
            self.silenced = False
        return answer

    def done(self, response_id: str, status: str) -> Answer:
        """It may never have been announced."""
        answer = self._answers.get(response_id) or self._keep(Answer(response_id))
        answer.done, answer.failed = True, status == "failed"
        return answer

    def interrupt(self) -> list[str]:
        """None of what there is or was asked for is wanted; the ids of the active ones."""
        interrupted = [answer.id for answer in self.active if not answer.unwanted]
        for answer in self._answers.values():
            answer.unwanted = True
        self._next_unwanted = self._next_unwanted or self.awaited or bool(self.asked)
        self.awaited, self.silenced = False, True
        return interrupted

    def _keep(self, answer: Answer) -> Answer:
        self._answers[answer.id] = answer
        if len(self._answers) > MAX_RESPONSES:
            del self._answers[next(iter(self._answers))]
        return answer
