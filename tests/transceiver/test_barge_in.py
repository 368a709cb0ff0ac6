from edgevoice.realtime.client_events import (
    ConversationItemTruncate,
    EdgevoiceWake,
    InputAudioBufferClear,
    OutputAudioBufferClear,
    ResponseCancel,
    SessionUpdate,
)
from edgevoice.transceiver.actions import (
    BeginTurn,
    CloseGate,
    DuckPlayout,
    EndTurn,
    FlushPlayout,
    Mark,
    SendEvent,
    Show,
    Stage,
    UnduckPlayout,
)
from edgevoice.transceiver.indication import Indication
from edgevoice.transceiver.inputs import (
    BargeInConfirmed,
    ButtonPressed,
    PlayoutDrained,
    PlayoutFlushed,
    PlayoutStarted,
    SpeechStarted,
    SpeechStopped,
    WakeDetected,
)
from edgevoice.transceiver.states import State
from tests.transceiver.story import (
    FIRST_SAMPLE,
    Story,
    audio_part,
    committed,
    created,
    done,
    marks,
    sent,
    speech_started,
    speech_stopped,
    stream_cleared,
    stream_over,
    streaming,
    transcribed,
    turns,
)

again = WakeDetected("alexa", 0.9, phrase_start=150_000, phrase_end=160_000, detected_at=161_000)
press = ButtonPressed(150_000)
local = SpeechStarted(140_000)
certain = BargeInConfirmed(140_000)


def test_a_voice_lowers_the_answer_at_once():
    story = Story().speaking()
    assert story.happens(local) == [DuckPlayout()]
    assert story.state is State.SPEAKING


def test_a_cough_gives_the_answer_its_voice_back():
    story = Story().speaking()
    story.happens(local)
    assert story.happens(SpeechStopped(142_000)) == [UnduckPlayout()]
    assert story.state is State.SPEAKING


def test_noise_that_never_stops_does_not_keep_the_answer_low():
    story = Story().speaking()
    story.happens(local)
    assert story.passes(0.9) == []
    assert story.passes(0.2) == [UnduckPlayout()]


def test_a_voice_outside_an_answer_lowers_nothing():
    assert Story().asked().happens(local) == []
    assert Story().connected().happens(local) == []


def test_the_relays_word_silences_the_answer_first():
    story = Story().speaking()
    story.happens(local)
    barged = story.says(speech_started(5_000, "item_u2"))
    assert [action for action in barged if not isinstance(action, Mark)] == [
        FlushPlayout(),
        EndTurn("interrupted"),
        BeginTurn("barge-in"),
        UnduckPlayout(),
        Show(Indication.LISTENING),
    ]
    assert barged[0] == FlushPlayout()
    assert sent(barged) == [], "the relay stops by itself"


def test_only_what_was_heard_stays_in_the_conversation():
    story = Story().speaking()
    story.says(speech_started(5_000, "item_u2"))
    cut = story.happens(PlayoutFlushed(730))
    assert sent(cut) == [
        ConversationItemTruncate(item_id="item_a1", content_index=0, audio_end_ms=730)
    ]
    assert story.happens(PlayoutFlushed(730)) == [], "once"


def test_an_answer_of_which_nothing_was_played_was_not_heard():
    """The speaker still counts the milliseconds of the answer before."""
    story = Story().asked()
    story.says(created(), audio_part(), streaming())
    story.says(speech_started(5_000, "item_u2"))
    (truncate,) = sent(story.happens(PlayoutFlushed(4_000)))
    assert truncate.audio_end_ms == 0


def test_other_relays_truncate_by_themselves():
    story = Story()
    story.connected(extensions=False)
    story.speaking()
    story.says(speech_started(5_000, "item_u2"))
    assert story.happens(PlayoutFlushed(730)) == []


def test_a_flush_that_came_too_late_cuts_nothing():
    story = Story().speaking()
    story.says(done(), stream_over(), speech_started(5_000, "item_u2"))
    story.happens(PlayoutDrained(2_000))
    assert story.happens(PlayoutFlushed(2_000)) == []


def test_an_underrun_is_no_reason_to_cut_nothing():
    story = Story().speaking()
    story.says(speech_started(5_000, "item_u2"))
    story.happens(PlayoutDrained(600))
    assert len(sent(story.happens(PlayoutFlushed(600)))) == 1


