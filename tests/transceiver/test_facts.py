"""What is true beside the state: muted, microphone lost, ringing, shut down."""

import pytest

from edgevoice.realtime.event import UnknownEvent
from edgevoice.realtime.server_events import EdgevoiceReceived
from edgevoice.transceiver.actions import (
    Announce,
    CloseGate,
    CloseLink,
    CloseMicrophone,
    FlushPlayout,
    OpenMicrophone,
    PlaySound,
    Problem,
    RememberMute,
    RememberRung,
    Ring,
    Show,
    StopRing,
    StopSounds,
    TellMissed,
)
from edgevoice.transceiver.indication import Indication
from edgevoice.transceiver.inputs import (
    STOP_WORD,
    BargeInConfirmed,
    HushRequested,
    MicrophoneFound,
    MicrophoneLost,
    MuteRequested,
    PlayoutDrained,
    PlayoutStarted,
    QuietChanged,
    RingMissed,
    ShutdownRequested,
    SpeakerFound,
    SpeakerLost,
    StopRequested,
    TimerRang,
    ToolFinished,
    UnmuteRequested,
)
from edgevoice.transceiver.states import State
from tests.transceiver.story import (
    Story,
    button,
    call,
    created,
    done,
    error,
    linked,
    stream_over,
    streaming,
    turns,
    wake,
)

mute, unmute = MuteRequested("button"), UnmuteRequested("button")
ring, alarm = TimerRang("tea"), TimerRang("wake up", "alarm")
stop = StopRequested("control socket")
stopped_ringing = [StopRing(), RememberRung(missed=False)]
stop_word = StopRequested(STOP_WORD)
gone, found = MicrophoneLost("unplugged"), MicrophoneFound()


class TestMute:
    def test_it_closes_the_microphone_and_is_remembered(self):
        assert Story().happens(mute) == [
            CloseMicrophone(),
            RememberMute(True),
            Show(Indication.MUTED),
        ]

    def test_in_an_answer_the_gate_comes_first_and_all_is_silent(self):
        story = Story().speaking()
        muted = story.happens(mute)
        assert muted[:3] == [CloseGate("muted"), FlushPlayout(), CloseLink("muted")]
        assert muted[-2:] == [CloseMicrophone(), RememberMute(True)]
        assert turns(muted) == ["muted"]
        assert story.shown is Indication.MUTED

    def test_the_light_goes_from_session_to_muted_without_a_flash(self):
        story = Story().connected()
        assert [a for a in story.happens(mute) if isinstance(a, Show)] == [Show(Indication.MUTED)]

    @pytest.mark.parametrize("woken", [wake, button])
    def test_who_wakes_it_is_told_and_nothing_else_happens(self, woken):
        story = Story()
        story.happens(mute)
        assert story.happens(woken) == [PlaySound("muted")]

    def test_twice_is_once(self):
        story = Story()
        story.happens(mute)
        assert story.happens(mute) == []

    def test_unmuting_opens_the_microphone_again(self):
        story = Story()
        story.happens(mute)
        assert story.happens(unmute) == [
            RememberMute(False),
            OpenMicrophone(),
            Show(Indication.IDLE),
        ]
        story.happens(wake)
        assert story.state is State.CONNECTING

    def test_unmuting_what_is_not_muted(self):
        assert Story().happens(unmute) == []

    def test_it_survives_a_restart(self):
        story = Story(muted=True)
        assert story.transceiver.indication is Indication.MUTED
        assert story.happens(wake) == [PlaySound("muted")]


class TestMicrophone:
    def test_losing_it_ends_the_session(self):
        story = Story().asked()
        lost = story.happens(gone)
        assert lost[0] == CloseGate("microphone lost")
        assert lost[-1] == Announce(Problem.MICROPHONE_LOST)
        assert turns(lost) == ["microphone lost"]
        assert story.shown is Indication.ERROR
        assert story.state is State.IDLE

    def test_without_it_waking_is_an_error(self):
        story = Story()
        story.happens(MicrophoneLost("unplugged"))
        assert story.happens(button) == [Announce(Problem.MICROPHONE_LOST)]
        assert story.transceiver.last_ending == "microphone lost"

    def test_found_again(self):
        story = Story()
        story.happens(MicrophoneLost("unplugged"))
        assert story.happens(MicrophoneFound()) == [Show(Indication.IDLE)]
        story.happens(wake)
        assert story.state is State.CONNECTING

    def test_muted_outshines_lost(self):
        story = Story()
        story.happens(mute, MicrophoneLost("closed"))
        assert story.shown is Indication.MUTED
        story.happens(unmute)
        assert story.shown is Indication.ERROR

    def test_its_loss_is_told_once(self):
        story = Story()
        assert story.happens(gone) == [Show(Indication.ERROR), Announce(Problem.MICROPHONE_LOST)]
        assert story.happens(gone) == []

    def test_a_loose_plug_is_not_gone_on_about(self):
        story = Story()
        story.happens(gone, found)
        story.passes(300.0)
        assert story.happens(gone, found) == [Show(Indication.ERROR), Show(Indication.IDLE)]
        story.passes(301.0)
        assert Announce(Problem.MICROPHONE_LOST) in story.happens(gone)

    def test_a_muted_board_does_not_miss_it(self):
        assert Story(muted=True).happens(gone) == []

    def test_a_session_that_it_ended_has_said_so(self):
        story = Story().connected()
        story.happens(gone, found)
        assert story.happens(gone) == [Show(Indication.ERROR)]


