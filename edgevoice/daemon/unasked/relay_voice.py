"""A relay's voice for words of the device's own: the first relay that has one is asked."""

import logging
from collections.abc import Sequence

import numpy as np

from edgevoice.audio.frames import Samples
from edgevoice.audio.resample import Resampler
from edgevoice.errors import LinkError
from edgevoice.link.announced import RATE_HZ
from edgevoice.link.relay import Relay

log = logging.getLogger(__name__)


class RelayVoice:
    def __init__(self, relays: Sequence[Relay], rate_hz: int) -> None:
        """The relays are opened, and closed, by the link."""
        self._relays = relays
        self._rate_hz = rate_hz

    async def speak(self, text: str) -> Samples:
        """The words as they are to be heard. LinkError: no relay says them, and why the first
        one does not."""
        trouble: LinkError | None = None
        for relay in self._relays:
            try:
                sound = await relay.speech(text)
            except LinkError as error:
                log.debug("%s says nothing for us: %s", relay.relay, error)
                trouble = trouble or error
                continue
            if len(sound) >= 2:
                return self._resampled(np.frombuffer(sound[: len(sound) // 2 * 2], "<i2"))
            trouble = trouble or LinkError(f"{relay.relay} has nothing to say to that: write words")
        raise trouble or LinkError("there is no relay to say it: name one in link.url")

    def _resampled(self, samples: Samples) -> Samples:
        samples = samples.astype(np.int16)
        if self._rate_hz == RATE_HZ:
            return samples
        resampler = Resampler(RATE_HZ, self._rate_hz)
        return np.concatenate([resampler.push(samples), resampler.finish()])
