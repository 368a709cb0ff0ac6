"""Turns told from the events that the client is sent."""

from hypothesis import given
from hypothesis import strategies as st

from edgevoice.realtime import server_events as says
from edgevoice.realtime.response import Response
from edgevoice.relay.monitoring.turn_follower import MAX_OPEN, TurnFollower
from edgevoice.relay.monitoring.waterfall import Stage, TurnReport


class Session:
    """What happens in it, a tenth of a second apart."""

    def __init__(self) -> None:
        self.follower = TurnFollower()
        self.now = 100.0
        self.reports: list[TurnReport] = []

    def says(self, *events: says.ServerEvent) -> None:
        for event in events:
            self.reports += self.follower.follow(event, self.now)
            self.now += 0.1

    def made(self, response_id: str = "r1") -> None:
        self.follower.will_play(response_id)
        self.follower.sound_made(response_id, self.now)
        self.now += 0.1

    def report(self) -> tuple[str, dict[str, float]]:
        """Of the only turn: outcome, and marks in seconds."""
        (report,) = self.reports
        return report.outcome, {stage.value: round(at, 2) for stage, at in report.marks}


stopped = says.InputAudioBufferSpeechStopped(item_id="i1", audio_end_ms=1000)
transcribed = says.ConversationItemInputAudioTranscriptionCompleted(
    item_id="i1", content_index=0, transcript="never to be seen"
)
first_packet = says.OutputAudioBufferStarted(response_id="r1")
played = says.OutputAudioBufferStopped(response_id="r1")
silenced = says.OutputAudioBufferCleared(response_id="r1")


def created(response_id: str = "r1") -> says.ResponseCreated:
    return says.ResponseCreated(response=Response(id=response_id, status="in_progress"))


def done(response_id: str = "r1", status: str = "completed") -> says.ResponseDone:
    return says.ResponseDone(response=Response(id=response_id, status=status))


def test_a_spoken_turn_and_its_answer_stage_by_stage():
    session = Session()
    session.says(stopped, transcribed, created())
    session.made()
    session.says(first_packet, done())
    assert session.reports == []
    session.says(played)
    assert session.report() == (
        "completed",
        {
            "speech_stopped": 0.0,
            "transcript_ready": 0.1,
            "response_created": 0.2,
            "first_audio_made": 0.3,
            "first_packet_sent": 0.4,
            "response_done": 0.5,
            "answer_ended": 0.6,
        },
    )
    assert session.reports[0].spoken


def test_the_engine_is_done_before_the_first_packet_leaves():
    session = Session()
    session.says(stopped, transcribed, created())
    session.made()
    session.says(done(), first_packet, played)
    outcome, marks = session.report()
    assert (outcome, marks["response_done"], marks["first_packet_sent"]) == ("completed", 0.4, 0.5)


def test_an_answer_that_is_silenced_was_interrupted():
    session = Session()
    session.says(stopped, transcribed, created())
    session.made()
    session.says(first_packet, silenced)
    assert session.reports == []
    session.says(done(status="cancelled"))
    assert session.report()[0] == "interrupted"


def test_a_written_answer_is_over_when_it_is_done():
    session = Session()
    session.says(created(), done())
    assert session.report() == ("completed", {"response_created": 0.0, "response_done": 0.1})
    assert not session.reports[0].spoken


def test_sound_that_goes_out_as_events_is_made_and_sent_at_once():
    session = Session()
    delta = says.ResponseOutputAudioDelta(
        response_id="r1", item_id="i2", output_index=0, content_index=0, delta=""
    )
    session.says(stopped, transcribed, created(), delta, delta, done())
    _, marks = session.report()
    assert marks["first_audio_made"] == marks["first_packet_sent"] == 0.3


def test_a_turn_without_words_is_unanswered():
    session = Session()
    session.says(stopped, transcribed, stopped)
    assert session.report() == ("unanswered", {"speech_stopped": 0.0, "transcript_ready": 0.1})


def test_the_transcript_may_come_after_the_response_has_begun():
    session = Session()
    session.says(stopped, created(), transcribed, done())
    assert session.report()[1]["transcript_ready"] == 0.2


def test_what_goes_on_at_the_end_is_cut_off():
    session = Session()
    session.says(stopped, created())
    session.made()
    session.says(stopped)
    assert [report.outcome for report in session.follower.close()] == ["unanswered", "cut off"]


def test_responses_that_never_end_are_not_kept():
    session = Session()
    session.says(*(created(f"r{number}") for number in range(1000)))
    assert len(session.reports) == 1000 - MAX_OPEN
    assert len(list(session.follower.close())) == MAX_OPEN


def test_what_a_server_says_of_unknown_responses_is_not_kept():
    session = Session()
    for number in range(100):
        stranger = f"r{number}"
        session.says(
            says.OutputAudioBufferStarted(response_id=stranger),
            says.OutputAudioBufferCleared(response_id=stranger),
            done(stranger),
        )
    assert session.reports == []
    assert not any((session.follower._open, session.follower._outcomes, session.follower._played))


def test_turns_are_numbered():
    session = Session()
    session.says(stopped, created(), done(), created("r2"), done("r2"))
    assert [report.number for report in session.reports] == [1, 2]
    assert session.reports[1].at(Stage.SPEECH_STOPPED) is None


def any_event() -> st.SearchStrategy[says.ServerEvent | str]:
    """In no order that makes sense; a word: the sound of that response is made."""
    ids = st.sampled_from(["r1", "r2", "r3"])
    return st.one_of(
        st.just(stopped),
        st.just(transcribed),
        ids,
        ids.map(created),
        ids.map(done),
        ids.map(lambda r: says.OutputAudioBufferStarted(response_id=r)),
        ids.map(lambda r: says.OutputAudioBufferStopped(response_id=r)),
        ids.map(lambda r: says.OutputAudioBufferCleared(response_id=r)),
    )


@given(st.lists(any_event(), max_size=60))
def test_whatever_a_server_says_each_turn_is_told_once(events):
    session = Session()
    for event in events:
        session.made(event) if isinstance(event, str) else session.says(event)
    reports = [*session.reports, *session.follower.close()]
    numbers = [report.number for report in reports]
    assert sorted(numbers) == list(range(1, len(numbers) + 1))
    assert all(report.outcome and report.marks[0][1] == 0.0 for report in reports)
    assert not any((session.follower._open, session.follower._outcomes, session.follower._played))