class TestSpeaker:
    def test_without_it_an_idle_board_shows_an_error(self):
        story = Story()
        assert story.happens(SpeakerLost("unplugged")) == [Show(Indication.ERROR)]
        assert story.happens(SpeakerFound()) == [Show(Indication.IDLE)]

    def test_it_never_ends_a_session_nor_hides_that_one_is_open(self):
        story = Story().speaking()
        assert story.happens(SpeakerLost("unplugged")) == []
        assert story.shown is Indication.SPEAKING
        story.happens(stop)
        assert story.shown is Indication.ERROR

    def test_without_it_the_board_still_listens(self):
        story = Story()
        story.happens(SpeakerLost("unplugged"), wake)
        assert story.state is State.CONNECTING
        assert story.shown is Indication.CONNECTING

    def test_muted_outshines_it(self):
        story = Story(muted=True)
        assert story.happens(SpeakerLost("unplugged")) == []


class TestRinging:
    def test_a_timer_rings_until_somebody_presses(self):
        story = Story()
        assert story.happens(ring) == [Ring("timer", softly=False), Show(Indication.RINGING)]
        assert story.happens(button) == [*stopped_ringing, Show(Indication.IDLE)]
        assert story.state is State.IDLE

    def test_or_for_a_quarter_of_an_hour_and_then_it_was_missed(self):
        story = Story()
        story.happens(ring)
        story.passes(899.9)
        assert story.transceiver.facts.ringing
        given_up = [StopRing(), RememberRung(missed=True), Show(Indication.MISSED)]
        assert story.passes(0.2) == given_up

    def test_what_was_missed_is_told_to_whoever_talks_next(self):
        story = Story(follow_up_s=0.0)
        story.happens(RingMissed())
        assert story.shown is Indication.MISSED
        closed = story.answered()
        assert closed[-2:] == [TellMissed(), Show(Indication.IDLE)]
        assert TellMissed() not in story.answered()

    def test_but_not_to_whoever_only_wanted_silence(self):
        story = Story().connected()
        story.happens(RingMissed())
        assert TellMissed() not in story.happens(stop)
        assert story.shown is Indication.MISSED

    def test_the_wake_word_stops_it_and_is_answered(self):
        story = Story()
        story.happens(ring)
        woken = story.happens(wake)
        assert woken[:2] == stopped_ringing
        assert Show(Indication.IDLE) not in woken
        assert story.state is State.CONNECTING

    def test_stop_stops_it(self):
        story = Story()
        story.happens(ring)
        assert story.happens(stop)[:3] == [*stopped_ringing, Show(Indication.IDLE)]

    def test_a_second_timer_prolongs_it(self):
        story = Story()
        story.happens(ring)
        story.passes(600.0)
        assert story.happens(ring) == []
        story.passes(899.0)
        assert story.transceiver.facts.ringing

    def test_an_alarm_is_heard_through_a_timer(self):
        story = Story()
        story.happens(ring)
        assert story.happens(alarm) == [StopRing(), Ring("alarm", softly=False)]
        assert story.happens(ring) == []

    def test_in_a_session_it_rings_softly_and_the_light_shows_the_session(self):
        story = Story().connected()
        assert story.happens(ring) == [Ring("timer", softly=True)]
        assert story.shown is Indication.LISTENING

    def test_and_grows_when_the_session_is_over(self):
        story = Story(no_speech_s=6.0).connected()
        story.happens(ring)
        assert story.passes(6.1)[-1] == Ring("timer", softly=False)
        assert story.shown is Indication.RINGING

    def test_or_when_it_was_ended_by_muting(self):
        story = Story().connected()
        story.happens(ring)
        assert Ring("timer", softly=False) in story.happens(mute)

    def test_whoever_says_goodbye_means_what_rings_as_well(self):
        story = Story().asked()
        story.happens(ring)
        story.says(created(), call("end_conversation"), done())
        story.happens(ToolFinished("call_1", "{}"))
        story.says(created("resp_2"), streaming("resp_2"), done("resp_2"), stream_over("resp_2"))
        story.happens(PlayoutStarted(), PlayoutDrained(500))
        assert story.state is State.IDLE
        assert not story.transceiver.facts.ringing

    def test_to_hush_it_ends_nothing_else(self):
        story = Story().speaking()
        story.happens(ring)
        assert story.happens(HushRequested("tool")) == stopped_ringing
        assert story.state is State.SPEAKING

    def test_a_timer_in_quiet_hours_rings_or_counts_as_missed(self):
        story = Story(ring_timers_in_quiet=False)
        story.happens(QuietChanged(True))
        assert story.happens(ring) == [RememberRung(missed=True), Show(Indication.MISSED)]
        assert story.happens(alarm)[0] == Ring("alarm", softly=False)
        story = Story()
        story.happens(QuietChanged(True))
        assert story.happens(ring)[0] == Ring("timer", softly=False)

    def test_in_an_answer_the_button_stops_the_ringing_only(self):
        story = Story().speaking()
        story.happens(ring)
        assert story.happens(button) == stopped_ringing
        assert story.state is State.SPEAKING

    def test_in_an_answer_the_wake_word_stops_both(self):
        story = Story().speaking()
        story.happens(ring)
        assert story.happens(wake)[:3] == [*stopped_ringing, FlushPlayout()]
        assert story.state is State.LISTENING

    def test_a_muted_board_still_rings(self):
        story = Story(muted=True)
        assert story.happens(ring) == [Ring("timer", softly=False)]
        assert story.happens(button) == stopped_ringing


