"""The device: everything wired together, started in order, stopped in reverse.

One TaskGroup runs what runs by itself; whoever is built here is run here. The program,
which runs one device or, when the configuration is read again, several, is `program.py`.
"""

import asyncio
import logging
import os
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

from edgevoice import __version__
from edgevoice.audio.barge_in import BargeInDetector
from edgevoice.audio.echo_canceller import make_canceller
from edgevoice.audio.echo_reference import EchoReference
from edgevoice.audio.endpointer import Endpointer
from edgevoice.audio.frames import CAPTURE_RATE_HZ, FRAME_SAMPLES
from edgevoice.audio.gate import Gate
from edgevoice.audio.playout import PlayoutBuffer
from edgevoice.audio.ring import RingBuffer
from edgevoice.audio.sample_clock import SampleClock
from edgevoice.config import Config
from edgevoice.daemon.abilities import Volume, toolbox
from edgevoice.daemon.attention import Attention
from edgevoice.daemon.board import Board
from edgevoice.daemon.capture import Capture
from edgevoice.daemon.clocks import local_time, time_of_day
from edgevoice.daemon.context_memory import context_memory
from edgevoice.daemon.control.commands import Command, Commands
from edgevoice.daemon.control.light_commands import LightCommands
from edgevoice.daemon.control.server import ControlServer
from edgevoice.daemon.control.session_commands import SessionCommands
from edgevoice.daemon.control.status import Status
from edgevoice.daemon.control.status_line import StatusLine
from edgevoice.daemon.diary.diary import Diary
from edgevoice.daemon.diary.diary_commands import DiaryCommands
from edgevoice.daemon.diary.forgetting import Forgetting
from edgevoice.daemon.diary.record_commands import RecordCommands
from edgevoice.daemon.diary.turn_log import TurnLog
from edgevoice.daemon.diary.waterfall import SampleCounts
from edgevoice.daemon.ears import Ears, Senses
from edgevoice.daemon.gate_light import GateLight
from edgevoice.daemon.hands.controls import Controls
from edgevoice.daemon.hands.deeds import Reach
from edgevoice.daemon.neighbourhood import Neighbours
from edgevoice.daemon.performer import Body, Performer
from edgevoice.daemon.runner import Runner
from edgevoice.daemon.settings_memory import SettingsMemory
from edgevoice.daemon.stall_watch import StallWatch
from edgevoice.daemon.tool_host import ToolHost
from edgevoice.daemon.unasked.unasked import Unasked
from edgevoice.daemon.watchdog import Progress, Watchdog
from edgevoice.hardware.lamps import Lamps
from edgevoice.hardware.lights.drivers import open_indicator
from edgevoice.hardware.sound.mixer import make_mixer
from edgevoice.hardware.sound.other_sound import OtherSound
from edgevoice.hardware.system.allocator import Allocator
from edgevoice.hardware.system.network import NetworkWatch
from edgevoice.hardware.system.service_manager import ServiceManager
from edgevoice.hardware.system.state_file import StateFile
from edgevoice.link.relay import Relay
from edgevoice.link.relay_link import RelayLink
from edgevoice.neighbours.neighbour import Host
from edgevoice.realtime.server_events import OutputAudioBufferStarted
from edgevoice.transceiver.actions import Action, CloseGate, Stage
from edgevoice.transceiver.inputs import (
    ButtonPressed,
    EventReceived,
    Input,
    NetworkChanged,
    PlayoutDrained,
    PlayoutStarted,
    ShutdownRequested,
    SpeakerFound,
    SpeakerLost,
    StopRequested,
)
from edgevoice.transceiver.persona import Persona
from edgevoice.transceiver.setup import Rest
from edgevoice.transceiver.states import State
from edgevoice.transceiver.transceiver import Transceiver

log = logging.getLogger(__name__)

GOODBYE_S = 0.05
"""Between the order to shut down and the end of the tasks, for the last actions to be done."""

FADE_OUT_S = 0.1
"""From the buffer to the ear, on a usual card."""


class _Stopped(Exception):
    """Ends the TaskGroup in good order."""


