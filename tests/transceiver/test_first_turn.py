"""A foreign server's first turn: what is decided, and when."""

import pytest

from edgevoice.realtime.client_events import (
    InputAudioBufferCommit,
    ResponseCreate,
    SessionUpdate,
)
from edgevoice.transceiver.actions import (
    Action,
    AppendAudio,
    AttachMedia,
    CommitAppended,
    SendEvent,
    Stage,
)
from edgevoice.transceiver.first_turn import (
    COMMIT_ID,
    INTRODUCED_S,
    MORE_THAN_THE_PHRASE,
    FirstTurn,
    is_appended,
)
from edgevoice.transceiver.inputs import (
    MuteRequested,
    SpeechStarted,
    SpeechStopped,
    UnmuteRequested,
)
from edgevoice.transceiver.limits import MAX_UTTERANCE_S
from edgevoice.transceiver.states import State
from tests.transceiver.story import (
    Story,
    button,
    committed,
    created,
    error,
    linked,
    marks,
    session_created,
    speech_started,
    turns,
    wake,
)

PHRASE_OVER = SpeechStopped(wake.phrase_end)
SPEAKS = SpeechStarted(wake.phrase_end + 8_000)
HAS_SPOKEN = SpeechStopped(wake.phrase_end + 40_000)


def commits(actions: list[Action]) -> list[CommitAppended]:
    return [action for action in actions if isinstance(action, CommitAppended)]


def detection(event: object) -> object:
    assert isinstance(event, SessionUpdate)
    return (event.session["audio"] or {})["input"]["turn_detection"]  # type: ignore[index]


def listening() -> Story:
    """Connected to a foreign server; the wake phrase is over."""
    story = Story().connected(extensions=False)
    story.happens(PHRASE_OVER)
    return story


@pytest.mark.parametrize(
    ("setting", "extensions", "expected"),
    [
        ("auto", True, False),
        ("auto", False, True),
        ("media", False, False),
        ("media", True, False),
    ],
)
def test_who_gets_data(setting: str, extensions: bool, expected: bool) -> None:
    assert is_appended(setting, extensions) is expected


def test_our_relay_gets_media_and_nobody_commits() -> None:
    story = Story().connected()
    story.happens(SPEAKS, HAS_SPOKEN)
    assert not [do for do in story.book if isinstance(do, AppendAudio | CommitAppended)]


def test_turn_detection_is_off_before_the_first_append() -> None:
    story = Story()
    story.happens(wake)
    first, second = (
        do
        for do in story.happens(linked(extensions=False))
        if isinstance(do, SendEvent | AppendAudio)
    )
    assert isinstance(first, SendEvent) and detection(first.event) is None
    assert second == AppendAudio()
    (introduction,) = (do for do in story.says(session_created) if isinstance(do, SendEvent))
    assert detection(introduction.event) is None


def test_the_devices_own_end_of_speech_commits() -> None:
    story = listening()
    assert commits(story.happens(SPEAKS)) == []
    (commit,) = commits(story.happens(HAS_SPOKEN))
    assert commit.until_sample == HAS_SPOKEN.sample
    buffer, answer, update = commit.events
    assert buffer == InputAudioBufferCommit(event_id=COMMIT_ID)
    assert answer == ResponseCreate()
    assert detection(update)["type"] == "server_vad"  # type: ignore[index]
    assert story.state is State.THINKING


def test_the_marks_of_the_turn_are_the_devices_own() -> None:
    story = listening()
    story.happens(SPEAKS, HAS_SPOKEN)
    found = marks(story.book)
    assert found[Stage.SPEECH_START] == SPEAKS.sample
    assert found[Stage.SPEECH_END] == HAS_SPOKEN.sample


def test_media_begins_when_the_server_has_committed() -> None:
    story = listening()
    story.happens(SPEAKS, HAS_SPOKEN)
    assert AttachMedia() not in story.book
    assert story.says(committed())[0] == AttachMedia()
    assert story.says(committed()).count(AttachMedia()) == 0


def test_a_commit_that_is_refused_must_not_leave_us_mute() -> None:
    story = listening()
    story.happens(SPEAKS, HAS_SPOKEN)
    assert AttachMedia() not in story.says(error("invalid_value", "another event"))
    assert AttachMedia() in story.says(error("input_audio_buffer_commit_empty", COMMIT_ID))


def test_an_utterance_over_before_the_link_is_up_is_committed_with_the_introduction() -> None:
    story = Story()
    story.happens(wake, PHRASE_OVER, SPEAKS, HAS_SPOKEN)
    opened = story.happens(linked(extensions=False))
    assert AppendAudio() in opened and commits(opened) == []
    greeted = story.says(session_created)
    assert isinstance(greeted[0], SendEvent)
    assert len(commits(greeted)) == 1
    assert story.state is State.THINKING


