"""What each event of the server means for the session."""

import logging
from typing import TYPE_CHECKING

import msgspec

from edgevoice.errors import RemoteProtocolError
from edgevoice.realtime import server_events as says
from edgevoice.realtime.response import ErrorDetails
from edgevoice.relay.openai.answers import OfAnswer
from edgevoice.relay.openai.dialect import is_ours
from edgevoice.relay.openai.upstream import without_account

if TYPE_CHECKING:
    from edgevoice.relay.openai.brain import Link, UpstreamBrain

log = logging.getLogger(__name__)

EXPIRED = "session_expired"


class ServerSays:
    def __init__(self, brain: "UpstreamBrain") -> None:
        self._brain = brain
        self._state = brain.state

    def hear(self, link: "Link", text: str) -> None:
        brain = self._brain
        if brain.is_lost or link.connection.is_over:
            return
        event = brain.read(link, text)
        if event is None:
            return
        if isinstance(event, says.SessionCreated):
            brain.opened(link)
        elif link is brain.link:
            try:
                self._understand(link, event)
            except RemoteProtocolError as error:
                log.debug("what the server says is of no use: %s", error)
            brain.stall_watch()

    def _understand(self, link: "Link", event: says.ServerEvent) -> None:
        shown = self._brain.tools.shown(event)
        if shown is not None:
            self._follow(link, shown)

    def _follow(self, link: "Link", event: says.ServerEvent) -> None:
        match event:
            case says.Error():
                self._error(link, event)
            case says.ResponseCreated():
                beside = self._brain.asides > 0 and event.response.conversation_id is None
                self._brain.asides -= int(beside)
                self._brain.answers.begin(event, beside=beside)
            case says.ResponseDone():
                self._response_done(link, event)
            case (
                says.RateLimitsUpdated()
                | says.ResponseMcpCallArgumentsDelta()
                | says.ResponseMcpCallArgumentsDone()
            ):
                self._state.publish(event)
            case says.ConversationItemAdded() | says.ConversationItemDone():
                if event.item.id not in link.seeded:
                    self._state.publish(event)
            case _ if isinstance(event, OfAnswer):
                self._brain.answers.take(event)
            case _:
                self._follow_user(link, event)

    def _follow_user(self, link: "Link", event: says.ServerEvent) -> None:
        questions = self._brain.questions
        match event:
            case says.InputAudioBufferSpeechStarted(audio_start_ms=start_ms):
                self._speech_started(link, event, link.uplink.index(start_ms))
            case says.InputAudioBufferSpeechStopped(audio_end_ms=end_ms):
                self._publish_at(event, "audio_end_ms", link.uplink.index(end_ms))
                self._brain.stopped_at = link.uplink.index(end_ms)
                self._brain.stage.report()
            case says.InputAudioBufferCommitted(item_id=item_id):
                self._committed(item_id)
                self._state.publish(event)
            case says.InputAudioBufferCleared():
                self._cleared(link, event)
            case says.InputAudioBufferTimeoutTriggered(audio_start_ms=start_ms):
                end_ms = link.uplink.index(event.audio_end_ms) // 16
                place = {"audio_start_ms": link.uplink.index(start_ms) // 16}
                placed = msgspec.structs.replace(event, audio_end_ms=end_ms, **place)
                self._state.publish(placed)
            case says.ConversationItemInputAudioTranscriptionDelta():
                self._state.publish(event, silent=not self._transcribes)
            case says.ConversationItemInputAudioTranscriptionCompleted(transcript=words):
                questions.understood(event.item_id, words)
                self._state.publish(event, silent=not self._transcribes)
            case says.ConversationItemInputAudioTranscriptionFailed(error=error):
                event = msgspec.structs.replace(event, error=_private(error))
                self._state.publish(event, silent=not self._transcribes)
            case _:
                pass  # what we asked for ourselves, or what concerns nobody here

    # The user.

    def _speech_started(
        self, link: "Link", event: says.InputAudioBufferSpeechStarted, index: int
    ) -> None:
        brain = self._brain
        brain.questions.started(index)
        self._publish_at(event, "audio_start_ms", index)
        brain.stage.active()
        detection = self._state.settings.audio.input.turn_detection
        if detection is not None and detection.interrupt_response:
            brain.silence()

    def _publish_at(
        self,
        event: says.InputAudioBufferSpeechStarted | says.InputAudioBufferSpeechStopped,
        field: str,
        index: int,
    ) -> None:
        """Of the client's stream, which begins before that to the server, and has other holes."""
        self._state.publish(msgspec.structs.replace(event, **{field: index // 16}))

    def _committed(self, item_id: str) -> None:
        brain = self._brain
        detection = self._state.settings.audio.input.turn_detection
        by_client = brain.commits > 0
        brain.commits -= by_client
        end = brain.hearing.end if brain.stopped_at is None else brain.stopped_at
        answers = detection is not None and detection.create_response and not by_client
        brain.questions.committed(item_id, end, answers, by_client)
        brain.stopped_at = None

    def _cleared(self, link: "Link", event: says.InputAudioBufferCleared) -> None:
        if link.clearings and link.clearings.pop(0):
            self._state.publish(event)

    @property
    def _transcribes(self) -> bool:
        """The client asked for transcripts; the conversation has them in any case."""
        return self._state.settings.audio.input.transcription is not None

    # Answers and errors.

    def _response_done(self, link: "Link", event: says.ResponseDone) -> None:
        response, brain = event.response, self._brain
        details = response.status_details
        error = None if details is None else details.error
        if details is not None and error is not None:
            details = msgspec.structs.replace(details, error=_private(error))
            response = msgspec.structs.replace(response, status_details=details)
            event = msgspec.structs.replace(event, response=response)
        is_of_conversation = brain.answers.finish(event)
        if response.status == "failed" and error is not None and brain.gives_up_on(error.code):
            link.connection.end(f"the server cannot answer ({error.code})")
            return
        if is_of_conversation:
            brain.questions.answered()
        brain.tools.response_done()
        if not brain.busy:
            brain.stage.report()

    def _error(self, link: "Link", event: says.Error) -> None:
        code = event.error.code or ""
        if code == EXPIRED or (event.error.event_id is None and self._brain.gives_up_on(code)):
            link.connection.end(f"the server ended the session ({code})")
        elif is_ours(event):
            said = without_account(event.error.message or code)
            log.warning("the server refuses what the relay asked for itself: %s", said)
            if link.dialect.do_without(event.error):
                link.send(link.dialect.begin(self._brain.tools.settings()))
        else:
            told = self._brain.refused(event.error)
            self._state.publish(says.Error(error=_private(told)))


def _private(error: ErrorDetails) -> ErrorDetails:
    """Without what names the account."""
    return msgspec.structs.replace(error, message=without_account(error.message or ""))
