"""Whatever happens, in whatever order: the gate, the light and the way home."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edgevoice.realtime import server_events as says
from edgevoice.realtime.event import UnknownEvent
from edgevoice.transceiver.actions import FlushPlayout
from edgevoice.transceiver.inputs import (
    STOP_WORD,
    AnnouncementReady,
    AnnouncementSaid,
    BargeInConfirmed,
    ButtonPressed,
    DeadlinePassed,
    EventReceived,
    ForgetRequested,
    HushRequested,
    Input,
    LinkFailed,
    LinkLost,
    LinkOpened,
    LinkStruggles,
    MicrophoneFound,
    MicrophoneLost,
    MuteRequested,
    NetworkChanged,
    PlayoutDrained,
    PlayoutFlushed,
    PlayoutStarted,
    QuietChanged,
    RingMissed,
    ShutdownRequested,
    SpeakerFound,
    SpeakerLost,
    SpeechStarted,
    SpeechStopped,
    StopRequested,
    TimerRang,
    ToolFinished,
    UnmuteRequested,
    WakeDetected,
    WakeHinted,
)
from edgevoice.transceiver.limits import (
    DRAIN_S,
    MAX_UTTERANCE_S,
    STALL_S,
    TOOL_S,
)
from edgevoice.transceiver.states import State
from tests.transceiver.story import (
    Story,
    audio_part,
    call,
    call_item,
    committed,
    created,
    done,
    error,
    item_added,
    session_created,
    speech_started,
    speech_stopped,
    stream_cleared,
    stream_over,
    streaming,
    transcribed,
)

pytestmark = pytest.mark.slow

samples = st.integers(0, 10_000_000)
milliseconds = st.integers(-1_000, 400_000)
responses = st.sampled_from(["r1", "r2", "r3"])
items = st.sampled_from(["i1", "i2", ""])
calls = st.sampled_from(["c1", "c2", "c3"])
statuses = st.sampled_from(["completed", "cancelled", "failed", "incomplete", "in_progress", ""])
tools = st.sampled_from(["lamp", "end_conversation"])
errors = st.sampled_from(["conversation_already_has_active_response", "invalid_value"])
our_requests = st.sampled_from([None, "edgevoice_response_1", "edgevoice_response_2"])

events = st.one_of(
    st.just(session_created),
    st.builds(speech_started, milliseconds, items),
    st.builds(speech_stopped, milliseconds, items),
    st.builds(committed, items),
    st.builds(transcribed, st.sampled_from(["", " ", "words"]), items),
    st.builds(created, responses),
    st.builds(audio_part, responses, items),
    st.builds(streaming, responses),
    st.builds(stream_over, responses),
    st.builds(stream_cleared, responses),
    st.builds(done, responses, statuses, st.booleans()),
    st.builds(call, tools, calls, responses),
    st.builds(call_item, tools, calls, responses),
    st.builds(error, errors, our_requests),
    st.builds(item_added, st.text(max_size=3), items, st.sampled_from(["user", "assistant"])),
    st.builds(
        says.EdgevoiceReceived, samples=samples, packets=samples, lost=samples, concealed=samples
    ),
    st.builds(
        says.EdgevoiceConversation,
        conversation_id=st.sampled_from(["conv_1", "conv_2"]),
        last_item_id=items,
        digest=st.sampled_from(["", "4f53cda18c2baa0c"]),
    ),
    st.builds(UnknownEvent, st.text(max_size=3), st.just({})),
)

facts: st.SearchStrategy[Input] = st.one_of(
    st.builds(WakeDetected, st.just("alexa"), st.just(0.9), samples, samples, samples),
    st.builds(ButtonPressed, samples),
    st.builds(LinkOpened, st.just("relay"), st.booleans(), st.booleans(), samples),
    events.map(EventReceived),
    events.map(EventReceived),
    events.map(EventReceived),
    events.map(EventReceived),
    st.sampled_from(
        [
            SpeechStarted(1),
            SpeechStopped(2),
            SpeechStarted(200_000),
            SpeechStopped(220_000),
            PlayoutStarted(),
            PlayoutDrained(500),
        ]
    ),
    st.builds(PlayoutFlushed, milliseconds),
    st.builds(BargeInConfirmed, samples),
    st.builds(ToolFinished, calls, st.just("{}")),
    st.just(DeadlinePassed()),
)
troubles: st.SearchStrategy[Input] = st.sampled_from(
    [
        LinkFailed("x"),
        LinkFailed("x", refused=True),
        LinkLost("x"),
        LinkLost("x", hung_up=True),
        LinkLost("x", next_sample=500_000),
        LinkStruggles("x"),
        WakeHinted(),
        NetworkChanged(),
        SpeakerLost("x"),
        SpeakerFound(),
        StopRequested("x"),
        StopRequested(STOP_WORD),
        MuteRequested("x"),
        UnmuteRequested("x"),
        ForgetRequested(),
        MicrophoneLost("x"),
        MicrophoneFound(),
        TimerRang("tea"),
        TimerRang("wake up", "alarm"),
        RingMissed(),
        HushRequested("x"),
        QuietChanged(True),
        QuietChanged(False),
        *(AnnouncementReady(number, 3.0, urgent=number == 2) for number in (1, 2, 3)),
        *(AnnouncementSaid(number) for number in (1, 2, 3)),
    ]
)
waits = st.floats(0.0, 12.0) | st.just(0.0)
histories = st.lists(st.tuples(st.one_of(*[facts] * 9, troubles), waits), max_size=60)
starts = st.sampled_from(["asleep", "connected", "asked", "speaking"])
settings_of_owners = st.fixed_dictionaries(
    {
        "barge_in": st.booleans(),
        "hears_voices": st.booleans(),
        "follow_up_s": st.sampled_from([0.0, 8.0]),
        "minutes_per_day": st.sampled_from([0.0, 1.0, 120.0]),
        "keep_minutes": st.sampled_from([0.0, 10.0]),
        "muted": st.booleans(),
        "speculative": st.booleans(),
    }
)

thorough = settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])


def begun(owner: dict[str, object], start: str) -> Story:
    story = Story(**owner)
    if start != "asleep" and not story.transceiver.facts.muted:
        {"connected": story.connected, "asked": story.asked, "speaking": story.speaking}[start]()
    return story


def live(story: Story, history: list[tuple[Input, float]]) -> None:
    """Every step of a story checks the invariants."""
    for fact, wait_s in history:
        story.passes(wait_s)
        story.happens(fact)


@thorough
@given(settings_of_owners, starts, histories)
def test_gate_light_link_and_turn_agree_in_every_history(owner, start, history):
    live(begun(owner, start), history)


@thorough
@given(settings_of_owners, starts, histories)
def test_every_state_has_a_way_home_by_time_alone(owner, start, history):
    story = begun(owner, start)
    live(story, history)
    steps = 0
    while story.state is not State.IDLE:
        deadline = story.transceiver.deadline
        assert deadline is not None
        story.passes(max(0.0, deadline - story.now) + 0.002)
        steps += 1
        assert steps < 30
    assert not story.house.gate


@thorough
@given(settings_of_owners, starts, histories)
def test_no_session_outlives_its_limit(owner, start, history):
    story = begun(owner, start)
    began: float | None = None if story.state is State.IDLE else story.now
    for fact, wait_s in history:
        story.passes(wait_s)
        if story.state is State.IDLE:
            began = None
        story.happens(fact)
        if story.state is not State.IDLE:
            began = story.now if began is None else began
            assert story.now - began < 300.0


@thorough
@given(settings_of_owners, starts, histories)
def test_silence_ends_any_session_long_before_its_limit(owner, start, history):
    """No single state may use up the session's five minutes."""
    story = begun(owner, start)
    live(story, history)
    story.happens(PlayoutDrained(1))
    story.passes(MAX_UTTERANCE_S + STALL_S + DRAIN_S + TOOL_S + 20.0 + 8.0)
    assert story.state is State.IDLE


