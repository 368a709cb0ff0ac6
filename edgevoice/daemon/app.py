"""The device: everything wired together, started in order, stopped in reverse.

One TaskGroup runs what runs by itself; whoever is built here is run here.
"""

import asyncio
import logging
import os
import signal
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

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
from edgevoice.audio.vad import make_vad
from edgevoice.audio.wake_word import WakeWords
from edgevoice.config import Config
from edgevoice.daemon import relays
from edgevoice.daemon.abilities import Volume, timer_tools, toolbox
from edgevoice.daemon.allocator import Allocator
from edgevoice.daemon.board import Board, real_board
from edgevoice.daemon.capture import Capture
from edgevoice.daemon.commands import Commands
from edgevoice.daemon.context_memory import context_memory
from edgevoice.daemon.control import ControlServer
from edgevoice.daemon.ears import Ears, Senses
from edgevoice.daemon.gate_light import GateLight
from edgevoice.daemon.performer import Body, Performer
from edgevoice.daemon.privacy_log import PrivacyLog
from edgevoice.daemon.runner import Runner
from edgevoice.daemon.settings_memory import SettingsMemory
from edgevoice.daemon.tool_host import ToolHost
from edgevoice.daemon.turn_log import TurnLog
from edgevoice.daemon.watchdog import Progress, Watchdog
from edgevoice.daemon.waterfall import SampleCounts
from edgevoice.hardware.button import Button
from edgevoice.hardware.lamps import Lamps
from edgevoice.hardware.lights import Indicator, open_indicator
from edgevoice.hardware.mixer import make_mixer
from edgevoice.hardware.network import NetworkWatch
from edgevoice.hardware.other_sound import OtherSound
from edgevoice.hardware.service_manager import ServiceManager
from edgevoice.hardware.state_file import StateFile
from edgevoice.link.direct import destination
from edgevoice.link.relay import Relay
from edgevoice.link.relay_link import RelayLink
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
)
from edgevoice.transceiver.persona import Persona
from edgevoice.transceiver.transceiver import Transceiver
from edgevoice.webrtc.hardening import harden

log = logging.getLogger(__name__)

VOLUME_STEP = 10
"""Per cent by which a button makes it louder or softer."""

GOODBYE_S = 0.1
"""Between the order to shut down and the end of the tasks, for the last actions to be done."""


def main(config: Config) -> int:
    """Run until SIGTERM or SIGINT; the exit status."""
    harden()
    asyncio.run(_main(config, relays.configured(config.link)))
    return 0


async def _main(config: Config, called: Sequence[Relay]) -> None:
    device = Device(config, called, real_board(config))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, device.stop)
    await device.run()


def time_of_day() -> float:
    """Seconds since 1970, which outlives the program; a board without a clock may be wrong."""
    return datetime.now(UTC).timestamp()


class _Stopped(Exception):
    """Ends the TaskGroup in good order."""


