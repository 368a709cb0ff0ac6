import pytest

from edgevoice.realtime.client_events import ResponseCancel
from edgevoice.realtime.server_events import SessionCreated
from edgevoice.realtime.session import Audio, AudioInput, ServerVad, Session
from edgevoice.transceiver.actions import (
    Announce,
    BeginTurn,
    CloseGate,
    CloseLink,
    EndTurn,
    FlushPlayout,
    Mark,
    PlaySound,
    Problem,
    Show,
    Stage,
)
from edgevoice.transceiver.indication import Indication
from edgevoice.transceiver.inputs import (
    LinkLost,
    PlayoutDrained,
    PlayoutStarted,
    SpeechStarted,
    SpeechStopped,
)
from edgevoice.transceiver.states import State
from tests.transceiver.story import (
    FIRST_SAMPLE,
    Story,
    audio_part,
    button,
    committed,
    created,
    done,
    error,
    linked,
    marks,
    sent,
    shown,
    speech_started,
    speech_stopped,
    stream_cleared,
    stream_over,
    streaming,
    transcribed,
    turns,
    wake,
)


def test_a_question_and_its_answer():
    story = Story()
    story.connected()
    story.says(speech_started(), speech_stopped(), committed(), created(), audio_part())
    assert story.state is State.THINKING
    story.says(streaming())
    assert story.state is State.SPEAKING
    story.happens(PlayoutStarted())
    story.says(done(), stream_over())
    assert story.state is State.SPEAKING
    over = story.happens(PlayoutDrained(2_000))
    assert over[-3:] == [Mark(Stage.END, 1_000.0), EndTurn("answered"), Show(Indication.LISTENING)]
    assert turns(story.book) == ["wake", "answered"]
    assert shown(story.book) == [
        Indication.CONNECTING,
        Indication.LISTENING,
        Indication.THINKING,
        Indication.SPEAKING,
        Indication.LISTENING,
    ]


def test_the_waterfall_is_complete():
    story = Story()
    story.answered()
    assert list(marks(story.book)) == [
        Stage.WAKE_END,
        Stage.WAKE_DECIDED,
        Stage.LINK_OPEN,
        Stage.SPEECH_START,
        Stage.TURN_COMMITTED,
        Stage.RESPONSE_CREATED,
        Stage.FIRST_ANSWER_SAMPLE,
        Stage.SPEECH_END,
        Stage.END,
    ]


def test_the_answer_is_over_whichever_wire_is_slower():
    story = Story().speaking()
    story.happens(PlayoutDrained(2_000))
    story.says(done())
    assert story.state is State.SPEAKING
    story.says(stream_over())
    assert story.state is State.LISTENING


def test_a_pause_in_the_stream_is_not_its_end():
    story = Story().speaking()
    story.happens(PlayoutDrained(500), PlayoutStarted())
    story.says(done(), stream_over())
    assert story.state is State.SPEAKING
    story.happens(PlayoutDrained(900))
    assert story.state is State.LISTENING


def test_an_answer_shorter_than_the_way_to_the_speaker():
    story = Story().asked()
    story.says(created(), audio_part(), streaming(), done(), stream_over())
    assert story.state is State.SPEAKING
    story.happens(PlayoutStarted(), PlayoutDrained(80))
    assert story.state is State.LISTENING


def test_an_answer_that_never_reaches_the_speaker():
    story = Story().asked()
    story.says(created(), audio_part(), streaming(), done(), stream_over())
    lost = story.passes(5.1)
    assert FlushPlayout() in lost
    assert story.state is State.LISTENING


def test_an_answer_of_which_the_end_is_never_heard():
    story = Story().speaking()
    story.says(done(), stream_over())
    story.passes(9.9)
    assert story.state is State.SPEAKING
    assert FlushPlayout() in story.passes(0.2)
    assert story.state is State.LISTENING


def test_an_answer_that_stops_arriving():
    story = Story().speaking()
    story.happens(PlayoutDrained(500))
    story.passes(9.9)
    assert story.state is State.SPEAKING
    stalled = story.passes(0.2)
    assert stalled[0] == FlushPlayout()
    assert story.state is State.THINKING
    story.says(done())
    assert story.state is State.LISTENING


