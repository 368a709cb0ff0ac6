"""A session as it is seen from outside: the same session, and its facts."""

from edgevoice.errors import EngineError
from edgevoice.realtime.response import InputTokens, OutputTokens, Usage
from edgevoice.relay.engines.engine import Text
from edgevoice.relay.monitoring import facts
from edgevoice.relay.monitoring.session_watch import MOST_TOKENS, SessionWatch, counted
from edgevoice.relay.monitoring.waterfall import Stage
from tests.relay.monitoring.house import began
from tests.relay.story import Story, spoken, tell
from tests.relay.test_brain import Hospital
from tests.virtual_time import elapse


class Watched:
    """A story that is watched from its beginning."""

    def __init__(self, story: Story) -> None:
        self.facts: list[facts.Fact] = []
        self.watch = SessionWatch("rtc_1", story.session, self.facts.append, lambda tokens: 0.5)
        self.watch.begin(began())

    def of(self, kind):
        return [fact for fact in self.facts if isinstance(fact, kind)]

    @property
    def reports(self):
        return [fact.report for fact in self.of(facts.TurnEnded)]


def test_a_turn_has_all_its_stages():
    async def tale(story: Story) -> None:
        watched = Watched(story)
        story.engine.answers = [[0.3, *spoken("It is nine.", ms=1500)]]
        story.say("what time is it")
        await elapse(5)
        (report,) = watched.reports
        assert [stage for stage, _ in report.marks] == [
            Stage.SPEECH_STOPPED,
            Stage.TRANSCRIPT_READY,
            Stage.RESPONSE_CREATED,
            Stage.FIRST_AUDIO_MADE,
            Stage.RESPONSE_DONE,
            Stage.FIRST_PACKET_SENT,
            Stage.ANSWER_ENDED,
        ]
        assert report.outcome == "completed"
        assert round(report.at(Stage.TRANSCRIPT_READY), 3) == 0.1
        assert round(report.at(Stage.FIRST_AUDIO_MADE), 3) == 0.4
        assert round(report.at(Stage.FIRST_PACKET_SENT), 3) == 0.42
        assert round(report.at(Stage.ANSWER_ENDED), 3) == 1.92

    tell(tale)


def test_an_interrupted_answer():
    async def tale(story: Story) -> None:
        watched = Watched(story)
        story.engine.answers = [spoken("A long story.", ms=9000), spoken("Yes.")]
        story.say("tell me a story")
        await elapse(2)
        story.say("stop")
        await elapse(5)
        assert [report.outcome for report in watched.reports] == ["interrupted", "completed"]

    tell(tale)


def test_an_engine_that_fails():
    async def tale(story: Story) -> None:
        watched = Watched(story)
        story.engine.answers = [[EngineError("no")]]
        story.say("what time is it")
        await elapse(5)
        assert [report.outcome for report in watched.reports] == ["failed"]

    tell(tale)


def test_words_are_in_no_fact():
    async def tale(story: Story) -> None:
        watched = Watched(story)
        story.engine.answers = [[Text("a secret answer"), *spoken("another one")]]
        story.say("a secret question")
        await elapse(5)
        watched.watch.end("the client hung up")
        assert len(watched.facts) > 3
        assert "secret" not in repr(watched.facts)

    tell(tale)


def test_a_response_is_billed():
    async def tale(story: Story) -> None:
        watched = Watched(story)
        story.say("what time is it", ms=2000)
        await elapse(5)
        (bill,) = watched.of(facts.ResponseBilled)
        assert bill.cost_usd == 0.5
        assert bill.tokens.input_audio >= 20
        assert bill.tokens.output_audio == 20

    tell(tale)


def test_packets_are_counted_once():
    async def tale(story: Story) -> None:
        watched = Watched(story)
        for packets in (50, 120):
            story.call.received.packets = packets
            story.say("what time is it")
            await elapse(5)
        watched.watch.end("the client hung up")
        assert [fact.received for fact in watched.of(facts.MediaCounted)] == [50, 70]

    tell(tale)


def test_packets_that_come_after_they_were_given_up():
    async def tale(story: Story) -> None:
        watched = Watched(story)
        for lost in (9, 4, 12):
            story.call.received.lost = lost
            story.call.received.packets += 1
            story.say("what time is it")
            await elapse(5)
        assert [fact.lost for fact in watched.of(facts.MediaCounted)] == [9, 0, 3]

    tell(tale)


def test_events_that_are_too_many():
    async def tale(story: Story) -> None:
        watched = Watched(story)
        for _ in range(500):
            story.send("input_audio_buffer.clear")
        assert len(watched.of(facts.EventsDropped)) == 100

    tell(tale)


def test_what_goes_on_when_the_session_ends():
    async def tale(story: Story) -> None:
        watched = Watched(story)
        story.engine.answers = [spoken("A long story.", ms=9000)]
        story.say("tell me a story")
        await elapse(2)
        watched.watch.end("the relay is stopping")
        assert [report.outcome for report in watched.reports] == ["cut off"]
        assert watched.facts[-1] == facts.SessionEnded("rtc_1", "the relay is stopping")

    tell(tale)


def test_a_brain_that_cannot_go_on():
    async def tale(story: Story) -> None:
        assert isinstance(story, Hospital)
        watched = Watched(story)
        assert story.session.engine == "openai"
        await story.fail()
        assert watched.of(facts.EngineChanged) == [facts.EngineChanged("rtc_1", "fake")]

    tell(tale, make=Hospital)


def test_tokens_of_a_server_that_says_what_kind_they_are():
    usage = Usage(
        input_tokens=100,
        output_tokens=50,
        input_token_details=InputTokens(audio_tokens=70, text_tokens=30, cached_tokens=64),
        output_token_details=OutputTokens(audio_tokens=40, text_tokens=10),
    )
    assert counted(usage) == facts.Tokens(30, 70, 10, 40, 64)
    assert counted(Usage(input_tokens=9, output_tokens=1)) == facts.Tokens(9, 0, 1, 0, 0)
    nonsense = InputTokens(audio_tokens=-5, cached_tokens=-1)
    assert counted(Usage(input_tokens=-9, input_token_details=nonsense)) == facts.Tokens()
    assert counted(Usage(output_tokens=2**53 - 1)) == facts.Tokens(output_text=MOST_TOKENS)


def test_whoever_comes_back_before_it_was_used_is_on_standby():
    async def tale(story: Story) -> None:
        watched = Watched(story)
        watched.watch.begin(began(standby=True))
        watched.watch.resumed(1.0)
        watched.watch.woken()
        watched.watch.resumed(1.0)
        assert [fact.standby for fact in watched.of(facts.SessionResumed)] == [True, False]

    tell(tale)
