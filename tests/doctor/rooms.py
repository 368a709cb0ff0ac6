"""A loudspeaker and a microphone in one simulated room."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from edgevoice.audio.frames import FRAME_SAMPLES, Samples
from edgevoice.audio.playout import PlayoutBuffer
from edgevoice.doctor.sounding import Devices
from edgevoice.hardware.sound.virtual_microphone import VirtualMicrophone
from edgevoice.hardware.sound.virtual_speaker import VirtualSpeaker
from edgevoice.simulator.acoustics import EchoPath

RATE_HZ = 48_000


@dataclass
class Room:
    """`path`: from the loudspeaker to the microphone; None: they are in two houses."""

    path: EchoPath | None
    microphones: list[VirtualMicrophone] = field(default_factory=list)

    @property
    def devices(self) -> Devices:
        return Devices(self.microphone, self.speaker)

    def microphone(
        self,
        hear: Callable[[Samples], None],
        lost: Callable[[str], None],
        found: Callable[[], None],
    ) -> VirtualMicrophone:
        def captured(block: Samples) -> None:
            hear(block if self.path is None else self.path.hear(FRAME_SAMPLES))

        self.microphones.append(VirtualMicrophone(captured, lost, found))
        return self.microphones[-1]

    def speaker(
        self, playout: PlayoutBuffer, lost: Callable[[str], None], found: Callable[[], None]
    ) -> VirtualSpeaker:
        path = self.path

        class InTheRoom(VirtualSpeaker):
            def _played(self, block: Samples) -> None:
                if path is not None:
                    path.play(np.asarray(block))

        return InTheRoom(playout, None, lost, found)
