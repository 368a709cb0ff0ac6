import pytest

from edgevoice.realtime import server_events as says
from edgevoice.realtime.client_events import (
    ConversationItemCreate,
    InputAudioBufferClear,
    ResponseCancel,
    ResponseCreate,
    SessionUpdate,
)
from edgevoice.realtime.items import FunctionCall, FunctionCallOutput, Item, McpCall
from edgevoice.realtime.response import Response
from edgevoice.transceiver.actions import Announce, RunTool
from edgevoice.transceiver.inputs import LinkLost, PlayoutDrained, PlayoutStarted, ToolFinished
from edgevoice.transceiver.limits import MAX_CALLS
from edgevoice.transceiver.states import State
from tests.transceiver.story import (
    Story,
    audio_part,
    button,
    call,
    call_item,
    created,
    done,
    error,
    sent,
    speech_started,
    speech_stopped,
    stream_over,
    streaming,
    turns,
)


def finished(call_id: str = "call_1", output: str = '{"ok": true}') -> ToolFinished:
    return ToolFinished(call_id, output)


def output(call_id: str = "call_1", text: str = '{"ok": true}') -> ConversationItemCreate:
    return ConversationItemCreate(item=FunctionCallOutput(call_id=call_id, output=text))


def asked_to(*calls: object) -> Story:
    story = Story().asked()
    story.says(created(), *calls)
    return story


def test_a_tool_is_run_as_soon_as_it_is_named():
    story = Story().asked()
    assert story.says(created(), call())[-1] == RunTool("call_1", "lamp", "{}")
    assert story.state is State.THINKING


def test_a_call_announced_twice_is_run_once():
    story = asked_to(call())
    assert story.says(call_item()) == []


def test_a_call_announced_as_an_item_only():
    story = asked_to()
    assert story.says(call_item()) == [RunTool("call_1", "lamp", "{}")]


def test_one_answer_is_asked_for_when_everything_is_done():
    story = asked_to(call(), done())
    output_event, ask = sent(story.happens(finished()))
    assert output_event == output()
    assert isinstance(ask, ResponseCreate)
    assert ask.event_id


def test_a_tool_faster_than_its_response():
    story = asked_to(call())
    assert sent(story.happens(finished())) == [output()]
    assert [type(event) for event in sent(story.says(done()))] == [ResponseCreate]


def test_two_tools_one_answer():
    story = asked_to(call(), call("timer", "call_2"), done())
    assert sent(story.happens(finished("call_2"))) == [output("call_2")]
    last = sent(story.happens(finished("call_1")))
    assert [type(event) for event in last] == [ConversationItemCreate, ResponseCreate]


def test_the_answer_on_the_tools_output_ends_the_turn():
    story = asked_to(call(), done())
    story.happens(finished())
    assert turns(story.answered("resp_2")) == ["answered"]
    assert story.state is State.LISTENING


def test_words_before_a_call_do_not_end_the_turn():
    story = Story().speaking()
    story.says(call(), done(), stream_over())
    assert turns(story.happens(PlayoutDrained(900))) == []
    assert story.state is State.THINKING


def test_an_answer_is_asked_for_while_the_first_words_are_still_heard():
    story = Story().speaking()
    story.says(call(), done())
    assert ResponseCreate in {type(event) for event in sent(story.happens(finished()))}
    assert story.state is State.SPEAKING
    story.says(stream_over())
    story.happens(PlayoutDrained(900))
    assert story.state is State.THINKING


def test_a_tool_gets_more_patience_than_a_model():
    story = asked_to(call(), done())
    story.passes(21.0)
    assert story.state is State.THINKING
    assert turns(story.passes(40.0)) == ["no answer"]


def test_a_pending_call_is_not_idleness():
    story = Story(idle_s=2.0).asked()
    story.says(created(), call(), done())
    story.passes(30.0)
    assert story.state is State.THINKING


def test_an_interrupted_call_gets_no_answer_of_its_own():
    story = asked_to(call(), done())
    story.says(speech_started(5_000, "item_u2"))
    assert sent(story.happens(finished())) == [output()]
    story.says(speech_stopped(7_000, "item_u2"), created("resp_2"), done("resp_2"))
    assert ResponseCreate not in {type(event) for event in sent(story.book)}


def test_a_call_stopped_by_the_button_neither():
    story = asked_to(call(), done())
    story.happens(button, finished())
    story.says(done("resp_1"))
    assert ResponseCreate not in {type(event) for event in sent(story.book)}


def test_a_call_of_a_response_that_was_never_announced():
    story = Story().asked()
    assert RunTool("call_1", "lamp", "{}") in story.says(call())


def test_words_before_a_tool_in_half_duplex():
    """It hears again while the tool runs, and is deaf again for the answer."""
    story = Story(barge_in=False).speaking()
    story.says(call(), done(), stream_over())
    assert [type(event) for event in sent(story.happens(PlayoutDrained(900)))] == [
        InputAudioBufferClear,
        SessionUpdate,
    ]
    story.happens(finished())
    story.says(created("resp_2"))
    (deaf,) = sent(story.says(streaming("resp_2")))
    assert deaf.session["audio"]["input"] == {"turn_detection": None}


def test_an_interrupted_call_does_not_keep_anybody_waiting():
    story = asked_to(call(), done())
    story.says(speech_started(5_000, "item_u2"), speech_stopped(7_000, "item_u2"))
    story.says(created("resp_2"), done("resp_2"))
    assert story.state is State.LISTENING