def test_of_two_pieces_nobody_knows_which_was_heard():
    story = Story().speaking()
    story.says(audio_part(item="item_a2"), speech_started(5_000, "item_u2"))
    assert story.happens(PlayoutFlushed(730)) == []


def test_the_rest_of_an_interrupted_answer_stays_silent():
    story = Story().speaking()
    story.says(speech_started(5_000, "item_u2"))
    assert story.happens(PlayoutStarted()) == [FlushPlayout()]
    story.says(stream_cleared(), done(status="cancelled"))
    story.says(speech_stopped(7_000, "item_u2"), committed("item_u2"), created("resp_2"))
    heard = story.says(audio_part("resp_2", "item_a2"), streaming("resp_2"))
    assert FlushPlayout() not in heard + story.happens(PlayoutStarted())
    assert story.state is State.SPEAKING


def test_the_next_answer_may_be_heard_before_it_is_announced():
    story = Story().speaking()
    story.says(speech_started(5_000, "item_u2"), speech_stopped(7_000, "item_u2"))
    story.says(created("resp_2"))
    assert FlushPlayout() not in story.happens(PlayoutStarted())


def test_an_answer_stopped_before_it_began_is_not_heard():
    story = Story().asked()
    story.happens(press)
    story.says(created("resp_1"))
    assert story.happens(PlayoutStarted()) == [FlushPlayout()]


def test_an_answer_without_announcement_is_heard_after_an_interruption():
    story = Story().speaking()
    story.says(speech_started(5_000, "item_u2"), speech_stopped(7_000, "item_u2"))
    story.says(streaming("resp_9"))
    assert FlushPlayout() not in story.happens(PlayoutStarted())


def test_an_interrupted_answer_does_not_end_the_next_turn():
    story = Story().speaking()
    story.says(speech_started(5_000, "item_u2"), speech_stopped(7_000, "item_u2"))
    story.says(stream_cleared(), done(status="cancelled"))
    assert story.state is State.THINKING


def test_an_interrupted_response_that_failed_makes_no_sound():
    story = Story().speaking()
    story.says(speech_started(5_000, "item_u2"))
    assert story.says(done(status="failed")) == []


def test_the_wake_word_stops_an_answer_and_listens_in_the_same_breath():
    story = Story().speaking()
    stopped = story.happens(again)
    assert story.state is State.LISTENING
    assert CloseGate not in {type(action) for action in stopped}
    assert turns(stopped) == ["interrupted", "wake"]


def test_the_order_of_stopping():
    story = Story().speaking()
    stopped = story.happens(again)
    assert stopped[0] == FlushPlayout()
    assert sent(stopped) == [
        ResponseCancel(response_id="resp_1"),
        OutputAudioBufferClear(),
        EdgevoiceWake(
            name="alexa", start_sample=150_000 - FIRST_SAMPLE, end_sample=160_000 - FIRST_SAMPLE
        ),
    ]
    assert story.house.gate


def test_a_finished_response_is_not_cancelled():
    story = Story().speaking()
    story.says(done())
    assert sent(story.happens(press)) == [OutputAudioBufferClear()]


def test_the_wake_phrase_is_told_to_edgevoice_relays_only():
    story = Story()
    story.connected(extensions=False)
    story.speaking()
    assert EdgevoiceWake not in {type(event) for event in sent(story.happens(again))}


def test_the_wake_word_ends_a_tangle_of_voices():
    """The relay answers although the user is speaking."""
    story = Story(no_speech_s=6.0).connected()
    story.says(speech_started(), streaming())
    assert story.state is State.SPEAKING
    story.happens(again)
    assert turns(story.passes(6.1)) == ["no speech"]


def test_a_voice_under_which_the_answer_ends_is_heard_out():
    story = Story().connected()
    story.says(speech_started(), streaming())
    story.happens(PlayoutStarted())
    story.says(stream_over())
    story.happens(PlayoutDrained(300))
    assert story.state is State.LISTENING
    story.passes(30.0)
    assert story.state is State.LISTENING


def test_the_button_stops_an_answer_and_listens():
    story = Story(no_speech_s=6.0).speaking()
    stopped = story.happens(press)
    assert turns(stopped) == ["interrupted", "button"]
    assert story.state is State.LISTENING
    assert story.transceiver.deadline == 1_006.0
    story.happens(press)
    assert story.state is State.IDLE, "pressed again, it hangs up"