def test_a_server_that_never_introduces_itself_is_not_waited_for_long() -> None:
    story = Story()
    story.happens(wake, PHRASE_OVER, SPEAKS, HAS_SPOKEN, linked(extensions=False))
    story.passes(INTRODUCED_S + 0.1)
    assert len(commits(story.book)) == 1
    assert story.state is State.THINKING


def test_who_goes_on_after_a_pause_while_connecting_is_heard_out() -> None:
    story = Story()
    story.happens(wake, PHRASE_OVER, SPEAKS, HAS_SPOKEN, SpeechStarted(160_000))
    story.happens(linked(extensions=False))
    assert commits(story.says(session_created)) == []
    (commit,) = commits(story.happens(SpeechStopped(200_000)))
    assert commit.until_sample == 200_000


def test_a_command_without_a_pause_behind_the_phrase_is_a_turn() -> None:
    story = Story()
    story.happens(SpeechStarted(wake.phrase_start))
    story.connected(extensions=False)
    story.passes(20)
    assert story.state is State.LISTENING
    (commit,) = commits(story.happens(HAS_SPOKEN))
    assert commit.until_sample == HAS_SPOKEN.sample


@pytest.mark.parametrize("late", [-4_000, 0, MORE_THAN_THE_PHRASE - 1])
def test_the_phrase_alone_is_no_turn_and_patience_counts_from_its_end(late: int) -> None:
    story = Story(no_speech_s=6.0)
    story.happens(SpeechStarted(wake.phrase_start))
    story.connected(extensions=False)
    story.passes(1)
    story.happens(SpeechStopped(wake.phrase_end + late))
    story.passes(5.9)
    assert story.state is State.LISTENING
    story.passes(0.2)
    assert story.state is State.IDLE
    assert turns(story.book) == ["wake", "no speech"]
    assert commits(story.book) == []


def test_after_the_button_any_speech_counts() -> None:
    story = Story()
    story.happens(button, linked(extensions=False))
    story.says(session_created)
    story.happens(SpeechStarted(button.sample - 3_000))
    assert len(commits(story.happens(SpeechStopped(button.sample + 3_000)))) == 1


def test_endless_speech_is_committed_as_far_as_it_was_captured() -> None:
    story = listening()
    story.happens(SPEAKS)
    story.passes(MAX_UTTERANCE_S - 1)
    assert commits(story.book) == []
    story.passes(2)
    (commit,) = commits(story.book)
    assert commit.until_sample is None
    assert story.state is State.THINKING


def test_a_mute_or_lost_microphone_ends_what_was_taken_for_speech() -> None:
    story = Story(no_speech_s=6.0)
    story.happens(SpeechStarted(50_000), MuteRequested("test"), UnmuteRequested("test"))
    story.happens(button, linked(extensions=False))
    story.passes(6.1)
    assert story.state is State.IDLE


def test_from_the_second_turn_on_the_server_decides() -> None:
    story = listening()
    story.happens(SPEAKS, HAS_SPOKEN)
    story.says(committed(), created())
    story.happens(SpeechStarted(300_000), SpeechStopped(330_000))
    assert len(commits(story.book)) == 1
    story.says(speech_started())
    assert story.state is State.LISTENING


def test_the_button_hangs_up_during_the_first_turn() -> None:
    story = listening()
    story.happens(SPEAKS, button)
    assert story.state is State.IDLE
    assert commits(story.book) == []


def test_the_wake_word_again_is_part_of_the_turn() -> None:
    story = listening()
    story.happens(SPEAKS, wake)
    assert story.state is State.LISTENING
    assert len(commits(story.happens(HAS_SPOKEN))) == 1


class TestAnotherLink:
    """The first one broke; to the server that takes its place this is a first turn again."""

    def test_what_the_old_one_heard_is_not_committed_again(self) -> None:
        story, first_turn = self.lost_after_two_turns()
        again = first_turn.link_opened(False, story.now)
        assert AppendAudio() in again
        assert commits(first_turn.introduced(story.now)) == []

    def test_what_was_said_meanwhile_is(self) -> None:
        story, first_turn = self.lost_after_two_turns()
        first_turn.speech_started(400_000, story.now)
        first_turn.speech_stopped(430_000, story.now)
        first_turn.link_opened(False, story.now)
        (commit,) = commits(first_turn.introduced(story.now))
        assert commit.until_sample == 430_000

    def lost_after_two_turns(self) -> tuple[Story, FirstTurn]:
        story = listening()
        story.happens(SPEAKS, HAS_SPOKEN)
        story.says(committed(), created())
        story.happens(SpeechStarted(300_000), SpeechStopped(330_000))
        session = story.transceiver._session
        assert session is not None
        session._first_turn.link_lost()
        return story, session._first_turn