def test_a_long_answer_may_take_as_long_as_it_sounds():
    story = Story(session_s=300.0).speaking()
    story.passes(200.0)
    assert story.state is State.SPEAKING


def test_an_answer_made_faster_than_it_is_announced():
    story = Story().asked()
    story.says(created(), audio_part(), done())
    assert story.state is State.THINKING
    story.says(streaming())
    assert story.state is State.SPEAKING


def test_an_answer_whose_sound_is_announced_only_as_it_ends():
    story = Story().asked()
    story.says(created(), done(audio=True))
    assert story.state is State.THINKING
    story.says(streaming())
    assert story.state is State.SPEAKING


def test_an_answer_that_was_never_announced_at_all():
    story = Story().asked()
    story.says(streaming("resp_9"))
    story.happens(PlayoutStarted())
    story.says(done("resp_9"), stream_over("resp_9"))
    assert story.state is State.SPEAKING
    assert story.happens(PlayoutDrained(500)) != []


def test_a_failure_that_was_never_announced():
    story = Story().connected()
    assert Announce(Problem.ANSWER_FAILED) in story.says(done("resp_9", "failed"))


def test_an_answer_cleared_before_it_was_heard():
    story = Story().asked()
    story.says(created(), audio_part(), streaming(), stream_cleared("resp_0"))
    assert story.state is State.SPEAKING
    story.says(done(status="cancelled"), stream_cleared())
    assert story.state is State.LISTENING


def test_news_of_streams_that_never_were():
    story = Story().connected()
    assert story.says(stream_cleared("resp_9"), stream_over("resp_9")) == []


@pytest.mark.parametrize("heard", [True, False])
def test_a_lost_session_leaves_no_sound_behind(heard):
    story = Story(reconnect_s=0.0).asked()
    story.says(created(), audio_part())
    if heard:
        story.happens(PlayoutStarted())
        assert story.state is State.THINKING
    else:
        story.says(streaming())
    assert FlushPlayout() in story.happens(LinkLost("x"))


def test_sound_before_its_announcement():
    story = Story().asked()
    story.says(created(), audio_part())
    story.happens(PlayoutStarted())
    story.says(streaming(), done(), stream_over())
    assert story.state is State.SPEAKING
    story.happens(PlayoutDrained(400))
    assert story.state is State.LISTENING


def test_a_response_without_a_word():
    story = Story().asked()
    ended = story.says(created(), done())
    assert turns(ended) == ["no words"]
    assert story.state is State.LISTENING


def test_a_failed_response_is_heard():
    story = Story().asked()
    failed = story.says(created(), done(status="failed"))
    assert failed.count(Announce(Problem.ANSWER_FAILED)) == 1
    assert turns(failed) == ["failed"]
    assert story.state is State.LISTENING


def test_a_response_that_fails_in_the_middle_is_played_as_far_as_it_came():
    story = Story().speaking()
    assert story.says(done(status="failed")) == [], "no complaint over what can still be heard"
    assert story.state is State.SPEAKING
    over = story.happens(PlayoutDrained(700))
    assert turns(over) == ["failed"]
    assert Announce(Problem.ANSWER_FAILED) in over
    assert story.state is State.LISTENING


def test_who_interrupts_an_answer_that_failed_hears_no_complaint():
    story = Story().speaking()
    story.says(done(status="failed"), speech_started(5_000, "item_u2"))
    story.asked()
    assert turns(story.answered("resp_2")) == ["answered"]
    assert Announce not in {type(action) for action in story.book}


def test_in_half_duplex_a_complaint_that_ends_nothing_has_no_words():
    """The relay, which listens again, would take a sentence for a turn."""
    story = Story(barge_in=False).asked()
    assert PlaySound("error") in story.says(created(), done(status="failed"))


def test_failure_of_one_turn_is_not_that_of_the_next():
    story = Story().asked()
    story.says(created(), done(status="failed"))
    story.asked()
    assert turns(story.answered("resp_2")) == ["answered"]


