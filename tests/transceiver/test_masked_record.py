"""A masked record holds no word and is played all the same."""

from hypothesis import given

from edgevoice.realtime.server_events import EdgevoiceConversation
from edgevoice.transceiver.flight import Beginning
from edgevoice.transceiver.flight_record import lines, read
from edgevoice.transceiver.inputs import ButtonPressed, StopRequested, TimerRang, ToolFinished
from edgevoice.transceiver.replay import replay
from tests.transceiver.story import (
    call,
    created,
    done,
    item_added,
    linked,
    session_created,
    transcribed,
)
from tests.transceiver.test_flight_record import Box
from tests.transceiver.test_histories import histories, settings_of_owners, thorough


def record(box: Box) -> str:
    return "\n".join(lines(box.flight.entries, {"version": "0"}, masked=True)) + "\n"


def same(text: str) -> list[bool | None]:
    about, entries = read(text.split("\n"))
    return [step.is_same for step in replay(entries, is_masked=about["masked"])]


def two_sessions() -> Box:
    """In the second one the relay is asked whether it still knows the words of the first."""
    box = Box(instructions="Be Edward's butler", tools=({"type": "function", "name": "lamp"},))
    held = EdgevoiceConversation(conversation_id="conv_1")
    box.happens(ButtonPressed(9), linked())
    box.says(session_created, held, item_added("Where is Edward?", "u1"))
    box.says(transcribed("Where is Edward?", "u1"), created(), call(), done())
    box.happens(ToolFinished("call_1", '{"said": "Edward sleeps"}'))
    box.says(item_added("Edward sleeps", "a1", "assistant"))
    box.happens(StopRequested("x"), TimerRang("Edward's tea"), ButtonPressed(9))
    box.happens(ButtonPressed(9), linked())
    claim = box.story.transceiver.memory.claim()
    assert claim is not None
    answer = EdgevoiceConversation(
        conversation_id="conv_1", last_item_id=claim.item_id, digest=claim.digest
    )
    box.says(session_created, answer)
    return box


def test_no_word_is_in_it_and_the_same_is_done() -> None:
    text = record(two_sessions())
    for word in ("Edward", "sleeps", "butler", "Where"):
        assert word not in text
    assert "xxxxx xx xxxxxx?" in text and "digest-1" in text
    assert set(same(text)) == {True}


def test_without_its_name_a_digest_would_be_taken_for_another() -> None:
    text = record(two_sessions())
    assert False in same(text.replace('"digest":"digest-1"}}', '"digest":"digest-7"}}'))


def test_what_is_said_about_the_steps_is_kept() -> None:
    (begun, *steps) = read(record(two_sessions()).split("\n"))[1]
    assert isinstance(begun, Beginning) and begun.setup.tools[0]["name"] == "lamp"
    assert steps[0].happened == ButtonPressed(9)


@thorough
@given(settings_of_owners, histories)
def test_any_conversation_played_without_words_does_the_same(owner, history):
    box = Box(**owner)
    for fact, wait_s in history:
        box.passes(wait_s)
        box.happens(fact)
    assert set(same(record(box))) <= {True}
