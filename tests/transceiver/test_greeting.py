from edgevoice.realtime.client_events import SessionUpdate
from edgevoice.realtime.server_events import SessionUpdated
from edgevoice.realtime.session import (
    Audio,
    AudioInput,
    SemanticVad,
    ServerVad,
    Session,
    merge,
)
from edgevoice.realtime.wire import decode_client_event, encode
from edgevoice.transceiver.greeting import deaf, hearing, introduce
from edgevoice.transceiver.inputs import WakeDetected
from edgevoice.transceiver.persona import Persona
from tests.transceiver.story import Story, button, linked, sent, session_created, wake

LAMP = {"type": "function", "name": "lamp", "parameters": {"type": "object"}}


def update(story: Story) -> SessionUpdate:
    (only,) = [event for event in sent(story.book) if isinstance(event, SessionUpdate)]
    return only


def test_a_session_begins_with_tools_and_instructions():
    session = update(Story(tools=[LAMP], instructions="Be brief.").connected()).session
    assert session["type"] == "realtime"
    assert session["tools"] == [LAMP]
    assert session["instructions"] == "Be brief."


def test_what_is_not_configured_is_left_to_the_relay():
    session = update(Story().connected()).session
    assert "tools" not in session
    assert "instructions" not in session
    assert "output" not in session["audio"]
    assert "model" not in session


def test_the_relay_finds_the_end_of_turns_as_its_owner_likes_and_answers_by_itself():
    detection = update(Story().connected()).session["audio"]["input"]["turn_detection"]
    assert detection == {"create_response": True, "interrupt_response": True}


def test_other_servers_are_told_how_turns_end():
    others = update(Story(first_turn="media").connected(extensions=False)).session["audio"]["input"]
    assert others["turn_detection"]["type"] == "server_vad"


def test_transcripts_are_asked_for_where_that_needs_no_model():
    assert update(Story().connected()).session["audio"]["input"]["transcription"] == {}
    others = update(Story(first_turn="media").connected(extensions=False)).session["audio"]["input"]
    assert "transcription" not in others


class TestPersona:
    """Two words, two characters; the usual one for whoever has none."""

    JARVIS = WakeDetected("hey_jarvis", 0.9, 85_000, 98_000, 100_000)
    PERSONAS = {"hey_jarvis": Persona("Be a butler.", "onyx"), "alexa": Persona()}  # noqa: RUF012

    def woken_by(self, woken) -> SessionUpdate:
        story = Story(instructions="Be brief.", personas=self.PERSONAS)
        story.happens(woken, linked())
        story.says(session_created)
        return update(story)

    def test_it_comes_with_its_word(self):
        session = self.woken_by(self.JARVIS).session
        assert session["instructions"] == "Be a butler."
        assert session["audio"]["output"] == {"voice": "onyx"}

    def test_a_word_without_one_and_the_button_are_as_usual(self):
        for woken in (wake, button):
            session = self.woken_by(woken).session
            assert session["instructions"] == "Be brief."
            assert "output" not in session["audio"]

    def test_it_may_have_a_voice_only(self):
        story = Story(instructions="Be brief.", personas={"alexa": Persona(voice="onyx")})
        session = update(story.connected()).session
        assert session["instructions"] == "Be brief."
        assert session["audio"]["output"] == {"voice": "onyx"}

    def test_a_session_keeps_its_own_whatever_is_said(self):
        story = Story(personas=self.PERSONAS).connected()
        story.speaking()
        assert SessionUpdate not in {type(event) for event in sent(story.happens(self.JARVIS))}


def test_one_greeting_is_enough():
    story = Story().connected()
    assert story.says(session_created) == []


def test_every_update_is_understood_on_the_other_side():
    """Through JSON and into the effective session of a relay."""
    session = Session()
    for action in (
        introduce(Persona("Be brief.", "nova"), [LAMP], False, True),
        deaf(),
        *hearing(ServerVad(silence_duration_ms=700), False, forget=False),
    ):
        event = decode_client_event(encode(action.event))  # type: ignore[union-attr]
        assert isinstance(event, SessionUpdate)
        session = merge(session, event.session)
    assert session.instructions == "Be brief."
    assert session.audio.output.voice == "nova"
    assert session.audio.input.turn_detection == ServerVad(
        silence_duration_ms=700, interrupt_response=False
    )
    assert session.audio.input.transcription is not None


def test_deaf_means_no_turns():
    event = deaf().event  # type: ignore[union-attr]
    assert merge(Session(), event.session).audio.input.turn_detection is None


def test_after_half_duplex_the_relay_listens_as_it_did_before():
    semantic = SessionUpdated(
        session=Session(audio=Audio(input=AudioInput(turn_detection=SemanticVad(eagerness="low"))))
    )
    nothing = SessionUpdated(session=Session(audio=Audio(input=AudioInput(turn_detection=None))))
    story = Story(barge_in=False).connected()
    story.says(semantic)
    story.speaking()
    story.says(nothing)
    (_, restored) = sent(story.answered())
    assert restored.session["audio"]["input"]["turn_detection"] == {
        "type": "semantic_vad",
        "eagerness": "low",
        "create_response": True,
        "interrupt_response": False,
    }
