import pytest

from edgevoice.realtime.client_events import SessionUpdate
from edgevoice.transceiver.actions import (
    Announce,
    BeginTurn,
    CloseGate,
    CloseLink,
    EndTurn,
    Mark,
    OpenGate,
    OpenLink,
    OpenLinkEarly,
    PlaySound,
    Problem,
    Show,
    Stage,
    WakePhrase,
)
from edgevoice.transceiver.indication import Indication
from edgevoice.transceiver.inputs import (
    ButtonPressed,
    EventReceived,
    LinkFailed,
    LinkLost,
    MuteRequested,
    ShutdownRequested,
    WakeDetected,
    WakeHinted,
)
from edgevoice.transceiver.states import State
from tests.transceiver.story import (
    FIRST_SAMPLE,
    Story,
    button,
    linked,
    marks,
    sent,
    session_created,
    shown,
    speech_started,
    speech_stopped,
    turns,
    wake,
)


def test_the_wake_word_opens_link_and_gate_at_once():
    story = Story()
    assert story.happens(wake) == [
        BeginTurn("wake"),
        Mark(Stage.WAKE_END, 1_000.0, 98_000),
        Mark(Stage.WAKE_DECIDED, 1_000.0),
        Show(Indication.CONNECTING),
        PlaySound("wake"),
        OpenLink(FIRST_SAMPLE, WakePhrase("alexa", 85_000, 98_000)),
        OpenGate(FIRST_SAMPLE, "alexa"),
    ]
    assert story.state is State.CONNECTING


def test_a_long_phrase_is_sent_from_its_beginning():
    early = WakeDetected(
        "hey_jarvis", 0.9, phrase_start=70_000, phrase_end=98_000, detected_at=100_000
    )
    assert OpenGate(70_000, "hey_jarvis") in Story().happens(early)


def test_nothing_before_the_first_sample_is_asked_for():
    at_once = WakeDetected("alexa", 0.9, phrase_start=0, phrase_end=9_000, detected_at=10_000)
    assert OpenGate(0, "alexa") in Story().happens(at_once)
    assert OpenGate(0, "button") in Story().happens(ButtonPressed(100))


def test_a_word_begun_while_pressing_is_kept():
    opened = Story().happens(button)
    assert OpenLink(100_000 - 4_800, None) in opened
    assert OpenGate(100_000 - 4_800, "button") in opened
    assert turns(opened) == ["button"]
    assert Stage.WAKE_END not in marks(opened)


def test_the_chime_can_be_switched_off():
    assert PlaySound("wake") not in Story(chime=False).happens(wake)


def test_patience_counts_from_the_open_link():
    story = Story(no_speech_s=6.0)
    story.happens(wake)
    story.passes(1.0)
    opened = story.happens(linked())
    assert opened == [Mark(Stage.LINK_OPEN, 1_001.0), Show(Indication.LISTENING)]
    assert story.transceiver.deadline == 1_007.0


def test_a_slow_relay_is_reported_once_and_waited_for():
    story = Story(cue_s=1.5, connect_s=5.0)
    story.happens(wake)
    assert story.passes(1.4) == []
    assert story.passes(0.2) == [PlaySound("connecting")]
    assert story.passes(3.0) == []
    assert story.happens(linked())[-1] == Show(Indication.LISTENING)
    assert PlaySound("connecting") not in story.passes(2.0)


def test_a_relay_that_never_answers():
    story = Story(connect_s=5.0)
    story.happens(wake)
    story.passes(4.9)
    gave_up = story.passes(0.2)
    reason = "failed: no relay within 5 s"
    assert gave_up == [
        CloseGate(reason),
        CloseLink(reason),
        Mark(Stage.END, 1_005.0),
        EndTurn(reason),
        Show(Indication.OFFLINE),
        Announce(Problem.RELAY_UNREACHABLE),
    ]
    assert story.transceiver.facts.offline
    assert story.transceiver.last_ending == reason


def test_a_refused_link_is_heard_and_shown_until_one_opens():
    story = Story()
    story.happens(wake)
    failed = story.happens(LinkFailed("401", refused=True))
    assert EndTurn("failed: 401") in failed
    assert failed[-2:] == [Show(Indication.OFFLINE), Announce(Problem.REFUSED)]
    story.happens(wake)
    assert story.shown is Indication.CONNECTING
    story.happens(linked(), button)
    assert story.shown is Indication.IDLE


def test_without_patience_a_lost_link_ends_the_session():
    story = Story(reconnect_s=0.0).speaking()
    lost = story.happens(LinkLost("timeout"))
    assert turns(lost) == ["lost: timeout"]
    assert lost[0] == CloseGate("lost: timeout")
    assert lost[-2:] == [Show(Indication.OFFLINE), Announce(Problem.CONNECTION_LOST)]
    assert story.state is State.IDLE


def test_the_button_cancels_what_it_began():
    story = Story()
    story.happens(button)
    cancelled = story.happens(ButtonPressed(110_000))
    assert turns(cancelled) == ["cancelled"]
    assert Announce not in {type(action) for action in cancelled}
    assert story.state is State.IDLE


def test_a_second_wake_word_while_connecting_changes_nothing():
    story = Story()
    story.happens(wake)
    assert story.happens(wake) == []


def test_facts_of_the_last_session_do_not_disturb():
    story = Story()
    assert story.happens(linked(), LinkLost("late"), EventReceived(session_created)) == []
    assert story.shown is Indication.IDLE


def test_what_the_relay_says_before_the_link_counts_is_kept():
    story = Story()
    story.happens(wake)
    assert story.says(session_created, speech_started(), speech_stopped()) == []
    opened = story.happens(linked())
    assert story.state is State.THINKING
    assert isinstance(sent(opened)[0], SessionUpdate)
    assert shown(opened) == [Indication.LISTENING, Indication.THINKING]


def test_a_hint_opens_nothing_unless_the_owner_wants_it():
    assert Story().happens(WakeHinted()) == []


def test_a_hint_opens_the_link_and_nothing_else():
    story = Story(speculative=True)
    assert story.happens(WakeHinted()) == [OpenLinkEarly()]
    assert not story.house.gate
    assert story.state is State.IDLE


@pytest.mark.parametrize("before", [wake, MuteRequested("x"), ShutdownRequested()])
def test_a_hint_means_nothing_when_nobody_could_be_woken(before):
    story = Story(speculative=True)
    story.happens(before)
    assert story.happens(WakeHinted()) == []