def test_patience_for_a_tool_begins_with_its_call():
    story = asked_to(call())
    story.passes(21.0)
    assert story.state is State.THINKING


def test_a_call_that_comes_after_the_interruption_is_not_run():
    story = asked_to()
    story.happens(button)
    late = story.says(call("door"))
    assert RunTool not in {type(action) for action in late}
    (refusal,) = sent(late)
    assert "interrupted" in refusal.item.output


def test_the_answer_asked_for_is_stopped_if_the_user_interrupts_it():
    story = asked_to(call(), done())
    story.happens(finished())
    story.happens(button)
    assert sent(story.says(created("resp_2"))) == [ResponseCancel(response_id="resp_2")]


def test_no_second_response_beside_an_active_one():
    story = asked_to(call(), done())
    story.says(created("resp_2"))
    assert sent(story.happens(finished())) == [output()]
    assert [type(event) for event in sent(story.says(done("resp_2")))] == [ResponseCreate]


def test_a_request_that_met_another_response_is_repeated():
    story = asked_to(call(), done())
    (_, ask) = sent(story.happens(finished()))
    story.says(created("resp_2"))
    refused = story.says(error("conversation_already_has_active_response", ask.event_id))
    assert sent(refused) == []
    (again,) = sent(story.says(done("resp_2")))
    assert isinstance(again, ResponseCreate)
    assert again.event_id != ask.event_id


def test_a_request_refused_for_good_ends_the_turn():
    story = asked_to(call(), done())
    (_, ask) = sent(story.happens(finished()))
    assert turns(story.says(error("invalid_value", ask.event_id))) == ["no words"]
    assert story.state is State.LISTENING


def test_a_result_of_an_earlier_session_is_dropped():
    story = asked_to(call(), done())
    story.happens(LinkLost("x"))
    story.connected()
    assert story.happens(finished()) == []


def test_too_many_calls_are_refused_one_by_one():
    story = asked_to(*(call(call_id=f"call_{n}") for n in range(MAX_CALLS)))
    (refusal,) = sent(story.says(call(call_id="one_more")))
    assert refusal.item.call_id == "one_more"
    assert "too many" in refusal.item.output


def test_a_request_refused_for_good_is_not_repeated():
    story = asked_to(call(), done())
    (_, ask) = sent(story.happens(finished()))
    story.says(created("resp_2"), error("invalid_value", ask.event_id))
    assert sent(story.says(done("resp_2"))) == []


class TestGoodbye:
    def test_said_before_the_call_it_is_not_said_again(self):
        story = Story().speaking()
        story.says(call("end_conversation"), done(), stream_over())
        assert sent(story.happens(finished())) == [output()]
        over = story.happens(PlayoutDrained(900))
        assert turns(over) == ["answered"]
        assert story.state is State.IDLE
        assert story.transceiver.last_ending == "goodbye"
        assert Announce not in {type(action) for action in over}

    def test_said_before_a_slow_tool(self):
        story = Story().speaking()
        story.says(call("end_conversation"), done(), stream_over())
        story.happens(PlayoutDrained(900))
        assert story.state is State.THINKING
        assert sent(story.happens(finished())) == [output()]
        assert story.state is State.IDLE

    def test_not_said_yet_it_is_said_once(self):
        story = asked_to(call("end_conversation"), done())
        assert ResponseCreate in {type(event) for event in sent(story.happens(finished()))}
        story.says(created("resp_2"), audio_part("resp_2"), streaming("resp_2"))
        story.happens(PlayoutStarted())
        story.says(done("resp_2"), stream_over("resp_2"))
        story.happens(PlayoutDrained(900))
        assert story.state is State.IDLE

    @pytest.mark.parametrize("how", ["speech", "button"])
    def test_a_user_who_goes_on_is_listened_to(self, how):
        story = Story().speaking()
        story.says(call("end_conversation"), done())
        story.happens(finished())
        if how == "speech":
            story.says(speech_started(5_000, "item_u2"), speech_stopped(7_000, "item_u2"))
        else:
            story.happens(button)
            story.says(speech_started(5_000, "item_u2"), speech_stopped(7_000, "item_u2"))
        story.answered("resp_2")
        assert story.state is State.LISTENING


@pytest.mark.parametrize("late", [finished(), PlayoutStarted(), PlayoutDrained(900)])
def test_what_is_left_of_the_session_before_does_not_begin_the_next(late):
    story = Story(barge_in=False)
    story.happens(button)
    assert story.happens(late) == []
    assert story.state is State.CONNECTING


def done_by_the_relay(*more: Item) -> says.ServerEvent:
    """A response in which the relay has run a tool of its own."""
    ran = McpCall("house", "temperature", "{}", output="21 degrees", id="mcp_1")
    response = Response(id="resp_1", status="completed", output=(ran, *more))
    return says.ResponseDone(response=response)


def test_what_the_relay_did_itself_is_answered_by_the_relay():
    story = asked_to()
    assert not [a for a in story.says(done_by_the_relay()) if isinstance(a, ResponseCreate)]
    assert story.state is State.THINKING
    story.says(created("resp_2"), audio_part("resp_2"), done("resp_2"), streaming("resp_2"))
    story.happens(PlayoutStarted())
    assert story.state is State.SPEAKING


def test_of_a_response_with_a_tool_of_ours_the_rest_is_asked_for():
    story = asked_to(call(), done_by_the_relay(FunctionCall("lamp", "{}", "call_1")))
    assert ResponseCreate in [type(event) for event in sent(story.happens(finished()))]