def test_a_response_the_relay_cancels_is_no_failure():
    story = Story().asked()
    cancelled = story.says(created(), done(status="cancelled"))
    assert Announce not in {type(action) for action in cancelled}
    assert story.state is State.LISTENING


def test_an_answer_the_relay_clears_ends_when_played():
    story = Story().speaking()
    story.says(done(status="cancelled"), stream_cleared())
    assert story.state is State.SPEAKING
    story.happens(PlayoutDrained(300))
    assert story.state is State.LISTENING


def test_words_that_were_none_bring_back_the_ear():
    story = Story(no_speech_s=6.0).asked()
    story.passes(1.0)
    nothing = story.says(transcribed(" "))
    assert turns(nothing) == ["nothing heard"]
    assert story.state is State.LISTENING
    assert story.transceiver.deadline == 1_006.0, "what was left of the patience"


def test_words_that_were_none_after_long_noise():
    story = Story(no_speech_s=6.0).connected()
    story.says(speech_started())
    story.passes(20.0)
    story.says(speech_stopped(), committed(), transcribed(""))
    assert story.transceiver.deadline == 1_022.0


def test_a_transcript_of_another_turn_means_nothing():
    story = Story().asked()
    assert story.says(transcribed("", item="item_u0")) == []
    assert story.state is State.THINKING


def test_a_blank_transcript_does_not_stop_an_answer():
    story = Story().asked()
    story.says(created(), transcribed(""))
    assert story.state is State.THINKING


def test_an_answer_still_comes_after_nothing_was_heard():
    """The relay may answer an older question that it owes."""
    story = Story().asked()
    story.says(transcribed(""), created())
    assert story.state is State.THINKING
    assert turns(story.book) == ["wake", "nothing heard", "follow-up"]


def test_the_user_goes_on_after_a_pause():
    story = Story().asked()
    went_on = story.says(speech_started(3_400, "item_u2"))
    assert story.state is State.LISTENING
    assert turns(went_on) == ["interrupted", "barge-in"]
    story.says(speech_stopped(5_000, "item_u2"), committed("item_u2"), created("resp_2"))
    assert story.state is State.THINKING
    assert ResponseCancel(response_id="resp_2") not in sent(story.book)


def test_a_silence_that_the_relay_ends_by_itself():
    story = Story().connected()
    story.says(committed("item_u1"))
    assert story.state is State.THINKING


def test_a_follow_up_needs_no_wake_word():
    story = Story()
    story.answered()
    began = story.says(speech_started(9_000, "item_u2"))
    assert began[0] == BeginTurn("follow-up")
    story.says(speech_stopped(11_000, "item_u2"))
    assert turns(story.answered("resp_2")) == ["answered"]


def test_the_end_of_the_follow_up_window():
    story = Story(follow_up_s=8.0)
    story.answered()
    story.passes(7.9)
    assert story.state is State.LISTENING
    over = story.passes(0.2)
    assert over == [
        CloseGate("nothing more said"),
        CloseLink("nothing more said"),
        Show(Indication.IDLE),
    ]


def test_without_follow_up_the_answer_is_the_end():
    story = Story(follow_up_s=0.0)
    over = story.answered()
    assert turns(over) == ["answered"]
    assert over[-3:] == [CloseGate("answered"), CloseLink("answered"), Show(Indication.IDLE)]


def test_the_button_hangs_up_in_the_follow_up_window():
    story = Story()
    story.answered()
    story.happens(button)
    assert story.state is State.IDLE


def test_a_wake_word_in_the_follow_up_window_begins_a_turn():
    story = Story(follow_up_s=2.0, no_speech_s=6.0)
    story.answered()
    again = story.happens(wake)
    assert turns(again) == ["wake"]
    assert story.transceiver.deadline == 1_006.0
    assert turns(story.says(speech_started(9_000, "item_u2"))) == []


def test_a_wake_word_within_a_sentence_is_only_told():
    story = Story().connected()
    story.says(speech_started())
    before = story.transceiver.deadline
    told = story.happens(wake)
    assert [event.name for event in sent(told)] == ["alexa"]
    assert turns(told) == []
    assert story.transceiver.deadline == before


