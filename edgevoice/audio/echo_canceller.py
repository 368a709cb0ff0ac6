"""The canceller in software: a linear one for the board's own ears, AEC3 behind it for the uplink.

Which canceller a configuration asks for is decided here, too.
"""

from collections.abc import Callable

from edgevoice.audio.echo import Cancelled, EchoCanceller, NoCanceller
from edgevoice.audio.frames import Samples, check_frame
from edgevoice.audio.linear_canceller import LinearCanceller, ignore
from edgevoice.audio.suppressor import Suppressor
from edgevoice.config import EchoConfig

AFTERGLOW_FRAMES = 5
"""100 ms in which sound is still expected after the last of it should have faded."""


def make_canceller(config: EchoConfig, on_drift: Callable[[float], None] = ignore) -> EchoCanceller:
    """`on_drift(ppm)`: the loudspeaker's clock is so much faster than the reference assumes;
    connect it to `EchoReference.adjust`."""
    if config.canceller == "software":
        return SoftwareCanceller(config, on_drift)
    return NoCanceller()


class SoftwareCanceller:
    hears_voices = True

    def __init__(self, config: EchoConfig, on_drift: Callable[[float], None] = ignore) -> None:
        self._linear = LinearCanceller(config.tail_ms, config.delay_ms, on_drift)
        self._suppressor = Suppressor(config.noise_suppression)
        self._suppresses_noise = config.noise_suppression != "off"
        self._afterglow = 0
        self.sending = False

    @property
    def uplink_delay(self) -> int:
        return self._suppressor.delay

    @property
    def echo_expected(self) -> bool:
        return self._afterglow > 0

    @property
    def erle_db(self) -> float | None:
        return self._linear.erle_db

    def process(self, captured: Samples, far: Samples) -> Cancelled:
        check_frame(captured)
        check_frame(far)
        linear = self._linear.process(captured, far)
        if self._linear.active:
            self._afterglow = AFTERGLOW_FRAMES + 1
        self._afterglow = max(0, self._afterglow - 1)
        wanted = self.echo_expected or (self._suppresses_noise and self.sending)
        return Cancelled(linear, self._suppressor.process(linear, far, wanted))

    def reset(self) -> None:
        self._linear.reset()
        self._suppressor.reset()
        self._afterglow = 0