class TestStopping:
    def test_stop_is_silence_and_hanging_up(self):
        story = Story().speaking()
        stopped = story.happens(stop)
        assert stopped[:3] == [CloseGate("stopped"), FlushPlayout(), CloseLink("stopped")]
        assert stopped[-1] == StopSounds()
        assert turns(stopped) == ["stopped"]
        assert story.state is State.IDLE

    def test_stop_in_the_follow_up_window_flushes_as_well(self):
        story = Story()
        story.answered()
        assert FlushPlayout() in story.happens(stop)

    def test_shutting_down_closes_everything_for_good(self):
        story = Story().speaking()
        story.happens(ring)
        closed = story.happens(ShutdownRequested())
        assert turns(closed) == ["shut down"]
        assert StopRing() in closed
        assert RememberRung(missed=False) not in closed, "it rings again after a restart"
        assert story.shown is Indication.IDLE
        assert story.happens(wake) == []
        assert story.happens(ring) == []


class TestStopWord:
    """A wake word whose action is `stop`."""

    def test_it_ends_an_answer_and_the_session(self):
        story = Story().speaking()
        stopped = story.happens(stop_word)
        assert stopped[:3] == [CloseGate("stopped"), FlushPlayout(), CloseLink("stopped")]
        assert turns(stopped) == ["stopped"]
        assert story.state is State.IDLE

    def test_an_answer_that_is_still_awaited_too(self):
        story = Story().asked()
        story.happens(stop_word)
        assert story.state is State.IDLE

    def test_it_stops_a_ringing_timer(self):
        story = Story()
        story.happens(ring)
        assert story.happens(stop_word) == [*stopped_ringing, Show(Indication.IDLE)]

    def test_and_nothing_else_where_the_user_is_speaking(self):
        story = Story().connected()
        story.happens(ring)
        assert story.happens(stop_word) == stopped_ringing
        assert story.state is State.LISTENING

    def test_where_nothing_sounds_it_is_a_word_like_any(self):
        assert Story().happens(stop_word) == []
        assert Story().connected().happens(stop_word) == []
        story = Story()
        story.answered()
        assert story.happens(stop_word) == []
        assert story.state is State.LISTENING

    def test_its_own_sound_stops_the_answer_before_it_is_recognised(self):
        """What was barged in with turns out to be the stop word."""
        story = Story().speaking()
        story.happens(BargeInConfirmed(140_000))
        assert turns(story.happens(stop_word)) == ["stopped"]
        assert story.state is State.IDLE


class TestWhatTheRelayMentions:
    def test_what_it_has_received_is_kept_for_the_report(self):
        story = Story().connected()
        assert story.transceiver.received is None
        heard = EdgevoiceReceived(samples=32_000, packets=100, lost=1, concealed=320)
        assert story.says(heard) == []
        assert story.transceiver.received == heard

    def test_each_session_counts_anew(self):
        story = Story().connected()
        story.says(EdgevoiceReceived(samples=32_000, packets=100, lost=0, concealed=0))
        story.happens(stop, wake, linked())
        assert story.transceiver.received is None

    def test_unknown_events_are_counted(self):
        story = Story().connected()
        assert story.says(UnknownEvent("session.sang", {}), UnknownEvent("x", {})) == []
        assert story.transceiver.unknown_events == 2

    def test_its_last_error_is_kept(self):
        story = Story().connected()
        story.says(error("invalid_value"))
        kept = story.transceiver.last_error
        assert kept is not None
        assert (kept.code, kept.message) == ("invalid_value", "m")
