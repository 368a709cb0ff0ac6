"""The whole device in virtual time: its real program, on a board and with a relay in memory.

Keeps the book of what the rule machine needs to judge it: what was said and when, what the
owner did, and what the owner was told.
"""

import asyncio
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from edgevoice.audio.frames import CAPTURE_RATE_HZ, FRAME_SAMPLES, Samples
from edgevoice.config import (
    ButtonConfig,
    Config,
    ControlConfig,
    EchoConfig,
    IndicatorConfig,
    LinkConfig,
    NeighboursConfig,
    SpeakerConfig,
    TurnConfig,
    WakeConfig,
)
from edgevoice.daemon.app import Device
from edgevoice.daemon.board import Board, Models
from edgevoice.daemon.program import Prepared, Program
from edgevoice.hardware.gpio.pins import MockPins
from edgevoice.hardware.sound.virtual_speaker import VirtualSpeaker
from edgevoice.transceiver.actions import (
    Announce,
    CloseGate,
    CloseMicrophone,
    EndTurn,
    OpenGate,
)
from edgevoice.transceiver.indication import SESSION
from edgevoice.transceiver.inputs import (
    ButtonPressed,
    ForgetRequested,
    Input,
    MicrophoneLost,
    MuteRequested,
    ShutdownRequested,
    StopRequested,
    WakeDetected,
)
from edgevoice.transceiver.limits import BUTTON_LEAD_SAMPLES
from edgevoice.transceiver.states import State
from edgevoice.transceiver.step import Step
from edgevoice.transceiver.transceiver import Transceiver
from edgevoice.webrtc import rtp_packet
from edgevoice.webrtc.codec import Codec
from tests.daemon.household import Systemd
from tests.properties.far_end import HEARD_HZ, SPOKEN_HZ, FarEnd
from tests.properties.sound_in_memory import (
    LoudnessVad,
    MarkedMicrophone,
    MarkedWords,
)
from tests.virtual_time import elapse
from tests.webrtc.raw_pcm import RawPcm

BUTTON, LED = 17, 18
DEEDS = (
    ButtonPressed,
    ForgetRequested,
    MicrophoneLost,
    MuteRequested,
    ShutdownRequested,
    StopRequested,
)
"""What explains by itself why somebody is not listened to any more."""
FINE = {"answered", "no words", "nothing heard", "interrupted", "nothing more said", "no speech"}
"""Outcomes of a turn that tell the owner of no trouble."""


@dataclass
class Said:
    """By somebody in the room, who meant the device."""

    start: int
    end: int
    microphone: MarkedMicrophone
    at: float
    until: float
    open_all_the_time: bool = True
    heard: bool = False


@dataclass
class Opening:
    """Of the gate: why, and what must not leave by it."""

    floor: int
    at: float


@dataclass
class Led:
    """One LED on a pin; may be broken."""

    board: "FragilePins"
    lit_at: float = -1.0
    _value: float = 0.0

    @property
    def value(self) -> float:
        return self._value

    @value.setter
    def value(self, value: float) -> None:
        if self.board.is_broken:
            raise OSError("the light is gone")
        self._value = value
        if value > 0:
            self.lit_at = asyncio.get_running_loop().time()

    @property
    def was_lit(self) -> bool:
        """It is, or was a moment ago."""
        return self._value > 0 or asyncio.get_running_loop().time() - self.lit_at < 1.0

    def close(self) -> None:
        pass


class FragilePins(MockPins):
    is_broken = False

    def led(self, pin: int) -> Any:
        self.made = Led(self)
        return self.made


