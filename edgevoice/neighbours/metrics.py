"""Figures of the device for Prometheus: a page on 127.0.0.1, or a file for the node exporter.

Names carry their units (prometheus.io/docs/practices/naming). Imports
prometheus_client, which is why it is imported on demand.
"""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aiohttp import web
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    ProcessCollector,
    generate_latest,
    write_to_textfile,
)

from edgevoice import __version__
from edgevoice.config import MetricsConfig
from edgevoice.neighbours.happening import STATES, TURN, WAKE, Happening
from edgevoice.neighbours.neighbour import Host, Inbox

PREFIX = "edgevoice_device"
LOOPBACK = "127.0.0.1"
BOUNDS_S = (0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0)
MOST_WORDS = 20
"""Wake words that have a count of their own; there are no more in any configuration in use."""

LOST = {"microphone_lost": "microphone", "speaker_lost": "speaker", "relay_lost": "relay"}


class Figures:
    """Counts happenings, and reads the rest from the status when it is asked."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        Info(PREFIX, "This device", registry=registry).info({"version": __version__})
        self._words: set[str] = set()
        self._seen: dict[str, float] = {}

        def counter(name: str, told: str, *labels: str) -> Counter:
            return Counter(f"{PREFIX}_{name}", told, labels, registry=registry)

        def gauge(name: str, told: str, *labels: str) -> Gauge:
            return Gauge(f"{PREFIX}_{name}", told, labels, registry=registry)

        self._wakes = counter("wakes", "Wake words heard", "word")
        self._turns = counter("turns", "Turns, by what became of them", "outcome")
        self._lost = counter("losses", "Times that it went missing", "what")
        self._samples_lost = counter("lost_samples", "Samples that were captured and not sent")
        self._latency = Histogram(
            f"{PREFIX}_answer_seconds",
            "From the end of the user's speech to the first sample of the answer",
            buckets=BOUNDS_S,
            registry=registry,
        )
        self._state = gauge("state", "1 for the state it is in", "state")
        self._muted = gauge("muted", "1 while the microphone is closed")
        self._missing = gauge("missing", "1 while it is", "what")
        self._volume = gauge("volume_ratio", "Loudness, 0 to 1")
        self._captured = counter("captured_seconds", "Sound captured since the start")
        self._tasks = gauge("tasks", "Tasks of the event loop")
        self._threads = gauge("threads", "Threads of the process")
        self._dropped = counter("dropped_blocks", "Blocks of the sound card that came too late")

    def count(self, happening: Happening) -> None:
        fields = happening.fields
        if happening.name == WAKE:
            self._wakes.labels(self._known(str(fields["word"]))).inc()
        elif happening.name == TURN:
            self._turns.labels(self._known(str(fields["outcome"]))).inc()
            self._samples_lost.inc(max(0, int(fields["lost_samples"])))
            if "latency_ms" in fields:
                self._latency.observe(float(fields["latency_ms"]) / 1000)
        elif happening.name in LOST:
            self._lost.labels(LOST[happening.name]).inc()

    def _known(self, word: str) -> str:
        """Labels have few values, whatever a configuration or a relay comes up with."""
        if word not in self._words and len(self._words) >= MOST_WORDS:
            return "other"
        self._words.add(word)
        return word

    def look(self, status: Mapping[str, Any]) -> None:
        for state in STATES:
            self._state.labels(state.value).set(status["state"] == state.value)
        self._muted.set(status["muted"])
        for part, gone in (("microphone", "lost"), ("speaker", "lost"), ("relay", "offline")):
            self._missing.labels(part).set(status[part] == gone)
        self._volume.set(status["volume"] / 100)
        self._tasks.set(status["process"]["tasks"])
        self._threads.set(status["process"]["threads"])
        self._captured.inc(self._more("captured_s", status))
        self._dropped.inc(self._more("dropped_blocks", status))

    def _more(self, name: str, status: Mapping[str, Any]) -> float:
        """Since it was last looked at; of what is counted elsewhere."""
        before, self._seen[name] = self._seen.get(name, 0.0), float(status[name])
        return max(0.0, self._seen[name] - before)

    def text(self) -> bytes:
        return generate_latest(self.registry)

    def write(self, path: Path) -> None:
        """Whole or not at all, as the node exporter wants it."""
        write_to_textfile(str(path), self.registry)


class Metrics:
    name = "metrics"

    def __init__(self, config: MetricsConfig, host: Host) -> None:
        self._config = config
        self._host = host
        self._figures: Figures | None = None

    async def run(self, inbox: Inbox) -> None:
        self._figures = self._figures or Figures()  # what was counted outlives trouble
        if self._config.port:
            await self._serve(inbox)
        else:
            await self._count(inbox, self._figures)

    async def _serve(self, inbox: Inbox) -> None:
        assert self._figures is not None
        application = web.Application()
        application.router.add_get("/metrics", self._page)
        runner = web.AppRunner(application, access_log=None)
        await runner.setup()
        try:
            await web.TCPSite(runner, LOOPBACK, self._config.port).start()
            await self._count(inbox, self._figures)
        finally:
            await runner.cleanup()

    async def _page(self, request: web.Request) -> web.Response:
        assert self._figures is not None
        self._figures.look(self._host.status())
        return web.Response(body=self._figures.text(), content_type="text/plain")

    async def _count(self, inbox: Inbox, figures: Figures) -> None:
        clock = asyncio.get_running_loop().time
        due = clock() if self._config.textfile else None
        while True:
            if due is not None and clock() >= due:
                figures.look(self._host.status())
                await asyncio.to_thread(figures.write, Path(self._config.textfile))
                due = clock() + self._config.every_s
            happening = await inbox.get(None if due is None else max(0.0, due - clock()))
            if happening is not None:
                figures.count(happening)