class Device:
    """Needs a running loop. `run` returns after `stop`."""

    def __init__(self, config: Config, called: Sequence[Relay], board: Board) -> None:
        self._config = config
        self._board = board
        self._stop = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._service = ServiceManager()
        self._told = ""
        self._speaker_is_lost = False
        self._dropped_before = 0
        self._state_dir = Path(os.environ.get("STATE_DIRECTORY") or config.control.state_dir)
        self._memory = SettingsMemory(StateFile(self._state_dir / "settings.json"))
        self._memory.load()
        self._context = context_memory(config, self._state_dir, time_of_day, self._loop.time)
        self._context.load()
        self.ready = asyncio.Event()
        self._build_audio()
        self._build_mind(called)

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
        self._speaker = self._board.speaker(self._playout, self._speaker_lost, self._speaker_found)
        self._speaker.on_played = self._reference.played
        self._speaker.on_starved = self._reference.stumbled

    def _senses(self) -> Senses:
        """What listens on the board."""
        config, models_dir = self._config, self._config.wake.models_dir
        self._reference = EchoReference(config.speaker.rate_hz, self._board.one_clock())
        self._canceller = make_canceller(config.echo, self._reference.adjust)
        return Senses(
            self._clock,
            self._reference,
            self._canceller,
            make_vad(config.vad, models_dir),
            BargeInDetector(),
            Endpointer(config.vad.start_s, config.vad.stop_s, config.vad.threshold),
            WakeWords(models_dir, config.wake),
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
            standby=config.link.warm_standby,
            transport=config.link.transport,
            first_turn=config.link.first_turn,
        )
        self._timers = timer_tools(self._state_dir, self._post)
        self._toolbox = toolbox(self._volume, self._lamps, self._timers)
        self._tool_host = ToolHost(self._toolbox, self._post)
        self.turns = TurnLog(self._clock, self._counts)
        self.runner = Runner(self._new_transceiver, self._perform, self._dump_flight)
        self._buttons = self._make_buttons()
        commands = Commands(
            self.runner, self._volume, self._pressed, self._status, lambda: self._ears.levels()
        )
        self.command = commands.obey
        self._control = ControlServer(config.control.socket, self.command)
        self._watchdog = Watchdog(self._service, self._progress)
        self._allocator = Allocator()

    def _make_buttons(self) -> list[Button]:
        config, volume = self._config.button, self._volume
        meanings: list[tuple[int | None, Callable[[], object]]] = [
            (config.pin, self._pressed),
            (config.louder_pin, lambda: volume.change(+VOLUME_STEP)),
            (config.softer_pin, lambda: volume.change(-VOLUME_STEP)),
        ]
        return [Button(replace(config, pin=pin), act, self._board.pins) for pin, act in meanings]

    def _new_transceiver(self) -> Transceiver:
        config = self._config
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
            personas={w.name: Persona(w.instructions, w.voice) for w in config.wake.words},
        )

    async def run(self) -> None:
        """Start everything in order, run until stopped, stop it in reverse."""
        async with AsyncExitStack() as opened:
            await self._open(opened)
            try:
                await self._run_components()
            except* _Stopped:
                log.info("stopped")

    async def _open(self, opened: AsyncExitStack) -> None:
        """What needs opening; each line is closed again in reverse, even if a later one fails."""
        self._volume.restore(self._config.speaker.volume_percent)
        indicator = open_indicator(self._config.indicator, self._board.pins)
        opened.callback(indicator.close)
        self._lamps.open()
        opened.callback(self._lamps.close)
        await opened.enter_async_context(self._speaker)
        for button in self._buttons:
            await opened.enter_async_context(button)
        self._wire(indicator)
        # However the program ends: nothing may leave any more, and what has is written down.
        opened.callback(self._perform, CloseGate("the program ends"))

    async def _run_components(self) -> None:
        components = (
            self._memory.run(),
            self._context.run(),
            self._volume.run(),
            self._other_sound.run(),
            self._link.run(),
            NetworkWatch(self._network_changed, on_stir=self._link.network_stirs).run(),
            self._tool_host.run(),
            self._timers.run(),
            self._capture.run(),
            self._capture.microphone.watch(),
            self._speaker.watch(),
            self._control.run(),
            self.runner.run(),
            self._watchdog.run(),
            self._allocator.run(),
            self._until_stopped(),
        )
        async with asyncio.TaskGroup() as tasks:
            for component in components:
                tasks.create_task(component)

    def _wire(self, indicator: Indicator) -> None:
        """Connect what only now exists: callbacks of the gate, the playout and the link."""
        light = GateLight(indicator, self._config.indicator.required)
        privacy = PrivacyLog(self._state_dir / "privacy.log", lambda: datetime.now(UTC))
        body = Body(
            gate=self._gate,
            playout=self._playout,
            link=self._link,
            light=light,
            capture=self._capture,
            other_sound=self._other_sound,
            tools=self._tool_host,
            turns=self.turns,
            privacy=privacy,
            remember_mute=self._memory.remember_mute,
        )
        self._performer = Performer(body, self._post, self._config.sounds)
        self._gate.on_change = partial(self._gate_changed, light)
        self._ears.on_captured = self._link.samples_captured
        self._link.on_first_sent = self._first_sent
        self._playout.on_started = lambda: self._post_from_thread(PlayoutStarted())
        self._playout.on_drained = lambda ms: self._post_from_thread(PlayoutDrained(ms))
        self.runner.observers += [self._observe, self._context.observe]
        light.show(self.runner.transceiver.indication)
        self._capture.want(not self._memory.muted)

    async def _until_stopped(self) -> None:
        """The last component to start, so everything before it has begun to run."""
        log.info("edgevoice %s listens", __version__)
        self._service.ready()
        self._tell_status(self.runner.transceiver)
        self.ready.set()
        await self._stop.wait()
        self._service.stopping()
        self._post(ShutdownRequested())
        await asyncio.sleep(GOODBYE_S)
        raise _Stopped

    def stop(self) -> None:
        """End the session, if there is one, and let `run` return."""
        self._stop.set()

    def _status(self) -> dict[str, Any]:
        mind = self.runner.transceiver
        last = self.turns.reports[-1].as_json() if self.turns.reports else None
        return {
            "version": __version__,
            "state": mind.state.value,
            "muted": mind.facts.muted,
            "microphone": "lost" if mind.facts.microphone_lost else "ok",
            "speaker": "lost" if mind.facts.speaker_lost else "ok",
            "relay": "offline" if mind.facts.offline else self._relay(),
            "gate": "open" if self._gate.is_open else "closed",
            "volume": self._volume.percent,
            **self._ears.findings(),
            "dropped_blocks": self._capture.microphone.dropped,
            "captured_s": round(self._ring.end / CAPTURE_RATE_HZ, 1),
            "receiving": asdict(self._link.statistics()),
            "context": mind.memory.status(),
            "unknown_events": mind.unknown_events,
            "last_error": mind.last_error.code if mind.last_error else None,
            "last_turn": last,
        }

    def _relay(self) -> str:
        """Who carries the session, or would be called first."""
        called = self._link.destinations
        return called[-1] if called else destination(self._config.link)

    def _post(self, happened: Input) -> None:
        self.runner.post(happened)

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

    def _pressed(self) -> None:
        self._post(ButtonPressed(self._ring.end))

    def _network_changed(self) -> None:
        log.info("the network has changed")
        self._link.network_changed()
        self._post(NetworkChanged())

    def _first_sent(self, sample: int) -> None:
        self.turns.mark_at(Stage.FIRST_SAMPLE_SENT, self._loop.time())

    def _observe(self, happened: Input, mind: Transceiver) -> None:
        """What follows from an input without any decision."""
        if isinstance(happened, EventReceived) and isinstance(
            happened.event, OutputAudioBufferStarted
        ):
            self._performer.begin_answer(happened.event.response_id)
        self._tell_status(mind)

    def _tell_status(self, mind: Transceiver) -> None:
        """One line for `systemctl status`, when there is something new to say."""
        told = mind.indication.value
        if mind.facts.offline:
            told += f"; the last session: {mind.last_ending}"
        if told != self._told:
            self._told = told
            self._service.status(told)

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

    def _dump_flight(self, lines: list[str]) -> None:
        """Keep what led to a broken invariant. It may hold what was said: the owner's alone."""
        path = self._state_dir / "flight-record.txt"
        try:
            self._state_dir.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write("\n".join(lines) + "\n")
        except OSError as trouble:
            log.error("the flight record cannot be written to %s: %s", path, trouble)