def test_an_answer_that_nobody_asked_for_has_its_own_turn():
    story = Story()
    story.answered()
    story.speaking("resp_9")
    assert turns(story.book) == ["wake", "answered", "follow-up"]


def test_two_answers_in_a_row_are_heard_to_the_end():
    story = Story().speaking()
    story.says(done(), stream_over(), created("resp_2"), audio_part("resp_2"), streaming("resp_2"))
    story.happens(PlayoutDrained(2_000))
    assert story.state is State.SPEAKING
    story.happens(PlayoutStarted())
    story.says(done("resp_2"), stream_over("resp_2"))
    assert turns(story.happens(PlayoutDrained(900))) == ["answered"]


def test_most_errors_are_only_remembered():
    story = Story().asked()
    story.passes(5.0)
    before = story.transceiver.deadline
    assert story.says(error("invalid_value"), error("x", "event_7")) == []
    assert story.transceiver.deadline == before, "no new patience for the answer"
    assert story.transceiver.last_error is not None
    assert story.transceiver.last_error.code == "x"
    assert story.state is State.THINKING


def test_an_expired_session_is_over():
    story = Story().speaking()
    over = story.says(error("session_expired"))
    assert turns(over) == ["failed: session_expired"]
    assert FlushPlayout() in over
    assert over[-1] == Announce(Problem.SESSION_LIMIT)
    assert story.state is State.IDLE
    assert not story.transceiver.facts.offline


class TestMarksOfSpeech:
    """Where the device's VAD and the relay's agree on one number."""

    def test_the_devices_own_end_of_speech_is_the_better_one(self):
        story = Story().connected()
        story.says(speech_started(1_500))
        story.happens(SpeechStopped(FIRST_SAMPLE + 2_450 * 16))
        stopped = story.says(speech_stopped(3_000))
        assert marks(stopped)[Stage.SPEECH_END] == FIRST_SAMPLE + 2_450 * 16

    def test_also_when_it_comes_a_little_later(self):
        story = Story().asked()
        late = story.happens(SpeechStopped(FIRST_SAMPLE + 2_450 * 16))
        assert marks(late) == {Stage.SPEECH_END: FIRST_SAMPLE + 2_450 * 16}
        assert Stage.SPEECH_END not in marks(story.answered())

    def test_without_it_the_relay_is_believed_less_its_silence(self):
        story = Story()
        story.answered()
        assert marks(story.book)[Stage.SPEECH_END] == FIRST_SAMPLE + (3_000 - 500) * 16

    def test_the_silence_is_the_one_the_relay_tells(self):
        patient = AudioInput(turn_detection=ServerVad(silence_duration_ms=900))
        story = Story()
        story.happens(wake, linked())
        story.says(SessionCreated(session=Session(audio=Audio(input=patient))))
        story.answered()
        assert marks(story.book)[Stage.SPEECH_END] == FIRST_SAMPLE + (3_000 - 900) * 16

    def test_what_the_device_hears_after_the_turn_is_something_else(self):
        story = Story().asked()
        assert marks(story.happens(SpeechStopped(FIRST_SAMPLE + 3_100 * 16))) == {}

    def test_what_it_heard_before_the_turn_too(self):
        story = Story().connected()
        story.happens(SpeechStopped(FIRST_SAMPLE + 1_000 * 16))
        story.says(speech_started(1_500))
        assert Stage.SPEECH_END not in marks(story.says(speech_stopped(3_000)))

    def test_speech_begins_after_the_wake_phrase(self):
        story = Story().connected()
        assert marks(story.says(speech_started(0))) == {Stage.SPEECH_START: wake.phrase_end}

    def test_speech_begins_where_the_device_heard_it_not_with_the_padding(self):
        story = Story().connected()
        onset = FIRST_SAMPLE + 1_800 * 16
        story.happens(SpeechStarted(onset))
        assert marks(story.says(speech_started(1_500))) == {Stage.SPEECH_START: onset}