@thorough
@given(settings_of_owners, starts, histories)
def test_after_stop_nothing_is_open_and_nothing_sounds(owner, start, history):
    story = begun(owner, start)
    live(story, history)
    story.happens(StopRequested("owner"))
    assert story.state is State.IDLE
    assert not story.house.ringing


@thorough
@given(settings_of_owners, starts, histories, histories)
def test_after_shutdown_nothing_begins_any_more(owner, start, history, after):
    story = begun(owner, start)
    live(story, history)
    story.happens(ShutdownRequested())
    for fact, wait_s in after:
        story.passes(wait_s)
        story.happens(fact)
        assert story.state is State.IDLE
        assert not story.house.ringing


@thorough
@given(settings_of_owners, starts, histories)
def test_only_the_owner_unmutes(owner, start, history):
    story = begun(owner, start)
    story.happens(MuteRequested("button"))
    for fact, wait_s in history:
        story.passes(wait_s)
        if not isinstance(fact, UnmuteRequested):
            story.happens(fact)
            assert story.transceiver.facts.muted
            assert not story.house.gate


@thorough
@given(settings_of_owners, starts, histories)
def test_the_same_history_leads_to_the_same_actions(owner, start, history):
    """What makes a flight record worth keeping."""
    one, other = begun(owner, start), begun(owner, start)
    live(one, history)
    live(other, history)
    assert one.book == other.book


@thorough
@given(settings_of_owners, starts, histories)
def test_a_starved_inbox_keeps_its_deadlines(owner, start, history):
    """Without a single DeadlinePassed, the next fact carries out what is overdue."""
    story = begun(owner, start)
    for fact, wait_s in history:
        story.now += wait_s
        story.happens(fact)
    story.now += 1_000.0
    story.happens(SpeechStopped(3))
    assert story.state is State.IDLE


@thorough
@given(settings_of_owners, starts, histories, samples)
def test_a_certain_voice_ends_any_answer_and_nothing_else(owner, start, history, sample):
    story = begun(owner, start)
    live(story, history)
    before = story.state
    may_stop = before is State.SPEAKING and owner["barge_in"]
    actions = story.happens(BargeInConfirmed(sample))
    if may_stop:
        assert actions[0] == FlushPlayout()
        assert story.state is State.LISTENING
        assert story.house.turn and story.house.gate
    else:
        assert actions == []
        assert story.state is before


@thorough
@given(settings_of_owners, starts, histories)
def test_the_stop_word_leaves_no_answer_and_no_ringing(owner, start, history):
    story = begun(owner, start)
    live(story, history)
    story.happens(StopRequested(STOP_WORD))
    assert story.state not in (State.THINKING, State.SPEAKING)
    assert not story.house.ringing


def test_the_wait_may_end_a_tick_early():
    story = Story(no_speech_s=6.0).connected()
    story.now += 6.0 - 1e-9
    story.happens(DeadlinePassed())
    assert story.state is State.IDLE
