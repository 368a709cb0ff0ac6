"""Asks, in a thread, whether a pause sounds like the end of a turn; shared by all sessions."""

import asyncio
import logging
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edgevoice.audio.frames import CAPTURE_RATE_HZ, Samples
from edgevoice.config import RelayConfig
from edgevoice.errors import ModelError
from edgevoice.relay.engines.local.workers import Workers

if TYPE_CHECKING:
    from edgevoice.audio.smart_turn import SmartTurn

FINISHED = 0.5
"""Probability from which a turn is taken to be over, as in Pipecat. On 88 recorded orders it is
above 0.9 or below 0.1 for all but a few, so that 0.3 and 0.7 end the same turns."""
PATIENCE_S = 0.5
"""A busy machine's verdict may come so late; silence decides then."""
SLOW_S = 0.35
"""A machine that needs longer for one verdict is better off waiting for silence."""

log = logging.getLogger(__name__)


def without_judge(config: RelayConfig) -> RelayConfig:
    """Sessions that do not say how turns end then go by the owner's silence."""
    return replace(config, detection=replace(config.detection, mode="server_vad"))


class TurnJudge:
    def __init__(self, models_dir: str | Path = "", slow_s: float = SLOW_S) -> None:
        self._models_dir = models_dir
        self._slow_s = slow_s
        self._workers = Workers(1)
        self._network: SmartTurn | None = None

    @property
    def can_judge(self) -> bool:
        return self._network is not None

    async def start(self) -> None:
        """Without the network `semantic_vad` waits for silence, which the log says once."""
        try:
            network = await asyncio.to_thread(self._load)
        except ModelError as error:
            log.warning("semantic_vad waits for silence only: %s", error)
            return
        took_s = await self._workers.run(_time, network)
        if took_s > self._slow_s:
            log.warning("semantic_vad waits for silence only: a verdict takes %.1f s here", took_s)
        else:
            self._network = network

    async def finished(self, samples: Samples) -> bool | None:
        """Whether the turn that ends with them is over; None: nobody knows in time."""
        if self._network is None:
            return None
        work = self._workers.run(self._network.finished, samples)
        try:
            return await asyncio.wait_for(work, PATIENCE_S) >= FINISHED
        except TimeoutError:
            log.info("no verdict on a pause within %g s; silence decides", PATIENCE_S)
            return None

    async def close(self) -> None:
        await asyncio.to_thread(self._workers.close)

    def _load(self) -> "SmartTurn":
        # Here, because a relay that never judges has no use for onnxruntime's 30 MB.
        from edgevoice.audio.smart_turn import SmartTurn

        return SmartTurn(self._models_dir)


def _time(network: "SmartTurn") -> float:
    """Of a second verdict: the first one takes longer."""
    noise = np.random.default_rng(0).integers(-300, 300, CAPTURE_RATE_HZ, np.int16)
    network.finished(noise)
    began = time.thread_time()
    network.finished(noise)
    return time.thread_time() - began
