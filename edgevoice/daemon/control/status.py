"""What `edgevoice status` is told: plain values, gathered when somebody asks.

Who has more to tell adds a part: a callable whose values are put beside the others.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from edgevoice import __version__
from edgevoice.audio.frames import CAPTURE_RATE_HZ
from edgevoice.audio.gate import Gate
from edgevoice.audio.ring import RingBuffer
from edgevoice.config import LinkConfig
from edgevoice.daemon.abilities import Volume
from edgevoice.daemon.capture import Capture
from edgevoice.daemon.control.commands import Told
from edgevoice.daemon.diary.turn_log import TurnLog
from edgevoice.daemon.ears import Ears
from edgevoice.daemon.runner import Runner
from edgevoice.hardware.system.own_process import holdings
from edgevoice.link.direct import destination
from edgevoice.link.relay_link import RelayLink

Part = Callable[[], Told]


@dataclass(frozen=True, slots=True)
class Status:
    runner: Runner
    gate: Gate
    volume: Volume
    ring: RingBuffer
    ears: Ears
    capture: Capture
    link: RelayLink
    turns: TurnLog
    called: LinkConfig
    parts: list[Part] = field(default_factory=list)

    def told(self, argument: str = "") -> dict[str, Any]:
        mind = self.runner.transceiver
        last = self.turns.reports[-1].as_json() if self.turns.reports else None
        told = {
            "version": __version__,
            "state": mind.state.value,
            "muted": mind.facts.muted,
            "microphone": "lost" if mind.facts.microphone_lost else "ok",
            "speaker": "lost" if mind.facts.speaker_lost else "ok",
            "relay": "offline" if mind.facts.offline else self.relay(),
            "reach": self.link.reach(),
            "gate": "open" if self.gate.is_open else "closed",
            "volume": self.volume.percent,
            **self.ears.findings(),
            "dropped_blocks": self.capture.microphone.dropped,
            "captured_s": round(self.ring.end / CAPTURE_RATE_HZ, 1),
            "receiving": asdict(self.link.statistics()),
            "context": mind.memory.status(),
            "unknown_events": mind.unknown_events,
            "process": asdict(holdings()),
            "last_error": mind.last_error.code if mind.last_error else None,
            "last_turn": last,
        }
        for part in self.parts:
            told.update(part())
        return told

    def relay(self) -> str:
        """Who carries the session, or would be called first."""
        called = self.link.destinations
        return called[-1] if called else destination(self.called)
