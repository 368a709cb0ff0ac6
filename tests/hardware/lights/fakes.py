"""Lights that remember what they were told, and may fail, be late, or hang."""

import threading
from dataclasses import dataclass, field

from edgevoice.errors import GpioError
from edgevoice.hardware.lights.colours import Frame


@dataclass
class PaperLight:
    """Writes down what it shows. `broken`: a wire is loose."""

    count: int = 1
    blocks: bool = False
    broken: bool = False
    frames: list[tuple[Frame, float]] = field(default_factory=list)
    tried: int = 0
    closed: bool = False
    thread: str = ""

    def write(self, frame: Frame, brightness: float) -> None:
        self.tried += 1
        self.thread = threading.current_thread().name
        if self.broken:
            raise GpioError("LED: no contact")
        self.frames.append((frame, brightness))

    def close(self) -> None:
        self.closed = True

    @property
    def is_lit(self) -> bool:
        frame, brightness = self.frames[-1]
        return brightness > 0 and any(map(any, frame))


@dataclass
class HangingLight(PaperLight):
    """Takes a frame only while it is released."""

    blocks: bool = True
    released: threading.Event = field(default_factory=threading.Event)

    def write(self, frame: Frame, brightness: float) -> None:
        self.released.wait(5)
        super().write(frame, brightness)
