"""A link that breaks within a session: what goes on, what is said again, when it is given up."""

import pytest

from edgevoice.realtime.client_events import (
    ConversationItemCreate,
    ResponseCreate,
    SessionUpdate,
)
from edgevoice.realtime.server_events import EdgevoiceConversation
from edgevoice.transceiver.actions import (
    Announce,
    AppendAudio,
    AttachMedia,
    CloseGate,
    CloseLink,
    EndTurn,
    FlushPlayout,
    PlaySound,
    Problem,
    ReopenLink,
)
from edgevoice.transceiver.indication import Indication
from edgevoice.transceiver.inputs import (
    ButtonPressed,
    LinkFailed,
    LinkLost,
    LinkOpened,
    LinkStruggles,
    NetworkChanged,
    PlayoutDrained,
    PlayoutStarted,
    ToolFinished,
)
from edgevoice.transceiver.states import State
from tests.transceiver.story import (
    FIRST_SAMPLE,
    Story,
    call,
    committed,
    created,
    done,
    error,
    item_added,
    sent,
    session_created,
    shown,
    speech_started,
    speech_stopped,
    stream_over,
    streaming,
    transcribed,
    turns,
    wake,
)

LOST_AT = 400_000
lost = LinkLost("silence", next_sample=LOST_AT)
resumed = LinkOpened("relay", True, resumed=True, next_sample=LOST_AT)
replaced = LinkOpened("other", True, next_sample=LOST_AT)
foreign = LinkOpened("other", False, next_sample=LOST_AT)


def test_a_broken_link_is_shown_at_once_and_made_again():
    story = Story().asked()
    actions = story.happens(lost)
    assert shown(actions) == [Indication.CONNECTING]
    assert ReopenLink("silence", resume=True) in actions
    assert story.house.gate


def test_after_a_while_it_is_heard_that_it_takes_long():
    story = Story(cue_s=1.5).asked()
    story.happens(lost)
    assert PlaySound("connecting") in story.passes(1.5)


@pytest.mark.fault("link-loss-10s")
def test_when_it_cannot_be_mended_that_is_said():
    story = Story(reconnect_s=15.0).asked()
    story.happens(lost, LinkStruggles("nobody answers"))
    story.passes(14.9)
    assert story.state is State.CONNECTING
    ended = story.passes(0.2)
    assert CloseGate("lost: no relay within 15 s") in ended
    assert Announce(Problem.CONNECTION_LOST) in ended
    assert story.transceiver.facts.offline


def test_in_the_middle_of_a_sentence_the_relay_goes_on_listening():
    story = Story().connected()
    story.says(speech_started())
    story.happens(lost)
    assert story.happens(resumed)[-1:] != [EndTurn("x")]
    assert story.state is State.LISTENING
    story.passes(20.0)
    assert story.state is State.LISTENING
    story.says(speech_stopped(), committed())
    assert story.state is State.THINKING


def test_in_the_middle_of_an_answer_it_goes_on_where_it_was():
    story = Story().speaking()
    story.happens(lost, PlayoutDrained(800))
    actions = story.happens(resumed)
    assert story.state is State.SPEAKING
    assert not sent(actions), "the relay knows everything"
    story.happens(PlayoutStarted())
    story.says(done(), stream_over())
    assert turns(story.happens(PlayoutDrained(3_000))) == ["answered"]


def test_while_an_answer_is_awaited_it_is_awaited_longer():
    story = Story(think_s=20.0).asked()
    story.passes(15.0)
    story.happens(lost)
    story.passes(3.0)
    story.happens(resumed)
    assert story.state is State.THINKING
    story.passes(19.0)
    assert story.state is State.THINKING


def test_an_answer_heard_to_its_end_during_the_outage_ends_its_turn():
    story = Story().speaking()
    story.says(done(), stream_over())
    story.happens(lost, PlayoutDrained(3_000))
    assert turns(story.happens(resumed)) == ["answered"]
    assert story.state is State.LISTENING


def test_in_the_follow_up_window_what_is_left_of_it_is_left():
    story = Story(follow_up_s=8.0)
    story.answered()
    story.passes(3.0)
    story.happens(lost)
    story.passes(1.0)
    story.happens(resumed)
    story.passes(3.9)
    assert story.state is State.LISTENING
    story.passes(0.2)
    assert story.state is State.IDLE


