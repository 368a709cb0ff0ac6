import pytest

from edgevoice.transceiver.actions import Announce, FlushPlayout, Problem
from edgevoice.transceiver.inputs import LinkLost, PlayoutDrained, SpeechStarted, StopRequested
from edgevoice.transceiver.limits import UNHEARD_S
from edgevoice.transceiver.states import State
from edgevoice.webrtc.line import SILENCE_S
from tests.transceiver.story import (
    Story,
    button,
    committed,
    created,
    done,
    speech_started,
    speech_stopped,
    transcribed,
    turns,
    wake,
)


def test_a_wake_word_and_then_nothing():
    story = Story(no_speech_s=6.0).connected()
    assert turns(story.passes(6.1)) == ["no speech"]
    assert story.state is State.IDLE
    assert Announce not in {type(action) for action in story.book}


def test_who_begins_at_the_last_moment_is_waited_for():
    story = Story(no_speech_s=6.0).connected()
    story.passes(5.9)
    story.happens(SpeechStarted(200_000))
    story.passes(0.5)
    assert story.state is State.LISTENING
    story.says(speech_started())
    story.passes(10.0)
    assert story.state is State.LISTENING


def test_speech_that_only_the_device_hears_does_not_count():
    story = Story(no_speech_s=6.0).connected()
    story.passes(5.9)
    story.happens(SpeechStarted(200_000))
    assert turns(story.passes(UNHEARD_S + 0.1)) == ["no speech"]


def test_who_speaks_into_a_link_that_has_just_died_is_waited_for():
    """Until that is noticed; then the words go by the next one."""
    story = Story(no_speech_s=6.0).connected()
    story.passes(5.9)
    story.happens(SpeechStarted(200_000))
    story.passes(SILENCE_S + 0.3)
    story.happens(LinkLost("nothing was heard", next_sample=230_000))
    assert story.state is State.CONNECTING


def test_speech_that_never_ends():
    story = Story().connected()
    story.says(speech_started())
    story.passes(64.0)
    assert story.state is State.LISTENING
    assert turns(story.passes(2.0)) == ["endless speech"]


def test_an_answer_that_never_begins():
    story = Story(think_s=20.0).asked()
    story.passes(19.0)
    assert story.state is State.THINKING
    late = story.passes(1.1)
    assert turns(late) == ["no answer"]
    assert late[-1] == Announce(Problem.NO_ANSWER)
    assert story.state is State.IDLE


def test_an_answer_that_has_begun_to_be_made_gets_new_patience():
    story = Story(think_s=20.0).asked()
    story.passes(19.0)
    story.says(created())
    story.passes(19.0)
    assert story.state is State.THINKING


def test_a_session_in_which_nothing_happens_is_closed():
    story = Story(follow_up_s=100.0, idle_s=30.0)
    story.answered()
    story.passes(29.9)
    assert story.state is State.LISTENING
    story.passes(0.2)
    assert story.state is State.IDLE
    assert story.transceiver.last_ending == "idle"


def test_also_after_an_answer_that_stalled():
    story = Story(follow_up_s=100.0, idle_s=30.0).speaking()
    story.says(done())
    story.happens(PlayoutDrained(500))
    story.passes(10.1)
    assert story.state is State.LISTENING
    story.passes(30.1)
    assert story.state is State.IDLE


def test_the_wake_word_keeps_a_session_open():
    story = Story(follow_up_s=100.0, idle_s=30.0)
    story.answered()
    story.passes(20.0)
    story.happens(wake)
    story.passes(20.0)
    assert story.state is State.LISTENING


def test_so_does_the_button_that_stops_an_answer():
    story = Story(no_speech_s=100.0, idle_s=30.0).speaking()
    story.passes(60.0)
    story.happens(button)
    story.passes(29.0)
    assert story.state is State.LISTENING
    story.passes(1.1)
    assert story.state is State.IDLE


def test_an_answer_of_any_length_is_no_idleness():
    story = Story(idle_s=5.0, follow_up_s=4.0).speaking()
    story.passes(60.0)
    assert story.state is State.SPEAKING


@pytest.mark.fault("runaway-session", "wake-storm")
def test_a_television_does_not_keep_a_session_open():
    """Noise that turns out to be no words, again and again."""
    story = Story(no_speech_s=6.0, idle_s=30.0).connected()
    for n in range(20):
        story.says(speech_started(item=f"item_{n}"))
        story.passes(2.0)
        if story.state is State.IDLE:
            break
        story.says(speech_stopped(item=f"item_{n}"), committed(f"item_{n}"))
        story.says(transcribed("", f"item_{n}"))
        story.passes(1.0)
    assert story.state is State.IDLE
    assert 1_030.0 <= story.now <= 1_035.0


@pytest.mark.fault("runaway-session")
def test_a_session_has_an_end_whatever_happens_in_it():
    story = Story(session_s=300.0).speaking()
    story.passes(299.0)
    assert story.state is State.SPEAKING
    ended = story.passes(1.1)
    assert turns(ended) == ["session limit"]
    assert ended[-1] == Announce(Problem.SESSION_LIMIT)
    assert FlushPlayout() in ended
    assert story.state is State.IDLE


@pytest.mark.fault("runaway-session", "wake-storm", "quota-reached")
def test_the_minutes_of_a_day_end_a_session():
    story = Story(minutes_per_day=2.0).speaking()
    ended = story.passes(120.1)
    assert turns(ended) == ["daily limit"]
    assert ended[-1] == Announce(Problem.DAILY_LIMIT)
    assert story.happens(wake) == [Announce(Problem.DAILY_LIMIT)]
    assert story.transceiver.last_ending == "daily limit"
    assert story.state is State.IDLE


def test_the_minutes_of_several_sessions_add_up():
    story = Story(minutes_per_day=2.0).speaking()
    story.passes(90.0)
    story.happens(StopRequested("owner"))
    story.passes(1_000.0)
    story.speaking()
    story.passes(29.9)
    assert story.state is State.SPEAKING
    story.passes(0.2)
    assert story.state is State.IDLE


def test_the_next_day_is_another_day():
    story = Story(minutes_per_day=1.0).speaking()
    story.passes(61.0)
    story.passes(86_000.0)
    assert story.happens(wake) == [Announce(Problem.DAILY_LIMIT)]
    story.passes(400.0)
    story.happens(wake)
    assert story.state is State.CONNECTING


def test_without_a_limit_a_day_is_long():
    story = Story(minutes_per_day=0.0, session_s=100_000.0).speaking()
    story.passes(90_000.0)
    assert story.state is State.SPEAKING
