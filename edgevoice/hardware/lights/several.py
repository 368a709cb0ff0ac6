"""Several lights that say the same, such as a ring and the lamp in the button."""

import asyncio
from collections.abc import Callable, Sequence

from edgevoice.hardware.lights.indicator import Indicator
from edgevoice.transceiver.indication import Countdown, Hold, Indication


class Several:
    """An indicator that works as long as one of them does: it is seen then."""

    def __init__(self, indicators: Sequence[Indicator]) -> None:
        self._indicators = indicators

    @property
    def on_lost(self) -> Callable[[], None]:
        return self._indicators[0].on_lost

    @on_lost.setter
    def on_lost(self, act: Callable[[], None]) -> None:
        for indicator in self._indicators:
            indicator.on_lost = act

    @property
    def works(self) -> bool:
        return any(indicator.works for indicator in self._indicators)

    @property
    def failures(self) -> int:
        return sum(indicator.failures for indicator in self._indicators)

    def show(self, indication: Indication) -> None:
        for indicator in self._indicators:
            indicator.show(indication)

    def countdown(self, countdown: Countdown | None) -> None:
        for indicator in self._indicators:
            indicator.countdown(countdown)

    def volume(self, percent: int) -> None:
        for indicator in self._indicators:
            indicator.volume(percent)

    def hold(self, hold: Hold | None) -> None:
        for indicator in self._indicators:
            indicator.hold(hold)

    def demonstrate(self, name: str, seconds: float) -> None:
        for indicator in self._indicators:
            indicator.demonstrate(name, seconds)

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            for indicator in self._indicators:
                tasks.create_task(indicator.run())

    def close(self) -> None:
        for indicator in self._indicators:
            indicator.close()