def test_a_tool_may_finish_meanwhile():
    story = Story(tools=[{"name": "lamp"}]).asked()
    story.says(created(), call(), done())
    story.happens(lost)
    output = sent(story.happens(ToolFinished("call_1", "{}")))
    assert [type(event) for event in output] == [ConversationItemCreate]
    assert [type(event) for event in sent(story.happens(resumed))] == [ResponseCreate]


def test_the_button_gives_up():
    story = Story().asked()
    story.happens(lost)
    assert CloseLink("cancelled") in story.happens(ButtonPressed(1))


def test_a_refusal_ends_it():
    story = Story().asked()
    story.happens(lost)
    ended = story.happens(LinkFailed("401", refused=True))
    assert Announce(Problem.REFUSED) in ended


def test_a_goodbye_in_a_quiet_moment_is_taken_for_one():
    story = Story()
    story.answered()
    ended = story.happens(LinkLost("bye", hung_up=True))
    assert story.state is State.IDLE
    assert not [action for action in ended if isinstance(action, Announce)]


def test_a_goodbye_to_somebody_who_waits_is_not_accepted():
    story = Story().asked()
    story.happens(LinkLost("bye", hung_up=True))
    assert story.state is State.CONNECTING


def test_links_that_break_again_and_again_are_given_up():
    story = Story(session_s=300.0).asked()
    for _ in range(2):
        story.happens(lost, resumed)
        story.passes(1.0)
    assert Announce(Problem.CONNECTION_LOST) in story.happens(lost)


def test_links_that_break_now_and_then_are_not():
    story = Story(session_s=300.0, think_s=100.0).asked()
    for _ in range(6):
        story.happens(lost, resumed)
        story.passes(6.0)
    story.happens(lost)
    assert story.state is State.CONNECTING


# Another session: the relay has forgotten, or it is another one.


def test_an_unfinished_sentence_is_said_again_from_its_beginning():
    story = Story().connected()
    story.says(speech_started(at_ms=2_000))
    story.happens(lost)
    actions = story.happens(replaced)
    began = FIRST_SAMPLE + 2_000 * 16
    assert AttachMedia(began - 4_800) in actions
    assert story.state is State.LISTENING


def test_a_sentence_without_known_words_is_said_again():
    story = Story().asked()
    story.happens(lost)
    assert AttachMedia(FIRST_SAMPLE + 1_500 * 16 - 4_800) in story.happens(replaced)
    assert not [e for e in sent(story.says(session_created)) if isinstance(e, ResponseCreate)]


def test_a_sentence_with_known_words_is_answered_without_being_heard_again():
    story = Story().connected()
    story.says(speech_started(), speech_stopped(), committed(), item_added("", "item_u1"))
    story.says(transcribed("what time is it"))
    story.happens(lost)
    attached = story.happens(foreign)
    assert AppendAudio(LOST_AT - 40_000) in attached
    events = sent(story.says(session_created))
    assert [type(event) for event in events] == [
        SessionUpdate,
        ConversationItemCreate,
        ResponseCreate,
    ]
    assert story.state is State.THINKING


def test_half_an_answer_is_given_anew():
    story = Story().connected()
    story.says(speech_started(), speech_stopped(), committed(), item_added("", "item_u1"))
    story.says(transcribed("what time is it"), created(), streaming())
    story.happens(PlayoutStarted(), lost)
    assert FlushPlayout() in story.happens(replaced)
    greeting = sent(story.says(session_created, EdgevoiceConversation(conversation_id="conv_2")))
    assert [type(event) for event in greeting] == [
        SessionUpdate,
        ConversationItemCreate,
        ResponseCreate,
    ]
    story.says(created("resp_2"), streaming("resp_2"))
    assert story.state is State.SPEAKING


def test_what_was_answered_is_not_heard_again():
    story = Story()
    story.asked()
    story.says(speech_stopped(at_ms=20_000))
    story.answered()
    story.happens(LinkLost("silence", next_sample=330_000))
    decided = FIRST_SAMPLE + 3_000 * 16
    (attached,) = [a for a in story.happens(replaced) if isinstance(a, AttachMedia)]
    assert attached.from_sample == max(decided, 330_000 - 40_000)


