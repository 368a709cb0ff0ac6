"""Looks at both processes once a second, and writes down what it sees."""

import asyncio
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import aiohttp

from edgevoice.errors import ControlError
from edgevoice.simulator.soak.figures import directory_kb, held, tasks_in, tasks_of
from edgevoice.simulator.soak.house import House
from edgevoice.simulator.soak.judgement import Sample

EVERY_S = 1.0
LOOK_S = 0.7
"""Whoever does not answer by then is busy being broken."""


class Log:
    """JSON Lines; what is written is there even if the run is cut off."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("w", buffering=1)

    def write(self, kind: str, told: Mapping[str, Any]) -> None:
        self._file.write(json.dumps({"kind": kind, **told}, default=str) + "\n")

    def close(self) -> None:
        self._file.close()


class Sampler:
    def __init__(self, house: House, log: Log, is_calm: Callable[[], bool]) -> None:
        self._house = house
        self._log = log
        self._is_calm = is_calm
        self.samples: list[Sample] = []
        """Two a second: a day's worth is some 30 MB of our own memory."""

    async def run(self) -> None:
        """Until cancelled."""
        patience = aiohttp.ClientTimeout(total=LOOK_S)
        async with aiohttp.ClientSession(timeout=patience) as http:
            while True:
                await self._look(http)
                await asyncio.sleep(EVERY_S)

    async def _look(self, http: aiohttp.ClientSession) -> None:
        """What is calm has to be so before and after."""
        house, was_calm = self._house, self._is_calm()
        device = held(house.device_pid) if house.device_pid else {}
        relay = held(house.relay_pid) if house.relay_pid else {}
        device |= await self._tasks_of_device() if device else {}
        relay |= await self._tasks_of_relay(http) if relay else {}
        if device:
            device["state_kb"] = directory_kb(house.state_dir)
        calm = was_calm and self._is_calm()
        self._note("device", 1, device, calm)
        self._note("relay", house.relay_life, relay, calm)

    def _note(self, program: str, life: int, values: dict[str, float], calm: bool) -> None:
        if values:
            sample = Sample(round(self._house.clock(), 2), program, life, calm, values)
            self.samples.append(sample)
            self._log.write("sample", asdict(sample))

    async def _tasks_of_device(self) -> dict[str, float]:
        with suppress(ControlError):
            return tasks_in(await self._house.ask("status", LOOK_S))
        return {}

    async def _tasks_of_relay(self, http: aiohttp.ClientSession) -> dict[str, float]:
        """By a connection of its own, so that none of ours stays open there."""
        with suppress(aiohttp.ClientError, TimeoutError):
            head = {"Connection": "close"}
            async with http.get(f"{self._house.url}/metrics", headers=head) as told:
                return tasks_of(await told.text())
        return {}