def test_an_answer_that_begins_after_it_was_stopped_is_stopped_too():
    story = Story().asked()
    story.happens(press)
    late = story.says(created("resp_1"))
    assert late == [SendEvent(ResponseCancel(response_id="resp_1"))]
    assert story.says(streaming("resp_1")) == []
    assert story.state is State.LISTENING


def test_the_answer_to_the_new_question_is_wanted():
    story = Story().asked()
    story.happens(again)
    story.says(speech_started(5_000, "item_u2"), speech_stopped(7_000, "item_u2"))
    assert ResponseCancel(response_id="resp_2") not in sent(story.says(created("resp_2")))


def test_a_stopped_answer_is_truncated_as_well():
    story = Story().speaking()
    story.happens(press)
    (truncate,) = sent(story.happens(PlayoutFlushed(-5)))
    assert truncate.audio_end_ms == 0


class TestCertainty:
    """The device is certain by itself, before the relay, or without it."""

    def test_it_stops_the_answer_here_and_there_and_listens_in_the_same_breath(self):
        story = Story().speaking()
        story.happens(local)
        stopped = story.happens(certain)
        assert [action for action in stopped if not isinstance(action, Mark)] == [
            FlushPlayout(),
            SendEvent(ResponseCancel(response_id="resp_1")),
            SendEvent(OutputAudioBufferClear()),
            EndTurn("interrupted"),
            BeginTurn("barge-in"),
            UnduckPlayout(),
            Show(Indication.LISTENING),
        ]
        assert story.house.gate

    def test_only_what_was_heard_stays(self):
        story = Story().speaking()
        story.happens(certain)
        (truncate,) = sent(story.happens(PlayoutFlushed(730)))
        assert truncate.audio_end_ms == 730

    def test_the_turn_knows_when_speech_began_and_when_it_was_quiet(self):
        story = Story().speaking()
        marked = marks(story.happens(certain))
        assert marked[Stage.SPEECH_START] == 140_000
        assert Stage.ANSWER_SILENCED in marked

    def test_the_relays_word_that_follows_counts_once(self):
        story = Story().speaking()
        story.happens(certain)
        after = story.says(speech_started(3_700, "item_u2"))
        assert turns(after) == [] and FlushPlayout() not in after
        story.passes(20.0)
        assert story.state is State.LISTENING, "as long as the user speaks"
        story.says(stream_cleared(), done(status="cancelled"))
        story.says(speech_stopped(7_000, "item_u2"), committed("item_u2"))
        assert story.state is State.THINKING
        assert turns(story.answered("resp_2")) == ["answered"]

    def test_the_relays_word_that_came_before_too(self):
        story = Story().speaking()
        story.says(speech_started(3_700, "item_u2"))
        assert story.happens(certain) == []

    def test_a_false_alarm_listens_as_after_the_answer(self):
        story = Story(follow_up_s=8.0).speaking()
        story.happens(certain)
        story.passes(7.9)
        assert story.state is State.LISTENING
        assert turns(story.passes(0.2)) == ["no speech"]
        assert story.state is State.IDLE

    def test_without_a_follow_up_window_it_still_waits_for_the_words(self):
        story = Story(follow_up_s=0.0).speaking()
        story.happens(certain)
        story.passes(1.9)
        assert story.state is State.LISTENING
        story.passes(0.2)
        assert story.state is State.IDLE

    def test_a_noise_that_the_relay_finds_no_words_in(self):
        story = Story().speaking()
        story.happens(certain)
        story.says(speech_started(3_700, "item_u2"), speech_stopped(4_000, "item_u2"))
        story.says(committed("item_u2"))
        assert turns(story.says(transcribed("", "item_u2"))) == ["nothing heard"]
        assert story.state is State.LISTENING

    def test_what_still_arrives_of_the_answer_is_not_heard(self):
        story = Story().speaking()
        story.happens(certain)
        assert story.happens(PlayoutStarted()) == [FlushPlayout()]

    def test_a_voice_the_relay_was_hearing_anyway_is_heard_out(self):
        story = Story().connected()
        story.says(speech_started(), streaming())
        story.happens(certain)
        story.passes(30.0)
        assert story.state is State.LISTENING

    def test_the_wake_word_it_turns_out_to_be_is_told_to_the_relay(self):
        story = Story().speaking()
        story.happens(certain)
        woken = story.happens(again)
        assert turns(woken) == []
        assert [type(event) for event in sent(woken)] == [EdgevoiceWake]
        assert marks(woken)[Stage.WAKE_END] == 160_000

    def test_twice_is_once(self):
        story = Story().speaking()
        story.happens(certain)
        assert story.happens(certain) == []

    def test_outside_an_answer_there_is_nothing_to_stop(self):
        for story in (Story(), Story().connected(), Story().asked()):
            assert story.happens(certain) == []