def test_what_a_turn_says_of_time_counts_from_the_new_beginning():
    story = Story().connected()
    story.happens(lost)
    story.happens(replaced)
    story.says(session_created)
    marked = story.says(speech_started(at_ms=1_000))
    samples = [a.sample for a in marked if getattr(a, "sample", None) is not None]
    assert samples == [LOST_AT - 40_000 + 16_000]


# While the old link still holds.


def test_a_changed_network_is_answered_by_another_link_beside_this_one():
    story = Story().speaking()
    assert story.happens(NetworkChanged()) == [ReopenLink("the network has changed")]
    assert story.happens(NetworkChanged()) == [], "one at a time"
    assert story.happens(resumed) == []
    assert story.state is State.SPEAKING
    assert story.happens(NetworkChanged()) != []


def test_when_the_other_link_cannot_be_made_this_one_goes_on():
    story = Story().speaking()
    story.happens(NetworkChanged())
    assert story.happens(LinkStruggles("nobody answers")) == []
    assert story.state is State.SPEAKING
    assert story.happens(NetworkChanged()) != []


@pytest.mark.parametrize("before", ["asleep", "foreign"])
def test_where_a_session_could_not_go_on_nothing_is_done(before):
    story = Story()
    if before == "foreign":
        story.connected(extensions=False)
    assert story.happens(NetworkChanged()) == []


def test_a_long_session_is_renewed_in_a_quiet_moment():
    story = Story(session_s=3600.0, idle_s=3600.0, follow_up_s=300.0, renew_s=100.0)
    story.answered()
    assert ReopenLink("renewal", resume=False) in story.passes(100.5)
    opened = story.happens(LinkOpened("relay", True, next_sample=2_000_000))
    assert AttachMedia(2_000_000 - 40_000) in opened
    assert story.state is State.LISTENING
    assert [type(e) for e in sent(story.says(session_created))] == [SessionUpdate]
    assert ReopenLink("renewal", resume=False) in story.passes(100.5)


def test_nobody_is_interrupted_by_a_renewal():
    story = Story(session_s=3600.0, think_s=300.0, renew_s=100.0).asked()
    assert not [a for a in story.passes(150.0) if isinstance(a, ReopenLink)]
    story.answered()
    assert ReopenLink("renewal", resume=False) in story.passes(2.5)


def test_who_speaks_while_it_is_renewed_is_heard_whole():
    story = Story(session_s=3600.0, idle_s=3600.0, follow_up_s=300.0, renew_s=100.0)
    story.answered()
    story.passes(100.5)
    story.says(speech_started(at_ms=100_000, item="item_u2"))
    began = FIRST_SAMPLE + 100_000 * 16
    opened = story.happens(LinkOpened("relay", True, next_sample=began + 8_000))
    assert AttachMedia(min(began - 4_800, began + 8_000 - 40_000)) in opened


# Before there was any link.


def test_who_has_just_woken_it_hears_after_a_moment_that_nobody_is_there():
    story = Story(cue_s=1.5)
    story.happens(wake, LinkStruggles("nobody answers"))
    assert story.state is State.CONNECTING
    story.passes(1.6)
    ended = story.happens(LinkStruggles("nobody answers"))
    assert Announce(Problem.RELAY_UNREACHABLE) in ended


@pytest.mark.fault("relay-busy")
def test_where_nobody_is_called_before_patience_is_over_the_reason_is_said_at_once():
    story = Story(connect_s=5.0)
    told = story.happens(wake, LinkStruggles("fewer calls", refused=True, again_s=4.0))
    assert story.state is State.CONNECTING
    told = story.happens(LinkStruggles("fewer calls", refused=True, again_s=30.0))
    assert story.state is State.IDLE
    assert Announce(Problem.REFUSED) in told
    assert CloseGate("failed: fewer calls") in told


@pytest.mark.fault("relay-busy")
def test_a_link_that_holds_does_not_end_because_no_other_can_be_had():
    story = Story().speaking()
    story.happens(NetworkChanged(), LinkStruggles("fewer calls", refused=True, again_s=300.0))
    assert story.state is State.SPEAKING


def test_who_was_replaced_does_not_call_again():
    story = Story().asked()
    ended = story.says(error("session_replaced"))
    assert story.state is State.IDLE
    assert not [a for a in ended if isinstance(a, ReopenLink | Announce)]