@dataclass
class World:
    folder: Path
    owner: dict[str, Any]
    wrong: list[str] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)
    told: list[tuple[float, str]] = field(default_factory=list)
    """Trouble, as the owner hears of it."""
    deeds: list[tuple[float, str]] = field(default_factory=list)
    """Of the owner, and whatever else explains by itself that a talk ends."""

    def __post_init__(self) -> None:
        self.pins = FragilePins()
        self.far = FarEnd(lambda samples: None, self._leaves)
        self.systemd = Systemd(watchdog_interval_s=10.0)
        self.opening: Opening | None = None
        self.sealed = 0
        """What the microphone captured before must not leave any more: it was closed since."""
        self.busy_since: float | None = None
        self._answers = False
        """Who speaks now may not be heard: over an answer, nor, where nobody may interrupt it,
        while the way is gone that it came by."""
        self._watched: Device | None = None
        self._heard = 0
        self.config = self.written = self._config()
        self.program = Program(
            self.config, lambda: self.written, self._board, self.systemd, self._prepared
        )

    def _config(self) -> Config:
        own, config = self.owner, Config()
        state = str(self.folder / "state")
        return replace(
            config,
            wake=WakeConfig(words=()),
            turn=TurnConfig(
                barge_in=own["barge_in"],
                follow_up_s=own["follow_up_s"],
                session_s=own["session_s"],
            ),
            link=LinkConfig(
                url=self.far.url,
                transport="websocket",
                warm_standby=own["standby"],
                renew_s=own["renew_s"],
            ),
            speaker=SpeakerConfig(rate_hz=24_000),
            echo=EchoConfig(canceller="hardware"),
            button=ButtonConfig(pin=BUTTON),
            indicator=IndicatorConfig("led", pins=(LED,), required=own["required"]),
            control=ControlConfig(str(self.folder / "control.sock"), state),
            neighbours=NeighboursConfig(events_socket=str(self.folder / "events.sock")),
        )

    def _board(self, config: Config) -> Board:
        return Board(
            microphone=self._microphone,
            speaker=lambda playout, lost, found: VirtualSpeaker(playout, None, lost, found),
            pins=lambda: self.pins,
            codec=Codec(lambda: RawPcm(HEARD_HZ), lambda: RawPcm(SPOKEN_HZ)),
        )

    def _microphone(self, block: Any, lost: Any, found: Any) -> MarkedMicrophone:
        self.microphone = MarkedMicrophone(block, lost, found, self._captured)
        self.sealed = 0
        return self.microphone

    def _prepared(self, config: Config) -> Prepared:
        return Prepared(config, [self.far], Models(LoudnessVad(), MarkedWords()))

    # The device, as it is now.

    @property
    def device(self) -> Device:
        assert self.program.device is not None
        return self.program.device

    @property
    def mind(self) -> Transceiver:
        return self.device.runner.transceiver

    @property
    def now(self) -> float:
        return asyncio.get_running_loop().time()

    async def start(self) -> None:
        self.running = asyncio.ensure_future(self.program.run())
        async with asyncio.timeout(30):
            while "READY=1" not in self.systemd.told and not self.running.done():
                await elapse(0.02)
        self.look()

    async def stop(self) -> None:
        self.program.stop()
        async with asyncio.timeout(5):
            await self.running

    def command(self, text: str) -> Any:
        return self.device.command(text)

    # What is said.

    def say(self, sound: Samples, begins: int, ends: int) -> Said:
        """Of this sound the part from `begins` on is meant for the relay."""
        start = self.microphone.say(sound)
        at = self.now
        return Said(
            start + begins,
            start + ends,
            self.microphone,
            at + begins / CAPTURE_RATE_HZ,
            at + ends / CAPTURE_RATE_HZ,
        )

    def _captured(self) -> None:
        """A frame was captured, and heard by the device."""
        if self.program.device is None or self.device._capture.microphone is not self.microphone:
            return
        self.look()
        end = self.microphone.tape.end
        for one in self.said[-4:]:
            if one.start + FRAME_SAMPLES < end <= one.end + FRAME_SAMPLES:
                is_open = self.device._gate.is_open and not self._answers
                one.open_all_the_time = one.open_all_the_time and is_open
        is_open, shown = self.device._gate.is_open, self.device._light.shown
        self.must(is_open == (shown in SESSION), f"gate open: {is_open}, but shown is {shown}")
        self.must(not (is_open and self.mind.facts.muted), "muted, and the gate is open")

    def must(self, holds: bool, what: str) -> None:
        if not holds and len(self.wrong) < 10:
            self.wrong.append(f"{self.now:.2f}: {what}")

    # What the device does.

    def look(self) -> None:
        """A reload makes another device."""
        if self._watched is not self.program.device and self.program.device is not None:
            self._watched, self._answers = self.device, False
            self.device.runner.watchers.append(self._stepped)

    def _stepped(self, step: Step, mind: Transceiver) -> None:
        if isinstance(step.happened, DEEDS):
            self.deeds.append((step.now, repr(step.happened)))
        if isinstance(step.happened, MicrophoneLost):
            self.sealed = self.microphone.tape.end
        for action in step.actions:
            match action:
                case OpenGate():
                    floor = max(self.sealed, earliest(step.happened))
                    self.opening = Opening(floor, step.now)
                case CloseGate():
                    self.opening = None
                case EndTurn(outcome) if outcome not in FINE:
                    self.told.append((step.now, outcome))
                case Announce(problem):
                    self.told.append((step.now, problem.value))
                case CloseMicrophone():
                    self.sealed = self.microphone.tape.end
        if mind.state is not State.CONNECTING or self.owner["barge_in"]:
            self._answers = mind.state in (State.SPEAKING, State.THINKING)
        busy = mind.state is not State.IDLE
        self.busy_since = (self.busy_since or step.now) if busy else None

    def _leaves(self, packet: bytes) -> None:
        """Sound, on its way out of the board."""
        device = self._watched
        assert device is not None
        *_, payload = rtp_packet.parse(packet)
        sound = np.trim_zeros(np.frombuffer(payload, np.int16), "f")  # what was erased is silence
        place = self.microphone.tape.place_of(sound) if len(sound) else self.microphone.tape.end
        self.must(device._gate.is_open, "sound leaves, and the gate is closed")
        self.must(device._light.shown in SESSION, "sound leaves, and no light says so")
        works = device._indicator.works
        self.must(self.pins.made.was_lit or not works, "sound leaves, and the LED was dark")
        self.must(works or not self.owner["required"], "sound leaves without its light")
        self.must(not device.runner.transceiver.facts.muted, "sound leaves a muted device")
        if place is None:
            self.must(False, "what leaves was never captured")
        elif self.opening is not None:
            self.must(place >= self.opening.floor, f"{place} leaves, from before waking")

    # What has become of what was said.

    def heard(self, one: Said) -> bool:
        """By the relay's engine: whole, sample by sample, and in one turn."""
        if one.microphone.tape.end <= one.start:  # not said yet, or into a microphone of before
            return one.microphone is not self.microphone
        words = one.microphone.tape.read(one.start, one.end).tobytes()
        turns = self.far.engine.utterances
        one.heard = one.heard or any(words in turn.samples.tobytes() for turn in turns[-40:])
        return one.heard

    def explained(self, one: Said) -> str:
        """Why it may be that it was not heard; empty: the owner knows of nothing."""
        reasons = [what for at, what in (*self.told, *self.deeds) if at >= one.at - 0.5]
        return reasons[0] if reasons else ""


def earliest(happened: Input) -> int:
    """The first sample that may be sent by whoever was woken by this."""
    match happened:
        case WakeDetected():
            return min(happened.phrase_start, happened.detected_at - round(1.2 * CAPTURE_RATE_HZ))
        case ButtonPressed():
            return happened.sample - BUTTON_LEAD_SAMPLES
    raise AssertionError(f"{happened} opens the gate")
