"""Carries out what the transceiver asks for. Decides nothing, waits for nothing.

Each action has one line here; what takes time is handed to a component that runs
by itself (link, capture, tools).
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from edgevoice.audio.gate import Gate
from edgevoice.audio.playout import PlayoutBuffer
from edgevoice.config import SoundsConfig
from edgevoice.daemon.capture import Capture
from edgevoice.daemon.diary.privacy_log import PrivacyLog
from edgevoice.daemon.diary.turn_log import TurnLog
from edgevoice.daemon.gate_light import GateLight
from edgevoice.daemon.tool_host import ToolHost
from edgevoice.daemon.unasked.announcements import Announcements
from edgevoice.daemon.unasked.bell import Bell
from edgevoice.errors import GpioError
from edgevoice.hardware.sound.other_sound import OtherSound
from edgevoice.hardware.sound.sounds import announcement, load
from edgevoice.hardware.sound.sounds import missed as missed_something
from edgevoice.link.relay_link import RelayLink
from edgevoice.tools.alarm_keeper import AlarmKeeper
from edgevoice.transceiver import actions as do
from edgevoice.transceiver.inputs import Input, PlayoutFlushed, StopRequested

log = logging.getLogger(__name__)

DUCKED = 0.2
"""About -14 dB: the answer can still be followed, and the echo no longer drowns a voice."""

PROBLEM = "problem"
"""The name, in the playout buffer, of the sentence that says what is wrong."""


@dataclass(slots=True)
class Body:
    """What a transceiver's orders move."""

    gate: Gate
    playout: PlayoutBuffer
    link: RelayLink
    light: GateLight
    capture: Capture
    other_sound: OtherSound
    tools: ToolHost
    turns: TurnLog
    privacy: PrivacyLog
    remember_mute: Callable[[bool], None]
    bell: Bell
    alarms: AlarmKeeper
    announcements: Announcements


class Performer:
    def __init__(self, body: Body, post: Callable[[Input], None], sounds: SoundsConfig) -> None:
        self._body = body
        self._post = post
        self._sounds = sounds
        self._answer_id = ""

    def perform(self, action: do.Action) -> None:
        body = self._body
        match action:
            case do.OpenLink():
                body.link.open(action)
            case do.OpenLinkEarly(context):
                body.link.open_early(context)
            case do.ReopenLink(resume=resume, context=context):
                body.link.reopen(resume, context)
            case do.CloseLink(reason):
                body.link.close(reason)
            case do.OpenGate(from_sample, reason):
                self._open_gate(from_sample, reason)
            case do.CloseGate():
                self._close_gate()
            case do.SendEvent(event):
                body.link.send(event)
            case do.AppendAudio(from_sample):
                body.link.append(from_sample)
            case do.CommitAppended():
                body.link.commit(action)
            case do.AttachMedia(from_sample):
                body.link.attach(from_sample)
            case do.PlaySound("error") if not self._sounds.errors:
                pass
            case do.PlaySound(name, repeat):
                body.playout.mix(load(name, body.playout.rate_hz), repeat)
            case do.Announce(problem):
                self._announce(problem)
            case do.StopSounds():
                body.playout.stop_sounds()
            case do.Ring(kind, softly):
                body.bell.ring(kind, softly)
            case do.StopRing():
                body.bell.stop()
            case do.FlushPlayout():
                self._flush()
            case do.DuckPlayout():
                body.playout.duck(DUCKED)
            case do.UnduckPlayout():
                body.playout.duck(1.0)
            case do.Show(indication):
                body.light.show(indication)
            case _:
                self._perform_beside_the_audio(action)

    def _perform_beside_the_audio(self, action: do.Action) -> None:
        body = self._body
        match action:
            case do.RunTool():
                body.tools.ask(action)
            case do.OpenMicrophone():
                body.capture.want(True)
            case do.CloseMicrophone():
                body.capture.want(False)
            case do.RememberMute(muted):
                body.remember_mute(muted)
                body.privacy.muted(muted)
            case do.RememberRung(missed):
                body.alarms.silenced(missed)
            case do.TellMissed():
                body.playout.mix(missed_something(body.playout.rate_hz))
                body.alarms.told()
            case do.SayAnnouncement(number):
                body.other_sound.duck()
                body.announcements.say(number)
            case do.StopAnnouncement():
                body.announcements.stop()
            case do.DropAnnouncement(number, reason):
                self._drop_announcement(number, reason)
            case do.BeginTurn():
                body.turns.begin(action)
            case do.Mark():
                body.turns.mark(action)
            case do.EndTurn():
                body.turns.end(action)
            case _:
                raise AssertionError(f"no way to perform {action!r}")

    def _open_gate(self, from_sample: int, reason: str) -> None:
        try:
            self._body.gate.open(from_sample)
        except GpioError as error:
            log.error("no audio is sent: %s", error)
            self._post(StopRequested("indicator"))
        else:
            self._body.privacy.gate_opened(reason)
            self._body.other_sound.duck()

    def _close_gate(self) -> None:
        if self._body.gate.is_open:
            self._body.gate.close()
            sent = self._body.gate.sent_samples
            self._body.privacy.gate_closed(sent, self._body.link.destinations)
            self._body.other_sound.restore()

    def _drop_announcement(self, number: int, reason: str) -> None:
        self._body.announcements.drop(number, reason)
        if not self._body.gate.is_open:
            self._body.other_sound.restore()

    def begin_answer(self, response_id: str) -> None:
        """What is received from now on is a new answer, or the rest of one that broke off."""
        if response_id == self._answer_id:
            return
        self._answer_id = response_id
        self._body.link.begin_answer()
        self._body.playout.begin_answer()

    def _flush(self) -> None:
        """What the card has pulled it goes on to play, so flushed is what was heard."""
        link = self._body.link
        heard_ms = link.heard_ms(self._body.playout.flush())
        link.skip_answer()
        self._post(PlayoutFlushed(heard_ms))

    def _announce(self, problem: do.Problem) -> None:
        """Takes the place of one that is still being said: nobody understands two at once."""
        playout = self._body.playout
        if self._sounds.errors and self._sounds.spoken_errors:
            playout.stop_sounds(PROBLEM)
            playout.mix(announcement(problem, playout.rate_hz), name=PROBLEM)
        elif self._sounds.errors:
            playout.mix(load("error", playout.rate_hz))
