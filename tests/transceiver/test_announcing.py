"""What others want said: when there is a moment for it, and when there is none."""

from edgevoice.transceiver.actions import (
    CloseGate,
    DropAnnouncement,
    OpenGate,
    PlaySound,
    Ring,
    SayAnnouncement,
    Show,
    StopAnnouncement,
)
from edgevoice.transceiver.announcing import MARGIN_S, MOST_WAITING
from edgevoice.transceiver.indication import Indication
from edgevoice.transceiver.inputs import (
    STOP_WORD,
    AnnouncementReady,
    AnnouncementSaid,
    QuietChanged,
    ShutdownRequested,
    StopRequested,
    TimerRang,
)
from edgevoice.transceiver.states import State
from tests.transceiver.story import Story, button, linked, shown, wake

dinner = AnnouncementReady(1, 3.0)
fire = AnnouncementReady(2, 3.0, urgent=True)
door = AnnouncementReady(3, 3.0)
ring = TimerRang("tea")


def said(story: Story) -> list[int]:
    return [action.number for action in story.book if isinstance(action, SayAnnouncement)]


def test_it_is_said_at_once_where_nothing_is_going_on_and_has_a_light_of_its_own():
    story = Story()
    assert story.happens(dinner) == [Show(Indication.ANNOUNCING), SayAnnouncement(1)]
    assert story.happens(AnnouncementSaid(1)) == [DropAnnouncement(1), Show(Indication.IDLE)]


def test_one_after_the_other():
    story = Story()
    story.happens(dinner, door)
    assert said(story) == [1]
    story.happens(AnnouncementSaid(1))
    assert said(story) == [1, 3]


def test_it_waits_for_the_end_of_a_session():
    story = Story(no_speech_s=6.0).connected()
    assert story.happens(dinner) == []
    after = story.passes(6.1)
    assert after.index(CloseGate("no speech")) < after.index(SayAnnouncement(1))
    assert story.shown is Indication.ANNOUNCING


def test_an_urgent_one_is_said_over_an_answer_and_the_light_shows_the_session():
    story = Story().speaking()
    story.happens(dinner)
    assert story.happens(fire) == [SayAnnouncement(2)]
    assert story.shown is Indication.SPEAKING


def test_but_never_over_a_user():
    story = Story().connected()
    assert story.happens(fire) == []
    story.speaking()
    assert said(story) == [2]


def test_whoever_wakes_us_hears_it_again_from_the_beginning_once():
    story = Story(no_speech_s=6.0)
    story.happens(dinner)
    woken = story.happens(wake)
    assert woken[0] == StopAnnouncement()
    assert any(isinstance(action, OpenGate) for action in woken)
    assert Indication.IDLE not in shown(woken)
    story.happens(linked())
    story.passes(6.1)
    assert said(story) == [1, 1]
    assert story.happens(wake)[:2] == [StopAnnouncement(), DropAnnouncement(1)]
    story.happens(linked())
    story.passes(6.1)
    assert said(story) == [1, 1]


def test_the_button_the_stop_word_and_stop_end_it_for_good():
    for stop in (button, StopRequested(STOP_WORD), StopRequested("control")):
        story = Story()
        story.happens(dinner)
        ended = story.happens(stop)
        assert ended[:3] == [StopAnnouncement(), DropAnnouncement(1), Show(Indication.IDLE)]
        assert story.state is State.IDLE
        story.passes(60.0)
        assert said(story) == [1]


def test_what_was_stopped_may_still_be_reported_as_said():
    story = Story()
    story.happens(dinner, button, door)
    assert story.happens(AnnouncementSaid(1)) == []
    assert story.transceiver.facts.announcing


def test_a_loudspeaker_that_never_comes_to_the_end_holds_nobody_up():
    story = Story()
    story.happens(dinner, door)
    story.passes(3.0 + MARGIN_S + 0.1)
    assert said(story) == [1, 3]


def test_what_rings_is_not_talked_over_unless_it_is_urgent():
    story = Story()
    story.happens(ring, dinner)
    assert said(story) == []
    assert story.happens(fire) == [SayAnnouncement(2), Ring("timer", softly=True)]
    assert story.happens(AnnouncementSaid(2))[-1] == Ring("timer", softly=False)
    story.happens(button)
    assert said(story) == [2, 1]


def test_what_rings_meanwhile_is_soft_until_it_is_over():
    story = Story()
    story.happens(dinner)
    assert story.happens(ring)[0] == Ring("timer", softly=True)
    assert story.shown is Indication.RINGING
    assert Ring("timer", softly=False) in story.happens(AnnouncementSaid(1))


def test_in_quiet_hours_it_waits():
    story = Story()
    story.happens(QuietChanged(True), dinner)
    assert said(story) == []
    story.happens(fire)
    assert said(story) == [2], "an urgent one passes"
    story.happens(AnnouncementSaid(2), QuietChanged(False))
    assert said(story) == [2, 1]


def test_or_is_dropped_where_the_owner_wants_that():
    story = Story(hold_announcements=False)
    story.happens(QuietChanged(True))
    assert story.happens(dinner) == [DropAnnouncement(1, "quiet hours")]
    assert story.happens(fire)[-1] == SayAnnouncement(2)


def test_chimes_are_silent_in_quiet_hours():
    story = Story()
    assert PlaySound("wake") in story.happens(wake)
    story = Story()
    story.happens(QuietChanged(True))
    assert PlaySound("wake") not in story.happens(wake)


def test_too_many_push_the_oldest_out():
    story = Story().connected()
    for number in range(MOST_WAITING):
        assert story.happens(AnnouncementReady(number, 1.0)) == []
    dropped = story.happens(AnnouncementReady(99, 1.0))
    assert dropped == [DropAnnouncement(0, "too many are waiting")]


def test_a_muted_board_can_be_spoken_to_and_shows_that_it_is_muted():
    story = Story(muted=True)
    assert story.happens(dinner) == [SayAnnouncement(1)]
    assert story.shown is Indication.MUTED


def test_nothing_is_said_once_the_program_ends():
    story = Story()
    story.happens(dinner, door)
    ended = story.happens(ShutdownRequested())
    assert StopAnnouncement() in ended
    assert DropAnnouncement(3, "the program ends") in ended
    assert story.happens(fire) == [DropAnnouncement(2, "the program ends")]