class TestHalfDuplex:
    """`barge_in: false`: the board hears itself."""

    def test_the_relay_is_told_not_to_be_interrupted(self):
        story = Story(barge_in=False).connected()
        (update, *_) = sent(story.book)
        detection = update.session["audio"]["input"]["turn_detection"]
        assert detection["interrupt_response"] is False

    def test_it_hears_a_question_as_ever(self):
        story = Story(barge_in=False).connected()
        assert turns(story.says(speech_started())) == []
        story.passes(30.0)
        assert story.state is State.LISTENING, "it is the user's turn"
        story.says(speech_stopped())
        assert story.state is State.THINKING

    def test_a_user_who_goes_on_before_the_answer_too(self):
        story = Story(barge_in=False).asked()
        story.says(speech_started(5_000, "item_u2"))
        assert story.state is State.LISTENING

    def test_it_is_deaf_while_the_answer_is_heard(self):
        story = Story(barge_in=False).speaking()
        (*_, update) = sent(story.book)
        assert isinstance(update, SessionUpdate)
        assert update.session["audio"]["input"] == {"turn_detection": None}
        assert story.house.gate, "the wake word is still to be answered without a gap"

    def test_afterwards_it_hears_again_and_forgets_the_echo(self):
        story = Story(barge_in=False)
        clear, update = sent(story.answered())
        assert clear == InputAudioBufferClear()
        assert update.session["audio"]["input"]["turn_detection"] == {
            "type": "server_vad",
            "threshold": 0.5,
            "prefix_padding_ms": 300,
            "silence_duration_ms": 500,
            "create_response": True,
            "interrupt_response": False,
        }

    def test_echo_neither_ducks_nor_interrupts(self):
        story = Story(barge_in=False).speaking()
        assert story.happens(local, certain) == []
        assert story.says(speech_started(5_000, "item_u2"), speech_stopped(6_000, "item_u2")) == []
        assert story.state is State.SPEAKING

    def test_the_wake_word_still_does_and_loses_nothing(self):
        story = Story(barge_in=False).speaking()
        events = sent(story.happens(again))
        kinds = [type(event) for event in events]
        assert InputAudioBufferClear not in kinds
        assert kinds == [ResponseCancel, OutputAudioBufferClear, SessionUpdate, EdgevoiceWake]
        assert story.state is State.LISTENING


class TestDecidedHere:
    """The device tells voices from its own echo, and nobody else has a say in it."""

    def test_the_relay_is_deaf_while_the_answer_is_heard(self):
        story = Story(hears_voices=True).speaking()
        (*_, update) = sent(story.book)
        assert update.session["audio"]["input"] == {"turn_detection": None}
        assert story.house.gate

    def test_before_the_answer_the_relay_may_interrupt(self):
        story = Story(hears_voices=True).connected()
        (update, *_) = sent(story.book)
        assert update.session["audio"]["input"]["turn_detection"]["interrupt_response"] is True

    def test_a_voice_stops_the_answer_and_gives_the_relay_its_ears_back(self):
        story = Story(hears_voices=True).speaking()
        done = story.happens(certain)
        assert FlushPlayout() in done
        kinds = [type(event) for event in sent(done)]
        assert kinds == [ResponseCancel, OutputAudioBufferClear, SessionUpdate]
        assert story.state is State.LISTENING

    def test_a_hint_only_ducks(self):
        story = Story(hears_voices=True).speaking()
        assert story.happens(local) == [DuckPlayout()]
        assert story.state is State.SPEAKING

    def test_a_word_that_has_just_begun_when_the_answer_ends_is_not_forgotten(self):
        """The device needs a tenth of a second to notice it, and more to be sure."""
        (update,) = sent(Story(hears_voices=True).answered())
        assert isinstance(update, SessionUpdate)
        assert update.session["audio"]["input"]["turn_detection"]["type"] == "server_vad"