class Device:
    """Needs a running loop. `run` returns after `stop`."""

    def __init__(
        self,
        config: Config,
        called: Sequence[Relay],
        board: Board,
        service: ServiceManager | None = None,
        before: "Device | None" = None,
    ) -> None:
        """`before`: another one of this program, which has ended; what it knew goes on."""
        self._config = config
        self._board = board
        self._stop = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._service = service or ServiceManager()
        self._speaker_is_lost = False
        self._dropped_before = 0
        self._state_dir = Path(os.environ.get("STATE_DIRECTORY") or config.control.state_dir)
        if before is None:
            self._memory = SettingsMemory(StateFile(self._state_dir / "settings.json"))
            self._memory.load()
        else:  # not from the file, which may be on a disk that is full
            self._memory = before._memory
        self._diary: Diary = (
            before._diary if before else Diary(self._state_dir, local_time, self._loop.time)
        )
        self._diary.words = config.wake.words
        self._context = context_memory(config, self._state_dir, time_of_day, self._loop.time)
        self._context.load()
        if before is not None:
            self._context.go_on(before._context)
        self.ready = asyncio.Event()
        self._day: tuple[float | None, float] = before._day if before else (None, 0.0)
        """When it began, and the seconds of it that were talked away."""
        self._build_audio()
        self._build_mind(called)
        if before is not None:
            self.turns.go_on(before.turns)
            self.runner.go_on(before.runner)
            self._unasked.go_on(before._unasked)

    def _build_audio(self) -> None:
        """The audio plane: from the microphone to the gate, and the way back."""
        config = self._config
        self._ring = RingBuffer(config.microphone.ring_s)
        self._gate = Gate(self._ring)
        self._clock = SampleClock()
        self._playout = PlayoutBuffer(config.speaker.rate_hz, dither=config.speaker.dither)
        self._volume = Volume(self._playout, self._memory, make_mixer(config.speaker))
        self._other_sound = OtherSound(
            config.speaker.duck_others, StateFile(self._state_dir / "lowered.json")
        )
        self._lamps = Lamps(config.lamps, self._board.pins)
        self._capture = Capture(self._post, lambda: self._ears.interrupted())
        self._ears = Ears(self._ring, self._senses(), self._post, self._loop.time)
        self._capture.microphone = self._board.microphone(
            self._ears.hear, self._capture.lost, self._capture.found
        )
        self._ears.pace.behind_s = lambda: self._capture.microphone.behind_s
        self._speaker = self._board.speaker(self._playout, self._speaker_lost, self._speaker_found)
        self._speaker.on_played = self._reference.played
        self._speaker.on_starved = self._reference.stumbled

    def _senses(self) -> Senses:
        """What listens on the board."""
        config = self._config
        models = self._board.models(config)
        self._attention = Attention(config.wake, models.unheard, self._loop.time)
        self._reference = EchoReference(config.speaker.rate_hz, self._board.one_clock())
        self._canceller = make_canceller(config.echo, self._reference.adjust)
        return Senses(
            self._clock,
            self._reference,
            self._canceller,
            models.vad,
            BargeInDetector(),
            Endpointer(config.vad.start_s, config.vad.stop_s, config.vad.threshold),
            models.wake_words,
        )

    def _build_mind(self, called: Sequence[Relay]) -> None:
        """The control plane: what decides, and what carries it out."""
        config = self._config
        self._link = RelayLink(
            called,
            self._gate,
            self._playout,
            self._post,
            media=config.media,
            codec=self._board.codec,
            standby=config.link.warm_standby,
            transport=config.link.transport,
            first_turn=config.link.first_turn,
        )
        self._unasked = Unasked(
            config, self._state_dir, self._playout, self._volume, called, self._post
        )
        self._toolbox = toolbox(self._volume, self._lamps, self._unasked.tools())
        self._tool_host = ToolHost(self._toolbox, self._post)
        self.turns = TurnLog(self._clock, self._counts)
        self.runner = Runner(self._new_transceiver, self._perform, self._diary.failing.broke)
        reach = Reach(self.runner, self._volume, self._pressed_by_hand, self._perform)
        self._controls = Controls(config, self._board.pins, reach, self._memory)
        self._status = Status(
            self.runner,
            self._gate,
            self._volume,
            self._ring,
            self._ears,
            self._capture,
            self._link,
            self.turns,
            config.link,
            [self._unasked.told, self._attention.status, lambda: {"stuck": self._controls.stuck}],
        )
        self.line = StatusLine(
            self._service.status, config.board, self.turns, self._status.relay, local_time
        )
        self.commands = self._make_commands()
        self.command = self.commands.obey
        self._control = ControlServer(config.control.socket, self.commands)
        self._neighbours = Neighbours(config, Host(self._status.told, self.command), self.turns)
        failing, interval_s = self._diary.failing, self._service.watchdog_interval_s
        self._watchdog = Watchdog(self._service, self._progress, failing.stuck)
        self._stall_watch = StallWatch(interval_s, failing.stands_still)
        self._allocator = Allocator()

    def _make_commands(self) -> Commands:
        """What the control socket understands; each subject brings its own table."""
        commands = Commands()
        commands.add(
            {
                "status": Command(self._status.told, "what it is doing", looks=True),
                "levels": Command(self._ears.levels, "what a meter shows", looks=True),
            }
        )
        switch_is_on = self._controls.switch_is_on
        session = SessionCommands(self.runner, self._volume, self._pressed, switch_is_on)
        commands.add(session.table())
        commands.add(LightCommands(lambda: self._light).table())
        commands.add(self._unasked.commands())
        diary = DiaryCommands(self._diary, self.runner, self._ears, self._gate)
        commands.add(diary.table())
        commands.add(self._forgetting().table())
        self._recording = RecordCommands(
            self._diary, self._memory, lambda on: self._light.record(on)
        )
        commands.add(self._recording.table())
        self._status.parts.extend((diary.status, self._recording.status))
        return commands

    def _forgetting(self) -> Forgetting:
        return Forgetting(
            self.runner,
            self._context,
            self._diary,
            self.turns,
            self._unasked.cancel_all,
            self._link.forget,
        )

    def _new_transceiver(self) -> Transceiver:
        config = self._config
        self._unasked.again()
        return Transceiver(
            turn=config.turn,
            context=config.context,
            link=config.link,
            tools=self._toolbox.definitions(),
            wake_phrase_samples=round(config.wake.phrase_s * CAPTURE_RATE_HZ),
            chime=config.sounds.chime,
            muted=self._memory.muted,
            microphone_lost=self._capture.is_lost,
            speaker_lost=self._speaker_is_lost,
            hears_voices=self._canceller.hears_voices,
            remembered=self._context.remembered,
            manners=self._unasked.manners(),
            rest=Rest(day_began=self._day[0], day_used_s=self._day[1]),
            personas={w.name: Persona(w.instructions, w.voice) for w in config.wake.words},
        )

    async def run(self) -> None:
        """Start everything in order, run until stopped, stop it in reverse."""
        async with AsyncExitStack() as opened:
            opened.push(self._diary.failing.crashed)
            await self._open(opened)
            try:
                await self._run_components()
            except* _Stopped:
                log.info("stopped")

    async def _open(self, opened: AsyncExitStack) -> None:
        """What needs opening; each line is closed again in reverse, even if a later one fails."""
        self._volume.restore(self._config.speaker.volume_percent)
        self._indicator = open_indicator(
            self._config.indicator, self._board.pins, self._loop.time, lambda: self._playout.level
        )
        opened.callback(self._indicator.close)
        self._lamps.open()
        opened.callback(self._lamps.close)
        await opened.enter_async_context(self._speaker)
        await opened.enter_async_context(self._controls)
        self._wire()
        # However the program ends: nothing may leave any more, and what has is written down.
        opened.callback(self._perform, CloseGate("the program ends"))

    async def _run_components(self) -> None:
        components = (
            self._memory.run(),
            self._context.run(),
            self._diary.run(),
            self._volume.run(),
            self._other_sound.run(),
            self._link.run(),
            NetworkWatch(self._network_changed, on_stir=self._link.network_stirs).run(),
            self._tool_host.run(),
            self._indicator.run(),
            self._attention.run(),
            *self._unasked.components(),
            self._controls.run(),
            self._capture.run(),
            self._capture.microphone.watch(),
            self._speaker.watch(),
            self._control.run(),
            self.runner.run(),
            self._watchdog.run(),
            self._stall_watch.run(),
            self._allocator.run(),
            self._neighbours.run(),
            self._until_stopped(),
        )
        async with asyncio.TaskGroup() as tasks:
            for component in components:
                tasks.create_task(component)

    def _wire(self) -> None:
        """Connect what only now exists: callbacks of the gate, the playout and the link."""
        self._light = light = GateLight(
            self._indicator,
            self._config.indicator.required,
            stop=partial(self._post, StopRequested("indicator")),
        )
        self._indicator.on_lost = light.lost
        body = Body(
            gate=self._gate,
            playout=self._playout,
            link=self._link,
            light=light,
            capture=self._capture,
            other_sound=self._other_sound,
            tools=self._tool_host,
            turns=self.turns,
            privacy=self._diary.privacy,
            remember_mute=self._memory.remember_mute,
            bell=self._unasked.bell,
            alarms=self._unasked.alarms,
            announcements=self._unasked.announcements,
        )
        self._performer = Performer(body, self._post, self._config.sounds)
        self._gate.on_change = partial(self._gate_changed, light)
        self._ears.on_captured = self._link.samples_captured
        self._link.on_first_sent = self._first_sent
        self._playout.on_started = lambda: self._post_from_thread(PlayoutStarted())
        heard = self._unasked.announcements.heard
        self._playout.on_heard = lambda name: self._in_loop(heard, name)
        self._playout.on_drained = lambda ms: self._post_from_thread(PlayoutDrained(ms))
        self.runner.observers += [
            self._observe,
            self._context.observe,
            self._neighbours.observe,
            self.line.observe,
        ]
        self._diary.attach(self.runner, self.turns, self._ears)
        self.failures = self._diary.failures
        self.failures.config, self.failures.status = self._config, self._status.told
        self._attention.attach(self.runner, self._ears, light, self.line)
        self._recording.set_up(self._config)
        light.show(self.runner.transceiver.indication)
        self._capture.want(not (self._memory.muted or self._controls.switch_is_on()))
        self._volume.on_change = self._indicator.volume
        self._unasked.show_next(self._indicator.countdown)
        self._controls.on_hold = self._indicator.hold

    async def _until_stopped(self) -> None:
        """The last component to start, so everything before it has begun to run."""
        log.info("edgevoice %s listens", __version__)
        self.line.show(self.runner.transceiver)
        self.ready.set()
        await self._stop.wait()
        self._post(ShutdownRequested())
        await asyncio.sleep(GOODBYE_S)
        self._playout.flush()  # whatever is still heard fades out; a card that is closed clicks
        self._playout.stop_sounds()
        await asyncio.sleep(FADE_OUT_S)
        raise _Stopped

    def stop(self) -> None:
        """End the session, if there is one, and let `run` return."""
        self._stop.set()

    @property
    def is_idle(self) -> bool:
        """Nobody would notice if it ended now."""
        mind, facts = self.runner.transceiver, self.runner.transceiver.facts
        return mind.state is State.IDLE and not (facts.ringing or facts.announcing)

    @property
    def is_settled(self) -> bool:
        """It hears, or it is known why not."""
        return self._capture.is_tried and (not self._capture.expected or self._ring.end > 0)

    @property
    def lacks(self) -> frozenset[str]:
        """What it is to hear or speak with and is not there."""
        lost = {"microphone": self._capture.is_lost, "speaker": self._speaker_is_lost}
        return frozenset(name for name, is_lost in lost.items() if is_lost)

    def _post(self, happened: Input) -> None:
        self.runner.post(happened)

    def _in_loop(self, tell: Callable[[str], None], what: str) -> None:
        self._loop.call_soon_threadsafe(tell, what)

    def _post_from_thread(self, happened: Input) -> None:
        self._loop.call_soon_threadsafe(self._post, happened)

    def _perform(self, action: Action) -> None:
        self._performer.perform(action)

    def _speaker_lost(self, reason: str) -> None:
        log.error("nothing is heard of us: %s", reason)
        self._speaker_is_lost = True
        self._post(SpeakerLost(reason))

    def _speaker_found(self) -> None:
        log.info("the speaker is back")
        self._speaker_is_lost = False
        self._volume.reapply()
        self._post(SpeakerFound())

    def _pressed(self, source: str) -> None:
        self._post(ButtonPressed(self._ring.end, source))

    def _pressed_by_hand(self, at: float) -> None:
        """At that moment, which may be a little while ago."""
        ago = round(max(0.0, self._loop.time() - at) * CAPTURE_RATE_HZ)
        self._post(ButtonPressed(max(0, self._ring.end - ago), "button"))

    def _network_changed(self) -> None:
        log.info("the network has changed")
        self._link.network_changed()
        self._post(NetworkChanged())

    def _first_sent(self, sample: int) -> None:
        self.turns.mark_at(Stage.FIRST_SAMPLE_SENT, self._loop.time())

    def _observe(self, happened: Input, mind: Transceiver) -> None:
        """What follows from an input without any decision."""
        self._day = mind.day
        if isinstance(happened, EventReceived) and isinstance(
            happened.event, OutputAudioBufferStarted
        ):
            self._performer.begin_answer(happened.event.response_id)
        self._unasked.heard_from(happened)
        self._unasked.look(mind.facts)

    def _gate_changed(self, light: GateLight, is_open: bool) -> None:
        light.gate_changed(is_open)
        self._canceller.sending = is_open
        if is_open:
            self._dropped_before = self._capture.microphone.dropped

    def _counts(self) -> SampleCounts:
        """Blocks that never reached the ring, because the loop was too late, are lost too."""
        dropped = self._capture.microphone.dropped - self._dropped_before
        received = self.runner.transceiver.received
        gate = self._gate
        first = gate.first_sample or 0
        return SampleCounts(
            first_sample=first,
            captured=gate.next_sample - first + dropped * FRAME_SAMPLES,
            sent=gate.sent_samples,
            gaps=gate.gaps,
            received=received.samples if received else None,
            lost_on_the_way=received.lost * FRAME_SAMPLES if received else None,
        )

    def _progress(self) -> Progress:
        return Progress(
            self._ring.end,
            self._ears.chunks_heard,
            self._capture.expected,
            self._board.is_spinning(),
        )
